"""Boosted regression trees as plain arrays: fitted by scikit-learn, stored as numbers, evaluated with numpy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
LEAF = -1


@dataclass(frozen=True, slots=True)
class Trees:
    """All nodes of all trees, one after the other. A node sends a row left if its feature <= threshold.

    `feature` is -1 at a leaf; `left` and `right` are places in these arrays; `roots` are the trees' first nodes.
    The sum of the leaves' `value` and `start` is the answer (log-odds, or the quantity itself). `cover` is the weight of the
    training rows that reached a node.
    """

    feature: NDArray[np.int32]
    threshold: Floats
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: Floats
    cover: Floats
    roots: NDArray[np.int32]
    start: Floats

    def sum(self, rows: Floats) -> Floats:
        """One number per row; all rows walk all trees together, one level at a time."""
        # Trees were grown on single precision, so thresholds must be met with it.
        narrow = rows.astype(np.float32)
        node = np.broadcast_to(self.roots, (len(rows), len(self.roots))).copy()
        at = np.arange(len(rows))[:, None]
        while True:
            feature = self.feature[node]
            inner = feature != LEAF
            if not inner.any():
                break
            goes_left = narrow[at, np.maximum(feature, 0)] <= self.threshold[node]
            node = np.where(inner, np.where(goes_left, self.left[node], self.right[node]), node)
        total: Floats = self.start[0] + self.value[node].sum(axis=1)
        return total

    def looking_at(self, places: NDArray[np.int64]) -> "Trees":
        """The same trees where the column they know by number n is at `places[n]`."""
        return replace(self, feature=np.where(self.feature == LEAF, LEAF, places[self.feature]).astype(np.int32))

    def arrays(self, name: str) -> dict[str, NDArray[np.generic]]:
        """The arrays under which these trees are stored."""
        return {f"{name}.{field}": getattr(self, field) for field in self.__slots__}

    @classmethod
    def read(cls, arrays: Mapping[str, NDArray[np.generic]], name: str) -> "Trees":
        """The trees `arrays` stored under `name`."""
        fields: dict[str, NDArray[np.generic]] = {field: arrays[f"{name}.{field}"] for field in cls.__slots__}
        return cls(**fields)  # type: ignore[arg-type] # the types are those that were stored


def from_boosting(*models: object, start: float, part: float = 1.0) -> Trees:
    """`part` of the mean of fitted scikit-learn gradient boosting models with one output; `start` is their initial value."""
    fitted = [(model.estimators_, model.learning_rate * part / len(models)) for model in models]  # type: ignore[attr-defined] # scikit-learn is untyped here
    return joined([(stage.tree_, stage.tree_.value[:, 0, 0] * rate) for stages, rate in fitted for (stage,) in stages], start)


def joined(grown: Sequence[tuple[Any, Floats]], start: float) -> Trees:
    """Trees of scikit-learn (its `tree_`), each with the value of every node, one after the other; leaves alone count."""
    parts: dict[str, list[NDArray[np.generic]]] = {field: [] for field in ("feature", "threshold", "left", "right", "value", "cover")}
    roots, offset = [], 0
    for tree, value in grown:
        leaf = tree.children_left == LEAF
        parts["feature"].append(np.where(leaf, LEAF, tree.feature).astype(np.int32))
        parts["threshold"].append(tree.threshold.astype(np.float64))
        parts["left"].append(np.where(leaf, 0, tree.children_left + offset).astype(np.int32))
        parts["right"].append(np.where(leaf, 0, tree.children_right + offset).astype(np.int32))
        parts["value"].append(np.asarray(value, dtype=np.float64))
        parts["cover"].append(tree.weighted_n_node_samples.astype(np.float64))
        roots.append(offset)
        offset += tree.node_count
    columns: dict[str, Any] = {field: np.concatenate(found) for field, found in parts.items()}
    return Trees(**columns, roots=np.array(roots, dtype=np.int32), start=np.array([start]))


def no_trees() -> Trees:
    """Trees that add nothing, for a target of which too little is known."""
    zero = np.zeros(1, dtype=np.int32)
    return Trees(np.array([LEAF], dtype=np.int32), np.zeros(1), zero, zero, np.zeros(1), np.ones(1), zero, np.zeros(1))
