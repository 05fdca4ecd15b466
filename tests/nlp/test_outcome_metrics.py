"""Our figures are those of scikit-learn, calibration maps never turn an order round, trees are the ones fitted."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.metrics import log_loss as reference_log_loss

from nlp.calibration import FITS, fit_best
from nlp.outcome_fitting import BOOSTING
from nlp.outcome_metrics import auc, bootstrap, brier, expected_calibration_error, log_loss, score
from nlp.trees import from_boosting


@given(seed=st.integers(0, 2**32 - 1), size=st.integers(4, 300), ties=st.booleans())
@settings(deadline=None)
def test_figures_are_those_of_scikit_learn(seed: int, size: int, ties: bool) -> None:
    """AUC with and without ties, Brier and log loss agree to twelve places on random answers."""
    rng = np.random.default_rng(seed)
    said = rng.random(size)
    said = np.round(said, 1) * 0.98 + 0.01 if ties else said
    passed = (rng.random(size) < 0.5).astype(float)
    passed[:2] = 0.0, 1.0

    assert auc(said, passed) == pytest.approx(roc_auc_score(passed, said), abs=1e-12)
    assert brier(said, passed) == pytest.approx(brier_score_loss(passed, said), abs=1e-12)
    assert log_loss(said, passed) == pytest.approx(reference_log_loss(passed, said), abs=1e-9)


def test_calibration_error_is_the_gap_in_each_bin_by_its_size() -> None:
    """Two bins by hand: ten said .85 of which six passed (gap .25), thirty said .25 of which nine passed (gap .05)."""
    said = np.array([0.85] * 10 + [0.25] * 30)
    passed = np.array([1.0] * 6 + [0.0] * 4 + [1.0] * 9 + [0.0] * 21)

    assert expected_calibration_error(said, passed) == pytest.approx(0.25 * 0.25 + 0.75 * 0.05)


def test_no_ranking_is_claimed_where_there_is_one_kind_of_answer() -> None:
    """A DAO that never failed a proposal has no AUC, and its majority accuracy of one stands beside the score."""
    found = score(np.array([0.9, 0.8]), np.array([1.0, 1.0]))

    assert (found.auc, found.fails, found.majority_accuracy) == (None, 0, 1.0)
    assert bootstrap(np.array([0.9, 0.8]), np.array([1.0, 1.0]), seed=1)["auc"] is None


@pytest.mark.parametrize("name", sorted(FITS))
@given(seed=st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=20)
def test_calibration_is_monotone_and_bounded(name: str, seed: int) -> None:
    """Whatever it is fitted on, noise turned round included, a map keeps order and stays a probability."""
    rng = np.random.default_rng(seed)
    raw = rng.random(80)
    passed = (rng.random(80) < rng.choice([1 - raw, raw, np.full(80, 0.9)])).astype(float)
    passed[:2] = 0.0, 1.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the solver may complain of such data; the promise holds all the same
        mapped = FITS[name](raw, passed).apply(np.linspace(0, 1, 500))

    assert (np.diff(mapped) >= 0).all()
    assert mapped.min() >= 0.0
    assert mapped.max() <= 1.0


@pytest.mark.parametrize("name", ["platt", "beta"])
@pytest.mark.parametrize("turned", [False, True])
def test_a_map_says_on_average_what_happened(name: str, turned: bool) -> None:
    """Also where the raw probabilities run the wrong way: a map levelled at its highest point would say "surely"."""
    rng = np.random.default_rng(7)
    raw = rng.uniform(0.5, 0.98, 1500)
    passed = (rng.random(1500) < (1.45 - raw if turned else raw)).astype(float)

    mapped = FITS[name](raw, passed).apply(raw)

    assert mapped.mean() == pytest.approx(passed.mean(), abs=0.005)


def test_a_map_is_taken_only_where_it_helps() -> None:
    """Probabilities that are already right are left alone; overconfident ones are corrected."""
    rng = np.random.default_rng(3)
    truth = rng.random(4000)
    passed = (rng.random(4000) < truth).astype(float)
    odds = 3 * np.log(np.clip(truth, 0.01, 0.99) / (1 - np.clip(truth, 0.01, 0.99)))
    boastful = 1 / (1 + np.exp(-odds))

    name, calibration = fit_best(boastful, passed)
    assert name != "identity"
    assert expected_calibration_error(calibration.apply(boastful), passed) < 0.04 < expected_calibration_error(boastful, passed)


def test_answers_of_one_kind_judge_no_map() -> None:
    """Where nothing failed lately, a map that says "surely" would be the best of all, and wrong the day something fails."""
    rng = np.random.default_rng(4)
    raw = rng.uniform(0.3, 0.9, 300)
    passed = np.ones(300)
    passed[:60] = rng.random(60) < 0.5

    name, calibration = fit_best(raw, passed)
    assert name == "identity"
    assert calibration.apply(raw).tolist() == pytest.approx(raw.tolist())


@pytest.mark.parametrize("model", [GradientBoostingClassifier, GradientBoostingRegressor])
def test_stored_trees_answer_as_the_fitted_ones(model: type) -> None:
    """Evaluating arrays with numpy is the same as asking scikit-learn, edge values included."""
    rng = np.random.default_rng(5)
    rows = np.round(rng.normal(size=(600, 6)), 2)
    wanted = (rows[:, 0] + rng.normal(size=600) > 0).astype(float)
    fitted = model(**{**BOOSTING, "n_estimators": 30}, random_state=1).fit(rows, wanted)
    start = float(np.log(wanted.mean() / (1 - wanted.mean()))) if model is GradientBoostingClassifier else float(wanted.mean())
    answer = fitted.decision_function if model is GradientBoostingClassifier else fitted.predict

    assert from_boosting(fitted, start=start).sum(rows) == pytest.approx(answer(rows), abs=1e-9)


def test_several_boostings_answer_with_their_mean() -> None:
    """Each alone says something else; what is stored says what lies between, step by step."""
    rng = np.random.default_rng(5)
    rows = rng.normal(size=(400, 6))
    wanted = rows[:, 0] + rng.normal(size=400)
    one, two = (
        GradientBoostingRegressor(n_estimators=20, subsample=0.5, init="zero", random_state=seed).fit(rows, wanted) for seed in (1, 2)
    )
    assert np.abs(one.predict(rows) - two.predict(rows)).max() > 0.05
    mean = (one.predict(rows) + two.predict(rows)) / 2
    assert from_boosting(one, two, start=0.0).sum(rows) == pytest.approx(mean, abs=1e-9)
