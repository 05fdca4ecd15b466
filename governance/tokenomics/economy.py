"""A small stock-and-flow economy of a staked token, run forward over many paths at once.

Arithmetic is +, −, ·, ÷, square roots and comparisons on IEEE 754 doubles, element by element and in a fixed order, and
`math.fsum` where many numbers are added: the same inputs give the same bits on every processor.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from governance.tokenomics.response import Day, Response, resampled, response

Floats = NDArray[np.float64]
BPS: Final = 10_000.0
YEAR_DAYS: Final = 365.0


@dataclass(frozen=True, slots=True)
class Stocks:
    """Where the economy stands at the start: the share staked, the supply, the price, and the pool's two reserves."""

    staked_share: float
    supply: float
    price: float
    pool_token: float
    pool_quote: float


@dataclass(frozen=True, slots=True)
class Draws:
    """One set of random futures, used for every candidate alike, so that candidates differ by nothing but themselves.

    `days` are indices into the history, one row per simulated day; `answer` is each path's own estimate of how stakers
    answer the rate, so that what the history leaves uncertain is uncertain in the result.
    """

    days: NDArray[np.int64]
    answer: Response
    unidentified: int


@dataclass(frozen=True, slots=True)
class Paths:
    """What came out, per path: means over the horizon's last week, and tokens issued beyond the present rate's."""

    staked_share: Floats
    price: Floats
    extra_issued: Floats


def draw(history: tuple[Day, ...], *, paths: int, horizon_days: int, seed: int) -> Draws:
    """Futures drawn from the DAO's own days, with replacement: the day's price return, supply growth and surprise together."""
    generator = np.random.Generator(np.random.PCG64(seed))
    n = len(history)
    samples = generator.integers(0, n, size=(n, paths), dtype=np.int64)
    days = generator.integers(0, n, size=(horizon_days, paths), dtype=np.int64)
    answer, unidentified = resampled(history, samples)
    return Draws(days, answer, unidentified)


def simulate(
    stocks: Stocks, history: tuple[Day, ...], draws: Draws, *, apr_bps: int, base_bps: int, reward_sale_share: float, kpi_days: int
) -> Paths:
    """Run every path with the reward rate at `apr_bps`, where `base_bps` is the rate the history was made under.

    Per day: the stakers answer (share += a + b·rate + c·share + surprise, kept in 0..1); rewards beyond the base rate
    are issued, and `reward_sale_share` of them is sold into the constant-product pool; then the price takes a day's
    return out of history (reserves move along x·y = k). What the base rate's own rewards do to the price is in those
    returns already and is not counted twice. Only the pool is there to take the sales, which overstates what they do to
    a price that has other markets: the cost of a raise is rather over- than underestimated.
    """
    plain = response(history)
    surprise = np.array(plain.surprises(history), dtype=np.float64)
    returns = np.sqrt(1.0 + np.array([day.price_return for day in history], dtype=np.float64))
    growth = np.array([day.supply_growth for day in history], dtype=np.float64)
    paths = draws.days.shape[1]
    share, supply = np.full(paths, stocks.staked_share), np.full(paths, stocks.supply)
    token, quote = np.full(paths, stocks.pool_token), np.full(paths, stocks.pool_quote)
    issued, shares, prices = np.zeros(paths), np.zeros(paths), np.zeros(paths)
    start_ratio, rate, extra_rate = stocks.pool_quote / stocks.pool_token, apr_bps / BPS, (apr_bps - base_bps) / BPS / YEAR_DAYS
    horizon = draws.days.shape[0]
    for step in range(horizon):
        day = draws.days[step]
        share = draws.answer.next_share(share, rate) + surprise[day]
        share = np.minimum(np.maximum(share, 0.0), 1.0)
        extra = supply * share * extra_rate
        supply = supply + supply * growth[day] + extra
        issued = issued + extra
        # A lower rate sells less than history did; the pool never gives up more than half of its tokens for that.
        sold = np.maximum(extra * reward_sale_share, token * -0.5)
        quote = quote * token / (token + sold)
        token = token + sold
        quote, token = quote * returns[day], token / returns[day]
        if step >= horizon - kpi_days:
            shares = shares + share
            prices = prices + quote / token
    scale = stocks.price / start_ratio / kpi_days
    return Paths(shares / kpi_days, prices * scale, issued)


@dataclass(frozen=True, slots=True)
class Interval:
    """The mean over the paths, and the values below which and above which the tails of (1 − level)/2 lie."""

    mean: float
    low: float
    high: float


def interval(values: Floats, *, tail_low: int, tail_high: int) -> Interval:
    """The mean (exactly rounded sum) and two order statistics of `values`, by their positions in the sorted paths."""
    ordered = np.sort(values)
    return Interval(math.fsum(values.tolist()) / len(values), float(ordered[tail_low]), float(ordered[tail_high]))
