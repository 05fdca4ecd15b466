"""What the votes cast so far say: who is for, how many, how fast. Only votes cast by the moment asked about count."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from governance.evidence import KnownVote
from governance.nearest_double import nearest_double

_FOR = re.compile(r"^\W*(yes|yea|yae|yay|for|in favou?r|approve|accept|support|agree|pass|pro|aye|ok)\b", re.IGNORECASE)
_AGAINST = re.compile(r"^\W*(no|nay|against|reject|den(y|ied)|disapprove|oppose|disagree|fail|con|veto|do not|don'?t)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SidedVote:
    """A voter's last vote: `side` is 1 for, -1 against, 0 neither; `power` the nearest double, None where not told."""

    voter: str
    side: int
    power: float | None
    cast_at: datetime


@dataclass(frozen=True, slots=True)
class VotesSoFar:
    """Counts by head and by power; power is None unless every counted vote has it. `last_at` is None without votes."""

    heads_for: int
    heads_against: int
    heads_other: int
    power_for: float | None
    power_against: float | None
    power_other: float | None
    last_at: datetime | None
    cast: tuple[SidedVote, ...] = ()

    @property
    def power(self) -> float | None:
        """The power of all votes; None unless every vote has it."""
        if self.power_for is None or self.power_against is None or self.power_other is None:
            return None
        return self.power_for + self.power_against + self.power_other

    @property
    def heads(self) -> int:
        """How many voters have voted."""
        return self.heads_for + self.heads_against + self.heads_other


def sides(choices: Sequence[str]) -> tuple[int, ...]:
    """For each choice 1 (for), -1 (against) or 0 (neither: abstain, invalid, another option).

    Read from the words; where none is plain, the first of two or more choices is for and the second against, the
    order every platform here uses. With no choices known, "1" is for and "2" against.
    """
    found = tuple(1 if _FOR.match(choice) else -1 if _AGAINST.match(choice) else 0 for choice in choices)
    if 1 in found:
        return found
    return tuple({0: 1, 1: -1}.get(place, 0) for place in range(max(len(choices), 2)))


def names_a_side(choices: Sequence[str]) -> bool:
    """Whether a choice says in words that it is for."""
    return any(_FOR.match(choice) for choice in choices)


def count_votes(votes: Sequence[KnownVote], choices: Sequence[str], *, as_of: datetime) -> VotesSoFar:
    """Each voter's last vote up to and including `as_of`; ties in time fall to the vote that sorts last.

    A choice that is not one plain number (weighted, ranked, several) counts as neither side.
    """
    last: dict[str, KnownVote] = {}
    for vote in sorted((vote for vote in votes if vote.cast_at <= as_of), key=_order):
        last[vote.voter.lower()] = vote
    heads = {1: 0, -1: 0, 0: 0}
    powers: dict[int, list[float]] = {1: [], -1: [], 0: []}
    by_choice = sides(choices)
    side = {choice: side_of(choice, by_choice) for choice in {vote.choice for vote in last.values()}}
    cast = [SidedVote(voter, side[vote.choice], nearest_double(vote.power), vote.cast_at) for voter, vote in last.items()]
    for sided in cast:
        heads[sided.side] += 1
        if sided.power is not None:
            powers[sided.side].append(sided.power)
    whole = bool(last) and sum(len(found) for found in powers.values()) == len(last)
    # fsum does not depend on the order in which votes arrive.
    power_for, power_against, power_other = (math.fsum(powers[side]) if whole else None for side in (1, -1, 0))
    return VotesSoFar(
        heads_for=heads[1],
        heads_against=heads[-1],
        heads_other=heads[0],
        power_for=power_for,
        power_against=power_against,
        power_other=power_other,
        last_at=max((vote.cast_at for vote in last.values()), default=None),
        cast=tuple(sorted(cast, key=lambda sided: (sided.cast_at, sided.voter))),
    )


def _order(vote: KnownVote) -> tuple[datetime, str, str, str]:
    return (vote.cast_at, vote.voter, vote.choice or "", vote.power or "")


def side_of(choice: str | None, by_choice: Sequence[int]) -> int:
    """The side of one vote's choice, given those of the choices (`sides`); 0 where it is not one plain number of them."""
    text = (choice or "").strip()
    if not text.isascii() or not text.isdigit() or len(text) > 4:
        return 0
    place = int(text) - 1
    return by_choice[place] if 0 <= place < len(by_choice) else 0
