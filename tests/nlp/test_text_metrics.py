"""Figures agree with a well-known library and with cases done by hand."""

import numpy as np
import pytest
from sklearn.metrics import f1_score, recall_score

from nlp.temperature import COLDEST, HOTTEST, fit_temperature, softmax
from nlp.text_metrics import calibration_error, figures

LABELS = ("against", "neutral", "for")


def test_macro_figures_equal_scikit_learns_over_labels_that_occur() -> None:
    """A label that never occurs is not counted as a zero, though predicting it costs the others."""
    dice = np.random.Generator(np.random.PCG64(7))
    truth = dice.choice([0, 2], size=300)
    scores = dice.random((300, 3))

    measured = figures(truth, scores, LABELS)

    predicted = scores.argmax(axis=1)
    assert measured.macro_f1 == pytest.approx(f1_score(truth, predicted, labels=[0, 2], average="macro"))
    assert measured.macro_recall == pytest.approx(recall_score(truth, predicted, labels=[0, 2], average="macro"))
    assert set(measured.recall) == {"against", "for"}


def test_the_interval_holds_the_figure_and_narrows_with_more_rows() -> None:
    """An interval that does not shrink with evidence says nothing."""
    dice = np.random.Generator(np.random.PCG64(7))
    truth = dice.integers(0, 3, size=4000)
    scores = np.eye(3)[truth] + dice.random((4000, 3)) * 1.5
    few, many = figures(truth[:100], scores[:100], LABELS), figures(truth, scores, LABELS)

    for measured in (few, many):
        low, high = measured.macro_f1_interval
        assert low <= measured.macro_f1 <= high
    assert np.diff(few.macro_f1_interval)[0] > 3 * np.diff(many.macro_f1_interval)[0]


def test_calibration_error_is_the_gap_between_confidence_and_accuracy() -> None:
    """Sure of 0.9 and right half of the time is a gap of 0.4; no probabilities, no figure."""
    truth = np.array([0, 0, 1, 1])
    scores = np.tile([0.9, 0.05, 0.05], (4, 1))

    assert calibration_error(truth, scores) == pytest.approx(0.4)
    assert figures(truth, scores, LABELS, probabilities=False).ece is None


def test_the_temperature_undoes_overconfidence_and_moves_no_label() -> None:
    """Logits three times too large ask for a temperature near three."""
    dice = np.random.Generator(np.random.PCG64(7))
    honest = dice.normal(size=(6000, 3))
    labels = np.array([dice.choice(3, p=row) for row in softmax(honest)])

    vectors = dice.normal(size=(6000, 4))
    found = fit_temperature(3 * honest, labels, vectors, ["all"] * 6000).at(vectors)

    assert found == pytest.approx(np.full(6000, 3.0), rel=0.25)
    assert found.mean() == pytest.approx(3.0, rel=0.1)
    assert (softmax(3 * honest, found).argmax(axis=1) == honest.argmax(axis=1)).all()


def test_the_temperature_goes_with_the_text() -> None:
    """Texts whose logits are too large, and others whose are not, get temperatures of their own; none is beyond the bounds."""
    dice = np.random.Generator(np.random.PCG64(8))
    honest = dice.normal(size=(8000, 3))
    labels = np.array([dice.choice(3, p=row) for row in softmax(honest)])
    hard = np.arange(8000) % 2 == 0
    vectors = np.stack([np.where(hard, 1.0, -1.0), dice.normal(size=8000)], axis=1)
    found = fit_temperature(honest * np.where(hard, 2.0, 1.0)[:, None], labels, vectors, ["all"] * 8000, hold=1e-4)

    assert found.at(vectors)[hard].mean() == pytest.approx(2.0, rel=0.1)
    assert found.at(vectors)[~hard].mean() == pytest.approx(1.0, rel=0.1)
    assert found.at(np.array([[90.0, 0.0], [-90.0, 0.0]])).tolist() == [HOTTEST, COLDEST]


def test_a_small_set_is_not_left_overconfident_for_a_large_one() -> None:
    """Where likelihood hardly hears one row in twenty, weighing each set's own gap closes more than half of it."""
    dice = np.random.Generator(np.random.PCG64(9))
    honest = dice.normal(size=(8000, 3))
    labels = np.array([dice.choice(3, p=row) for row in softmax(honest)])
    hard = np.arange(8000) % 20 == 0
    logits, vectors = honest * np.where(hard, 3.0, 1.0)[:, None], np.where(hard, 1.0, -1.0)[:, None]
    sets = ["hard" if is_hard else "easy" for is_hard in hard]

    def overconfidence(gap: float) -> float:
        said = softmax(logits, fit_temperature(logits, labels, vectors, sets, hold=0.1, gap=gap).at(vectors))[hard]
        return float(said.max(axis=1).mean() - (said.argmax(axis=1) == labels[hard]).mean())

    assert overconfidence(0.0) > 0.1
    assert abs(overconfidence(3.0)) < overconfidence(0.0) / 2
