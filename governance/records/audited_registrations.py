"""Compares DAOs, API keys, forecasts, models and pauses with the entries that made them."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from sqlmodel import Session, select

from governance.actors import Role
from governance.canonical import digest, timestamp
from governance.decision_log import EntryKind
from governance.identity import of_digest
from governance.records import log_reads
from governance.records.access import OWN_KEY_ID, ApiKey, key_digest
from governance.records.daos import Dao, PauseEvent
from governance.records.evidence import Forecast, ModelVersion
from governance.records.fail_safes import CLEARED, SET
from governance.records.model_versions import CANDIDATE, CHAMPION
from governance.verification import Report

_PAGE: Final = 500
# What is said (a noun of the house), of what, and what exactly.
Fact = tuple[str, str, str]
Leaf = Mapping[str, Any]
# What a model's card says beside what its training was logged with.
_CARD_ONLY: Final = frozenset({"licence", "limits"})
# Of an API key whose entry is from before keys were logged with their digest: there is nothing to compare with.
_UNTOLD: Final = "issued"


def check_registrations(session: Session, report: Report, *, own_key_sha256: str | None) -> None:
    """Add a finding for every such row that no entry made, and for every one that an entry made and that is gone or changed.

    The deployment's own key is in no entry; its row must be that of `own_key_sha256` (None: it is not known here).
    """
    _check_own_key(session, report, own_key_sha256)
    logged = _logged(session)
    stored = set(_stored(session))
    told = {(noun, name) for noun, name, said in logged if said == _UNTOLD}
    for (noun, name, said), seq in logged.items():
        if said != _UNTOLD and (noun, name, said) not in stored:
            told.add((noun, name))
            report.add(f"row.{noun}", f"{name} ({said}) was logged and is gone or changed", seq=seq)
    for noun, name, said in sorted(stored - logged.keys()):
        if (noun, name) not in told:
            report.add(f"row.{noun}", f"{name} ({said}) is not what was logged")


def _check_own_key(session: Session, report: Report, sha256: str | None) -> None:
    key = session.get(ApiKey, OWN_KEY_ID)
    if key is None:
        return
    everything = (sorted(role.value for role in Role), None, None, None)
    if (sorted(key.scopes), key.dao_id, key.expires_at, key.revoked_at) != everything or sha256 not in {None, key.secret_sha256}:
        report.add("row.api_key", f"{OWN_KEY_ID} is not the deployment's own key, good for every role and for ever")


def _logged(session: Session) -> dict[Fact, int]:
    found: dict[Fact, int] = {}
    models = _Models()
    kinds = tuple(EntryKind(kind) for kind in (*_SAYS, EntryKind.MODEL_TRAINED, EntryKind.MODEL_PROMOTED, EntryKind.PROMOTION_WITHHELD))
    after = -1
    while page := log_reads.entries(session, log_reads.EntryFilter(kinds=kinds), after=after, limit=_PAGE):
        for entry in page:
            leaf = entry.document()
            if leaf["type"] in _SAYS:
                found.update(dict.fromkeys(_SAYS[leaf["type"]](leaf), entry.seq))
            else:
                models.hear(leaf, entry.seq)
        after = page[-1].seq
        session.expunge_all()
    return {**found, **models.facts()}


def _dao(leaf: Leaf) -> Iterator[Fact]:
    dao = leaf["data"]["dao"]
    yield "dao", str(leaf["dao"]), _dao_said(dao.get("name"), dao.get("about"), leaf["ts"], invented=dao.get("invented"))


def _dao_said(name: object, about: object, since: str, *, invented: object) -> str:
    return f"name {name!r}, about {about!r}, invented {invented}, since {since}"


def _issued(leaf: Leaf) -> Iterator[Fact]:
    data = leaf["data"]
    yield "api_key", data["key"], f"issued as {data['sha256']}" if "sha256" in data else _UNTOLD


def _revoked(leaf: Leaf) -> Iterator[Fact]:
    yield "api_key", leaf["data"]["key"], f"revoked at {leaf['ts']}"


def _forecast(leaf: Leaf) -> Iterator[Fact]:
    data = leaf["data"]
    if "forecast" in data:
        yield "forecast", data["forecast"], f"{data['sha256']} of {data['proposal']} in {leaf['dao']} by {data['model_digest']}"


def _paused(leaf: Leaf) -> Iterator[Fact]:
    step = SET if leaf["type"] == EntryKind.PAUSE_SET else CLEARED
    yield "pause_event", str(leaf["dao"]), f"{step} by {leaf['actor']['id']}: {leaf['data']['reason']}"


_SAYS: Mapping[str, Callable[[Leaf], Iterator[Fact]]] = {
    EntryKind.DAO_REGISTERED: _dao,
    EntryKind.KEY_ISSUED: _issued,
    EntryKind.KEY_REVOKED: _revoked,
    EntryKind.FORECAST_MADE: _forecast,
    EntryKind.PAUSE_SET: _paused,
    EntryKind.PAUSE_CLEARED: _paused,
}


class _Models:
    """Which model holds which alias, by the entries so far: as `model_versions.add` gives and takes them."""

    def __init__(self) -> None:
        self._alias: dict[str, str | None] = {}
        self._trained: dict[str, tuple[str, str, int]] = {}
        self._waiting: Leaf | None = None

    def hear(self, leaf: Leaf, seq: int) -> None:
        """A training, then the decision on it."""
        if leaf["type"] == EntryKind.MODEL_TRAINED:
            self._waiting = leaf
            return
        sha256 = leaf["data"]["model_digest"]
        if self._waiting is None or self._alias.get(sha256) == CHAMPION:
            return
        task, alias = leaf["data"].get("task"), CHAMPION if leaf["type"] == EntryKind.MODEL_PROMOTED else CANDIDATE
        for other, (of, _, _) in self._trained.items():
            if of == task and self._alias.get(other) == alias:
                self._alias[other] = None
        self._alias[sha256] = alias
        self._trained[sha256] = (str(task), digest(self._waiting["data"]), seq)

    def facts(self) -> dict[Fact, int]:
        """What each row must say."""
        return {
            ("model_version", sha256, f"{task}, {self._alias[sha256]}, trained as {trained}"): seq
            for sha256, (task, trained, seq) in self._trained.items()
        }


def _stored(session: Session) -> Iterator[Fact]:
    for dao in session.exec(select(Dao)):
        yield "dao", dao.id, _dao_said(dao.name, dao.about, timestamp(dao.known_at), invented=dao.invented)
    for key in session.exec(select(ApiKey).where(ApiKey.id != OWN_KEY_ID)):
        yield "api_key", key.id, f"issued as {key_digest(key)}"
        if key.revoked_at is not None:
            yield "api_key", key.id, f"revoked at {timestamp(key.revoked_at)}"
    for made in session.exec(select(Forecast)):
        same = digest(made.body) == made.sha256 and made.id == of_digest("fct", made.sha256) and _told_at(made.body) == made.as_of
        yield "forecast", made.id, f"{made.sha256 if same else 'another'} of {made.proposal_id} in {made.dao_id} by {made.model_sha256}"
    for model in session.exec(select(ModelVersion)):
        told = {name: value for name, value in model.body.items() if name not in _CARD_ONLY}
        yield "model_version", model.sha256, f"{model.task}, {model.alias}, trained as {digest(told)}"
    for event in session.exec(select(PauseEvent)):
        if event.action in {SET, CLEARED}:
            yield "pause_event", event.dao_id, f"{event.action} by {event.guardian}: {event.reason}"


def _told_at(body: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(body["as_of"])
