"""What needs a delegate: open proposals they have not voted on, ordered by what is at stake for them."""

import heapq
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from governance.flags.verdicts import Severity
from governance.tally import Ballot

# How much each part counts. `benchmarks/delegate_queue.py --tune` fits them on the earlier 70 % of the imported history to
# what delegates then voted on, each at least 0.1: a proposal may matter to a delegate although they tend to overlook it.
# Flags have that least weight: the imported history has none on record that a weight could be fitted on.
WEIGHTS: Final = {
    "habit": 0.75,
    "likeness": 1.05,
    "allies": 1.35,
    "freshness": 3.05,
    "turnout": 2.0,
    "closeness": 0.1,
    "leverage": 0.1,
    "urgency": 0.4,
    "flags": 0.1,
}
# How much a fired flag says by its severity; of several the gravest counts.
_GRAVITY: Final = {Severity.NOTICE: 0.25, Severity.WARNING: 0.5, Severity.CRITICAL: 1.0}
ALLIES: Final = 10
_LEAST_COMMON: Final = 2
_LIKE: Final = 3
_WORD: Final = re.compile(r"[^\W_]{3,}")
# One imagined proposal in three voted on, twice: a first vote in a DAO is not yet a habit.
_USUAL_HABIT, _HABIT_STRENGTH = 1 / 3, 2.0


@dataclass(frozen=True, slots=True)
class PastBallot:
    """An earlier proposal of the DAO; `choice` and `cast_at` are the delegate's, `voted` False where they did not vote."""

    proposal_id: str
    title: str | None
    author: str | None
    voted: bool
    choice: str | None
    cast_at: datetime | None


@dataclass(frozen=True, slots=True)
class OpenProposal:
    """A proposal open at the moment asked about, with the votes so far, oldest first. `ends_at`: None where nobody tells.

    `latest_vote_at`: since when the last of the votes has been known; None without votes. `revised_at`: likewise what it says now,
    where it once said something else.
    """

    proposal_id: str
    dao_id: str
    title: str | None
    author: str | None
    choices: tuple[str, ...]
    opened_at: datetime
    ends_at: datetime | None
    votes: Sequence[Ballot]
    latest_vote_at: datetime | None
    revised_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DaoRecord:
    """What is known of the delegate in one DAO. `past`: its latest proposals, newest first; `others`: votes on some of them.

    `others` holds, for the latest proposals the delegate voted on, everybody's votes on each.
    """

    past: tuple[PastBallot, ...]
    others: Mapping[str, Sequence[Ballot]]
    weight: str | None


@dataclass(frozen=True, slots=True)
class Ally:
    """A voter who votes on the same proposals: on so many of the compared ones, and with the same choice on so many."""

    voter: str
    common: int
    agreed: int


@dataclass(frozen=True, slots=True)
class Queued:
    """One entry of the queue: what is at stake, in parts of 0 to 1, and what a delegate would look at first."""

    proposal: OpenProposal
    stake: float
    parts: Mapping[str, float]
    similar: tuple[tuple[PastBallot, float], ...]
    allies_voted: tuple[tuple[Ally, str | None], ...]
    allies: int
    lead: Decimal
    weight: str | None
    basis: str


def queue(
    proposals: Sequence[OpenProposal],
    records: Mapping[str, DaoRecord],
    *,
    as_of: datetime,
    passes: Mapping[str, float],
    fired: Mapping[str, Sequence[Severity]] = MappingProxyType({}),
) -> list[Queued]:
    """The queue, most at stake first; of equals what closes first, then by id.

    `passes`: by proposal, the forecast probability that it passes, where there is one; else the lead so far says how close
    it is. `fired`: by proposal, the severities of the flags that stand fired on it; one that is not in it counts as without any.
    """
    allies = {dao: find_allies(record) for dao, record in records.items()}
    liveliest = max((len(each.votes) for each in proposals), default=0)
    found = [
        _queued(
            each,
            records[each.dao_id],
            allies[each.dao_id],
            as_of,
            passes=passes.get(each.proposal_id),
            gravity=max((_GRAVITY[severity] for severity in fired.get(each.proposal_id, ())), default=0.0),
            liveliest=liveliest,
        )
        for each in proposals
    ]
    return sorted(found, key=lambda each: (-each.stake, each.proposal.ends_at is None, each.proposal.ends_at, each.proposal.proposal_id))


def find_allies(record: DaoRecord) -> tuple[Ally, ...]:
    """Who voted most often on the proposals the delegate voted on; of equals who agreed more, then by address."""
    own = {each.proposal_id: each.choice for each in record.past if each.voted}
    common: Counter[str] = Counter()
    agreed: Counter[str] = Counter()
    for proposal, ballots in record.others.items():
        last = {voter: choice for voter, choice, _ in ballots}
        mine = own.get(proposal)
        common.update(last.keys())
        agreed.update([voter for voter, choice in last.items() if choice is not None and choice == mine])
    usable = ((-count, -agreed[voter], voter) for voter, count in common.items() if count >= _LEAST_COMMON)
    return tuple(Ally(voter, -count, -alike) for count, alike, voter in heapq.nsmallest(ALLIES, usable))


def likeness(one: PastBallot | OpenProposal, other: PastBallot | OpenProposal) -> float:
    """How alike two proposals are, 0 to 1: shared words of their titles over all words, and a quarter for the same author."""
    words, others = _words(one.title), _words(other.title)
    shared = len(words & others) / len(words | others) if words and others else 0.0
    same_author = one.author is not None and one.author == other.author
    return 0.75 * shared + 0.25 * same_author


def _queued(
    proposal: OpenProposal,
    record: DaoRecord,
    allies: Sequence[Ally],
    as_of: datetime,
    *,
    passes: float | None,
    gravity: float,
    liveliest: int,
) -> Queued:
    alike = sorted(
        ((each, likeness(proposal, each)) for each in record.past if each.voted), key=lambda found: (-found[1], found[0].proposal_id)
    )[:_LIKE]
    cast = {vote.voter: vote for vote in proposal.votes}
    voted = tuple((ally, cast[ally.voter].choice) for ally in allies if ally.voter in cast)
    lead, share, basis = _lead(cast, record.weight)
    weight = Decimal(1) if basis == "heads" else Decimal(record.weight or 0)
    parts = {
        "habit": _habit(record),
        "likeness": sum(found for _, found in alike) / len(alike) if alike else 0.0,
        "allies": len(voted) / len(allies) if allies else 0.0,
        "freshness": 1.0 / (1.0 + max((as_of - proposal.opened_at).total_seconds(), 0.0) / 86_400),
        "turnout": math.log1p(len(proposal.votes)) / math.log1p(liveliest) if liveliest else 0.0,
        "closeness": 1.0 - (share if passes is None else abs(2.0 * passes - 1.0)),
        "leverage": 1.0 if weight >= lead else float(weight / lead),
        "urgency": _urgency(proposal, as_of),
        "flags": gravity,
    }
    stake = sum(WEIGHTS[name] * value for name, value in parts.items()) / sum(WEIGHTS.values())
    return Queued(proposal, stake, parts, tuple(found for found in alike if found[1] > 0), voted, len(allies), lead, record.weight, basis)


def _habit(record: DaoRecord) -> float:
    """How often the delegate votes in this DAO, of its latest proposals."""
    voted = sum(each.voted for each in record.past)
    return (voted + _HABIT_STRENGTH * _USUAL_HABIT) / (len(record.past) + _HABIT_STRENGTH)


def _lead(cast: Mapping[str, Ballot], weight: str | None) -> tuple[Decimal, float, str]:
    """The leading choice's lead over the next, that as a share of all, and whether it is by power or by heads.

    By power where every vote and the delegate have one. Before the first vote everything is open.
    """
    by_power = weight is not None and all(vote.power is not None for vote in cast.values())
    amounts: dict[str, Decimal] = {}
    for vote in cast.values():
        if vote.choice is not None:
            amounts[vote.choice] = amounts.get(vote.choice, Decimal(0)) + (Decimal(vote.power or 0) if by_power else Decimal(1))
    first, second, *_ = [*sorted(amounts.values(), reverse=True), Decimal(0), Decimal(0)]
    total = sum(amounts.values(), Decimal(0))
    return first - second, float((first - second) / total) if total else 0.0, "power" if by_power else "heads"


def _urgency(proposal: OpenProposal, as_of: datetime) -> float:
    """1 at the close, a half a day before it, a quarter three days before; a quarter where nobody tells the end."""
    if proposal.ends_at is None:
        return 0.25
    return 1.0 / (1.0 + max((proposal.ends_at - as_of).total_seconds(), 0.0) / 86_400)


def _words(title: str | None) -> frozenset[str]:
    return frozenset(_WORD.findall((title or "").lower()))
