"""The demonstration's steps, through the API alone. Each may be walked again: what is done already stays as it is."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from api.commands.approve import sign_and_send
from api.commands.connection import ApiClient
from api.commands.execute import work_once
from api.commands.output import CommandFailed, answer_of
from api.demo import harbour
from api.demo.wallets import wallets
from api.settings import Settings
from governance.approvals import Support

_DAO: Final = f"/v1/daos/{harbour.DAO}"
_OPEN: Final = frozenset({"PROPOSED", "VOTING"})
_APPROVED: Final = frozenset({"APPROVED", "TIMELOCKED", "READY", "BLOCKED", "SIGNED", "SENT", "MINED"})
_ENDED: Final = frozenset({"CANCELLED", "EXPIRED", "SUPERSEDED", "REJECTED", "FAILED"})
_HOUR_S: Final = 3_600


class Stage(StrEnum):
    """How far the demonstration goes; each stage includes those before it."""

    RECOMMENDATION = "recommendation"
    APPROVAL = "approval"
    EXECUTION = "execution"
    VERIFICATION = "verification"


@dataclass(frozen=True, slots=True)
class Told:
    """One step as a person would want to read it, and its figures for machines."""

    step: str
    text: str
    facts: Mapping[str, object]


class Story:
    """Walks the loop for the invented DAO; `client` is the deployment's API."""

    def __init__(self, client: ApiClient, settings: Settings) -> None:
        self._client = client
        self._settings = settings
        self._wallets = wallets(settings.state_dir / "demo-wallets")

    def walk(self, through: Stage) -> Iterator[Told]:
        """Every step up to and including `through`."""
        steps: list[tuple[Stage, Callable[[], Told]]] = [
            (Stage.RECOMMENDATION, self._register),
            (Stage.RECOMMENDATION, self._collect),
            (Stage.RECOMMENDATION, self._set_up),
            (Stage.RECOMMENDATION, self._analyse),
            (Stage.RECOMMENDATION, self._forecast),
            (Stage.RECOMMENDATION, self._recommend),
            (Stage.APPROVAL, self._approve),
            (Stage.EXECUTION, self._execute),
            (Stage.VERIFICATION, self._verify),
        ]
        stages = list(Stage)
        for stage, step in steps:
            if stages.index(stage) <= stages.index(through):
                yield step()

    def advance(self, by: timedelta) -> Told:
        """Let `by` pass on the DAO's clock, with the observations that fall into it."""
        self._post(f"{_DAO}/clock", {"by_s": int(by.total_seconds())})
        seen = self._ingest("observations", list(harbour.observations(self._anchor(), until=self._now(), changes=self._changes())))
        now = self._now()
        return Told("advance", f"it is now {now:%Y-%m-%d %H:%M} UTC for {harbour.DAO}; {seen['inserted']} new observations", seen)

    def _register(self) -> Told:
        dao = self._post("/v1/daos", harbour.dao())
        text = f"{dao['name']}: {dao['about']} On its own clock it is {dao['now']}."
        return Told("dao", text, {"dao": dao["id"], "now": dao["now"]})

    def _collect(self) -> Told:
        anchor = self._anchor()
        rows = {
            "proposals": list(harbour.proposals(anchor)),
            "votes": list(harbour.votes(anchor)),
            "posts": list(harbour.posts(anchor)),
            "observations": list(harbour.observations(anchor, until=self._now(), changes=self._changes())),
        }
        taken = {noun: self._ingest(noun, given) for noun, given in rows.items()}
        text = "collected " + ", ".join(f"{sum(counts.values())} {noun} ({counts['inserted']} new)" for noun, counts in taken.items())
        return Told("collect", text, taken)

    def _set_up(self) -> Told:
        addresses = tuple(account.address for account in self._wallets)
        self._put(f"{_DAO}/delegates", harbour.electorate(addresses))
        if self._client.get(f"{_DAO}/parameters/{harbour.PARAMETER}").status_code == 404:
            self._post(f"{_DAO}/parameters", harbour.parameter())
            self._put(f"{_DAO}/objectives", harbour.objective())
            self._put(f"{_DAO}/parameters/{harbour.PARAMETER}/guardrail", harbour.guardrail())
        value = self._get(f"{_DAO}/parameters/{harbour.PARAMETER}")["value"]
        text = f"{harbour.PARAMETER} stands at {value} bps; any two of three delegates approve; guardrail: 100 bps a step, 300 in 30 days"
        return Told("set_up", text, {"parameter": harbour.PARAMETER, "value": value, "delegates": list(addresses)})

    def _analyse(self) -> Told:
        done = self._post(f"{_DAO}/analysis", {})
        pulse = self._get(f"{_DAO}/sentiment")["plain_counts"]["total"]
        moods = ", ".join(f"{count} {label}" for label, count in sorted(pulse.items()))
        text = f"read {done['read']} texts ({done['known']} were read before); those of the last 30 days: {moods}"
        return Told("analyse", text, {**done, "sentiment": pulse})

    def _forecast(self) -> Told:
        facts: dict[str, object] = {}
        lines = []
        for row in (row for row in harbour.proposals(self._anchor()) if "state" not in row):
            found = self._get("/v1/proposals", source=harbour.SOURCE, external_id=str(row["proposal_id"]))["items"][0]
            forecast = self._post(f"/v1/proposals/{found['id']}/forecast", None)
            facts[found["id"]] = forecast
            chance, base = (f"{Decimal(forecast[name]):.0%}" for name in ("passes", "base_rate"))
            lines.append(f"“{row['title']}” passes with {chance} (base rate {base}, served by the {forecast['served'].replace('_', ' ')})")
        return Told("forecast", "; ".join(lines), facts)

    def _recommend(self) -> Told:
        row = self._current()
        if row is None:
            answer = self._post(f"{_DAO}/recommendations", {"parameter": harbour.PARAMETER})
            if answer["recommendation"] is None:
                why = answer["abstention"]
                return Told("recommend", f"abstains: {why['reason']} ({why['document']['rule']})", why)
            row = answer["recommendation"]
        return Told("recommend", f"{row['id']} ({row['state']}): {row['document']['reason']}", _brief(row))

    def _approve(self) -> Told:
        row = self._needed()
        if row["state"] in _OPEN:
            for account in self._wallets[:2]:
                sign_and_send(self._client, row["id"], row["document"], account, Support.FOR)
            row = self._get(f"/v1/recommendations/{row['id']}")
        signers = self._get(f"/v1/recommendations/{row['id']}/approval")["tally"]
        text = f"two delegates signed exactly this digest ({row['digest'][:16]}…): {signers['for']} for, {signers['approve']} approve it"
        return Told("approve", text, _brief(row))

    def _execute(self) -> Told:
        row = self._needed()
        if row["state"] in _APPROVED:
            work_once(self._client, self._settings)
            ready = self._get(f"/v1/recommendations/{row['id']}/execution")["ready_at"]
            self._pass_time(until=datetime.fromisoformat(ready))
            work_once(self._client, self._settings)
            row = self._get(f"/v1/recommendations/{row['id']}")
        if row["state"] != "EXECUTED":
            raise CommandFailed(f"{row['id']} is {row['state']}, not executed")
        value = self._get(f"{_DAO}/parameters/{harbour.PARAMETER}")["value"]
        return Told("execute", f"the delay passed, every check was made again, and {harbour.PARAMETER} is now {value} bps", _brief(row))

    def _verify(self) -> Told:
        row = self._needed()
        judged = self._get(f"/v1/recommendations/{row['id']}/verifications")["items"]
        if not judged or judged[-1]["verdict"] == "inconclusive":
            executed = datetime.fromisoformat(self._get(f"/v1/recommendations/{row['id']}/execution")["executed_at"])
            self._pass_time(until=executed + timedelta(seconds=row["document"]["horizon_s"] + _HOUR_S))
            self._ingest("observations", list(harbour.observations(self._anchor(), until=self._now(), changes=self._changes())))
            judged = [self._post(f"/v1/recommendations/{row['id']}/verification", None)]
        verdict = judged[-1]
        return Told("verify", f"after the horizon: {verdict['verdict']}; " + "; ".join(_kpis(verdict["body"])), verdict)

    def _anchor(self) -> datetime:
        """The hour at which the demonstration was loaded; all its history ends there."""
        return datetime.fromisoformat(self._get(_DAO)["known_at"]).replace(minute=0, second=0, microsecond=0)

    def _now(self) -> datetime:
        return datetime.fromisoformat(self._get(_DAO)["now"])

    def _pass_time(self, *, until: datetime) -> None:
        left = int((until - self._now()).total_seconds()) + 1
        if left > 0:
            self._post(f"{_DAO}/clock", {"by_s": left})

    def _changes(self) -> tuple[harbour.RateChange, ...]:
        """The rates that executed changes set: the invented economy answers to them."""
        if self._client.get(f"{_DAO}/parameters/{harbour.PARAMETER}").status_code == 404:
            return ()
        values = self._get(f"{_DAO}/parameters/{harbour.PARAMETER}/history")["items"]
        return tuple(
            harbour.RateChange(datetime.fromisoformat(value["known_at"]), int(value["value"])) for value in values if value["version"] > 1
        )

    def _current(self) -> dict[str, Any] | None:
        rows = self._get(f"{_DAO}/recommendations", parameter=harbour.PARAMETER)["items"]
        return next((row for row in rows if row["state"] not in _ENDED), None)

    def _needed(self) -> dict[str, Any]:
        row = self._current()
        if row is None:
            raise CommandFailed("there is no recommendation to go on with: Assent abstained")
        return row

    def _ingest(self, noun: str, rows: list[harbour.Row]) -> dict[str, int]:
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        answer: dict[str, Any] = answer_of(
            self._client.post(f"{_DAO}/{noun}", content=lines.encode(), headers={"Content-Type": "application/x-ndjson"})
        )
        return {verdict: answer[verdict] for verdict in ("inserted", "unchanged", "revised", "refused")}

    def _get(self, path: str, **query: str) -> dict[str, Any]:
        return answer_of(self._client.get(path, params=query))

    def _post(self, path: str, body: Mapping[str, object] | None) -> dict[str, Any]:
        return answer_of(self._client.post(path, json=body) if body is not None else self._client.post(path))

    def _put(self, path: str, body: Mapping[str, object]) -> dict[str, Any]:
        return answer_of(self._client.put(path, json=body))


def _brief(row: Mapping[str, Any]) -> dict[str, object]:
    return {"recommendation": row["id"], "state": row["state"], "digest": row["digest"], "change": row["document"]["change"]}


def _kpis(body: Mapping[str, Any]) -> list[str]:
    return [f"{kpi['metric']} {kpi.get('measured', 'unknown')} (expected {kpi['low']} to {kpi['high']})" for kpi in body["kpis"]]
