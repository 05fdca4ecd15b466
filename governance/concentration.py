"""How concentrated voting power is: Gini, Nakamoto coefficient, the shares of the largest; exact until shown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact
from fractions import Fraction
from typing import Final

# Powers have at most 78 digits before the point and 78 after it, so that scaling one never rounds.
_EXACT: Final = Context(prec=200, traps=[Inexact])
_TOP: Final = 10


@dataclass(frozen=True, slots=True)
class Concentration:
    """`gini` 0 (all equal) to 1 (one has all); `nakamoto`: how many of the largest hold more than half; shares of the sum.

    All are None where nobody has any power.
    """

    holders: int
    gini: Fraction | None
    nakamoto: int | None
    largest_share: Fraction | None
    top_ten_share: Fraction | None


def concentration(powers: Sequence[Fraction]) -> Concentration:
    """The concentration of non-negative `powers`.

    The Gini coefficient is the sample form, 2·Σ(i·xᵢ)/(n·Σx) − (n+1)/n over ascending x (i from 1).
    """
    return of_alike((power, 1) for power in powers)


def of_texts(powers: Sequence[str]) -> Concentration:
    """The concentration of powers given as decimal text: the same numbers as their fractions give, at a tenth of the work."""
    read = [Decimal(power) for power in powers]
    places = max((-int(power.as_tuple().exponent) for power in read), default=0)
    scale = max(places, 0)
    return of_alike((int(_EXACT.scaleb(power, scale)), 1) for power in read)


def exact_sum(powers: Iterable[str]) -> Decimal:
    """The exact sum of powers given as decimal text."""
    total = Decimal(0)
    for power in powers:
        total = _EXACT.add(total, Decimal(power))
    return total


def of_alike(amounts: Iterable[tuple[Fraction | int, int]]) -> Concentration:
    """The concentration of holders given as (amount, how many hold exactly so much)."""
    ordered = sorted(amounts)
    count = sum(holders for _, holders in ordered)
    # Whole numbers stay whole here: adding fractions would cost ten times as much.
    total = sum(amount * holders for amount, holders in ordered)
    if total <= 0:
        return Concentration(count, None, None, None, None)
    before = 0
    weighted: Fraction | int = 0
    for amount, holders in ordered:
        # The ranks of these holders are before + 1 … before + holders.
        weighted += amount * (holders * before + holders * (holders + 1) // 2)
        before += holders
    gini = Fraction(2 * weighted) / (count * total) - Fraction(count + 1, count)
    return Concentration(count, gini, _nakamoto(ordered, total), Fraction(ordered[-1][0]) / total, _largest(ordered, _TOP) / total)


def _nakamoto(ascending: Sequence[tuple[Fraction | int, int]], total: Fraction | int) -> int:
    """How many of the largest hold more than half of `total`."""
    held: Fraction | int = 0
    needed = 0
    for amount, holders in reversed(ascending):
        if 2 * (held + amount * holders) > total:
            return needed + int((total - 2 * held) // (2 * amount)) + 1
        held, needed = held + amount * holders, needed + holders
    raise AssertionError("all together hold more than half of a positive total")


def _largest(ascending: Sequence[tuple[Fraction | int, int]], most: int) -> Fraction:
    """What the `most` largest hold together."""
    held, left = Fraction(0), most
    for amount, holders in reversed(ascending):
        taken = min(holders, left)
        held, left = held + amount * taken, left - taken
        if not left:
            break
    return held
