"""The alarm: it rings for a fall that lasts, and hardly ever for noise."""

import numpy as np
import pytest

from governance.mood.alarm import FEWEST_WEEKS, LEAST_FALL, WEEKS, Alarm, Status, alarm
from governance.mood.pooling import UNEVIDENCED_SHARE


def weekly(seed: int, *levels: tuple[float, int]) -> list[float]:
    """Weeks at each level, with noise of a tenth."""
    dice = np.random.Generator(np.random.PCG64(seed))
    return [level + 0.1 * float(dice.standard_normal()) for level, count in levels for _ in range(count)]


@pytest.mark.parametrize("seed", range(3))
def test_a_lasting_fall_rings_and_a_rise_does_not(seed: int) -> None:
    """Five weeks after mood fell from .3 to -.4 the alarm rings, and says since when; the same upwards is no alarm."""
    found = alarm(weekly(seed, (0.3, 21), (-0.4, 5)))
    assert (found.status, found.weeks, found.lasting) == (Status.FIRED, 26, 5)
    assert found.before == pytest.approx(0.3, abs=0.1)
    assert found.now == pytest.approx(-0.4, abs=0.15)

    assert alarm(weekly(seed, (-0.4, 21), (0.3, 5))).status is Status.CLEAR


def test_a_fall_that_was_made_up_for_does_not_ring() -> None:
    """What counts is the last change."""
    assert alarm(weekly(1, (0.4, 9), (-0.4, 8), (0.4, 9))).status is Status.CLEAR


def test_noise_hardly_ever_rings() -> None:
    """Of sixty half years of steady mood at most one rings."""
    rung = sum(alarm(weekly(seed, (0.2, WEEKS))).status is Status.FIRED for seed in range(60))
    assert rung <= 1


def test_accounts_without_power_cannot_ring_it() -> None:
    """The largest step they can cause together, in a mood without any noise, is smaller than what counts as a fall."""
    assert 2 * UNEVIDENCED_SHARE < LEAST_FALL
    assert alarm([0.3] * 20 + [0.3 - 2 * UNEVIDENCED_SHARE] * 6).status is Status.CLEAR
    assert alarm([0.3] * 20 + [0.15] * 6).status is Status.FIRED


def test_weeks_in_which_nobody_spoke_are_passed_over_and_too_few_are_unknown() -> None:
    """Missing is not zero."""
    assert alarm([0.1, None] * 13) == Alarm(Status.UNKNOWN, 13, 13, None, None)
    assert alarm([None] * 6 + [0.5] * FEWEST_WEEKS) == Alarm(Status.CLEAR, FEWEST_WEEKS, FEWEST_WEEKS, None, None)
