"""Guardrails: how far, how often and on which inputs one token parameter may move. Refuse, never clip."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from governance import strict_fields as fields
from governance.canonical import digest
from governance.circuit_breaker import BreakerState, CircuitBreaker
from governance.errors import GuardrailBreached, InvalidInput
from governance.executions import MIN_DELAY
from governance.input_limits import BPS, InputLimits, ObservedValue
from governance.parameters import SIGNED, ExecutedChange, ParameterChange, TokenParameter, Unit

_KEYS: Final = (
    "v", "parameter", "unit", "floor", "ceiling", "max_step", "max_step_relative_bps", "window", "cooldown_s",
    "min_delay_s", "dead_band", "forbid_zero", "expires_after_s", "inputs", "circuit_breaker",
)  # fmt: skip
_YEAR_S: Final = 366 * 86_400
_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Bound:
    """The size of a move: an absolute amount in the parameter's unit, or basis points of a base value, or both."""

    absolute: int | None
    relative_bps: int | None

    def breach(self, moved: int, *, base: int) -> tuple[str, object] | None:
        """Which of the two `moved` (a size) exceeds, with its limit in words; None when neither. Exact integers."""
        if self.absolute is not None and moved > self.absolute:
            return "absolute", self.absolute
        if self.relative_bps is not None and moved * BPS > self.relative_bps * abs(base):
            return "relative", f"{self.relative_bps} bps of {base}"
        return None


@dataclass(frozen=True, slots=True)
class Guardrail:
    """Limits the DAO set for one parameter, in that parameter's unit. Every limit is inclusive.

    A rule is complete or it is refused: `from_body` knows no defaults. The rolling window bounds the *sum of the sizes*
    of all moves in it, up and down alike, so that going to and fro uses it up (a per-step bound alone let a
    100 %-per-3-days rule allow 2^10 in a month).
    """

    parameter: str
    unit: str
    floor: int
    ceiling: int
    step: Bound
    window: timedelta
    in_window: Bound
    cooldown: timedelta
    min_delay: timedelta
    dead_band: int
    forbid_zero: bool
    expires_after: timedelta
    inputs: InputLimits
    breaker: CircuitBreaker | None

    @classmethod
    def from_body(cls, body: object) -> "Guardrail":
        """Read a guardrail; `InvalidInput` for anything missing, extra, empty, contradictory or zero where zero disables a rule."""
        given = fields.only(body, _KEYS, field="guardrail")
        window = fields.only(given["window"], ("length_s", "max_change", "max_change_relative_bps"), field="guardrail.window")
        breaker = given["circuit_breaker"]
        fields.whole(given, "v", field="guardrail", low=1, high=1)
        rail = cls(
            parameter=fields.name(given, "parameter", field="guardrail"),
            unit=fields.one_of(given, "unit", [unit.value for unit in Unit], field="guardrail"),
            floor=fields.amount(given, "floor", field="guardrail"),
            ceiling=fields.amount(given, "ceiling", field="guardrail"),
            step=_bound(given, "max_step", field="guardrail"),
            window=_seconds(window, "length_s", field="guardrail.window"),
            in_window=_bound(window, "max_change", field="guardrail.window"),
            cooldown=_seconds(given, "cooldown_s", field="guardrail"),
            min_delay=_seconds(given, "min_delay_s", field="guardrail"),
            dead_band=fields.amount(given, "dead_band", field="guardrail", low=1),
            forbid_zero=fields.flag(given, "forbid_zero", field="guardrail"),
            expires_after=_seconds(given, "expires_after_s", field="guardrail"),
            inputs=InputLimits.from_body(given["inputs"]),
            breaker=None if breaker is None else CircuitBreaker.from_body(breaker),
        )
        rail._must_agree_with_itself()
        return rail

    def body(self) -> dict[str, object]:
        """The canonical mapping that `from_body` reads and `sha256` is over."""
        return {
            "v": 1,
            "parameter": self.parameter,
            "unit": self.unit,
            "floor": str(self.floor),
            "ceiling": str(self.ceiling),
            "max_step": _text(self.step.absolute),
            "max_step_relative_bps": self.step.relative_bps,
            "window": {
                "length_s": self.window // _SECOND,
                "max_change": _text(self.in_window.absolute),
                "max_change_relative_bps": self.in_window.relative_bps,
            },
            "cooldown_s": self.cooldown // _SECOND,
            "min_delay_s": self.min_delay // _SECOND,
            "dead_band": str(self.dead_band),
            "forbid_zero": self.forbid_zero,
            "expires_after_s": self.expires_after // _SECOND,
            "inputs": self.inputs.body(),
            "circuit_breaker": None if self.breaker is None else self.breaker.body(),
        }

    def sha256(self) -> str:
        """The digest that a recommendation and each consent to it bind to."""
        return digest(self.body())

    def must_fit(self, parameter: TokenParameter) -> None:
        """Raise `InvalidInput` unless this guardrail is for `parameter`: its name, its unit, a range its kind can have."""
        if self.parameter != parameter.name:
            raise InvalidInput("guardrail.parameter", self.parameter, f"must be {parameter.name}")
        if self.unit != parameter.unit.value:
            raise InvalidInput("guardrail.unit", self.unit, f"must be {parameter.unit.value}")
        if self.floor < 0 and parameter.kind not in SIGNED:
            raise InvalidInput("guardrail.floor", str(self.floor), f"a {parameter.kind.value} is never negative")

    def check(
        self, change: ParameterChange, *, history: Iterable[ExecutedChange], queued: Iterable[ParameterChange], now: datetime
    ) -> None:
        """Raise `GuardrailBreached(rule, limit, value)` unless `change` may be put to the DAO, or applied, at `now`.

        `history` are the executed changes of the parameter (at least those of one window and one cooldown), `queued`
        the approved ones that have not been applied, `change` itself not among them. When the current value already
        lies outside floor..ceiling, a move strictly toward the range is allowed although it may not reach it: else one
        step could be too short to return and the guardrail would hold the parameter outside for ever.
        """
        executed = sorted(history, key=lambda past: past.at)
        self._check_value(change)
        self._check_size(change)
        self._check_window(change, executed, list(queued), now=now)
        if executed and now < executed[-1].at + self.cooldown:
            ready_in = -((now - executed[-1].at - self.cooldown) // _SECOND)
            raise GuardrailBreached("cooldown", f"{self.cooldown // _SECOND} s", f"{ready_in} s left")

    def metrics(self, read: Iterable[str]) -> list[str]:
        """The metrics whose freshness decides: those the decision `read`, and the breaker's own."""
        return sorted({*read, *([self.breaker.metric] if self.breaker is not None else [])})

    def check_inputs(self, values: Sequence[ObservedValue], *, read: Iterable[str], now: datetime) -> BreakerState:
        """Raise `GuardrailBreached` unless every metric is fresh, from enough sources that agree, and the breaker is not open.

        Gives the breaker's state (`run` or `warn`; `run` where the DAO set none).
        """
        self.inputs.check(values, metrics=self.metrics(read), now=now)
        if self.breaker is None:
            return BreakerState.RUN
        known = [value for value in values if value.observed_at <= now]
        state = self.breaker.state(known, fresh=self.inputs.fresh(known, now=now).get(self.breaker.metric, {}))
        if state is BreakerState.HALT:
            last = max((v for v in known if v.metric == self.breaker.metric), key=lambda v: (v.observed_at, v.source))
            halt, restart = self.breaker.texts[1:]
            limit = f"{self.breaker.metric}: halt {halt}, restart {restart}"
            raise GuardrailBreached("circuit_breaker", limit, f"{float(last.value):.6f}")
        return state

    def _check_value(self, change: ParameterChange) -> None:
        if change.parameter != self.parameter:
            raise GuardrailBreached("parameter", self.parameter, change.parameter)
        if change.unit != self.unit:
            raise GuardrailBreached("unit", self.unit, change.unit)
        if change.proposed == change.current:
            raise GuardrailBreached("unchanged", change.current, change.proposed)
        if self.forbid_zero and change.proposed == 0:
            raise GuardrailBreached("forbidden_zero", "not 0", 0)
        if change.proposed < self.floor and not change.current < change.proposed:
            raise GuardrailBreached("floor", self.floor, change.proposed)
        if change.proposed > self.ceiling and not change.current > change.proposed:
            raise GuardrailBreached("ceiling", self.ceiling, change.proposed)

    def _check_size(self, change: ParameterChange) -> None:
        moved = abs(change.proposed - change.current)
        if moved < self.dead_band:
            raise GuardrailBreached("dead_band", self.dead_band, moved)
        breach = self.step.breach(moved, base=change.current)
        if breach is not None:
            raise GuardrailBreached("max_step" if breach[0] == "absolute" else "max_step_relative", breach[1], moved)

    def _check_window(
        self, change: ParameterChange, executed: Sequence[ExecutedChange], queued: Sequence[ParameterChange], *, now: datetime
    ) -> None:
        # A change exactly one window old has left it. One dated after `now` (a clock moved back) still counts.
        inside = [past for past in executed if past.at > now - self.window]
        moved = abs(change.proposed - change.current)
        moved += sum(abs(past.after - past.before) for past in inside)
        moved += sum(abs(other.proposed - other.current) for other in queued)
        breach = self.in_window.breach(moved, base=inside[0].before if inside else change.current)
        if breach is not None:
            raise GuardrailBreached("window" if breach[0] == "absolute" else "window_relative", breach[1], moved)

    def _must_agree_with_itself(self) -> None:
        if self.floor > self.ceiling:
            raise InvalidInput("guardrail.floor", str(self.floor), f"must not exceed the ceiling {self.ceiling}")
        if self.forbid_zero and self.floor == self.ceiling == 0:
            raise InvalidInput("guardrail.forbid_zero", True, "leaves no value in 0..0")
        if self.step.absolute is not None and self.step.absolute < self.dead_band:
            raise InvalidInput("guardrail.max_step", str(self.step.absolute), f"must not be below the dead band {self.dead_band}")
        if self.in_window.absolute is not None and self.in_window.absolute < self.dead_band:
            raise InvalidInput(
                "guardrail.window.max_change", str(self.in_window.absolute), f"must not be below the dead band {self.dead_band}"
            )
        if self.min_delay < MIN_DELAY:
            raise InvalidInput("guardrail.min_delay_s", self.min_delay // _SECOND, f"must be at least {MIN_DELAY // _SECOND}")
        if self.expires_after <= self.min_delay:
            raise InvalidInput("guardrail.expires_after_s", self.expires_after // _SECOND, "must exceed min_delay_s")


def _bound(body: Mapping[str, object], key: str, *, field: str) -> Bound:
    absolute = fields.optional_amount(body, key, field=field, low=1)
    relative = None
    if body[f"{key}_relative_bps"] is not None:
        relative = fields.whole(body, f"{key}_relative_bps", field=field, low=1, high=100 * BPS)
    if absolute is None and relative is None:
        raise InvalidInput(f"{field}.{key}", None, "is missing, and so is its relative form: one of them must bound the move")
    return Bound(absolute, relative)


def _seconds(body: Mapping[str, object], key: str, *, field: str) -> timedelta:
    return timedelta(seconds=fields.whole(body, key, field=field, low=1, high=_YEAR_S))


def _text(value: int | None) -> str | None:
    return None if value is None else str(value)
