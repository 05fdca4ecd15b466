"""Intervals follow a DAO's results: what misses too often widens, what never misses narrows, and each bound goes by itself."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from governance.evidence import ClosedProposal
from nlp.interval_tracking import FARTHEST, NARROWED_PART, STEP, WIDENED_PART, track, widen
from nlp.outcome import ShippedOutcomeForecaster
from nlp.outcome_weights import QUANTILES
from tests.outcome_world import forecaster_in, history, question

BOUNDS = (-2.0, -1.0, 1.0, 2.0)
VALUES = np.array([3.0, 4.0, 5.0, 6.0, 7.0])


def _tracked(errors: list[float]) -> list[float]:
    return list(track(errors, [BOUNDS] * len(errors)))


def test_without_results_nothing_moves() -> None:
    """A DAO's first forecast has the widths that were learnt."""
    assert _tracked([]) == [0.0] * 4
    assert widen(VALUES, _tracked([]), voted=False).tolist() == VALUES.tolist()
    assert widen(VALUES, (), voted=True).tolist() == VALUES.tolist()


def test_one_result_moves_each_bound_by_how_rare_it_should_be_beyond_it() -> None:
    """Above the 75 % bound and under the 95 % one: of the upper bounds the inner goes out; all others go in, the outer ones least."""
    assert _tracked([1.5]) == pytest.approx([-0.05 * STEP, -0.25 * STEP, 0.75 * STEP, -0.05 * STEP])
    assert _tracked([-9.0]) == pytest.approx([0.95 * STEP, 0.75 * STEP, -0.25 * STEP, -0.05 * STEP])


def test_the_latest_results_count_most() -> None:
    """The same results in the other order: the bound is where the last of them left it."""
    calm, wild = [0.0] * 60, [2.1] * 5
    assert _tracked(calm + wild)[3] > 0.05
    assert _tracked(wild + calm)[3] < -0.1


@pytest.mark.parametrize("scale", [0.25, 3.0])
def test_in_the_long_run_bounds_hold_as_often_as_they_say(scale: float) -> None:
    """Errors a quarter and three times as large as was expected: after some hundred results the intervals hold one half and nine tenths."""
    dice = np.random.default_rng(5)
    drawn = (scale * dice.standard_normal(1_500)).tolist()
    held = []
    for count in range(300, 1_500, 4):
        low, lower, _, upper, high = widen(np.array([-2.0, -1.0, 0.0, 1.0, 2.0]), _tracked(drawn[:count]), voted=False)
        held.append((lower <= drawn[count] <= upper, low <= drawn[count] <= high))
    half, most = np.mean(held, axis=0)
    assert abs(half - 0.5) < 0.08
    assert abs(most - 0.9) < 0.06


def test_no_bound_is_moved_without_end() -> None:
    """Whatever came, an interval is at most e^2 times as wide or narrow as was learnt."""
    assert max(_tracked([1e9] * 500)) == FARTHEST
    assert min(_tracked([0.0] * 5_000)) == -FARTHEST


def test_a_running_vote_is_widened_by_half_as_much_and_narrowed_by_less() -> None:
    """That intervals at publication were too wide says less of those in a vote than that they were too narrow."""
    moved = (1.0, 0.0, -0.5, -1.0)
    before, during = widen(VALUES, moved, voted=False), widen(VALUES, moved, voted=True)
    assert before.tolist() == pytest.approx([5 - 2 * np.e, 4.0, 5.0, 5 + np.exp(-0.5), 5 + 2 * np.exp(-1.0)])
    lower, upper = np.exp(WIDENED_PART), np.exp(-NARROWED_PART * np.array([0.5, 1.0]))
    assert during.tolist() == pytest.approx([5 - 2 * lower, 4.0, 5.0, 5 + upper[0], 5 + 2 * upper[1]])


def test_there_is_a_bound_for_each_quantile() -> None:
    """The tracked bounds are those that widths were learnt for."""
    assert len(_tracked([0.0])) == len(QUANTILES)


def test_a_forecast_says_how_uncertain_turnout_has_become(tmp_path: Path) -> None:
    """Turnout that leaps up and down makes the next interval wide, turnout that hardly moves makes it narrow; nobody's turnout, neither."""
    forecaster = forecaster_in(tmp_path)
    past = history(140)
    leaps = [replace(row, voters=(3, 900)[place % 2]) for place, row in enumerate(past)]
    calm, untold = [replace(row, voters=38) for row in past], [replace(row, voters=None) for row in past]
    wide, usual, narrow = (_width(forecaster, told) for told in (leaps, past, calm))
    assert wide > 1.5 * usual
    assert narrow < 0.95 * usual
    assert forecaster.forecast(question(150, past=tuple(untold))).heads is None


def _width(forecaster: ShippedOutcomeForecaster, past: Sequence[ClosedProposal]) -> float:
    heads = forecaster.forecast(question(150, past=tuple(past))).heads
    assert heads is not None
    return float(np.log1p(heads.most[1]) - np.log1p(heads.most[0]))
