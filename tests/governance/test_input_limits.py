"""Limits on inputs, and the circuit breaker: what a decision may be based on."""

from datetime import datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.circuit_breaker import BreakerState, CircuitBreaker
from governance.errors import GuardrailBreached, InvalidInput
from governance.guardrails import Guardrail
from governance.input_limits import InputLimits, ObservedValue
from tests.token_economy import NOON, guardrail_body

LIMITS = InputLimits(max_age=timedelta(hours=1), max_disagreement_bps=150, min_sources=2)
BREAKER_BODY = {"metric": "collateral_ratio", "direction": "below", "warn": "0.95", "halt": "0.90", "restart": "0.93"}
BREAKER = CircuitBreaker.from_body(BREAKER_BODY)


def seen(metric: str, source: str, value: str, *, age: timedelta = timedelta(0)) -> ObservedValue:
    return ObservedValue(metric, source, NOON - age, Fraction(value))


def refused_by(values: list[ObservedValue], metrics: tuple[str, ...] = ("price",), now: datetime = NOON) -> str | None:
    try:
        LIMITS.check(values, metrics=metrics, now=now)
    except GuardrailBreached as breach:
        return breach.rule
    return None


@pytest.mark.parametrize(
    ("age", "rule"),
    [(timedelta(hours=1), None), (timedelta(hours=1, microseconds=1), "input_age"), (-timedelta(seconds=1), "input_missing")],
)
def test_an_input_may_be_exactly_as_old_as_allowed(age: timedelta, rule: str | None) -> None:
    """One microsecond older is stale; a value from the future was not observed at all."""
    assert refused_by([seen("price", "a", "1", age=age), seen("price", "b", "1", age=age)]) == rule


def test_the_age_told_is_never_the_limit_itself() -> None:
    """Rounded down, a refusal would say "limit 3600 s, value 3600 s"."""
    values = [seen("price", source, "1", age=timedelta(hours=1, microseconds=1)) for source in "ab"]
    with pytest.raises(GuardrailBreached) as refusal:
        LIMITS.check(values, metrics=["price"], now=NOON)

    assert refusal.value.details == {"rule": "input_age", "limit": "price: 3600 s", "value": "3601 s"}


def test_zero_beside_a_price_is_a_disagreement_and_the_age_told_is_this_metrics() -> None:
    """There is no percentage of nothing; and another metric's fresh value says nothing about this one's age."""
    stale = [seen("price", source, "1", age=timedelta(hours=2)) for source in "ab"] + [seen("supply", source, "1") for source in "ab"]

    assert refused_by([seen("price", "a", "0"), seen("price", "b", "1")]) == "input_disagreement"
    assert refused_by([seen("price", "a", "0"), seen("price", "b", "0")]) is None
    with pytest.raises(GuardrailBreached, match="7200 s"):
        LIMITS.check(stale, metrics=["price", "supply"], now=NOON)


@pytest.mark.parametrize(("high", "rule"), [("101.5", None), ("101.5000001", "input_disagreement"), ("-100", "input_disagreement")])
def test_sources_may_be_apart_exactly_as_far_as_allowed(high: str, rule: str | None) -> None:
    """150 bps of the smaller value; opposite signs have no distance in percent and are refused."""
    assert refused_by([seen("price", "a", "100"), seen("price", "b", high)]) == rule


def test_too_few_sources_are_refused_and_a_dead_one_does_not_count() -> None:
    """Two sources of which one went silent are one source."""
    assert refused_by([seen("price", "a", "1")]) == "input_sources"
    assert refused_by([seen("price", "a", "1"), seen("price", "b", "1", age=timedelta(days=9))]) == "input_age"
    assert refused_by([]) == "input_missing"


def test_a_source_that_died_long_ago_neither_blocks_nor_speaks() -> None:
    """Its last word may be far off; two living ones that agree are enough."""
    values = [seen("price", "a", "1"), seen("price", "b", "1"), seen("price", "c", "9", age=timedelta(days=9))]

    assert refused_by(values) is None


def test_the_newest_value_of_each_source_speaks_whatever_the_order_and_never_a_future_one() -> None:
    """An old outlier is past, a future one has not been said; neither may decide today."""
    old, new, future = (
        seen("price", "a", "9", age=timedelta(minutes=9)),
        seen("price", "a", "1"),
        seen("price", "a", "9", age=-timedelta(minutes=1)),
    )
    other = seen("price", "b", "1")

    assert refused_by([old, new, future, other]) is None
    assert refused_by([future, new, old, other]) is None
    assert refused_by([old, future, other]) == "input_disagreement"


def test_limits_on_inputs_have_edges_of_their_own() -> None:
    """Ninety days is the longest memory: beyond it no series would be left to decide on."""
    body = {"max_age_s": 90 * 86_400, "max_disagreement_bps": 10_000, "min_sources": 16}

    assert InputLimits.from_body(body).body() == body
    for key, value in (("max_age_s", 90 * 86_400 + 1), ("max_disagreement_bps", 10_001), ("min_sources", 17), ("max_disagreement_bps", -1)):
        with pytest.raises(InvalidInput, match=key):
            InputLimits.from_body({**body, key: value})


def test_capo_2026_a_fresh_value_beside_a_stale_one_it_belongs_to_is_refused() -> None:
    """The ratio was fresh, its timestamp seven days old. All linked metrics must be fresh together."""
    ratio = [seen("ratio", source, "1.2282") for source in "ab"]
    snapshot = [seen("ratio_snapshot", source, "1", age=timedelta(days=7)) for source in "ab"]

    assert refused_by(ratio + snapshot, ("ratio", "ratio_snapshot")) == "input_age"
    assert refused_by(ratio, ("ratio",)) is None


@given(values=st.lists(st.integers(80, 100), min_size=1, max_size=12))
def test_the_breaker_halts_at_halt_and_runs_again_only_at_restart(values: list[int]) -> None:
    """Against a plain account of the rule, written differently: the last of the two thresholds that was touched decides."""
    series = [
        seen("collateral_ratio", "a", f"0.{v:02d}" if v < 100 else "1", age=timedelta(minutes=len(values) - i))
        for i, v in enumerate(values)
    ]
    touched = [v for v in values if v <= 90 or v >= 93]
    halted = not touched or touched[-1] <= 90
    expected = BreakerState.HALT if halted else BreakerState.WARN if values[-1] <= 95 else BreakerState.RUN

    assert BREAKER.state(series, fresh={"a": series[-1]}) is expected


def test_one_source_that_halts_is_enough_and_none_at_all_halts() -> None:
    """A breaker that could be talked over by a second feed, or silenced, would not be one."""
    good, bad = seen("collateral_ratio", "a", "0.99"), seen("collateral_ratio", "b", "0.90")

    assert BREAKER.state([good, bad], fresh={"a": good, "b": bad}) is BreakerState.HALT
    assert BREAKER.state([good], fresh={"a": good}) is BreakerState.RUN
    assert BREAKER.state([], fresh={}) is BreakerState.HALT


@pytest.mark.parametrize(
    "changed", [{"restart": "0.90"}, {"restart": "0.96"}, {"halt": "0.96"}, {"direction": "above"}, {"warn": None}, {"metric": ""}]
)
def test_a_breaker_without_hysteresis_or_out_of_order_is_refused(changed: dict[str, object]) -> None:
    """Restart must lie beyond halt, warn not before restart."""
    with pytest.raises(InvalidInput):
        CircuitBreaker.from_body({**BREAKER_BODY, **changed})


@pytest.mark.parametrize(
    ("warn", "halt", "restart", "whole"),
    [
        ("1.1", "1.5", "1.2", True),
        ("1.2", "1.5", "1.2", True),
        ("1.1", "1.5", "1.5", False),
        ("1.3", "1.5", "1.2", False),
        ("1.1", "1.2", "1.5", False),
    ],
)
def test_a_breaker_against_high_values_mirrors_the_order(warn: str, halt: str, restart: str, whole: bool) -> None:
    """Halt above restart, restart not below warn; each edge on its own."""
    body = {"metric": "volatility", "direction": "above", "warn": warn, "halt": halt, "restart": restart}
    if not whole:
        with pytest.raises(InvalidInput, match="restart"):
            CircuitBreaker.from_body(body)
        return
    breaker = CircuitBreaker.from_body(body)
    high, low = seen("volatility", "a", "1.5", age=timedelta(minutes=2)), seen("volatility", "a", "1.21", age=timedelta(minutes=1))

    assert breaker.state([high], fresh={"a": high}) is BreakerState.HALT
    assert breaker.state([high, low], fresh={"a": low}) is BreakerState.HALT
    assert breaker.state([seen("volatility", "a", "1.0")], fresh={"a": low}) is BreakerState.RUN


def test_a_breaker_listens_to_its_own_metric_and_each_source_for_itself() -> None:
    """A low price is not a low collateral ratio, and b's recovery is not a's."""
    low = seen("collateral_ratio", "a", "0.80", age=timedelta(minutes=2))
    others = [seen("price", "a", "1.00"), seen("collateral_ratio", "b", "0.99")]

    assert BREAKER.state([low, *others], fresh={"a": low}) is BreakerState.HALT
    assert BREAKER.state([seen("price", "a", "0.10"), others[1]], fresh={"b": others[1]}) is BreakerState.RUN
    assert BREAKER.state([seen("price", "b", "0.10"), others[1]], fresh={"b": others[1]}) is BreakerState.RUN


def test_a_guardrail_with_a_breaker_refuses_while_it_is_open_and_names_the_value() -> None:
    """The breaker's own metric must be fresh too."""
    rail = Guardrail.from_body(
        guardrail_body(circuit_breaker=BREAKER_BODY, inputs={"max_age_s": 3600, "max_disagreement_bps": 100, "min_sources": 1})
    )

    assert rail.check_inputs([seen("collateral_ratio", "a", "0.97")], read=(), now=NOON) is BreakerState.RUN
    assert rail.check_inputs([seen("collateral_ratio", "a", "0.95")], read=(), now=NOON) is BreakerState.WARN
    with pytest.raises(GuardrailBreached) as refusal:
        rail.check_inputs([seen("collateral_ratio", "a", "0.90")], read=(), now=NOON)
    assert refusal.value.details["rule"] == "circuit_breaker"
    with pytest.raises(GuardrailBreached, match="input_missing"):
        rail.check_inputs([], read=(), now=NOON)
