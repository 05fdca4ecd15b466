"""How far each family of kinds follows the belief, the trees and the base rate: three shares, learnt after the trees.

Stacked generalisation (Wolpert, 1992), on answers later than those the trees learnt from. What boosted trees learn of one
era holds in the next for some families and not for others, and before the vote mostly does not: there they start from a third.
Shares are learnt from DAOs with a history, and count as far as there is one: n / (n + 1) with n closed proposals.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Floats = NDArray[np.float64]
# Fewer answers say nothing of their own.
FEWEST = 30
# Answers of one DAO and time, and of one proposal at several moments, err alike: ten tell as much as three that stand alone.
EFFECTIVE_PART = 0.3
# Every family, where its own answers are too few.
ALL = ""
_OPEN, _RUNNING = "/open", "/running"
_PLACES = 4


@dataclass(frozen=True, slots=True)
class Prior:
    """What is expected before any answer: the share of the trees, and how far the shares of belief, trees and base rate may be from it.

    `spread` are standard deviations of a normal prior around 1, `trees` and 0.
    """

    trees: float
    spread: tuple[float, float, float]


# Found on splits of all the data by calendar time: what the years learnt from say for the trees, later years do not bear out.
BEFORE = Prior(0.35, (0.2, 0.25, 0.3))
# Votes tell in any era. The base rate is in the belief: more or less of it, learnt in one era, was wrong in the next.
DURING = Prior(1.0, (0.2, 0.5, 0.01))


@dataclass(frozen=True, slots=True)
class Stack:
    """What the log-odds of the belief, the correction by the trees, and the log-odds of the base rate are multiplied by.

    `alone`: what the trees are multiplied by in a DAO without a closed proposal, where belief counts 1 and base rate 0.
    """

    belief: float = 1.0
    trees: float = 1.0
    base_rate: float = 0.0
    alone: float = 1.0

    def after(self, closed: float) -> "Stack":
        """The shares in a DAO with so many closed proposals."""
        start = self._start()
        belief, trees, base_rate = (start + _reach(np.array(float(closed))) * (self._shares() - start)).tolist()
        return Stack(belief, trees, base_rate, self.alone)

    def log_odds(self, parts: Floats, closed: Floats) -> Floats:
        """Of each row of `parts` (belief, trees, base rate) of a DAO with so many closed proposals."""
        plain: Floats = parts @ self._start()
        moved: Floats = plain + _reach(closed) * (parts @ self._shares() - plain)
        return moved

    def _start(self) -> Floats:
        return np.array([1.0, self.alone, 0.0])

    def _shares(self) -> Floats:
        return np.array([self.belief, self.trees, self.base_rate])


def stack_key(family: str, *, running: bool) -> str:
    """The name of a family's shares before or during the vote."""
    return family + (_RUNNING if running else _OPEN)


def stack_of(stacks: Mapping[str, Stack], family: str, *, running: bool) -> Stack:
    """The family's shares, else those of all families, else belief and trees as they are."""
    return stacks.get(stack_key(family, running=running)) or stacks.get(stack_key(ALL, running=running)) or Stack()


def of_running_votes(stacks: Mapping[str, Stack]) -> dict[str, Stack]:
    """Those that count during the vote; before it, belief and trees then speak as they are."""
    return {key: stack for key, stack in stacks.items() if key.endswith(_RUNNING)}


def fit_stack(parts: Floats, closed: Floats, passed: Floats, weights: Floats, prior: Prior) -> Stack:
    """The most probable shares: a weighted logistic regression without intercept, around `prior`."""
    start, spread = np.array([1.0, prior.trees, 0.0]), np.array(prior.spread)
    plain, moving, counted = parts @ start, parts * _reach(closed)[:, None], weights * EFFECTIVE_PART

    def loss(moved: Floats) -> tuple[float, Floats]:
        odds, apart = plain + moving @ moved, moved / spread
        wrong = counted * (1.0 / (1.0 + np.exp(-odds)) - passed)
        total = counted @ (np.logaddexp(0.0, odds) - passed * odds) + 0.5 * apart @ apart
        return float(total), moving.T @ wrong + apart / spread

    found = start + minimize(loss, np.zeros(3), jac=True, method="BFGS").x
    belief, trees, base_rate = (round(float(share), _PLACES) for share in found)
    return Stack(belief, trees, base_rate, prior.trees)


def _reach(closed: Floats) -> Floats:
    """How far a family's shares count in a DAO with so many closed proposals, 0 to 1."""
    return closed / (closed + 1.0)
