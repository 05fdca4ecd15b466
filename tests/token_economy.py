"""An invented staked token, made by formulas: objective, parameter, guardrail and observations that fit each other."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session

from governance.canonical import digest, fixed, parse_timestamp, timestamp
from governance.identity import derived
from governance.operations import dry_run_target
from governance.records.observations import Observation
from governance.tokenomics.policies import PI_DEFAULTS

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAO = "harbor.invented"
SOURCES = ("indexer-a", "indexer-b")
UNITS = {
    "staked_share": "share",
    "supply": "token",
    "price": "usd",
    "pool_token": "token",
    "pool_quote": "usd",
    "staking_apr": "bps",
}
Row = dict[str, str]


def guardrail_body(**changed: object) -> dict[str, Any]:
    """A guardrail of `staking_apr_bps` that admits one step of 100 bps every three days."""
    return {
        "v": 1,
        "parameter": "staking_apr_bps",
        "unit": "bps",
        "floor": "200",
        "ceiling": "2000",
        "max_step": "100",
        "max_step_relative_bps": None,
        "window": {"length_s": 30 * 86_400, "max_change": "300", "max_change_relative_bps": None},
        "cooldown_s": 3 * 86_400,
        "min_delay_s": 86_400,
        "dead_band": "5",
        "forbid_zero": True,
        "expires_after_s": 7 * 86_400,
        "inputs": {"max_age_s": 36 * 3_600, "max_disagreement_bps": 150, "min_sources": 2},
        "circuit_breaker": None,
        **changed,
    }


def objective_body(**changed: object) -> dict[str, Any]:
    """More of the supply staked, at a price the DAO is ready to pay."""
    return {
        "v": 1,
        "name": "more_staked",
        "kind": "growth",
        "parameter": "staking_apr_bps",
        "metrics": {role: {"metric": role, "unit": UNITS[role]} for role in UNITS if role != "staking_apr"},
        "apr_metric": {"metric": "staking_apr", "unit": "bps"},
        "target": "0.500000",
        "horizon_s": 28 * 86_400,
        "min_history_days": 45,
        "risk": {"level": "0.90", "min_benefit": "0.002", "issuance_weight": "1.0", "max_price_cost": "0.02"},
        "reward_sale_share": "0.5",
        "kpis": ["staked_share", "price"],
        "policy": {"name": "proportional_integral", "settings": dict(PI_DEFAULTS)},
        **changed,
    }


def parameter_body(value: int = 800) -> dict[str, str]:
    """The reward rate in force."""
    return {"name": "staking_apr_bps", "kind": "staking_apr_bps", "unit": "bps", "value": str(value)}


def noise(day: int, salt: int) -> float:
    """A number in −1..1 that looks like noise and is a formula."""
    return ((day * 7_919 + salt * 104_729 + day * day * 31) % 2_001 - 1_000) / 1_000


def economy(
    *, now: datetime = NOON, days: int = 120, start: float = 0.36, answer: float = 0.06, resting: float = -0.02, quiet: float = 0.0006
) -> Iterator[Row]:
    """Observations of `days` days up to an hour before `now`, oldest first, from two sources that agree to a few basis points.

    The share moves by `answer`·rate + `resting`·(share − 0.16) a day; the rate was 500, 900 and is now 800 bps.
    """
    share, supply, price, pool = start, 1_000_000_000.0, 1.25, 40_000_000.0
    for day in range(days, 0, -1):
        rate = 500 if day > days * 2 // 3 else 900 if day > days // 3 else 800
        share = share + answer * rate / 10_000 + resting * (share - 0.16) + quiet * noise(day, 1)
        price = price * (1 + 0.02 * noise(day, 2))
        supply = supply * (1 + 0.0001 + 0.00002 * noise(day, 3))
        at = now - timedelta(days=day - 1, hours=1)
        values = {"staked_share": share, "supply": supply, "price": price, "pool_token": pool, "pool_quote": pool * price}
        for index, source in enumerate(SOURCES):
            for metric, value in values.items():
                yield row(metric, source, at + timedelta(minutes=index), fixed(value * (1 + 0.0002 * index)))
            yield row("staking_apr", source, at + timedelta(minutes=index), str(rate))


def row(metric: str, source: str, at: datetime, value: str) -> Row:
    """One observation as it stands in the inputs of a recommendation."""
    return {"metric": metric, "source": source, "observed_at": timestamp(at), "value": value, "unit": UNITS[metric]}


def reading(index: int, label: str) -> dict[str, object]:
    """What a model said of one text."""
    scores = {"against": ["0.900000", "0.080000", "0.020000"], "for": ["0.020000", "0.080000", "0.900000"]}
    body = {"task": "stance", "label": label, "scores": scores.get(label, ["0.100000", "0.800000", "0.100000"])}
    return {"id": f"read_{index}", **body, "model_sha256": digest("model"), "text_sha256": digest(f"text {index}")}


def inputs(**changed: object) -> dict[str, object]:
    """Inputs that give a raise; name what shall be different."""
    given: dict[str, object] = {
        "v": 1,
        "rules": "assent-rules/1",
        "dao": DAO,
        "now": timestamp(NOON),
        "paused": False,
        "objective": {"id": "obj_1", "version": 1, "body": objective_body()},
        "parameter": parameter_body(),
        "values": [{"value": "800", "at": timestamp(NOON - timedelta(days=200))}],
        "queued": [],
        "guardrail": {"version": 1, "body": guardrail_body()},
        "observations": list(economy()),
        "readings": [],
        "forecasts": [],
        "executor": dry_run_target(DAO, chain_id=31_337),
        "nonce": "1",
        "evidence_root": "0x" + digest("log"),
        "seed": "20261121",
        "paths": 1_000,
    }
    return given | changed


def altered(given: Mapping[str, object], index: int, value: str) -> dict[str, object]:
    """The same inputs with the value of one observation changed."""
    rows = [dict(r) for r in given["observations"]]  # type: ignore[attr-defined]
    rows[index]["value"] = value
    return {**given, "observations": rows}


def store(session: Session, rows: Iterable[Row], *, now: datetime) -> None:
    """Store observations of `DAO` as the ingest does, known when they were observed."""
    held = []
    for given in rows:
        at = parse_timestamp(given["observed_at"])
        id_ = derived("obs", given["metric"], given["source"], given["observed_at"])
        fields = {key: given[key] for key in ("metric", "source", "value", "unit")}
        stored = {"dao_id": DAO, "observed_at": at, "known_at": at, "recorded_at": now, "revision": 1, "content_sha256": digest(given)}
        held.append({"id": id_, **fields, **stored})
    session.connection().execute(insert(Observation), held)
