"""How a DAO's last proposals had filled up: how many had voted on each when as much of its vote was over as now of another's."""

from array import array
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate
from math import isfinite, nan
from typing import Final

from governance.evidence import Arrival, ClosedProposal, KnownProgress, KnownProposal, KnownVote
from governance.nearest_double import nearest_double

# Habits change: only the proposals whose results came last are looked at.
LAST_PROPOSALS: Final = 20


def arrivals(
    asked: KnownProposal, as_of: datetime, last: Sequence[ClosedProposal], curve: Callable[[ClosedProposal], "Curve"]
) -> tuple[Arrival, ...]:
    """Of the `last` closed proposals, in their order, those whose `curve` tells of the same moment."""
    moments = [(closed, same_moment(closed, asked, as_of)) for closed in last]
    found = [curve(closed).at(closed.proposal.proposal_id, moment) for closed, moment in moments if moment is not None]
    return tuple(each for each in found if each is not None)


def same_moment(closed: ClosedProposal, asked: KnownProposal, as_of: datetime) -> datetime | None:
    """When as much of the vote on `closed` was over as of that on `asked` at `as_of`; None after its close, or where no start is told.

    The part of the window where both ends were fixed at the start, else the time since publication.
    """
    here, there = asked.published_at or asked.starts_at, closed.proposal.published_at or closed.proposal.starts_at
    if here is None or there is None or as_of <= here:
        return None
    gone, end, its_end = as_of - here, asked.ends_at, closed.proposal.ends_at
    if end is not None and its_end is not None and end > here and its_end > there:
        gone = min(gone / (end - here), 1.0) * (its_end - there)
    return there + gone if there + gone <= closed.closed_at else None


@dataclass(frozen=True, slots=True)
class Curve:
    """When each voter first voted on a proposal (seconds since 1970, ascending), and the power of all up to then.

    Powers are nearest doubles, a model's input; NaN from the first vote that has none. `totals` are published running totals.
    """

    times: "array[float]"
    powers: "array[float]"
    totals: tuple[KnownProgress, ...] = ()

    @classmethod
    def of(cls, votes: Sequence[KnownVote], totals: Sequence[KnownProgress] = ()) -> "Curve":
        """The curve of all of a proposal's votes, in whatever order."""
        first: dict[str, KnownVote] = {}
        for vote in sorted(votes, key=lambda vote: (vote.cast_at, vote.voter.lower(), vote.choice or "", vote.power or "")):
            first.setdefault(vote.voter.lower(), vote)
        powers = (nearest_double(vote.power) for vote in first.values())
        summed = accumulate(nan if power is None else power for power in powers)
        return cls(array("d", (vote.cast_at.timestamp() for vote in first.values())), array("d", summed), tuple(totals))

    def at(self, proposal_id: str, moment: datetime) -> Arrival | None:
        """Voters and power by `moment`, by votes or by totals, whichever says more.

        None where neither tells: where no vote is known, nobody may have looked, and the first total comes hours after the first vote.
        """
        told = [seen for seen in self.totals if seen.seen_at <= moment]
        if not self.times and not told:
            return None
        count = bisect_right(self.times, moment.timestamp())
        powers = [float(seen.power) for seen in told if seen.power is not None]
        if count and isfinite(self.powers[count - 1]):
            powers.append(self.powers[count - 1])
        voters = max([count, *(seen.voters for seen in told if seen.voters is not None)])
        return Arrival(proposal_id, moment.astimezone(UTC), voters, max(powers) if powers else None)
