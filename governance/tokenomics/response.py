"""How stakers answer a reward rate, estimated from the DAO's own days by least squares.

The model is partial adjustment: the daily change of the staked share is a + b·rate + c·share. It is estimated only from
days on which the rate is known, and only if the rate ever moved: an answer that was never observed is not assumed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

# With rate and share this close to proportional (squared correlation above 0.98) their effects cannot be told apart.
_APART: Final = 0.02
# A rate that never moved leaves rounding noise of about 1e-34; one day in 1,000 that differs by a basis point leaves 1e-8.
_MOVED: Final = 1e-12


@dataclass(frozen=True, slots=True)
class Day:
    """One day of history: the rate in force (as a fraction a year), the staked share before it, and what changed during it."""

    rate: float
    share: float
    share_change: float
    price_return: float
    supply_growth: float


@dataclass(frozen=True, slots=True)
class Response:
    """a, b and c; numbers for one estimate, arrays for one estimate per path. c is kept in −1..0: shares do not run away."""

    a: Any
    b: Any
    c: Any

    def next_share(self, share: Any, rate: float) -> Any:  # noqa: ANN401  # a number or an array of them
        """The staked share a day later, before any surprise."""
        return share + self.a + self.b * rate + self.c * share

    def surprises(self, history: Sequence[Day]) -> list[float]:
        """What each day did that this response does not explain."""
        return [day.share_change - (float(self.next_share(day.share, day.rate)) - day.share) for day in history]


def response(history: Sequence[Day]) -> Response:
    """The least-squares estimate over all days; a rate that never moved gives b = 0 (see `identified`)."""
    a, b, c, _ = _solve(_moments(history))
    return Response(float(a), float(b), float(c))


def identified(history: Sequence[Day]) -> bool:
    """Whether the history can tell what the rate does: it moved, and not merely in step with the staked share."""
    return bool(_solve(_moments(history))[3])


def resampled(history: Sequence[Day], samples: NDArray[np.int64]) -> tuple[Response, int]:
    """One estimate per column of `samples` (indices into the history), and how many columns could not tell.

    Those take the estimate of the whole history. Sums run over the rows in order.
    """
    columns = {name: np.array([getattr(day, name) for day in history], dtype=np.float64) for name in ("rate", "share", "share_change")}
    n = samples.shape[0]
    sums = {name: _sum_rows(values, samples) for name, values in columns.items()}
    x_mean, s_mean, y_mean = (sums[name] / n for name in ("rate", "share", "share_change"))
    xx, ss, xs, xy, sy = (np.zeros(samples.shape[1]) for _ in range(5))
    for row in samples:
        x, s, y = columns["rate"][row] - x_mean, columns["share"][row] - s_mean, columns["share_change"][row] - y_mean
        xx, ss, xs, xy, sy = xx + x * x, ss + s * s, xs + x * s, xy + x * y, sy + s * y
    a, b, c, told = _solve(_Moments(x_mean, s_mean, y_mean, xx, ss, xs, xy, sy))
    whole = response(history)
    answer = Response(np.where(told, a, whole.a), np.where(told, b, whole.b), np.where(told, c, whole.c))
    return answer, int(samples.shape[1] - np.count_nonzero(told))


def _sum_rows(values: NDArray[np.float64], samples: NDArray[np.int64]) -> NDArray[np.float64]:
    total = np.zeros(samples.shape[1])
    for row in samples:
        total = total + values[row]
    return total


@dataclass(frozen=True, slots=True)
class _Moments:
    """Means, and sums of products around them: x the rate, s the share, y the share's change. Numbers, or arrays by path."""

    x_mean: Any
    s_mean: Any
    y_mean: Any
    xx: Any
    ss: Any
    xs: Any
    xy: Any
    sy: Any


def _moments(history: Sequence[Day]) -> _Moments:
    n = len(history)
    x_mean = math.fsum(day.rate for day in history) / n
    s_mean = math.fsum(day.share for day in history) / n
    y_mean = math.fsum(day.share_change for day in history) / n
    x = [day.rate - x_mean for day in history]
    s = [day.share - s_mean for day in history]
    y = [day.share_change - y_mean for day in history]

    def products(left: Sequence[float], right: Sequence[float]) -> float:
        return math.fsum(p * q for p, q in zip(left, right, strict=True))

    return _Moments(x_mean, s_mean, y_mean, products(x, x), products(s, s), products(x, s), products(x, y), products(s, y))


def _solve(m: _Moments) -> tuple[Any, Any, Any, Any]:
    """Cramer's rule on the centred normal equations; the last value says where they could be solved."""
    determinant = m.xx * m.ss - m.xs * m.xs
    told = (m.xx > _MOVED) & (determinant > _APART * m.xx * m.ss)
    safe = np.where(told, determinant, 1.0)
    b = np.where(told, (m.ss * m.xy - m.xs * m.sy) / safe, 0.0)
    c = np.where(told, (m.xx * m.sy - m.xs * m.xy) / safe, 0.0)
    c = np.minimum(np.maximum(c, -1.0), 0.0)
    # With c moved to its bound, b is the best one beside that c.
    b = np.where(told & ((c == 0.0) | (c == -1.0)), (m.xy - c * m.xs) / np.where(told, m.xx, 1.0), b)
    return m.y_mean - b * m.x_mean - c * m.s_mean, b, c, told
