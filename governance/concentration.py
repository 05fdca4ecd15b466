"""How concentrated voting power is: Gini, Nakamoto coefficient and the largest holder's share, exact until shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Concentration:
    """`gini` 0 (all equal) to 1 (one has all); `nakamoto`: how many of the largest hold more than half; shares of the sum.

    All are None where nobody has any power.
    """

    holders: int
    gini: Fraction | None
    nakamoto: int | None
    largest_share: Fraction | None


def concentration(powers: Sequence[Fraction]) -> Concentration:
    """The concentration of non-negative `powers`.

    The Gini coefficient is the sample form, 2·Σ(i·xᵢ)/(n·Σx) − (n+1)/n over ascending x (i from 1).
    """
    ordered = sorted(powers)
    total = sum(ordered, Fraction(0))
    count = len(ordered)
    if total <= 0:
        return Concentration(count, None, None, None)
    weighted = sum((rank * power for rank, power in enumerate(ordered, start=1)), Fraction(0))
    gini = 2 * weighted / (count * total) - Fraction(count + 1, count)
    held, needed = Fraction(0), 0
    for power in reversed(ordered):
        held, needed = held + power, needed + 1
        if 2 * held > total:
            break
    return Concentration(count, gini, needed, ordered[-1] / total)
