"""What votes add up to under each way of voting: heads and power per choice, exactly; what is missing stays missing."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Context, Decimal, Inexact
from enum import StrEnum
from fractions import Fraction
from typing import Final, NamedTuple

# Shares of a power that do not end are rounded, half to even, to so many places; sums of whole powers are exact.
_PLACES: Final = 18
_MOST_CHOICES: Final = 10_000
# Powers have at most 78 digits before the point and 78 after it; a sum of a billion of them still fits.
_EXACT: Final = Context(prec=200, traps=[Inexact])
# Square roots end only here; the square of their sum keeps 18 places of a power of 78 digits.
_ROOTS: Final = Context(prec=120)


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


class Ballot(NamedTuple):
    """What counts of one vote; `power` is decimal text. A large proposal has ten thousands of them, so it is a plain tuple."""

    voter: str
    choice: str | None
    power: str | None


@dataclass(frozen=True, slots=True)
class ChoiceCount:
    """What one choice has. `power` is None while none of its votes has a known power."""

    heads: int
    power: Fraction | None


@dataclass(frozen=True, slots=True)
class Counted:
    """The votes that were cast, and what they add up to: of one voter the last one counts. Choices are counted from 1.

    `without_choice`: voters whose choice the source does not tell. `uncounted`: the choice is none that the proposal has,
    or cannot be read. `without_power`: voters whose power is not known; `power` is the sum of all the others', None where
    there is no other.
    """

    votes: int
    voters: int
    without_choice: int
    uncounted: int
    without_power: int
    power: Fraction | None
    choices: Mapping[int, ChoiceCount]

    def power_of(self, choice: int) -> str | None:
        """The choice's power as decimal text; None where none of its votes has one."""
        found = self.choices.get(choice)
        return None if found is None or found.power is None else decimal_text(found.power)

    def reaches(self, quorum: str | None) -> bool | None:
        """Whether the voters' power reaches `quorum`; None where it depends on what is not known."""
        if quorum is None:
            return None
        if self.power is not None and self.power >= Fraction(quorum):
            return True
        return None if self.without_power or self.power is None else False


def voting_type(kind: str | None) -> VotingType | None:
    """The way of voting that a platform's word names; None where the form of each choice has to tell."""
    word = (kind or "").lower()
    for name, found in (("ranked", VotingType.RANKED), ("quadratic", VotingType.QUADRATIC), ("weighted", VotingType.WEIGHTED),
                        ("approval", VotingType.APPROVAL), ("single", VotingType.SINGLE), ("basic", VotingType.SINGLE)):  # fmt: skip
        if name in word:
            return found
    return None


def count(votes: Iterable[tuple[str, str | None, str | None]], *, kind: str | None, choices: Sequence[str] | None) -> Counted:
    """Count (voter, choice, power as decimal text), given in the order in which they were cast: of one voter the last counts."""
    cast, last = 0, {}
    for voter, choice, power in votes:
        cast += 1
        last[voter] = (choice, power)
    alike: dict[str | None, _Alike] = {}
    for choice, power in last.values():
        each = alike.get(choice)
        if each is None:
            each = alike[choice] = _Alike()
        each.add(power)
    way, most = voting_type(kind), len(choices) if choices else _MOST_CHOICES
    read = {choice: read_choice(choice, way, most=most) for choice in alike if choice is not None}
    known = [each.power for each in alike.values() if each.power is not None]
    return Counted(
        votes=cast,
        voters=len(last),
        without_choice=alike[None].heads if None in alike else 0,
        uncounted=sum(alike[choice].heads for choice, shares in read.items() if shares is None),
        without_power=sum(each.heads - len(each.powers) for each in alike.values()),
        power=sum(map(Fraction, known), Fraction(0)) if known else None,
        choices=_given([(alike[choice], shares) for choice, shares in read.items() if shares is not None], way),
    )


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


@dataclass(slots=True)
class _Alike:
    """The votes that were written alike: there are few ways to write a choice, so each is read once."""

    heads: int = 0
    powers: list[Decimal] = field(default_factory=list)

    def add(self, power: str | None) -> None:
        self.heads += 1
        if power is not None:
            self.powers.append(Decimal(power))

    @property
    def power(self) -> Decimal | None:
        """The exact sum; None where no power is known."""
        if not self.powers:
            return None
        total = Decimal(0)
        for power in self.powers:
            total = _EXACT.add(total, power)
        return total


def _given(said: Sequence[tuple[_Alike, Mapping[int, Fraction]]], way: VotingType | None) -> dict[int, ChoiceCount]:
    """What each choice got; under quadratic voting the square of its voters' roots, to 18 places, else the sum of shares."""
    heads: dict[int, int] = {}
    powers: dict[int, Fraction] = {}
    for alike, shares in said:
        amount = _roots(alike) if way is VotingType.QUADRATIC else alike.power
        for place, share in shares.items():
            heads[place] = heads.get(place, 0) + alike.heads
            if amount is not None:
                part = _root(share) if way is VotingType.QUADRATIC else share
                powers[place] = powers.get(place, Fraction(0)) + Fraction(amount) * part
    if way is VotingType.QUADRATIC:
        powers = {place: Fraction(round(roots**2 * 10**_PLACES), 10**_PLACES) for place, roots in powers.items()}
    return {place: ChoiceCount(heads[place], powers.get(place)) for place in sorted(heads)}


def _roots(alike: _Alike) -> Decimal | None:
    """The sum of the voters' square roots; None where no power is known."""
    if not alike.powers:
        return None
    total = Decimal(0)
    for power in alike.powers:
        total = _ROOTS.add(total, _ROOTS.sqrt(power))
    return total


def _root(share: Fraction) -> Fraction:
    return Fraction(_ROOTS.divide(_ROOTS.sqrt(Decimal(share.numerator)), _ROOTS.sqrt(Decimal(share.denominator))))
