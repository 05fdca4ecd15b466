"""A linear head fitted once more from where it stands, by rows its encoder has not learnt from. Imports no torch."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.linear_model import Ridge

from nlp.temperature import softmax

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# How strongly the line between two manners of writing is held flat; down to a hundredth of it macro-F1 of every set stays within .002.
_FLATNESS = 1e-3


def head_step(
    vectors: Floats, logits: Floats, temperatures: Floats, labels: Integers, *, hold: float, weights: Floats | None = None
) -> Floats:
    """What to add to a head that gives `logits` of `vectors`: one row per label, the last column for the bias.

    The least mean log loss of the logits divided by `temperatures`, plus `hold` times the squared step, in vectors of unit mean
    square (L-BFGS). `weights` say how much each row counts and sum to one; without them all count alike. After last-layer
    retraining (Kirichenko et al. 2022).
    """
    scale = float(np.sqrt((vectors**2).sum(axis=1).mean()))
    with_one = np.hstack([vectors / scale, np.ones((len(vectors), 1))])
    truth = np.eye(logits.shape[1])[labels]
    shares = np.full(len(labels), 1 / len(labels)) if weights is None else weights

    def loss(flat: Floats) -> tuple[float, Floats]:
        step = flat.reshape(logits.shape[1], -1)
        said = softmax(logits + with_one @ step.T, temperatures)
        mean = float(-shares @ np.log(np.maximum((said * truth).sum(axis=1), 1e-12)))
        slope = ((said - truth) * (shares / temperatures)[:, None]).T @ with_one + 2 * hold * step
        return mean + hold * float((step**2).sum()), slope.ravel()

    found = minimize(loss, np.zeros(logits.shape[1] * with_one.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 500})
    step: Floats = found.x.reshape(logits.shape[1], -1)
    step[:, :-1] /= scale
    return step


def evened(labels: Integers, sets: Sequence[str], evenness: float) -> Floats:
    """How much each row counts, all together one: every set by its rows, its labels evened out by `evenness` (0 not, 1 to equal shares)."""
    names = np.array(sets)
    counts = np.zeros(len(labels))
    for name in sorted(set(sets)):
        of_set = names == name
        for label in np.unique(labels[of_set]):
            rows = of_set & (labels == label)
            counts[rows] = rows.sum() ** -evenness
        counts[of_set] *= of_set.sum() / counts[of_set].sum()
    shares: Floats = counts / counts.sum()
    return shares


def likeness(others: Floats, alike: Floats) -> Floats:
    """A line over vectors, its last number the level: in the mean 0 for `others` and 1 for `alike` as nearly as a line can."""
    shares = np.concatenate([np.full(len(rows), 0.5 / len(rows)) for rows in (others, alike)])
    wanted = np.concatenate([np.zeros(len(others)), np.ones(len(alike))])
    line = Ridge(alpha=_FLATNESS).fit(np.vstack([others, alike]), wanted, sample_weight=shares)
    found: Floats = np.append(line.coef_, line.intercept_)
    return found
