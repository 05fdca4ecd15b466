"""One candidate against *hold*: the same random futures, the two outcomes, and what the difference is worth."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from governance.canonical import fixed
from governance.tokenomics.economy import BPS, Interval, Paths, Stocks, draw, interval, simulate
from governance.tokenomics.objectives import KPI_ROLES, KPI_WINDOW_DAYS, GrowthObjective
from governance.tokenomics.response import Day
from governance.tokenomics.series import DailySeries


@dataclass(frozen=True, slots=True)
class Candidate:
    """A rate to try and the circumstances: the present rate, the seed, how many paths, and how sure (two-sided)."""

    proposed_bps: int
    current_bps: int
    seed: int
    paths: int
    level: Fraction


@dataclass(frozen=True, slots=True)
class Effect:
    """What the simulation says: each KPI under hold and under the change, the benefit, and the price paid for it.

    `price_cost` is the mean shortfall of the price against hold on the same path, as a share; negative is a gain.
    `unidentified` is the share of paths whose resampled history could not tell how stakers answer.
    """

    candidate: Candidate
    hold: Mapping[str, Interval]
    change: Mapping[str, Interval]
    benefit: Interval
    price_cost: float
    extra_issued: float
    unidentified: float

    def body(self) -> dict[str, object]:
        """The effect as it stands in a document, rounded to six places."""
        return {
            "seed": str(self.candidate.seed),
            "paths": self.candidate.paths,
            "hold": {role: _interval_body(found) for role, found in self.hold.items()},
            "change": {role: _interval_body(found) for role, found in self.change.items()},
            "benefit": {**_interval_body(self.benefit), "level": fixed(float(self.candidate.level))},
            "price_cost": fixed(self.price_cost),
            "extra_issued": fixed(self.extra_issued),
            "unidentified": fixed(self.unidentified),
        }


def compare(objective: GrowthObjective, stocks: Stocks, history: tuple[Day, ...], candidate: Candidate) -> Effect:
    """Simulate the candidate and *hold* on the same futures. Deterministic in all its arguments."""
    draws = draw(history, paths=candidate.paths, horizon_days=objective.horizon_days, seed=candidate.seed)

    def run(apr_bps: int) -> Paths:
        sale = objective.reward_sale_share
        return simulate(
            stocks, history, draws, apr_bps=apr_bps, base_bps=candidate.current_bps, reward_sale_share=sale, kpi_days=KPI_WINDOW_DAYS
        )

    held, moved = run(candidate.current_bps), run(candidate.proposed_bps)
    low = math.floor((1 - candidate.level) / 2 * candidate.paths)
    high = candidate.paths - 1 - low
    nearer = np.abs(held.staked_share - objective.target) - np.abs(moved.staked_share - objective.target)
    benefit = nearer - objective.risk.issuance_weight * (moved.extra_issued / stocks.supply)
    cost = 1.0 - moved.price / held.price
    return Effect(
        candidate=candidate,
        hold={role: interval(getattr(held, role), tail_low=low, tail_high=high) for role in KPI_ROLES},
        change={role: interval(getattr(moved, role), tail_low=low, tail_high=high) for role in KPI_ROLES},
        benefit=interval(benefit, tail_low=low, tail_high=high),
        price_cost=math.fsum(cost.tolist()) / candidate.paths,
        extra_issued=math.fsum(moved.extra_issued.tolist()) / candidate.paths,
        unidentified=draws.unidentified / candidate.paths,
    )


def history_of(series: Mapping[str, DailySeries], rates_bps: Mapping[int, float]) -> tuple[Day, ...]:
    """The days, oldest first, on which and after which everything was observed; a gap in any series leaves its days out."""
    share, price, supply = (series[role].values for role in ("staked_share", "price", "supply"))
    whole = [day for day in sorted(share, reverse=True) if day in price and day in supply]
    known = set(whole)
    return tuple(
        Day(
            rate=rates_bps[day] / BPS,
            share=share[day],
            share_change=share[day - 1] - share[day],
            price_return=price[day - 1] / price[day] - 1,
            supply_growth=supply[day - 1] / supply[day] - 1,
        )
        for day in whole
        if day - 1 in known and day in rates_bps
    )


def _interval_body(found: Interval) -> dict[str, str]:
    return {"mean": fixed(found.mean), "low": fixed(found.low), "high": fixed(found.high)}
