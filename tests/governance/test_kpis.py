"""Verdicts: measured KPIs against the ranges written down before the change."""

from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.input_limits import ObservedValue
from governance.kpis import ExpectedKpi, MeasuredKpi, Verdict, measure, verdict
from tests.token_economy import NOON

KPI = ExpectedKpi.from_body({"metric": "staked_share", "unit": "share", "low": "0.400000", "high": "0.410000", "window_s": 7 * 86_400})


def week(value: str, *, days: int = 7) -> list[ObservedValue]:
    return [ObservedValue("staked_share", "a", NOON - timedelta(days=day, hours=1), Fraction(value)) for day in range(days)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [("0.4", "met"), ("0.41", "met"), ("0.405", "met"), ("0.3999994", "missed"), ("0.3999995", "met"), ("0.4100006", "missed")],
)
def test_both_ends_of_the_range_count_as_met(value: str, expected: str) -> None:
    """Compared at the six places that the range was written with."""
    assert measure(KPI, week(value), units=["share"], end=NOON).verdict == expected


@pytest.mark.parametrize(("days", "expected"), [(7, "met"), (4, "met"), (3, "inconclusive"), (0, "inconclusive")])
def test_fewer_than_half_of_the_days_decide_nothing(days: int, expected: str) -> None:
    """Silence is not success."""
    assert measure(KPI, week("0.405", days=days), units=["share"], end=NOON).verdict == expected


def test_another_unit_decides_nothing() -> None:
    """Forty percent is not a share of forty."""
    assert measure(KPI, week("0.405"), units=["share", "percent"], end=NOON).verdict is Verdict.INCONCLUSIVE


def test_what_happened_outside_the_window_does_not_count() -> None:
    """Neither the weeks before nor anything after the horizon's end."""
    late = [ObservedValue("staked_share", "a", NOON + timedelta(hours=1), Fraction(9))]
    early = [ObservedValue("staked_share", "a", NOON - timedelta(days=8), Fraction(9))]

    assert measure(KPI, [*week("0.405"), *late, *early], units=["share"], end=NOON).value == pytest.approx(0.405)


@given(st.lists(st.sampled_from(list(Verdict)), max_size=4))
def test_one_miss_is_a_miss_and_met_needs_all(verdicts: list[Verdict]) -> None:
    """The verdict on the change follows from those on its KPIs; without any it is inconclusive."""
    found = verdict([MeasuredKpi(KPI, None, 7, v, None) for v in verdicts])

    if Verdict.MISSED in verdicts:
        assert found is Verdict.MISSED
    elif verdicts and all(v is Verdict.MET for v in verdicts):
        assert found is Verdict.MET
    else:
        assert found is Verdict.INCONCLUSIVE
