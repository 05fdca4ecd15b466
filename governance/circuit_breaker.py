"""A circuit breaker: one metric that warns, halts and, only after a margin, lets things run again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Final

from governance import strict_fields as fields
from governance.errors import InvalidInput
from governance.input_limits import ObservedValue

_KEYS: Final = ("metric", "direction", "warn", "halt", "restart")


class BreakerState(StrEnum):
    """Whether the breaker lets a change through."""

    RUN = "run"
    WARN = "warn"
    HALT = "halt"


@dataclass(frozen=True, slots=True)
class CircuitBreaker:
    """Halts when `metric` reaches `halt` and stays so until it reaches `restart` (hysteresis). Limits are inclusive.

    `direction` "below" halts at low values (a collateral ratio: warn 0.95, halt 0.90, restart 0.93, as in Akash AEP-76),
    "above" at high ones. Between halt and restart the last state holds; a series that begins there is taken as halted,
    because nobody saw it recover.
    """

    metric: str
    direction: str
    warn: Fraction
    halt: Fraction
    restart: Fraction
    texts: tuple[str, str, str]

    @classmethod
    def from_body(cls, body: object) -> "CircuitBreaker":
        """Read {"metric", "direction", "warn", "halt", "restart"}; `InvalidInput` unless halt, restart, warn are in order."""
        given = fields.only(body, _KEYS, field="guardrail.circuit_breaker")
        direction = fields.one_of(given, "direction", ("below", "above"), field="guardrail.circuit_breaker")
        warn, halt, restart = (fields.decimal(given, key, field="guardrail.circuit_breaker") for key in ("warn", "halt", "restart"))
        in_order = halt < restart <= warn if direction == "below" else halt > restart >= warn
        if not in_order:
            raise InvalidInput("guardrail.circuit_breaker.restart", given["restart"], "must lie beyond halt and not beyond warn")
        texts = (str(given["warn"]), str(given["halt"]), str(given["restart"]))
        return cls(fields.metric(given, "metric", field="guardrail.circuit_breaker"), direction, warn, halt, restart, texts)

    def body(self) -> dict[str, object]:
        """What `from_body` reads."""
        warn, halt, restart = self.texts
        return {"metric": self.metric, "direction": self.direction, "warn": warn, "halt": halt, "restart": restart}

    def state(self, values: Sequence[ObservedValue], *, fresh: Mapping[str, ObservedValue]) -> BreakerState:
        """The state after all `values` of the metric; one fresh source that halts is enough. No fresh source: halt."""
        if not fresh:
            return BreakerState.HALT
        states = {self._of_series([v for v in values if v.metric == self.metric and v.source == source]) for source in fresh}
        for worst in (BreakerState.HALT, BreakerState.WARN):
            if worst in states:
                return worst
        return BreakerState.RUN

    def _of_series(self, values: Sequence[ObservedValue]) -> BreakerState:
        halted = True
        last = None
        for value in sorted(values, key=lambda v: v.observed_at):
            last = value.value
            if self._reaches(last, self.halt):
                halted = True
            elif not self._strictly_worse(last, self.restart):
                halted = False
        if halted or last is None:
            return BreakerState.HALT
        return BreakerState.WARN if self._reaches(last, self.warn) else BreakerState.RUN

    def _reaches(self, value: Fraction, limit: Fraction) -> bool:
        return value <= limit if self.direction == "below" else value >= limit

    def _strictly_worse(self, value: Fraction, limit: Fraction) -> bool:
        return value < limit if self.direction == "below" else value > limit
