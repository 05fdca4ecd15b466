"""How far each family of kinds follows the trees, and how far the base rate instead of the belief: learnt after the trees.

Stacked generalisation (Wolpert, 1992), on answers later than those the trees learnt from. What boosted trees learn of one
era holds in the next for some families and not for others: in DAOstack they say too little, in Decentraland too much. Where
a DAO has no history, belief and base rate are one, and only the trees' share counts.
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
SPREAD = (0.5, 0.3)
# Every family, where its own answers are too few.
ALL = ""
_PLACES = 4


@dataclass(frozen=True, slots=True)
class Stack:
    """What the trees' correction is multiplied by, and how much of the way the log-odds go from the belief to the base rate."""

    trees: float = 1.0
    base_rate: float = 0.0

    def log_odds(self, parts: Floats) -> Floats:
        """Of each row of `parts`: where the trees begin, their correction, the way from belief to base rate."""
        stacked: Floats = parts[:, 0] + parts[:, 1:] @ np.array(astuple(self))
        return stacked


def stack_key(family: str, *, running: bool) -> str:
    """The name of a family's shares before or during the vote."""
    return f"{family}/{'running' if running else 'open'}"


def stack_of(stacks: Mapping[str, Stack], family: str, *, running: bool) -> Stack:
    """The family's shares, else those of all families, else the trees as they are."""
    return stacks.get(stack_key(family, running=running)) or stacks.get(stack_key(ALL, running=running)) or Stack()


def fit_stack(parts: Floats, passed: Floats, weights: Floats) -> Stack:
    """The most probable shares: a weighted logistic regression with an offset, and the prior `SPREAD` around `Stack()`."""
    start, spread, moving = np.array(astuple(Stack())), np.array(SPREAD), parts[:, 1:]

    def loss(shares: Floats) -> tuple[float, Floats]:
        odds, apart = parts[:, 0] + moving @ shares, (shares - start) / spread
        wrong = weights * (1.0 / (1.0 + np.exp(-odds)) - passed)
        total = weights @ (np.logaddexp(0.0, odds) - passed * odds) + 0.5 * apart @ apart
        return float(total), moving.T @ wrong + apart / spread

    found = minimize(loss, start, jac=True, method="BFGS").x
    return Stack(*(round(float(share), _PLACES) for share in found))
