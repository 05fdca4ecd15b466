"""The tally of a DAO's vote: of a voter's several votes the last one counts, powers are summed exactly, missing stays missing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Context, Decimal, Inexact

# Powers have at most 78 digits before the point and 78 after it; a sum of a billion of them still fits.
_EXACT = Context(prec=200, traps=[Inexact])


@dataclass(slots=True)
class ChoiceTally:
    """One choice as voters wrote it. `power` is None when none of its votes has one."""

    choice: str | None
    voters: int = 0
    power: Decimal | None = None


@dataclass(slots=True)
class VoteTally:
    """`votes` were cast, one per voter of `voters` counts. `without_power` of these have no power in the source."""

    votes: int = 0
    voters: int = 0
    without_choice: int = 0
    without_power: int = 0
    power: Decimal | None = None
    choices: dict[str | None, ChoiceTally] = field(default_factory=dict)

    def ordered(self) -> Sequence[ChoiceTally]:
        """The choices by power, then voters, largest first; equal ones by name."""
        zero = Decimal(0)
        return sorted(self.choices.values(), key=lambda each: (-(each.power or zero), -each.voters, each.choice or ""))


def tally(votes: Iterable[tuple[str, str | None, str | None]]) -> VoteTally:
    """Count (voter, choice, power as decimal text), given in the order in which they were cast."""
    counted, last = VoteTally(), {}
    for voter, choice, power in votes:
        counted.votes += 1
        last[voter] = (choice, power)
    counted.voters = len(last)
    for choice, power in last.values():
        each = counted.choices.get(choice)
        if each is None:
            each = counted.choices[choice] = ChoiceTally(choice)
        each.voters += 1
        counted.without_choice += choice is None
        if power is None:
            counted.without_power += 1
        else:
            amount = Decimal(power)
            each.power = amount if each.power is None else _EXACT.add(each.power, amount)
            counted.power = amount if counted.power is None else _EXACT.add(counted.power, amount)
    return counted


def quorum_reached(counted: VoteTally, quorum: str | None) -> bool | None:
    """Whether the counted power reaches `quorum`; None where either is not known for certain."""
    if quorum is None or counted.power is None or counted.without_power:
        return None
    return counted.power >= Decimal(quorum)


def plain(amount: Decimal | None) -> str | None:
    """`amount` as decimal text without exponent."""
    return None if amount is None else f"{amount:f}"
