"""How far each family of kinds follows the belief, the trees, the base rate and the open votes: four shares, learnt after the trees.

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
    """What is expected before any answer: the shares of trees and open votes, and how far the shares may be from it.

    `spread` are standard deviations, for belief, trees, base rate and open votes, of a normal prior around 1, `trees`, 0 and `open_votes`.
    """

    trees: float
    open_votes: float
    spread: tuple[float, float, float, float]


# Found on splits of all the data by calendar time: what the years learnt from say for the trees, later years do not bear out. What open
# votes say differs by family, from nothing to all, so their share is held loosely; without a history they are most of what is known.
BEFORE = Prior(0.35, 0.7, (0.2, 0.25, 0.3, 0.8))
# Votes tell in any era. The base rate is in the belief: more or less of it, learnt in one era, was wrong in the next. What the votes on
# other proposals say is left to the trees, which know how many have voted here.
DURING = Prior(1.0, 0.0, (0.2, 0.5, 0.01, 0.01))


@dataclass(frozen=True, slots=True)
class Stack:
    """What these are multiplied by: log-odds of the belief, correction by the trees, log-odds of the base rate, what open votes add.

    `alone`: what trees and open votes are multiplied by in a DAO without a closed proposal, where belief counts 1 and base rate 0.
    """

    belief: float = 1.0
    trees: float = 1.0
    base_rate: float = 0.0
    open_votes: float = 0.0
    alone: tuple[float, float] = (1.0, 0.0)

    def after(self, closed: float) -> "Stack":
        """The shares in a DAO with so many closed proposals."""
        start = self._start()
        belief, trees, base_rate, open_votes = (start + _reach(np.array(float(closed))) * (self._shares() - start)).tolist()
        return Stack(belief, trees, base_rate, open_votes, self.alone)

    def log_odds(self, parts: Floats, closed: Floats) -> Floats:
        """Of each row of `parts` (belief, trees, base rate, open votes) of a DAO with so many closed proposals."""
        plain: Floats = parts @ self._start()
        moved: Floats = plain + _reach(closed) * (parts @ self._shares() - plain)
        return moved

    def _start(self) -> Floats:
        return _middle(*self.alone)

    def _shares(self) -> Floats:
        return np.array([self.belief, self.trees, self.base_rate, self.open_votes])


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
    start, spread = _middle(prior.trees, prior.open_votes), np.array(prior.spread)
    plain, moving, counted = parts @ start, parts * _reach(closed)[:, None], weights * EFFECTIVE_PART

    def loss(moved: Floats) -> tuple[float, Floats]:
        odds, apart = plain + moving @ moved, moved / spread
        wrong = counted * (1.0 / (1.0 + np.exp(-odds)) - passed)
        total = counted @ (np.logaddexp(0.0, odds) - passed * odds) + 0.5 * apart @ apart
        return float(total), moving.T @ wrong + apart / spread

    found = start + minimize(loss, np.zeros(len(start)), jac=True, method="BFGS").x
    belief, trees, base_rate, open_votes = (round(float(share), _PLACES) for share in found)
    return Stack(belief, trees, base_rate, open_votes, (prior.trees, prior.open_votes))


def _middle(trees: float, open_votes: float) -> Floats:
    return np.array([1.0, trees, 0.0, open_votes])


def _reach(closed: Floats) -> Floats:
    """How far a family's shares count in a DAO with so many closed proposals, 0 to 1."""
    return closed / (closed + 1.0)
