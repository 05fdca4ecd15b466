"""A flag rule's case as the rows by which a source would tell it: the inverse of what the records read."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from eth_abi import abi

from governance.flags.calldata import Call, Decoded
from governance.flags.case import Ballot, Case, Chain, Past
from tests.flag_cases import DAY

# Names that differ between the rule's case and the row.
_RENAMED = {"delay": "delay_s", "expires_after": "expires_s"}
Rows = dict[str, list[dict[str, Any]]]


def rows_of(case: Case) -> Rows:
    """Proposals, votes and posts, by the names of the API's paths."""
    proposals = [_proposal(case), *(_past(each) for each in case.past)]
    votes = [
        *_votes(case.external_id, case.ballots or ()),
        *(vote for past in case.past for vote in _votes(past.external_id, past.ballots)),
    ]
    posts = [
        {
            "forum": thread.forum,
            "topic_id": thread.topic_id,
            "post_id": str(thread.topic_id),
            "post_number": 1,
            "author": "ann",
            "author_created": _seconds(thread.account_since),
            "created": _seconds(thread.opened_at),
            "text": "What do you think?",
            "linked_proposal": case.external_id,
        }
        for thread in case.threads or ()
    ]
    return {"proposals": proposals, "votes": votes, "posts": posts}


def _proposal(case: Case) -> dict[str, Any]:
    created = case.created_at or case.starts_at or case.as_of - DAY
    return {
        "proposal_id": case.external_id or case.proposal_id,
        "title": case.title,
        "body": case.body,
        "author": case.author,
        "choices": list(case.choices) or None,
        "created": _seconds(created),
        "start": _seconds(case.starts_at),
        "end": _seconds(case.ends_at),
        "end_fixed": case.end_fixed,
        "quorum": None if case.quorum is None else str(case.quorum),
        "actions": None if case.actions is None else [_action(each) for each in case.actions],
        "chain": {"read_at": _seconds(case.as_of), **_facts(case.chain)},
    }


def _past(past: Past) -> dict[str, Any]:
    ended = past.ends_at
    code = [{"address": address, "codehash": digest} for address, digest in past.codehashes.items()]
    return {
        "proposal_id": past.external_id,
        "title": past.title,
        "body": past.body,
        "author": past.author,
        "created": _seconds(past.starts_at),
        "start": _seconds(past.starts_at),
        "end": _seconds(ended),
        "end_fixed": True,
        "outcome": {True: "fail", False: "pass", None: None}[past.defeated],
        "outcome_rule": "onchain_state",
        "actions": None if past.calls is None else [_again(each) for each in past.calls],
        "chain": {"read_at": _seconds(ended), "code": code} if code else None,
    }


def _votes(proposal: str, ballots: Sequence[Ballot]) -> list[dict[str, Any]]:
    return [
        {
            "proposal_id": proposal,
            "voter": each.voter,
            "choice": each.choice,
            "vp": None if each.power is None else str(each.power),
            "created": _seconds(each.cast_at),
        }
        for each in ballots
    ]


def _action(call: Call) -> dict[str, Any]:
    return {"target": call.target, "value": str(call.value), "calldata": f"0x{call.data.hex()}", "signature": call.signature}


def _again(call: Decoded) -> dict[str, Any]:
    """A call that was read, written again: plain arguments only."""
    types = [each.type for each in call.arguments]
    values = [each.value if each.type == "address" else int(each.value) for each in call.arguments]
    return {"target": call.target, "calldata": f"{call.selector}{abi.encode(types, values).hex()}"}


def _facts(chain: Chain) -> dict[str, Any]:
    found = {each.name: _told(each.name, getattr(chain, each.name)) for each in fields(chain)}
    return {_RENAMED.get(name, name): value for name, value in found.items() if value is not None}


def _told(name: str, value: Any) -> Any:
    if name == "delegates" and value is not None:
        return [{"address": address, "power": str(power)} for address, power in value.items()]
    if name == "controllers" and value is not None:
        return [{"address": address, "by": sorted(by)} for address, by in value.items()]
    return _plain(value)


def _plain(value: Any) -> Any:
    """As JSON: times and delays in seconds, amounts as text, sets as lists; what is not told is left out."""
    if isinstance(value, datetime):
        return _seconds(value)
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, frozenset | tuple):
        return [_plain(each) for each in (value if isinstance(value, tuple) else sorted(value))]
    if isinstance(value, Mapping):
        return {_RENAMED.get(name, name): _plain(each) for name, each in value.items() if each is not None}
    return _plain(asdict(value)) if hasattr(value, "__dataclass_fields__") else value


def _seconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())
