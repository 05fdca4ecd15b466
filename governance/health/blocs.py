"""Who votes alike: blocs of delegates by how often they chose the same where they did not all choose the same."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

# Two votes in common say nothing; of three proposals on which delegates differed, agreeing on all is one in eight by chance.
LEAST_COMMON: Final = 3
ALIKE: Final = Fraction(9, 10)


@dataclass(frozen=True, slots=True)
class Alignment:
    """`pairs` of delegates have enough in common to compare; `alike` of them agree. Blocs hold two or more, largest first."""

    pairs: int
    alike: int
    blocs: tuple[tuple[str, ...], ...]


def alignment(votes: Mapping[str, Mapping[str, str]]) -> Alignment:
    """The blocs of delegates, from delegate to proposal to choice as written.

    Only proposals on which the delegates differed count: where all chose the same, agreeing is no sign of a bloc. Two are
    alike that chose the same on at least nine in ten of at least three such proposals; a bloc is who is connected by such
    pairs.
    """
    by_proposal: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for delegate, choices in votes.items():
        for proposal, choice in choices.items():
            by_proposal[proposal][choice].append(delegate)
    common: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for said in by_proposal.values():
        if len(said) < 2:
            continue
        voters = sorted((delegate, choice) for choice, delegates in said.items() for delegate in delegates)
        for place, (one, choice) in enumerate(voters):
            for other, its_choice in voters[place + 1 :]:
                seen = common[one, other]
                seen[0] += 1
                seen[1] += choice == its_choice
    compared = {pair: seen for pair, seen in common.items() if seen[0] >= LEAST_COMMON}
    alike = [pair for pair, (both, same) in compared.items() if same >= ALIKE * both]
    return Alignment(len(compared), len(alike), _connected(alike))


def _connected(pairs: list[tuple[str, str]]) -> tuple[tuple[str, ...], ...]:
    leader: dict[str, str] = {}

    def _find(one: str) -> str:
        while leader.setdefault(one, one) != one:
            one = leader[one]
        return one

    for one, other in pairs:
        first, second = sorted((_find(one), _find(other)))
        leader[second] = first
    blocs: dict[str, list[str]] = defaultdict(list)
    for one in sorted(leader):
        blocs[_find(one)].append(one)
    return tuple(sorted((tuple(bloc) for bloc in blocs.values()), key=lambda bloc: (-len(bloc), bloc)))
