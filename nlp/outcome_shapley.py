"""What each feature adds to the answer of boosted trees: exact Shapley values, where a feature left out is averaged over.

TreeSHAP with path-dependent expectations (Lundberg et al., 2020, From local explanations to global understanding with
explainable AI for trees, algorithm 1): a feature that is left out follows both branches, weighted by their cover. A leaf's
share is a product over the features on its way, and the weight of a coalition of s out of k - 1 others, s! (k-1-s)! / k!, is
the integral of u^s (1-u)^(k-1-s) over 0..1. So the sum over all coalitions is the integral of a polynomial of degree k - 1,
which Gauss and Legendre's rule gives exactly.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlp.trees import LEAF, Trees

Floats = NDArray[np.float64]
# A leaf depends on so many features at most; three points of the rule are exact up to degree five.
DEPTH = 6
_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(DEPTH // 2)
_POINTS, _WEIGHTS = (_POINTS + 1.0) / 2.0, _WEIGHTS / 2.0


@dataclass(frozen=True, slots=True)
class Shapley:
    """The leaves of all trees as boxes: up to `DEPTH` features, each with the interval (low, high] that leads to the leaf.

    `passes` is the part of the training rows that the branches on a feature let through; a place without a feature lets
    everything through. `expected` is the trees' mean answer over those rows.
    """

    feature: NDArray[np.int64]
    low: Floats
    high: Floats
    passes: Floats
    value: Floats
    expected: float

    @classmethod
    def of(cls, trees: Trees) -> "Shapley":
        """The boxes of `trees`; raises ValueError for a leaf that depends on more features than `DEPTH`."""
        boxes: list[tuple[dict[int, tuple[float, float, float]], float]] = []
        for root in trees.roots:
            _walk(trees, int(root), {}, boxes)
        shape = (len(boxes), DEPTH)
        feature, passes = np.zeros(shape, dtype=np.int64), np.ones(shape)
        low, high = np.full(shape, -np.inf), np.full(shape, np.inf)
        for row, (box, _) in enumerate(boxes):
            if len(box) > DEPTH:
                raise ValueError(f"a leaf depends on {len(box)} features; {DEPTH} at most are explained")
            for place, (name, bounds) in enumerate(sorted(box.items())):
                feature[row, place] = name
                low[row, place], high[row, place], passes[row, place] = bounds
        value = np.array([leaf for _, leaf in boxes])
        return cls(feature, low, high, passes, value, float(trees.start[0] + value @ passes.prod(axis=1)))

    def explain(self, row: Floats) -> Floats:
        """One number per feature of `row`; with `expected` they sum to the trees' answer."""
        # As the trees compare: single precision against the stored threshold.
        met = row.astype(np.float32)[self.feature].astype(np.float64)
        inside = ((met > self.low) & (met <= self.high)).astype(np.float64)
        summed = np.zeros_like(inside)
        for point, weight in zip(_POINTS, _WEIGHTS, strict=True):
            # Each feature is in a coalition with chance `point`; inside of 0..1 no factor is zero.
            factors = point * inside + (1.0 - point) * self.passes
            summed += weight * factors.prod(axis=1, keepdims=True) / factors
        parts = self.value[:, None] * (inside - self.passes) * summed
        added: Floats = np.bincount(self.feature.ravel(), parts.ravel(), len(row)).astype(np.float64)
        return added


def _walk(
    trees: Trees, node: int, box: dict[int, tuple[float, float, float]], boxes: list[tuple[dict[int, tuple[float, float, float]], float]]
) -> None:
    feature = int(trees.feature[node])
    if feature == LEAF:
        boxes.append((box, float(trees.value[node])))
        return
    low, high, passes = box.get(feature, (-np.inf, np.inf, 1.0))
    threshold, whole = float(trees.threshold[node]), float(trees.cover[node])
    left, right = int(trees.left[node]), int(trees.right[node])
    under = (low, min(high, threshold), passes * float(trees.cover[left]) / whole)
    over = (max(low, threshold), high, passes * float(trees.cover[right]) / whole)
    _walk(trees, left, {**box, feature: under}, boxes)
    _walk(trees, right, {**box, feature: over}, boxes)
