"""Widths of intervals that follow a DAO's latest results, where the widths that were learnt are those of another time.

Quantile tracking (Angelopoulos, Candes and Tibshirani, 2023, §2; after adaptive conformal inference, Gibbs and Candes, 2021), each
bound by itself: every result beyond a bound moves it out, every other one moves it in, by as much less as results beyond it
should be rarer. In the long run the bound then holds as often as it says, whatever the drift.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nlp.outcome_weights import QUANTILES

Floats = NDArray[np.float64]
# What one result beyond a bound moves its distance by, as a logarithm: after 150 results without one the 5 % bound is at half.
STEP = 0.1
# No bound is moved farther than this: e^2 is seven times as far.
FARTHEST = 2.0
# Results tell of intervals given at publication. Those of a running vote, whose errors have causes of their own, follow in part.
WIDENED_PART, NARROWED_PART = 0.5, 0.25


def track(errors: Sequence[float], bounds: Sequence[Sequence[float]]) -> tuple[float, ...]:
    """The logarithms of what the distance of each bound is multiplied by after these results, the latest last.

    `errors` are truth minus middle, `bounds` beside each the `QUANTILES` of errors that were expected. Without results all are 0.
    """
    return tuple(_moved(errors, [bound[place] for bound in bounds], part) for place, part in enumerate(QUANTILES))


def _moved(errors: Sequence[float], bounds: Sequence[float], part: float) -> float:
    sign, beyond = (-1.0, part) if part < 0.5 else (1.0, 1.0 - part)
    moved = 0.0
    for error, bound in zip(errors, bounds, strict=True):
        missed = sign * error > sign * bound * math.exp(moved)
        moved = min(max(moved + STEP * (missed - beyond), -FARTHEST), FARTHEST)
    return moved


def widen(values: Floats, moved: Sequence[float], *, voted: bool) -> Floats:
    """(5 %, 25 %, middle, 75 %, 95 %) with the bounds moved by the result of `track`; `voted`: somebody has."""
    if not moved:
        return values
    logarithms = np.array(moved)
    if voted:
        logarithms *= np.where(logarithms < 0.0, NARROWED_PART, WIDENED_PART)
    factors = np.insert(np.exp(logarithms), 2, 1.0)
    widened: Floats = values[2] + (values - values[2]) * factors
    return widened
