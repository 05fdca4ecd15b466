"""Temperatures of one head: probabilities that mean what they say, and labels that stay as they are."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# About the median of what is read; there the length neither cools nor heats.
USUAL_TOKENS = 64
# Beyond these a text is as good as short or long.
FEWEST_TOKENS, MOST_TOKENS = 4, 1024


@dataclass(frozen=True, slots=True)
class Temperature:
    """What logits are divided by: `usual * (tokens / 64) ** power`. Below zero, `power` trusts short texts less."""

    usual: float = 1.0
    power: float = 0.0

    def at(self, tokens: Integers | int) -> Floats:
        """The temperature of texts of so many tokens, the target's not counted."""
        lengths = np.clip(np.asarray(tokens, dtype=np.float64), FEWEST_TOKENS, MOST_TOKENS)
        found: Floats = self.usual * (lengths / USUAL_TOKENS) ** self.power
        return found


def softmax(logits: Floats, temperature: float | Floats = 1.0) -> Floats:
    """Probabilities of each row of logits; one temperature for all, or one for each row."""
    scaled = logits / np.reshape(temperature, (-1, 1))
    exponentials = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    probabilities: Floats = exponentials / exponentials.sum(axis=1, keepdims=True)
    return probabilities


def fit_temperature(logits: Floats, labels: Integers, tokens: Integers) -> Temperature:
    """The temperature with the least negative log-likelihood (Guo et al. 2017, section 4.2), its length term included.

    `usual` stays within 0.2..5, `power` within -0.5..0.5.
    """

    def loss(numbers: Floats) -> float:
        tried = Temperature(float(np.exp(numbers[0])), float(numbers[1]))
        chosen = softmax(logits, tried.at(tokens))[np.arange(len(labels)), labels]
        return float(-np.log(np.maximum(chosen, 1e-12)).mean())

    bounds = ((float(np.log(0.2)), float(np.log(5.0))), (-0.5, 0.5))
    found = minimize(loss, np.zeros(2), method="Nelder-Mead", bounds=bounds)
    return Temperature(float(np.exp(found.x[0])), float(found.x[1]))
