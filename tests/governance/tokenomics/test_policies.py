"""Proportional–integral control: dead band, leak, bounded integral and bounded move."""

from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.errors import InvalidInput
from governance.input_limits import ObservedValue
from governance.tokenomics.policies import PI_DEFAULTS, ProportionalIntegral, hold
from governance.tokenomics.series import DailySeries, daily
from tests.token_economy import NOON

PI = ProportionalIntegral.from_settings(PI_DEFAULTS)


def series(*newest_first: float) -> DailySeries:
    return DailySeries(dict(enumerate(newest_first)))


def test_the_defaults_are_the_published_constants() -> None:
    """Cosmos x/mint's 0.13 a year; RAI's leak of 0.9999997112 a second; Ampleforth's 2.5 %; Aave's 100 bps."""
    assert pytest.approx(1_300 / 365, abs=1e-6) == PI.ki_per_day
    assert pytest.approx(0.9999997112**86_400, abs=1e-6) == PI.leak_per_day
    assert (PI.dead_band, PI.max_move) == (0.025, 100)


@pytest.mark.parametrize(("share", "moves"), [(0.488, False), (0.4875, True), (0.487, True), (0.512, False), (0.513, True), (0.5, False)])
def test_inside_the_dead_band_nothing_moves(share: float, moves: bool) -> None:
    """2.5 % of 0.5 is 0.0125: at the edge it moves, inside it does not."""
    assert (PI.move(series(*[share] * 30), target=0.5, since_day=None).amount != 0) == moves


def test_hold_asks_for_nothing() -> None:
    """The measure of all others."""
    assert hold().amount == 0


@given(shares=st.lists(st.floats(0.01, 0.99), min_size=1, max_size=120), target=st.floats(0.05, 0.95))
def test_a_move_never_exceeds_the_policys_own_reach_and_mirrors(shares: list[float], target: float) -> None:
    """However large and long the error, integral and move stay bounded."""
    found = PI.move(series(*shares), target=target, since_day=None)

    assert abs(found.amount) <= PI.max_move
    assert abs(found.integral) <= PI.windup_days


def test_the_integral_leaks_and_forgets() -> None:
    """An error of long ago weighs less than one of yesterday."""
    recent = PI.move(series(0.48, *[0.40] * 10, *[0.5] * 60), target=0.5, since_day=None).integral
    ancient = PI.move(series(0.48, *[0.5] * 60, *[0.40] * 10), target=0.5, since_day=None).integral

    assert 0 < ancient < recent / 3


def test_errors_before_the_last_change_are_not_counted_again() -> None:
    """They were answered by that change."""
    shares = series(*[0.45] * 60)

    assert PI.move(shares, target=0.5, since_day=3).integral < PI.move(shares, target=0.5, since_day=None).integral
    assert PI.move(shares, target=0.5, since_day=0).integral == 0.0


@pytest.mark.parametrize("key", sorted(PI_DEFAULTS))
def test_a_policy_without_one_of_its_constants_is_refused(key: str) -> None:
    """Nothing is assumed behind the DAO's back."""
    with pytest.raises(InvalidInput, match=key):
        ProportionalIntegral.from_settings({k: v for k, v in PI_DEFAULTS.items() if k != key})
    with pytest.raises(InvalidInput, match=key):
        ProportionalIntegral.from_settings({**PI_DEFAULTS, key: "-1"})


def test_a_day_is_the_median_of_its_sources_last_words_and_gaps_stay() -> None:
    """Nothing is filled in; a value at the edge of a day belongs to the older day; the future is not seen."""
    values = [
        ObservedValue("m", "a", NOON - timedelta(hours=2), Fraction(1)),
        ObservedValue("m", "a", NOON - timedelta(hours=1), Fraction(3)),
        ObservedValue("m", "b", NOON - timedelta(hours=3), Fraction(5)),
        ObservedValue("m", "c", NOON - timedelta(hours=3), Fraction(100)),
        ObservedValue("m", "a", NOON - timedelta(days=2), Fraction(7)),
        ObservedValue("m", "a", NOON + timedelta(seconds=1), Fraction(9)),
        ObservedValue("other", "a", NOON, Fraction(9)),
    ]

    assert daily(values, metric="m", now=NOON, days=10).values == {0: 5.0, 2: 7.0}
    assert daily(values, metric="m", now=NOON, days=2).values == {0: 5.0}
