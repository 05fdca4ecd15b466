"""A head fitted once more: it corrects what rows show, stays where it is held, and hears small sets and rare labels as told."""

import numpy as np
import pytest

from nlp.last_layer import evened, head_step, likeness
from nlp.temperature import softmax


def drawn(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vectors, the logits that made their labels, and the labels."""
    dice = np.random.Generator(np.random.PCG64(seed))
    vectors = dice.normal(size=(rows, 5))
    logits = vectors @ dice.normal(size=(5, 3))
    return vectors, logits, np.array([dice.choice(3, p=row) for row in softmax(logits)])


def test_a_step_takes_back_what_was_overstated() -> None:
    """One label given a whole unit of log-odds too much, and one direction turned: both are put right, also at another temperature."""
    vectors, logits, labels = drawn(20_000, 3)
    wrong = np.zeros((3, 6))
    wrong[1, -1], wrong[2, 0] = 1.0, 0.5
    overstated = logits + vectors @ wrong[:, :-1].T + wrong[:, -1]

    step = head_step(vectors, overstated, np.ones(20_000), labels, hold=1e-6)
    warm = head_step(vectors, 2 * overstated, np.full(20_000, 2.0), labels, hold=1e-6)

    # Logits are known up to what all labels share.
    assert step - step.mean(axis=0) == pytest.approx(-(wrong - wrong.mean(axis=0)), abs=0.1)
    assert warm == pytest.approx(2 * step, abs=0.1)


def test_a_held_head_stays() -> None:
    """What is not allowed to move is not moved, whatever the rows say."""
    vectors, logits, labels = drawn(500, 4)

    assert np.abs(head_step(vectors, -logits, np.ones(500), labels, hold=1e6)).max() < 1e-5
    assert np.abs(head_step(vectors, -logits, np.ones(500), labels, hold=1e-3)).max() > 0.1


def test_rows_count_as_they_are_weighed() -> None:
    """Rows without weight might as well be absent."""
    vectors, logits, labels = drawn(2000, 5)
    first = np.arange(2000) < 1000
    contrary = np.where(first, labels, 2 - labels)

    weighed = head_step(vectors, logits, np.ones(2000), contrary, hold=0.01, weights=first / 1000)

    assert weighed == pytest.approx(head_step(vectors[first], logits[first], np.ones(1000), labels[first], hold=0.01), abs=1e-3)


@pytest.mark.parametrize(("evenness", "rare"), [(0.0, 0.2 * 0.1), (0.5, 0.2 * 0.25), (1.0, 0.2 * 0.5)])
def test_sets_count_by_rows_and_labels_by_evenness(evenness: float, rare: float) -> None:
    """A set of a fifth of the rows, one label in ten of it: its square root of one in nine evens it to a quarter."""
    labels = np.array([0] * 10 + [1] * 90 + [2] * 400)
    sets = ["small"] * 100 + ["large"] * 400

    counts = evened(labels, sets, evenness)

    assert counts.sum() == pytest.approx(1)
    assert counts[:100].sum() == pytest.approx(0.2)
    assert counts[:10].sum() == pytest.approx(rare)


def test_likeness_tells_one_manner_from_another() -> None:
    """Between the two it lies between; how many texts show each manner does not matter."""
    dice = np.random.Generator(np.random.PCG64(6))
    others, alike = dice.normal(size=(3000, 4)), dice.normal(size=(300, 4)) + np.array([6.0, 0, 0, 0])

    line = likeness(others, alike)

    said = [float((rows @ line[:-1] + line[-1]).mean()) for rows in (others, alike, (others[:300] + alike) / 2)]
    assert said == pytest.approx([0, 1, 0.5], abs=0.1)
