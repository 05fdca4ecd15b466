"""Boosting of trees with random thresholds, for probabilities: smoother than best thresholds, and better on later time.

Each tree splits at thresholds drawn at random, the best of them taken (extremely randomised trees: Geurts, Ernst and
Wehenkel, 2006), is grown by scikit-learn on what is left to explain, and steps by Newton's method on the log loss with a
penalty on large steps (Chen and Guestrin, 2016, equation 5). Training only.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp.trees import Trees, joined

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RandomBoosting:
    """How many trees, how deep, how long each step; `part` of the rows and of the features is seen by a tree or a split.

    The answer is the mean of `bags` such boostings with other dice: one alone moved held-out figures by as much as a good idea does.
    """

    bags: int = 1
    trees: int = 220
    depth: int = 6
    rate: float = 0.08
    rows_part: float = 0.6
    features_part: float = 0.4
    fewest_in_leaf: int = 30
    penalty: float = 5.0

    def fit(self, rows: Floats, wanted: Floats, weights: Floats, *, offset: Floats, seed: int) -> Trees:
        """Trees whose sum, added to `offset`, is the log-odds that `wanted` is 1; the same input gives the same trees."""
        rng = np.random.default_rng(seed)
        start = _level(wanted, weights, offset)
        bags = [self._boosted(rows.astype(np.float32), wanted, weights, offset + start, rng) for _ in range(self.bags)]
        return joined([(tree, step / self.bags) for bag in bags for tree, step in bag], start)

    def _boosted(
        self, rows: NDArray[np.float32], wanted: Floats, weights: Floats, odds: Floats, rng: np.random.Generator
    ) -> list[tuple[Any, Floats]]:
        """One boosting from `odds`: its trees (scikit-learn's `tree_`), each with the step of every node."""
        from sklearn.tree import ExtraTreeRegressor  # noqa: PLC0415 - training only

        grown = []
        for _ in range(self.trees):
            seen = np.flatnonzero(rng.random(len(rows)) < self.rows_part)
            said = 1.0 / (1.0 + np.exp(-odds[seen]))
            left_over = wanted[seen] - said
            tree = ExtraTreeRegressor(
                max_depth=self.depth,
                min_samples_leaf=self.fewest_in_leaf,
                max_features=self.features_part,
                random_state=int(rng.integers(2**31)),
            )
            tree.fit(rows[seen], left_over, sample_weight=weights[seen])
            leaves = tree.apply(rows[seen])
            count = tree.tree_.node_count
            slope = np.bincount(leaves, left_over * weights[seen], count)
            curve = np.bincount(leaves, said * (1.0 - said) * weights[seen], count)
            step = self.rate * slope / (curve + self.penalty)
            odds = odds + step[tree.apply(rows)]
            grown.append((tree.tree_, step))
        return grown


def _level(wanted: Floats, weights: Floats, offset: Floats) -> float:
    """What added to the offset makes its mean right: Newton's method on one number."""
    level = 0.0
    for _ in range(20):
        said = 1.0 / (1.0 + np.exp(-(offset + level)))
        level += float(weights @ (wanted - said)) / max(float(weights @ (said * (1.0 - said))), 1e-9)
    return level
