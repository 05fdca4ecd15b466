"""What the votes of one interval say of who takes part: how unevenly, with what power, and what the delegates do."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from heapq import nsmallest
from typing import Final

from governance.canonical import fixed
from governance.concentration import Concentration, exact_sum, of_alike, of_texts
from governance.health.blocs import alignment

# Of a DAO's voters those with the most power, or where none is known those who voted on most: its delegates for the interval.
DELEGATES: Final = 20
# More members of a bloc say no more than their number.
_NAMED_BLOCS: Final = 5


@dataclass(frozen=True, slots=True)
class IntervalVotes:
    """The votes that became known in one interval.

    `per_voter`: by number of proposals voted on, how many voters voted on so many. `powers`: by voter, the power of their
    last vote in it that has one. `delegates`: by delegate, proposal to choice as written (None where the source does not tell).
    """

    votes: int
    proposals: int
    per_voter: Mapping[int, int]
    powers: Mapping[str, str]
    delegates: Mapping[str, Mapping[str, str | None]]

    @property
    def voters(self) -> int:
        """How many distinct voters voted in it."""
        return sum(self.per_voter.values())


def heaviest(powers: Mapping[str, str]) -> list[str]:
    """The delegates by power, heaviest first; of equals the first in the alphabet."""
    return [voter for voter, _ in nsmallest(DELEGATES, powers.items(), key=lambda each: (-Decimal(each[1]), each[0]))]


def busiest(proposals: Mapping[str, int]) -> list[str]:
    """The delegates by number of proposals voted on, where no power is known."""
    return [voter for voter, _ in nsmallest(DELEGATES, proposals.items(), key=lambda each: (-each[1], each[0]))]


def busiest_of(voters: Mapping[int, Sequence[str]]) -> list[str]:
    """The same, from the voters by number of proposals voted on."""
    most: dict[str, int] = {}
    for count in sorted(voters, reverse=True):
        most.update(dict.fromkeys(voters[count], count))
        if len(most) >= DELEGATES:
            break
    return busiest(most)


def from_rows(rows: Sequence[tuple[str, str, str | None, str | None]]) -> IntervalVotes:
    """The same from single votes (proposal, voter, choice, power), in the order in which they were cast.

    Of a voter's several votes on one proposal the last counts; of several powers the last. Where any power is known, the
    delegates are judged by their votes with a power.
    """
    last: dict[tuple[str, str], str | None] = {}
    with_power: dict[tuple[str, str], str | None] = {}
    powers: dict[str, str] = {}
    for proposal, voter, choice, power in rows:
        last[voter, proposal] = choice
        if power is not None:
            with_power[voter, proposal] = choice
            powers[voter] = power
    voted: dict[str, int] = defaultdict(int)
    for voter, _ in last:
        voted[voter] += 1
    per_voter: dict[int, int] = defaultdict(int)
    for count in voted.values():
        per_voter[count] += 1
    delegates: dict[str, dict[str, str | None]] = {voter: {} for voter in (heaviest(powers) if powers else busiest(voted))}
    for (voter, proposal), choice in (with_power if powers else last).items():
        if voter in delegates:
            delegates[voter][proposal] = choice
    return IntervalVotes(len(rows), len({proposal for _, proposal in last}), per_voter, powers, delegates)


def figures(seen: IntervalVotes) -> dict[str, object]:
    """What is shown of an interval's votes, and kept: shares as decimal text with six places, None where nothing is known."""
    cast = sum(count * voters for count, voters in seen.per_voter.items())
    possible = seen.voters * seen.proposals
    return {
        "votes": seen.votes,
        "voters": seen.voters,
        "proposals_voted": seen.proposals,
        "participation": shown(Fraction(cast, possible)) if possible else None,
        "power": concentrated(of_texts(list(seen.powers.values()))) if seen.powers else None,
        "activity": concentrated(of_alike(seen.per_voter.items())) if seen.voters else None,
        "delegates": _delegates(seen) if seen.voters else None,
    }


def concentrated(found: Concentration) -> dict[str, object]:
    """A concentration as it is shown."""
    return {
        "holders": found.holders,
        "gini": shown(found.gini),
        "nakamoto": found.nakamoto,
        "largest_share": shown(found.largest_share),
        "top_ten_share": shown(found.top_ten_share),
    }


def shown(value: Fraction | None) -> str | None:
    """A fraction as decimal text with six places, rounded half to even."""
    return None if value is None else fixed(Decimal(round(value * 10**6)).scaleb(-6))


def _delegates(seen: IntervalVotes) -> dict[str, object]:
    voted = sum(len(choices) for choices in seen.delegates.values())
    known = {
        voter: {proposal: choice for proposal, choice in choices.items() if choice is not None} for voter, choices in seen.delegates.items()
    }
    found = alignment(known)
    total = exact_sum(seen.powers.values())
    held = exact_sum(seen.powers[voter] for voter in seen.delegates if voter in seen.powers)
    possible = len(seen.delegates) * seen.proposals
    return {
        "basis": "power" if seen.powers else "heads",
        "count": len(seen.delegates),
        "participation": shown(Fraction(voted, possible)) if possible else None,
        "power_share": shown(Fraction(held) / Fraction(total)) if total > 0 else None,
        "pairs_compared": found.pairs,
        "pairs_alike": found.alike,
        "largest_bloc": len(found.blocs[0]) if found.blocs else 0,
        "blocs": [list(bloc) for bloc in found.blocs[:_NAMED_BLOCS]],
    }
