"""Limits on what a decision may be based on: how old, how many sources, how far apart they may be."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Final

from governance import strict_fields as fields
from governance.errors import GuardrailBreached

BPS: Final = 10_000


@dataclass(frozen=True, slots=True)
class ObservedValue:
    """One value of one metric from one source, exact."""

    metric: str
    source: str
    observed_at: datetime
    value: Fraction


@dataclass(frozen=True, slots=True)
class InputLimits:
    """What the DAO demands of every metric a decision reads. Limits are inclusive.

    Only sources heard from within `max_age` count: a feed that died long ago neither blocks nor speaks. All metrics of
    a decision must be fresh together, because a fresh value beside a stale one it belongs to is how a correct rule
    produced a wrong price cap (Aave CAPO, 10 March 2026).
    """

    max_age: timedelta
    max_disagreement_bps: int
    min_sources: int

    @classmethod
    def from_body(cls, body: object) -> "InputLimits":
        """Read {"max_age_s", "max_disagreement_bps", "min_sources"}; `InvalidInput` for anything missing, extra or zero-aged."""
        given = fields.only(body, ("max_age_s", "max_disagreement_bps", "min_sources"), field="guardrail.inputs")
        return cls(
            max_age=timedelta(seconds=fields.whole(given, "max_age_s", field="guardrail.inputs", low=1, high=90 * 86_400)),
            max_disagreement_bps=fields.whole(given, "max_disagreement_bps", field="guardrail.inputs", low=0, high=BPS),
            min_sources=fields.whole(given, "min_sources", field="guardrail.inputs", low=1, high=16),
        )

    def body(self) -> dict[str, object]:
        """What `from_body` reads."""
        return {
            "max_age_s": self.max_age // timedelta(seconds=1),
            "max_disagreement_bps": self.max_disagreement_bps,
            "min_sources": self.min_sources,
        }

    def fresh(self, values: Iterable[ObservedValue], *, now: datetime) -> dict[str, dict[str, ObservedValue]]:
        """Of each metric, the newest value of every source that is not too old and not from the future."""
        newest: defaultdict[str, dict[str, ObservedValue]] = defaultdict(dict)
        for value in values:
            seen = newest[value.metric].get(value.source)
            if value.observed_at <= now and (seen is None or seen.observed_at <= value.observed_at):
                newest[value.metric][value.source] = value
        return {
            metric: {source: value for source, value in sorted(by_source.items()) if now - value.observed_at <= self.max_age}
            for metric, by_source in newest.items()
        }

    def check(self, values: Sequence[ObservedValue], *, metrics: Iterable[str], now: datetime) -> None:
        """Raise `GuardrailBreached` unless every one of `metrics` is fresh, from enough sources, and these agree.

        Rules named: `input_missing`, `input_age` (seconds), `input_sources`, `input_disagreement` (basis points of the
        smaller value).
        """
        fresh = self.fresh(values, now=now)
        for metric in sorted(set(metrics)):
            self._check_one(metric, fresh.get(metric, {}), values, now=now)

    def _check_one(self, metric: str, fresh: Mapping[str, ObservedValue], values: Sequence[ObservedValue], *, now: datetime) -> None:
        seen = {value.source: value.observed_at for value in values if value.metric == metric and value.observed_at <= now}
        if not seen:
            raise GuardrailBreached("input_missing", metric, "no observation")
        if len(seen) < self.min_sources:
            raise GuardrailBreached("input_sources", f"{metric}: {self.min_sources}", len(seen))
        if len(fresh) < self.min_sources:
            raise self._too_old(metric, values, now=now)
        low, high = min(v.value for v in fresh.values()), max(v.value for v in fresh.values())
        apart = disagreement_bps(low, high)
        if apart is None or apart > self.max_disagreement_bps:
            shown = "opposite signs or zero" if apart is None else f"{float(apart):.1f}"
            raise GuardrailBreached("input_disagreement", f"{metric}: {self.max_disagreement_bps} bps", shown)

    def _too_old(self, metric: str, values: Sequence[ObservedValue], *, now: datetime) -> GuardrailBreached:
        newest: dict[str, datetime] = {}
        for value in values:
            if value.metric == metric and value.observed_at <= now:
                newest[value.source] = max(value.observed_at, newest.get(value.source, value.observed_at))
        needed = sorted(newest.values(), reverse=True)[self.min_sources - 1]
        age = -((needed - now) // timedelta(seconds=1))  # rounded up, so that it is never shown as the limit itself
        return GuardrailBreached("input_age", f"{metric}: {self.max_age // timedelta(seconds=1)} s", f"{age} s")


def disagreement_bps(low: Fraction, high: Fraction) -> Fraction | None:
    """How far two values are apart, in basis points of the smaller one in size; None where no ratio means anything."""
    if low == high:
        return Fraction(0)
    if low * high <= 0:
        return None
    return (high - low) * BPS / min(abs(low), abs(high))
