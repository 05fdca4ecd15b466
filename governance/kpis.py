"""Verdicts: what the KPIs did after a change, against the ranges that were written down before it."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction

from governance.canonical import fixed
from governance.input_limits import ObservedValue
from governance.strict_fields import decimal_text
from governance.tokenomics.series import DAY, daily


class Verdict(StrEnum):
    """What became of an expectation."""

    MET = "met"
    MISSED = "missed"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class ExpectedKpi:
    """A range written into a recommendation; both ends count as met."""

    metric: str
    unit: str
    low: Fraction
    high: Fraction
    window: timedelta

    @classmethod
    def from_body(cls, body: Mapping[str, object]) -> "ExpectedKpi":
        """Read a KPI as it stands in a document."""
        low, high = (decimal_text(body[end], field=f"kpi.{end}") for end in ("low", "high"))
        seconds = body["window_s"]
        return cls(str(body["metric"]), str(body["unit"]), low, high, timedelta(seconds=seconds if isinstance(seconds, int) else 0))


@dataclass(frozen=True, slots=True)
class MeasuredKpi:
    """One KPI after the fact: the mean of its days in the window, on how many days it stands, and the verdict."""

    expected: ExpectedKpi
    value: float | None
    days: int
    verdict: Verdict
    why: str | None

    def body(self) -> dict[str, object]:
        """As it is logged and shown."""
        return {
            "metric": self.expected.metric,
            "unit": self.expected.unit,
            "low": fixed(float(self.expected.low)),
            "high": fixed(float(self.expected.high)),
            "measured": None if self.value is None else fixed(self.value),
            "days": self.days,
            "verdict": self.verdict.value,
            "why": self.why,
        }


def measure(expected: ExpectedKpi, values: Sequence[ObservedValue], *, units: Iterable[str], end: datetime) -> MeasuredKpi:
    """Measure one KPI over the window that ends at `end`, the way it was simulated: the mean of daily medians over sources.

    Inconclusive when fewer than half of the window's days were observed, or when the values carry another unit. The mean
    is rounded to the six places that the range has before it is compared.
    """
    days = expected.window // DAY
    found = daily(values, metric=expected.metric, now=end, days=days).in_order()
    other = sorted(set(units) - {expected.unit})
    if other:
        return MeasuredKpi(expected, None, len(found), Verdict.INCONCLUSIVE, f"unit {', '.join(other)[:100]}")
    if not found or 2 * len(found) < days:
        return MeasuredKpi(expected, None, len(found), Verdict.INCONCLUSIVE, f"{len(found)} of {days} days observed")
    mean = math.fsum(found) / len(found)
    met = expected.low <= Fraction(fixed(mean)) <= expected.high
    return MeasuredKpi(expected, mean, len(found), Verdict.MET if met else Verdict.MISSED, None)


def verdict(measured: Sequence[MeasuredKpi]) -> Verdict:
    """The verdict on the change: missed if any KPI is, else inconclusive if any is (or there is none), else met."""
    found = {kpi.verdict for kpi in measured}
    if Verdict.MISSED in found:
        return Verdict.MISSED
    return Verdict.MET if found == {Verdict.MET} else Verdict.INCONCLUSIVE
