"""Signals: what the observations say, as a few numbers with fixed places."""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from governance.canonical import fixed
from governance.input_limits import InputLimits, ObservedValue, disagreement_bps
from governance.tokenomics.series import DailySeries

# A week of momentum: long enough to pass over the weekend of most tokens' trade.
_MOMENTUM_DAYS = 7


def relative_deviation(value: float, *, target: float) -> float:
    """How far `value` lies under its target, as a share of the target; negative when it lies over it."""
    return (target - value) / target


def momentum(series: DailySeries) -> float | None:
    """The change over the last week; None when either end was not observed."""
    newest, before = series.values.get(0), series.values.get(_MOMENTUM_DAYS)
    return None if newest is None or before is None else newest - before


def volatility(series: DailySeries) -> float | None:
    """The standard deviation of simple daily returns over neighbouring days; None below three of them."""
    returns = [series.values[day] / series.values[day + 1] - 1 for day in series.days() if day + 1 in series.values]
    if len(returns) < 3:
        return None
    mean = math.fsum(returns) / len(returns)
    return math.sqrt(math.fsum((r - mean) * (r - mean) for r in returns) / (len(returns) - 1))


def staleness(values: Sequence[ObservedValue], *, metrics: Iterable[str], now: datetime) -> timedelta | None:
    """The age of the metric that was heard from longest ago; None when one was never heard from."""
    ages = []
    for metric in metrics:
        heard = [now - v.observed_at for v in values if v.metric == metric and v.observed_at <= now]
        if not heard:
            return None
        ages.append(min(heard))
    return max(ages, default=None)


def widest_disagreement(values: Sequence[ObservedValue], *, limits: InputLimits, metrics: Iterable[str], now: datetime) -> float:
    """The largest distance between fresh sources of one metric, in basis points of the smaller value."""
    fresh = limits.fresh(values, now=now)
    widest = 0.0
    for metric in metrics:
        seen = [value.value for value in fresh.get(metric, {}).values()]
        apart = disagreement_bps(min(seen), max(seen)) if seen else None
        widest = max(widest, 0.0 if apart is None else float(apart))
    return widest


def in_fixed_point(signals: Mapping[str, float | None]) -> dict[str, str]:
    """Signals as they stand in a document; what could not be computed is left out, never zero."""
    return {name: fixed(value) for name, value in signals.items() if value is not None}
