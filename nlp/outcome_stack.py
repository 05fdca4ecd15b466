"""How far each family of kinds follows the belief, the trees and the base rate: three shares, learnt after the trees.

Stacked generalisation (Wolpert, 1992), on answers later than those the trees learnt from. What boosted trees learn of one
era holds in the next for some families and not for others: in DAOstack they say too little, in Decentraland too much.
Shares are learnt from DAOs with a history, and count as far as there is one: n / (n + 1) with n closed proposals.
"""

from collections.abc import Mapping
from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Floats = NDArray[np.float64]
# Fewer answers say nothing of their own.
FEWEST = 30
# How far the shares are expected to be from those of `Stack()`, as standard deviations of a normal prior.
SPREAD = (0.2, 0.5, 0.3)
# Every family, where its own answers are too few.
ALL = ""
_PLACES = 4


@dataclass(frozen=True, slots=True)
class Stack:
    """What the log-odds of the belief, the correction by the trees, and the log-odds of the base rate are multiplied by."""

    belief: float = 1.0
    trees: float = 1.0
    base_rate: float = 0.0

    def after(self, closed: float) -> "Stack":
        """The shares in a DAO with so many closed proposals: between those of `Stack()` and these."""
        far, (belief, trees, base_rate) = closed / (closed + 1.0), astuple(self)
        return Stack(1.0 + far * (belief - 1.0), 1.0 + far * (trees - 1.0), far * base_rate)

    def log_odds(self, parts: Floats, closed: Floats) -> Floats:
        """Of each row of `parts` (belief, trees, base rate) of a DAO with so many closed proposals."""
        plain = parts[:, 0] + parts[:, 1]
        stacked: Floats = plain + closed / (closed + 1.0) * (parts @ np.array(astuple(self)) - plain)
        return stacked


def stack_key(family: str, *, running: bool) -> str:
    """The name of a family's shares before or during the vote."""
    return f"{family}/{'running' if running else 'open'}"


def stack_of(stacks: Mapping[str, Stack], family: str, *, running: bool) -> Stack:
    """The family's shares, else those of all families, else belief and trees as they are."""
    return stacks.get(stack_key(family, running=running)) or stacks.get(stack_key(ALL, running=running)) or Stack()


def fit_stack(parts: Floats, closed: Floats, passed: Floats, weights: Floats) -> Stack:
    """The most probable shares: a weighted logistic regression without intercept, with the prior `SPREAD` around `Stack()`."""
    plain, moving = parts[:, 0] + parts[:, 1], parts * (closed / (closed + 1.0))[:, None]

    def loss(moved: Floats) -> tuple[float, Floats]:
        odds, apart = plain + moving @ moved, moved / np.array(SPREAD)
        wrong = weights * (1.0 / (1.0 + np.exp(-odds)) - passed)
        total = weights @ (np.logaddexp(0.0, odds) - passed * odds) + 0.5 * apart @ apart
        return float(total), moving.T @ wrong + apart / np.array(SPREAD)

    found = np.array(astuple(Stack())) + minimize(loss, np.zeros(3), jac=True, method="BFGS").x
    return Stack(*(round(float(share), _PLACES) for share in found))
