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
_OPEN, _RUNNING = "/open", "/running"
_PLACES = 4


@dataclass(frozen=True, slots=True)
class Stack:
    """What the log-odds of the belief, the correction by the trees, and the log-odds of the base rate are multiplied by."""

    belief: float = 1.0
    trees: float = 1.0
    base_rate: float = 0.0

    def after(self, closed: float) -> "Stack":
        """The shares in a DAO with so many closed proposals: between those of `Stack()` and these."""
        start = np.array(astuple(Stack()))
        return Stack(*(start + _reach(np.array(float(closed))) * (np.array(astuple(self)) - start)).tolist())

    def log_odds(self, parts: Floats, closed: Floats) -> Floats:
        """Of each row of `parts` (belief, trees, base rate) of a DAO with so many closed proposals."""
        plain: Floats = parts @ np.array(astuple(Stack()))
        moved: Floats = plain + _reach(closed) * (parts @ np.array(astuple(self)) - plain)
        return moved


def stack_key(family: str, *, running: bool) -> str:
    """The name of a family's shares before or during the vote."""
    return family + (_RUNNING if running else _OPEN)


def stack_of(stacks: Mapping[str, Stack], family: str, *, running: bool) -> Stack:
    """The family's shares, else those of all families, else belief and trees as they are."""
    return stacks.get(stack_key(family, running=running)) or stacks.get(stack_key(ALL, running=running)) or Stack()


def of_running_votes(stacks: Mapping[str, Stack]) -> dict[str, Stack]:
    """Those that count during the vote; before it, belief and trees then speak as they are."""
    return {key: stack for key, stack in stacks.items() if key.endswith(_RUNNING)}


def fit_stack(parts: Floats, closed: Floats, passed: Floats, weights: Floats) -> Stack:
    """The most probable shares: a weighted logistic regression without intercept, with the prior `SPREAD` around `Stack()`."""
    plain, moving = parts @ np.array(astuple(Stack())), parts * _reach(closed)[:, None]

    def loss(moved: Floats) -> tuple[float, Floats]:
        odds, apart = plain + moving @ moved, moved / np.array(SPREAD)
        wrong = weights * (1.0 / (1.0 + np.exp(-odds)) - passed)
        total = weights @ (np.logaddexp(0.0, odds) - passed * odds) + 0.5 * apart @ apart
        return float(total), moving.T @ wrong + apart / np.array(SPREAD)

    found = np.array(astuple(Stack())) + minimize(loss, np.zeros(3), jac=True, method="BFGS").x
    return Stack(*(round(float(share), _PLACES) for share in found))


def _reach(closed: Floats) -> Floats:
    """How far a family's shares count in a DAO with so many closed proposals, 0 to 1."""
    return closed / (closed + 1.0)
