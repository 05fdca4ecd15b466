"""Guardrails: every rule at its limit, one unit past it, with an unchanged value, with zero, and from outside the range."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.errors import GuardrailBreached, InvalidInput
from governance.guardrails import Bound, Guardrail
from governance.parameters import ExecutedChange, ParameterChange, TokenParameter
from tests.token_economy import NOON, guardrail_body, parameter_body

RAIL = Guardrail.from_body(guardrail_body())
BIG = 2**256 - 1


def change(current: int, proposed: int) -> ParameterChange:
    return ParameterChange("staking_apr_bps", "bps", current, proposed)


def refused_by(rail: Guardrail, asked: ParameterChange, *, history: tuple[ExecutedChange, ...] = (), queued: Any = ()) -> str | None:
    """The rule that refuses, None when the change is admitted."""
    try:
        rail.check(asked, history=history, queued=queued, now=NOON)
    except GuardrailBreached as breach:
        return breach.rule
    return None


@given(current=st.integers(200, 2_000), move=st.integers(-250, 250))
def test_a_change_from_inside_is_refused_exactly_when_it_leaves_range_step_or_dead_band(current: int, move: int) -> None:
    """Limits are inclusive: the limit itself is admitted, one unit past it is not."""
    admitted = 5 <= abs(move) <= 100 and 200 <= current + move <= 2_000

    assert (refused_by(RAIL, change(current, current + move)) is None) == admitted


@given(current=st.integers(-10, 4_000), proposed=st.integers(-10, 4_000))
def test_nothing_admitted_ever_lies_further_outside_than_before(current: int, proposed: int) -> None:
    """From outside, only moves strictly toward the range pass; nobody can use the exception to go the other way."""
    wide = replace(RAIL, step=Bound(10_000, None), in_window=Bound(10_000, None), forbid_zero=False)

    def outside(value: int) -> int:
        return max(200 - value, value - 2_000, 0)

    if refused_by(wide, change(current, proposed)) is None:
        assert outside(proposed) == 0 or outside(proposed) < outside(current)
        assert not (current < 200 and proposed > 2_000)
        assert not (current > 2_000 and proposed < 200)


@pytest.mark.parametrize(
    ("current", "proposed", "rule"),
    [
        (800, 800, "unchanged"),
        (800, 804, "dead_band"),
        (800, 805, None),
        (800, 900, None),
        (800, 901, "max_step"),
        (800, 700, None),
        (800, 699, "max_step"),
        (1_950, 2_000, None),
        (1_950, 2_001, "ceiling"),
        (250, 200, None),
        (250, 199, "floor"),
        (50, 0, "forbidden_zero"),
        (2_300, 2_250, None),  # outside, toward the range, not reaching it
        (2_300, 2_350, "ceiling"),  # outside and further out
        (100, 150, None),
        (100, 50, "floor"),
        (2_300, 2_100, "max_step"),  # outside and toward, but the step holds there too
    ],
)
def test_each_rule_at_its_limit_and_one_unit_past_it(current: int, proposed: int, rule: str | None) -> None:
    """The refusal names the rule that refused, so that a person can see what to change."""
    assert refused_by(RAIL, change(current, proposed)) == rule


@pytest.mark.parametrize("size", [1, 2**53, 2**128, BIG])
def test_limits_hold_for_numbers_of_every_size(size: int) -> None:
    """A limit computed through a float would let 2^53 + 1 pass as 2^53."""
    rail = replace(RAIL, floor=0, ceiling=BIG, step=Bound(size, None), in_window=Bound(BIG, None), dead_band=1, forbid_zero=False)

    assert refused_by(rail, change(0, size)) is None
    if size < BIG:
        assert refused_by(rail, change(0, size + 1)) == "max_step"


@given(current=st.integers(1, BIG // 200_000), bps=st.integers(1, 100_000), extra=st.integers(0, 3))
def test_a_relative_step_is_exact(current: int, bps: int, extra: int) -> None:
    """moved/current <= bps/10000 in whole numbers: no rounding in favour of the proposer, none against."""
    rail = replace(RAIL, floor=0, ceiling=BIG, step=Bound(None, bps), in_window=Bound(BIG, None), dead_band=1, forbid_zero=False)
    moved = current * bps // 10_000 + extra
    if moved == 0:
        return

    assert (refused_by(rail, change(current, current + moved)) is None) == (extra == 0)


def test_a_relative_step_from_zero_admits_nothing() -> None:
    """Any percentage of nothing is nothing: from zero, a purely relative bound refuses."""
    rail = replace(RAIL, floor=0, step=Bound(None, 10_000), dead_band=1, forbid_zero=False)

    assert refused_by(rail, change(0, 1)) == "max_step_relative"


@given(
    moves=st.lists(st.tuples(st.integers(-100, 100), st.integers(0, 60)), max_size=6), queued=st.lists(st.integers(-100, 100), max_size=3)
)
def test_the_window_bounds_the_sum_of_all_sizes_in_both_directions(moves: list[tuple[int, int]], queued: list[int]) -> None:
    """Executed and queued moves use the window up whether they went up or down; older ones have left it."""
    rail = replace(RAIL, floor=0, ceiling=100_000, cooldown=timedelta(seconds=1))
    history = tuple(ExecutedChange(1_000, 1_000 + size, NOON - timedelta(days=days, seconds=10)) for size, days in moves)
    waiting = tuple(change(1_000, 1_000 + size) for size in queued)
    used = sum(abs(size) for size, days in moves if days < 30) + sum(abs(size) for size in queued)

    rule = refused_by(rail, change(1_000, 1_050), history=history, queued=waiting)

    assert rule == ("window" if used + 50 > 300 else None)


@pytest.mark.parametrize(("age", "rule"), [(timedelta(days=30), None), (timedelta(days=30) - timedelta(microseconds=1), "window")])
def test_a_change_exactly_one_window_old_has_left_it(age: timedelta, rule: str | None) -> None:
    """The edge is exact to the microsecond."""
    assert refused_by(RAIL, change(800, 850), history=(ExecutedChange(500, 800, NOON - age),)) == rule


def test_the_classic_two_percent_of_supply_in_a_day() -> None:
    """2 % in 24 h, both directions, of the supply the window began with: the third percent is refused up or down."""
    rail = replace(
        RAIL,
        ceiling=10**30,
        floor=1,
        dead_band=1,
        step=Bound(None, 200),
        window=timedelta(days=1),
        in_window=Bound(None, 200),
        cooldown=timedelta(seconds=1),
    )
    history = (ExecutedChange(10**27, 10**27 + 10**25, NOON - timedelta(hours=2)),)

    assert refused_by(rail, change(10**27 + 10**25, 10**27 + 2 * 10**25), history=history) is None
    assert refused_by(rail, change(10**27 + 10**25, 10**27 + 2 * 10**25 + 1), history=history) == "window_relative"
    assert refused_by(rail, change(10**27 + 10**25, 10**27 - 1), history=history) == "window_relative"


@pytest.mark.parametrize(("ago", "rule"), [(timedelta(days=3), None), (timedelta(days=3) - timedelta(seconds=1), "cooldown")])
def test_the_cooldown_ends_exactly_when_it_says(ago: timedelta, rule: str | None) -> None:
    """Whichever direction the last move had."""
    assert refused_by(RAIL, change(800, 850), history=(ExecutedChange(850, 800, NOON - ago),)) == rule


def test_a_change_dated_after_now_still_cools_down_and_counts() -> None:
    """A clock that was set back must not open the guardrail."""
    assert refused_by(RAIL, change(800, 850), history=(ExecutedChange(790, 800, NOON + timedelta(days=1)),)) == "cooldown"
    assert refused_by(RAIL, change(800, 850), history=(ExecutedChange(500, 800, NOON + timedelta(days=1)),)) == "window"


def test_another_parameter_or_unit_is_refused() -> None:
    """Whoever hands over the wrong guardrail gets a refusal, not a pass."""
    assert refused_by(RAIL, ParameterChange("swap_fee_bps", "bps", 800, 850)) == "parameter"
    assert refused_by(RAIL, ParameterChange("staking_apr_bps", "base_units", 800, 850)) == "unit"


def test_a_refusal_names_rule_limit_and_value() -> None:
    """These three are what a person needs, and what the log keeps."""
    with pytest.raises(GuardrailBreached) as refusal:
        RAIL.check(change(800, 950), history=(), queued=(), now=NOON)

    assert refusal.value.details == {"rule": "max_step", "limit": "100", "value": "150"}


def test_a_guardrail_is_what_its_body_says_and_nothing_else() -> None:
    """Its digest is what approvals bind to: reading and writing must not change a byte."""
    assert RAIL.body() == guardrail_body()
    assert Guardrail.from_body(RAIL.body()).sha256() == RAIL.sha256()
    assert Guardrail.from_body(guardrail_body(dead_band="6")).sha256() != RAIL.sha256()


@pytest.mark.parametrize("key", sorted(guardrail_body()))
def test_a_missing_field_is_refused(key: str) -> None:
    """There are no defaults: what was not set is not permitted."""
    body = guardrail_body()
    del body[key]

    with pytest.raises(InvalidInput, match=key):
        Guardrail.from_body(body)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"floor": "2001"}, "floor"),
        ({"floor": ""}, "floor"),
        ({"floor": 200}, "floor"),
        ({"floor": "0200"}, "floor"),
        ({"floor": "٢٠٠"}, "floor"),
        ({"ceiling": str(2**256)}, "ceiling"),
        ({"parameter": ""}, "parameter"),
        ({"unit": "percent"}, "unit"),
        ({"max_step": None}, "max_step"),
        ({"max_step": "0"}, "max_step"),
        ({"max_step": "4"}, "max_step"),
        ({"window": {}}, "window"),
        ({"window": {"length_s": 0, "max_change": "1", "max_change_relative_bps": None}}, "length_s"),
        ({"window": {"length_s": 9, "max_change": None, "max_change_relative_bps": None}}, "max_change"),
        ({"cooldown_s": 0}, "cooldown_s"),
        ({"min_delay_s": 0}, "min_delay_s"),
        ({"min_delay_s": 60}, "min_delay_s"),
        ({"min_delay_s": True}, "min_delay_s"),
        ({"min_delay_s": 86_400.0}, "min_delay_s"),
        ({"expires_after_s": 86_400}, "expires_after_s"),
        ({"dead_band": "0"}, "dead_band"),
        ({"forbid_zero": 1}, "forbid_zero"),
        ({"inputs": None}, "inputs"),
        ({"inputs": {"max_age_s": 0, "max_disagreement_bps": 1, "min_sources": 1}}, "max_age_s"),
        ({"inputs": {"max_age_s": 1, "max_disagreement_bps": 1, "min_sources": 0}}, "min_sources"),
        ({"circuit_breaker": {}}, "circuit_breaker"),
        ({"note": "hello"}, "note"),
    ],
)
def test_a_guardrail_that_is_not_whole_is_refused(changed: dict[str, object], field: str) -> None:
    """Empty, zero, contradictory, unknown or of another type: validation fails closed and says where."""
    with pytest.raises(InvalidInput) as refusal:
        Guardrail.from_body(guardrail_body(**changed))

    assert field in str(refusal.value.details["field"])


@pytest.mark.parametrize(
    "changed",
    [
        {"ceiling": "200"},
        {"max_step": "5"},
        {"window": {"length_s": 1, "max_change": "5", "max_change_relative_bps": None}},
        {"min_delay_s": 3_600, "expires_after_s": 3_601},
        {"floor": "0", "forbid_zero": False, "ceiling": "0"},
        {"max_step": None, "max_step_relative_bps": 1},
        {"max_step": None, "max_step_relative_bps": 1_000_000},
    ],
)
def test_limits_that_just_touch_each_other_are_a_guardrail(changed: dict[str, object]) -> None:
    """A range of one value, a step of the dead band, the house's own delay: strict is not wrong."""
    body = guardrail_body(**changed)

    assert Guardrail.from_body(body).body() == body


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"window": {"length_s": 1, "max_change": "4", "max_change_relative_bps": None}}, "max_change"),
        ({"floor": "0", "ceiling": "0"}, "forbid_zero"),
        ({"min_delay_s": 3_599}, "min_delay_s"),
        ({"max_step": None, "max_step_relative_bps": 0}, "max_step_relative_bps"),
        ({"max_step": None, "max_step_relative_bps": 1_000_001}, "max_step_relative_bps"),
    ],
)
def test_limits_one_unit_past_touching_are_none(changed: dict[str, object], field: str) -> None:
    """The other side of each edge."""
    with pytest.raises(InvalidInput, match=field):
        Guardrail.from_body(guardrail_body(**changed))


def test_a_guardrail_is_refused_for_a_parameter_it_is_not_about() -> None:
    """Name, unit and sign must fit the kind."""
    other = TokenParameter.from_body({**parameter_body(), "name": "other_bps"})
    with pytest.raises(InvalidInput, match=r"guardrail\.parameter"):
        RAIL.must_fit(other)
    with pytest.raises(InvalidInput, match=r"guardrail\.floor"):
        replace(RAIL, floor=-1).must_fit(TokenParameter.from_body(parameter_body()))


def test_a_floor_of_zero_fits_every_kind_and_a_negative_one_a_supply_change() -> None:
    """A supply may shrink; a rate, fee or cap cannot be below zero."""
    supply = TokenParameter.from_body({"name": "supply_delta_pct", "kind": "supply_delta_pct", "unit": "bps", "value": "-50"})

    replace(RAIL, floor=0).must_fit(TokenParameter.from_body(parameter_body()))
    replace(RAIL, parameter="supply_delta_pct", floor=-200, ceiling=200).must_fit(supply)
    with pytest.raises(InvalidInput):
        TokenParameter.from_body({**parameter_body(), "value": "-1"})


# Public incidents, as what a guardrail of that parameter would have been asked.


def test_capo_2026_a_move_beyond_the_step_is_sent_back_whole() -> None:
    """A cap ratio from 1.1572 to 1.2282 with 3 % per 3 days: clipped to 1.1919 it cost 27 M USD. It must be refused."""
    rail = replace(RAIL, floor=10**6, ceiling=10**7, step=Bound(None, 300), in_window=Bound(None, 300), dead_band=1)

    assert refused_by(rail, change(1_157_200, 1_228_200)) == "max_step_relative"


def test_moonwell_2026_a_price_off_by_three_orders_is_refused() -> None:
    """cbETH priced at 1.12 instead of about 2,200 USD."""
    rail = replace(RAIL, floor=1, ceiling=10**12, step=Bound(None, 2_000), in_window=Bound(None, 5_000), dead_band=1)

    assert refused_by(rail, change(2_200_000_000, 1_120_000)) == "max_step_relative"


def test_compound_62_the_boundary_itself_is_decided_on_purpose() -> None:
    """`>` for `>=` cost 80 M USD: at the limit is admitted, one past is not, for every bound."""
    assert refused_by(RAIL, change(1_900, 2_000)) is None
    assert refused_by(RAIL, change(1_901, 2_001)) == "ceiling"
    assert refused_by(RAIL, change(300, 200)) is None
    assert refused_by(RAIL, change(299, 199)) == "floor"


@pytest.mark.parametrize("daily", [0.094, 2.87, 87.82, 49.29])
def test_luna_2022_the_supply_moves_of_the_collapse_are_refused(daily: float) -> None:
    """+9.4 %, +287 %, +8,782 % and +4,929 % in a day, under the classic 2 % a day."""
    rail = replace(RAIL, floor=1, ceiling=BIG, step=Bound(None, 200), in_window=Bound(None, 200), dead_band=1)
    supply = 342_600_000 * 10**6

    assert refused_by(rail, change(supply, supply + int(supply * daily))) == "max_step_relative"
