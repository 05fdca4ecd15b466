"""Boosting with random thresholds: it learns what the offset does not say, repeats itself, and is what its arrays say."""

import numpy as np
import pytest

from nlp.random_boosting import RandomBoosting


def world(seed: int, count: int = 3_000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows, answers, and an offset that knows half of what decides them."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(count, 6))
    odds = rows[:, 0] + 2.0 * (rows[:, 1] > 0.3) * (rows[:, 2] > 0) - 0.5
    return rows, (rng.random(count) < 1 / (1 + np.exp(-odds))).astype(float), rows[:, 0]


def loss(odds: np.ndarray, answers: np.ndarray) -> float:
    """Mean log loss."""
    return float(np.logaddexp(0.0, np.where(answers == 1.0, -odds, odds)).mean())


def test_trees_learn_what_the_offset_leaves_over() -> None:
    """On rows never seen; an offset moved to the right level is what they must beat."""
    rows, answers, offset = world(1)
    later, truth, known = world(2)
    trees = RandomBoosting(trees=60, rate=0.2).fit(rows, answers, np.ones(len(rows)), offset=offset, seed=7)

    assert loss(known + trees.sum(later), truth) < loss(known + trees.start[0], truth) - 0.02
    assert loss(known + trees.start[0], truth) < loss(known, truth)


def test_the_same_rows_and_seed_give_the_same_trees() -> None:
    """Training that cannot be repeated cannot be checked."""
    rows, answers, offset = world(1, 500)
    once, again, other = (RandomBoosting(trees=8).fit(rows, answers, np.ones(500), offset=offset, seed=seed) for seed in (7, 7, 8))

    assert all(np.array_equal(one, two) for one, two in zip(once.arrays("t").values(), again.arrays("t").values(), strict=True))
    assert not np.array_equal(once.value, other.value)


def test_a_row_without_weight_teaches_nothing() -> None:
    """Running totals count a tenth; what counts nothing must leave no trace in the level."""
    rows, answers, offset = world(1, 1_000)
    weights = np.where(np.arange(1_000) < 500, 1.0, 0.0)
    half = RandomBoosting(trees=1).fit(rows[:500], answers[:500], weights[:500], offset=offset[:500], seed=7)
    whole = RandomBoosting(trees=1).fit(rows, answers, weights, offset=offset, seed=7)

    assert whole.start[0] == pytest.approx(half.start[0], abs=1e-9)


def test_several_boostings_answer_with_their_mean() -> None:
    """The first of two is the one boosting of that seed, each step halved; the second has dice of its own."""
    rows, answers, offset = world(1, 500)
    one, two = (RandomBoosting(bags=bags, trees=8).fit(rows, answers, np.ones(500), offset=offset, seed=7) for bags in (1, 2))
    count = len(one.value)

    assert len(two.roots) == 2 * len(one.roots)
    assert two.value[:count] * 2 == pytest.approx(one.value)
    assert not np.array_equal(two.threshold[count:], one.threshold)
    assert two.start == pytest.approx(one.start)
