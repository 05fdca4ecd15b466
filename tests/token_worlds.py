"""Many invented economies whose stakers answer in a known way: is what the simulation expects what then happens?"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from governance.tokenomics.comparison import Candidate, compare
from governance.tokenomics.economy import Stocks
from governance.tokenomics.objectives import KPI_WINDOW_DAYS, GrowthObjective
from governance.tokenomics.response import Day
from tests.token_economy import objective_body

GOAL = GrowthObjective.from_body(objective_body())


@dataclass(frozen=True, slots=True)
class World:
    """How the staked share of an invented economy moves: `answer` to the rate, and heavy-tailed noise a day."""

    answer: float
    noise: float
    days: int


@dataclass(frozen=True, slots=True)
class Found:
    """Over many worlds: how often the share that came about lay in the expected 90 % range, and how often a raise was clear."""

    covered: float
    recommended: float


def measure_worlds(world: World, *, worlds: int, seed: int, paths: int = 400) -> Found:
    """Make `worlds` histories and futures of one kind; judge the raise from 800 to 900 bps in each."""
    random = np.random.default_rng(seed)

    def next_day(share: float, rate: float) -> float:
        # Student's t with 4 degrees of freedom has variance 2.
        return float(share + world.answer * rate - 0.02 * (share - 0.16) + world.noise * random.standard_t(4) / 1.414)

    covered = recommended = 0
    for number in range(worlds):
        history, share = _history(world, next_day, random)
        effect = compare(GOAL, Stocks(share, 1e9, 1.25, 4e7, 5e7), history, Candidate(900, 800, number, paths, Fraction(9, 10)))
        came = []
        for _ in range(GOAL.horizon_days):
            share = next_day(share, 0.09)
            came.append(share)
        mean = sum(came[-KPI_WINDOW_DAYS:]) / KPI_WINDOW_DAYS
        covered += effect.change["staked_share"].low <= mean <= effect.change["staked_share"].high
        recommended += effect.benefit.low > GOAL.risk.min_benefit
    return Found(covered / worlds, recommended / worlds)


def _history(world: World, next_day: Callable[[float, float], float], random: np.random.Generator) -> tuple[tuple[Day, ...], float]:
    share, days = 0.36, []
    for day in range(world.days):
        rate = 0.05 if day < world.days // 3 else 0.09 if day < 2 * world.days // 3 else 0.08
        after = next_day(share, rate)
        days.append(Day(rate, share, after - share, 0.03 * float(random.standard_normal()), 0.0001))
        share = after
    return tuple(days), share
