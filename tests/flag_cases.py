"""Cases for the flag rules: ordinary by default, one argument to spoil."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from eth_abi import abi

from governance.flags.calldata import Call, Decoded, decode, selector_of
from governance.flags.case import Ballot, Case, Chain, Change, Code, Figures, Notices, Past, Said, Thread
from governance.flags.functions import split_types
from governance.flags.registry import RULES
from governance.flags.verdicts import Answer

DAY = timedelta(days=1)
# A Monday, so that a window of four days has no weekend in it.
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
END = START + 4 * DAY
COMP = "0xc00e94cb662c3520282e6f5717214004a7f26888"
PROPOSER = "0x" + "a1" * 20
GRANTEE = "0x" + "b2" * 20
TARGET = "0x" + "c3" * 20
TIMELOCK = "0x" + "d4" * 20
SAFE = "0x" + "e5" * 20
OTHER_CHAIN = "0x" + "07" * 20
HASH = "0x" + "11" * 32


def judged(rule: str, case: Case) -> Answer:
    """What the rule says of the case."""
    return next(each for each in RULES if each.id == rule).judge(case)


def encoded(signature: str, *arguments: Any) -> bytes:
    """Calldata of a call to `signature`."""
    types = split_types(signature.partition("(")[2][:-1])
    return selector_of(signature) + bytes(abi.encode(types, arguments))


def a_call(target: str, signature: str, *arguments: Any, value: int = 0) -> Call:
    """One call."""
    return Call(target, value, encoded(signature, *arguments))


def a_payment(to: str = GRANTEE, amount: int = 1_000, token: str = COMP) -> Call:
    """So many whole tokens (of 18 places) to somebody."""
    return a_call(token, "transfer(address,uint256)", to, amount * 10**18)


def calls(*made: Call) -> tuple[Decoded, ...]:
    """The calls in words."""
    return decode(made)


def ballots(*powers: int | None, at: datetime = START + DAY, choice: str = "1", first: int = 0) -> tuple[Ballot, ...]:
    """One voter per power."""
    return tuple(
        Ballot(f"0x{first + number:040x}", choice, None if power is None else Decimal(power), at) for number, power in enumerate(powers)
    )


def good_code(address: str, at: str = "created", **spoilt: Any) -> Code:
    """Verified code that cannot change."""
    ordinary = {"codehash": HASH, "verified": True, "upgradeable": False, "selfdestruct": False, "delegatecall": False, "create2": False}
    return Code(address, at, **{**ordinary, **spoilt})


def a_past(number: int, *, votes: Sequence[Ballot] = (), defeated: bool | None = False, **rest: Any) -> Past:
    """An ordinary closed proposal of earlier weeks, by somebody else."""
    starts = START - (7 * number + 7) * DAY
    ordinary = {
        "proposal_id": f"prop_{number}",
        "external_id": str(number),
        "title": f"Pay for the audit no. {number}",
        "body": "An invoice.",
        "author": GRANTEE,
        "starts_at": starts,
        "ends_at": starts + 4 * DAY,
        "defeated": defeated,
        "ballots": tuple(votes),
    }
    return Past(**{**ordinary, **rest})


def voted_past(count: int = 20, *powers: int) -> tuple[Past, ...]:
    """Earlier proposals on each of which the same people voted on the first day."""
    return tuple(
        a_past(number, votes=ballots(*(powers or (40, 30, 20, 20, 10)), at=START - (7 * number + 7) * DAY + DAY)) for number in range(count)
    )


def a_case(**spoilt: Any) -> Case:
    """A closed, ordinary grant on chain of which everything is known: no rule fires, none is in doubt."""
    paid = a_payment()
    ordinary: dict[str, Any] = {
        "proposal_id": "prop_now",
        "dao_id": "dao",
        "as_of": END,
        "external_id": "99",
        "title": "Grant of 1,000 COMP for the audit",
        "body": f"## Summary\nWe propose to fund the yearly audit: pay 1,000 COMP to {GRANTEE}. The budget was discussed for two weeks.",
        "author": PROPOSER,
        "kind": "basic",
        "choices": ("For", "Against", "Abstain"),
        "created_at": START - DAY,
        "starts_at": START,
        "ends_at": END,
        "end_fixed": True,
        "quorum": Decimal(100),
        "executable": True,
        "emergency_path": None,
        "actions": (paid,),
        "calls": calls(paid),
        "ballots": ballots(40, 30, 20, 20, 10),
        "past": voted_past(),
        "threads": (Thread("forum.test", 7, START - 14 * DAY, START - 400 * DAY),),
        "posts": (Said("ann", "I read the invoice and it is fair.", START, START - 400 * DAY),),
        "chain": Chain(
            snapshot_block=100,
            first_vote_block=7_000,
            power_read_live=False,
            same_block_voters=(),
            cluster=frozenset(),
            delay=2 * DAY,
            cluster_gained=Decimal(1),
            delegates={ballot.voter: ballot.power or Decimal(0) for ballot in ballots(40, 30, 20, 20, 10)},
            treasury=Decimal(1_000_000),
            treasury_token="COMP",
            controllers={},
            multisigs=frozenset(),
            listed=frozenset(),
            code=(good_code(COMP), good_code(COMP, "ended")),
            notices=Notices(frozenset({"forum"}), frozenset({"forum"}), START - 400 * DAY),
            delegations=(),
            markets=frozenset(),
            emergencies=(),
            changes=(a_change(group="caps"),),
        ),
        "figures": Figures(Decimal(1_000), Decimal(50), Decimal(10_000), Decimal(120)),
        "quorum_probability": Decimal("0.9"),
    }
    return Case(**{**ordinary, **spoilt})


def with_chain(case: Case | None = None, **spoilt: Any) -> Case:
    """The case with other facts of the chain."""
    given = case or a_case()
    return replace(given, chain=replace(given.chain, **spoilt))


def a_change(**spoilt: Any) -> Change:
    """A parameter's change that agrees with its reference and is fresh."""
    ordinary = {
        "name": "cap",
        "unit": "usd",
        "to": Decimal(100),
        "applied": Decimal(100),
        "approved_from": Decimal(90),
        "live": Decimal(90),
        "reference": Decimal(101),
        "reference_unit": "usd",
        "made_at": END,
    }
    return Change(**{**ordinary, **spoilt})
