"""What votes add up to under each way of voting: heads and power per choice, exactly; what is missing stays missing."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Final

# Shares of a power that do not end are rounded, half to even, to so many places; sums of whole powers are exact.
_PLACES: Final = 18
_MOST_CHOICES: Final = 10_000


class VotingType(StrEnum):
    """How a choice is written, and what it gives to whom (docs.snapshot.box/user-guides/voting-system)."""

    SINGLE = "single"
    """One number: the whole power goes to that choice."""
    APPROVAL = "approval"
    """A list: each choice in it gets the whole power."""
    WEIGHTED = "weighted"
    """An object of weights: the power is split in proportion."""
    QUADRATIC = "quadratic"
    """As weighted, but a choice has the square of the sum of the voters' square roots."""
    RANKED = "ranked"
    """A list in order of preference: the first gets the power (the first round of an instant run-off)."""


@dataclass(slots=True)
class ChoiceCount:
    """What one choice has. `power` is None while none of its votes has a known power."""

    heads: int = 0
    power: Fraction | None = None
    roots: float = 0.0


@dataclass(slots=True)
class Counted:
    """The votes of distinct voters, by choice counted from 1.

    `without_choice`: the source tells no choice. `uncounted`: the choice is none that the proposal has, or cannot be
    read. `without_power`: counted by head, but the power is not known.
    """

    voters: int = 0
    without_choice: int = 0
    uncounted: int = 0
    without_power: int = 0
    choices: dict[int, ChoiceCount] = field(default_factory=dict)

    def power_of(self, choice: int) -> str | None:
        """The choice's power as decimal text; None where none of its votes has one."""
        found = self.choices.get(choice)
        return None if found is None or found.power is None else decimal_text(found.power)


def voting_type(kind: str | None) -> VotingType | None:
    """The way of voting that a platform's word names; None where the form of each choice has to tell."""
    word = (kind or "").lower()
    for name, found in (("ranked", VotingType.RANKED), ("quadratic", VotingType.QUADRATIC), ("weighted", VotingType.WEIGHTED),
                        ("approval", VotingType.APPROVAL), ("single", VotingType.SINGLE), ("basic", VotingType.SINGLE)):  # fmt: skip
        if name in word:
            return found
    return None


def count(votes: Iterable[tuple[str, str | None, str | None]], *, kind: str | None, choices: Sequence[str] | None) -> Counted:
    """Count (voter, choice, power), given in the order in which they were cast: of one voter the last vote counts."""
    last = {voter: (choice, power) for voter, choice, power in votes}
    found = Counted(voters=len(last))
    way, most = voting_type(kind), len(choices) if choices else _MOST_CHOICES
    for choice, power in last.values():
        if choice is None:
            found.without_choice += 1
            continue
        shares = read_choice(choice, way, most=most)
        if shares is None:
            found.uncounted += 1
            continue
        found.without_power += power is None
        for place, share in shares.items():
            _give(found.choices.setdefault(place, ChoiceCount()), share, power)
    if way is VotingType.QUADRATIC:
        for each in found.choices.values():
            each.power = None if each.power is None else Fraction(round(each.roots**2 * 10**6), 10**6)
    return found


def read_choice(text: str, way: VotingType | None, *, most: int) -> dict[int, Fraction] | None:
    """Which choices a vote names and what part of its power each gets; None where it names none that there is.

    Without `way` the form tells: a number is one choice, a list approves, an object splits.
    """
    try:
        said = json.loads(text, parse_float=Fraction, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None
    if isinstance(said, int) and not isinstance(said, bool):
        return {said: Fraction(1)} if 1 <= said <= most else None
    if isinstance(said, list):
        places = [place for place in said if isinstance(place, int) and not isinstance(place, bool) and 1 <= place <= most]
        if not places or len(places) != len(said) or len(set(places)) != len(places):
            return None
        return dict.fromkeys(places[:1] if way is VotingType.RANKED else places, Fraction(1))
    return _split(said, most) if isinstance(said, dict) else None


def decimal_text(value: Fraction) -> str:
    """Exact decimal text where there is one of at most 18 places, else rounded to that, half to even."""
    whole, part = divmod(abs(round(value * 10**_PLACES)), 10**_PLACES)
    places = f"{part:0{_PLACES}d}".rstrip("0")
    return f"{'-' if value < 0 else ''}{whole}{'.' + places if places else ''}"


def _split(said: dict[str, object], most: int) -> dict[int, Fraction] | None:
    weights: dict[int, Fraction] = {}
    for key, weight in said.items():
        if not key.isascii() or not key.isdigit() or len(key) > 5 or not 1 <= int(key) <= most:
            return None
        if isinstance(weight, bool) or not isinstance(weight, (int, Fraction)) or weight < 0:
            return None
        if weight:
            weights[int(key)] = Fraction(weight)
    total = sum(weights.values(), Fraction(0))
    return {place: weight / total for place, weight in weights.items()} if total else None


def _give(choice: ChoiceCount, share: Fraction, power: str | None) -> None:
    choice.heads += 1
    if power is not None:
        given = Fraction(power) * share
        choice.power = given if choice.power is None else choice.power + given
        choice.roots += float(given) ** 0.5
