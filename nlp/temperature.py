"""Temperatures: probabilities that mean what they say, and labels that stay as they are. One linear layer a task says them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# How strongly temperatures are held alike. Chosen on validation rows of stance sets left out of the fit, a family of sets at a time:
# mean loss .536, three times less or more .538, four times more .539.
HOLD = 0.01
# How much it weighs that a set of texts is trusted more, or less, than it is right. Chosen likewise: up to this the mean loss of
# sets left out stays the same (.536), and claims beside claims are no longer trusted far beyond what they deserve.
GAP = 0.5
# No text is trusted more, or less, than so.
COLDEST, HOTTEST = 0.2, 5.0


@dataclass(frozen=True, slots=True)
class Temperature:
    """What a text's logits are divided by: `exp(level + vector . direction)`, of its pooled vector, within 0.2..5.

    Some texts are harder than they look to the head (a claim beside a claim), others easier (a treasury review); one
    temperature for all would be wrong about both. After parameterised temperature scaling, Tomani et al. 2022.
    """

    level: float
    direction: Floats

    def at(self, vectors: Floats) -> Floats:
        """The temperature of each row of pooled vectors."""
        return temperatures(vectors @ self.direction + self.level)


def temperatures(logarithms: Floats | float) -> Floats:
    """From what the layer says to what logits are divided by."""
    found: Floats = np.clip(np.exp(logarithms), COLDEST, HOTTEST)
    return found


def softmax(logits: Floats, temperature: float | Floats = 1.0) -> Floats:
    """Probabilities of each row of logits; one temperature for all, or one for each row."""
    scaled = logits / np.reshape(temperature, (-1, 1))
    exponentials = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    probabilities: Floats = exponentials / exponentials.sum(axis=1, keepdims=True)
    return probabilities


def fit_temperature(
    logits: Floats, labels: Integers, vectors: Floats, sets: Sequence[str], *, hold: float = HOLD, gap: float = GAP
) -> Temperature:
    """The temperature with the least loss; `sets` tells which set each row is of.

    The loss is the negative log-likelihood (Guo et al. 2017, section 4.2), `hold` times the squared direction, and `gap` times
    each set's squared difference between mean confidence and accuracy (after multicalibration, Hebert-Johnson et al. 2018).
    """
    truth = np.eye(logits.shape[1])[labels]
    said_at = np.arange(len(labels)), logits.argmax(axis=1)
    right = said_at[1] == labels
    names = np.array(sets)
    members = [np.flatnonzero(names == name) for name in sorted(set(names))]
    center = vectors.mean(axis=0)
    around = np.hstack([np.ones((len(vectors), 1)), vectors - center])

    def loss(numbers: Floats) -> tuple[float, Floats]:
        # Not clipped here: a slope of zero beyond the bounds would end the search.
        cooled = logits / np.exp(around @ numbers)[:, None]
        said = softmax(cooled)
        mean = float(-np.log(np.maximum((said * truth).sum(axis=1), 1e-12)).mean())
        slope = -((said - truth) * cooled).sum(axis=1) @ around / len(truth)
        held = np.concatenate(([0.0], numbers[1:]))
        mean, slope = mean + hold * float(held @ held), slope + 2 * hold * held
        trusted = said[said_at]
        steepness = -trusted * (cooled[said_at] - (said * cooled).sum(axis=1))
        for rows in members:
            off = float(trusted[rows].mean() - right[rows].mean())
            mean, slope = mean + gap * off**2, slope + 2 * gap * off * steepness[rows] @ around[rows] / len(rows)
        return mean, slope

    found = minimize(loss, np.zeros(around.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 500}).x
    return Temperature(float(found[0] - center @ found[1:]), found[1:])
