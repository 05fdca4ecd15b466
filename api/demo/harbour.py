"""Harbour, an invented DAO: its proposals, votes, posts and token figures, made from texts of ours and formulas.

Everything depends only on the anchor (the hour at which the demonstration was loaded), so that a second run makes the
same rows again and nothing changes.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final

from governance.canonical import fixed, timestamp
from governance.tokenomics.policies import PI_DEFAULTS

DAO: Final = "harbour.invented"
PARAMETER: Final = "staking_apr_bps"
SOURCE: Final = "demonstration"
FORUM: Final = "forum.harbour.invented"
INDEXERS: Final = ("indexer-a", "indexer-b")
UNITS: Final = {
    "staked_share": "share",
    "supply": "token",
    "price": "usd",
    "pool_token": "token",
    "pool_quote": "usd",
    "staking_apr": "bps",
}
STARTING_RATE_BPS: Final = 800
_HISTORY_DAYS: Final = 120
_VOTERS: Final = 40
_VOTING_DAYS: Final = 5
_DAY: Final = timedelta(days=1)
Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class RateChange:
    """The reward rate that holds from `at` on, in basis points a year."""

    at: datetime
    bps: int


@cache
def story() -> Mapping[str, Any]:
    """The invented texts."""
    loaded: Mapping[str, Any] = json.loads(Path(__file__).with_name("harbour.json").read_text(encoding="utf-8"))
    return loaded


def dao() -> Row:
    """The registration: labelled as invented."""
    return {"name": DAO, "about": story()["about"], "source": SOURCE, "invented": True}


def proposals(anchor: datetime) -> Iterator[Row]:
    """Sixteen closed proposals and two open ones; a result is told only of those that closed."""
    for told in story()["proposals"]:
        start = anchor + told["day"] * _DAY
        row: Row = {
            "source": SOURCE,
            "proposal_id": told["key"],
            "title": told["title"],
            "body": told["body"],
            "choices": ["For", "Against", "Abstain"],
            "type": told["kind"],
            "created": timestamp(start - timedelta(hours=12)),
            "start": timestamp(start),
            "end": timestamp(start + _VOTING_DAYS * _DAY),
            "end_fixed": True,
            "author": _address(f"author {told['author']}"),
        }
        if not told.get("open"):
            scores = _scores(told)
            passed = scores[0] * 2 > sum(scores)
            row |= {"state": "closed", "outcome": "pass" if passed else "fail", "outcome_rule": "platform_status"}
            share = fixed(Decimal(scores[0]) / sum(scores[:2]))
            row |= {"scores": scores, "scores_total": sum(scores), "approval_share": share, "votes_count": len(_turnout(told))}
        yield row


def votes(anchor: datetime) -> Iterator[Row]:
    """Votes with power; of an open proposal those that were cast before the anchor."""
    for told in story()["proposals"]:
        start = anchor + told["day"] * _DAY
        for voter in _turnout(told):
            cast = start + _VOTING_DAYS * _DAY * (_draw(told["key"], voter, "when") / 1000)
            if cast < anchor:
                yield {
                    "source": SOURCE,
                    "proposal_id": told["key"],
                    "voter": _address(f"voter {voter}"),
                    "choice": _choice(told, voter),
                    "vp": str(_power(voter)),
                    "created": timestamp(cast),
                }


def posts(anchor: datetime) -> Iterator[Row]:
    """Forum posts; one of them tries to give orders, and is read as text like every other."""
    for number, told in enumerate(story()["posts"], start=1):
        yield {
            "source": SOURCE,
            "forum": FORUM,
            "topic_id": 1 + int(str(told.get("proposal", "h-00")).removeprefix("h-")),
            "post_id": number,
            "post_number": number,
            "author": told["author"],
            "created": timestamp(anchor + told["day"] * _DAY + timedelta(hours=_draw(told["key"], 0, "hour") / 60)),
            "text": told["text"],
            **({"linked_proposal": told["proposal"]} if "proposal" in told else {}),
        }


def observations(anchor: datetime, *, until: datetime, changes: tuple[RateChange, ...] = ()) -> Iterator[Row]:
    """Daily figures of the token from two indexers, to `until`; after the anchor they answer to the rate in force.

    A day: share += 0.06·rate − 0.02·(share − 0.16) + noise, the rate as a share a year; prices wander, the pool follows.
    """
    share, supply, price, pool = 0.36, 1_000_000_000.0, 1.25, 40_000_000.0
    day = 0
    while True:
        at = anchor - (_HISTORY_DAYS - 1 - day) * _DAY - timedelta(hours=1)
        if at > until:
            return
        rate = _rate(day, at, changes)
        share = share + 0.06 * rate / 10_000 - 0.02 * (share - 0.16) + 0.0006 * _noise(day, 1)
        price = price * (1 + 0.02 * _noise(day, 2))
        supply = supply * (1.0001 + 0.00002 * _noise(day, 3))
        values = {"staked_share": share, "supply": supply, "price": price, "pool_token": pool, "pool_quote": pool * price}
        for index, source in enumerate(INDEXERS):
            seen = at + timedelta(minutes=index)
            for metric, value in values.items():
                yield _observed(metric, source, seen, fixed(value * (1 + 0.0002 * index)))
            yield _observed("staking_apr", source, seen, str(rate))
        day += 1


def electorate(delegates: tuple[str, ...]) -> Row:
    """Three delegates, any two of whom approve."""
    members = [{"address": address, "power": power} for address, power in zip(delegates, ("400000", "350000", "250000"), strict=True)]
    return {"delegates": members, "threshold": {"rule": "head", "approve": "2", "block": None}}


def parameter() -> Row:
    """The reward rate in force, kept by hand: the dry-run executor applies changes to this record."""
    return {
        "name": PARAMETER,
        "kind": "staking_apr_bps",
        "unit": "bps",
        "value": str(STARTING_RATE_BPS),
        "place": {"kind": "manual_record", "note": "the invented reward contract's owner"},
    }


def objective() -> Row:
    """Bring the staked share to one half, at a price the DAO is ready to pay."""
    return {
        "v": 1,
        "name": "more_staked",
        "kind": "growth",
        "parameter": PARAMETER,
        "metrics": {role: {"metric": role, "unit": unit} for role, unit in UNITS.items() if role != "staking_apr"},
        "apr_metric": {"metric": "staking_apr", "unit": "bps"},
        "target": "0.500000",
        "horizon_s": 28 * 86_400,
        "min_history_days": 45,
        "risk": {"level": "0.90", "min_benefit": "0.002", "issuance_weight": "1.0", "max_price_cost": "0.02"},
        "reward_sale_share": "0.5",
        "kpis": ["staked_share", "price"],
        "policy": {"name": "proportional_integral", "settings": dict(PI_DEFAULTS)},
    }


def guardrail() -> Row:
    """One step of 100 bps every three days, 300 bps in thirty days, within 200 to 2,000 bps."""
    return {
        "v": 1,
        "parameter": PARAMETER,
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
    }


def _rate(day: int, at: datetime, changes: tuple[RateChange, ...]) -> int:
    later = [change.bps for change in changes if change.at <= at]
    if later:
        return later[-1]
    return 500 if day < _HISTORY_DAYS // 3 else 900 if day < _HISTORY_DAYS * 2 // 3 else STARTING_RATE_BPS


def _observed(metric: str, source: str, at: datetime, value: str) -> Row:
    return {"metric": metric, "source": source, "time": timestamp(at), "value": value, "unit": UNITS[metric]}


def _noise(day: int, salt: int) -> float:
    """A number in −1..1 that looks drawn and is always the same."""
    return _draw("tide", day, str(salt)) / 500 - 0.999


def _draw(key: str, voter: int, what: str) -> int:
    """A number in 0..999 that looks drawn and is always the same."""
    return int.from_bytes(hashlib.sha256(f"{key}/{voter}/{what}".encode()).digest()[:4], "big") % 1_000


def _turnout(told: Mapping[str, Any]) -> list[int]:
    return [voter for voter in range(_VOTERS) if _draw(told["key"], voter, "votes") < 650]


def _choice(told: Mapping[str, Any], voter: int) -> str:
    if _draw(told["key"], voter, "abstains") < 40:
        return "3"
    return "1" if _draw(told["key"], voter, "side") < told["lean"] * 10 else "2"


def _scores(told: Mapping[str, Any]) -> list[int]:
    """The power for each choice."""
    return [sum(_power(voter) for voter in _turnout(told) if _choice(told, voter) == choice) for choice in ("1", "2", "3")]


def _power(voter: int) -> int:
    """Few hold much and many hold little, as everywhere."""
    return 240_000 // (voter + 3)


def _address(name: str) -> str:
    return "0x" + hashlib.sha256(f"harbour {name}".encode()).hexdigest()[:40]
