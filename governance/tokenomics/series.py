"""Observations as daily series: one value per metric and day counted back from now, nothing filled in."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from governance.input_limits import ObservedValue

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DailySeries:
    """One metric by day: `values[0]` is the last 24 hours before `now`, `values[k]` k days earlier. Days may be missing."""

    values: Mapping[int, float]

    def days(self) -> list[int]:
        """The days that have a value, oldest first."""
        return sorted(self.values, reverse=True)

    def last(self) -> float:
        """The newest value."""
        return self.values[min(self.values)]

    def in_order(self) -> list[float]:
        """The values, oldest first."""
        return [self.values[day] for day in self.days()]


def daily(values: Iterable[ObservedValue], *, metric: str, now: datetime, days: int) -> DailySeries:
    """The metric's last `days` days. A day's value is the median over its sources of each one's last word that day.

    A value from the future, or older than the window, is left out; a day nobody observed stays missing.
    """
    last: defaultdict[int, dict[str, ObservedValue]] = defaultdict(dict)
    for value in values:
        if value.metric != metric or value.observed_at > now:
            continue
        day = (now - value.observed_at) // DAY
        seen = last[day].get(value.source) if day < days else None
        if day < days and (seen is None or seen.observed_at <= value.observed_at):
            last[day][value.source] = value
    return DailySeries({day: _median([float(v.value) for _, v in sorted(by.items())]) for day, by in last.items()})


def _median(values: Sequence[float]) -> float:
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
