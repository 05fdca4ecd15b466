"""The small economy: what must hold in any of them, and that it finds again what an invented history was made with."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.tokenomics.comparison import Candidate, compare
from governance.tokenomics.economy import Stocks, draw, interval, simulate
from governance.tokenomics.objectives import GrowthObjective
from governance.tokenomics.response import Day, identified, response
from tests.token_economy import noise, objective_body

STOCKS = Stocks(staked_share=0.4, supply=1e9, price=1.25, pool_token=4e7, pool_quote=5e7)
GOAL = GrowthObjective.from_body(objective_body())


def days(n: int = 100, *, b: float = 0.06, c: float = -0.02, quiet: float = 0.0004) -> tuple[Day, ...]:
    """A history made with a known answer: share_change = 0.0032 + b·rate + c·share."""
    share, found = 0.3, []
    for day in range(n):
        rate = 0.05 if day < n // 3 else 0.09 if day < 2 * n // 3 else 0.08
        change = 0.0032 + b * rate + c * share + quiet * noise(day, 1)
        found.append(Day(rate, share, change, 0.02 * noise(day, 2), 0.0001))
        share += change
    return tuple(found)


def run(history: tuple[Day, ...], apr_bps: int, *, seed: int = 1, sale: float = 0.5, stocks: Stocks = STOCKS) -> tuple[float, float, float]:
    """Means of share, price and extra issuance over 300 paths of 28 days from a base rate of 800 bps."""
    draws = draw(history, paths=300, horizon_days=28, seed=seed)
    out = simulate(stocks, history, draws, apr_bps=apr_bps, base_bps=800, reward_sale_share=sale, kpi_days=7)
    return tuple(math.fsum(values.tolist()) / 300 for values in (out.staked_share, out.price, out.extra_issued))  # type: ignore[return-value]


def test_the_answer_that_made_a_history_is_found_again() -> None:
    """Without noise exactly, with noise nearly: the estimate is least squares and nothing else."""
    exact, noisy = response(days(quiet=0.0)), response(days())

    assert (exact.a, exact.b, exact.c) == pytest.approx((0.0032, 0.06, -0.02), abs=1e-9)
    assert noisy.b == pytest.approx(0.06, rel=0.15)
    assert response(days(b=0.0)).b == pytest.approx(0.0, abs=0.01)


def test_a_rate_that_never_moved_identifies_nothing() -> None:
    """Also when its value has no exact binary form, so that deviations from the mean are rounding noise."""
    flat = tuple(Day(0.0801, day.share, day.share_change, day.price_return, day.supply_growth) for day in days(97))

    assert identified(days())
    assert not identified(flat)
    assert not identified(tuple(Day(0.2 * d.share, d.share, d.share_change, 0.0, 0.0) for d in days()))  # in step with the share


def test_the_present_rate_issues_nothing_extra_and_conserves_the_pool() -> None:
    """What history holds already is not counted twice; with no returns and no extra, the price stands still."""
    calm = tuple(Day(d.rate, d.share, d.share_change, 0.0, 0.0) for d in days())

    assert run(calm, 800)[2] == 0.0
    assert run(calm, 800)[1] == pytest.approx(STOCKS.price)


@settings(max_examples=25, deadline=None)
@given(lower=st.integers(200, 1_900), step=st.integers(1, 100))
def test_a_higher_rate_stakes_more_issues_more_and_never_lifts_the_price(lower: int, step: int) -> None:
    """On the same futures, for a DAO whose stakers answer."""
    history = days(quiet=0.0)
    low, high = run(history, lower), run(history, lower + step)

    assert high[0] > low[0]
    assert high[2] > low[2]
    assert high[1] <= low[1]


@settings(max_examples=25, deadline=None)
@given(apr=st.integers(0, 100_000), share=st.floats(0.001, 0.999), sale=st.floats(0, 1), seed=st.integers(0, 2**32))
def test_no_rate_however_absurd_breaks_the_economy(apr: int, share: float, sale: float, seed: int) -> None:
    """Shares stay shares, prices stay positive and finite: no NaN can reach a document."""
    history = days()
    draws = draw(history, paths=50, horizon_days=60, seed=seed)
    stocks = Stocks(share, 1e9, 1.25, 4e5, 5e5)

    out = simulate(stocks, history, draws, apr_bps=apr, base_bps=800, reward_sale_share=sale, kpi_days=7)

    assert np.all((out.staked_share >= 0) & (out.staked_share <= 1))
    assert np.all((out.price > 0) & np.isfinite(out.price))
    assert np.all(np.isfinite(out.extra_issued))


def test_a_sale_moves_the_price_as_the_constant_product_says() -> None:
    """One day, one path: x·y = k by hand."""
    still = tuple(Day(rate, 0.4, 0.0, 0.0, 0.0) for rate in (0.05, 0.08))
    draws = draw(still, paths=1, horizon_days=7, seed=3)
    out = simulate(STOCKS, still, draws, apr_bps=37_300, base_bps=800, reward_sale_share=1.0, kpi_days=1)
    token, supply = STOCKS.pool_token, STOCKS.supply
    for _ in range(7):
        extra = supply * 0.4 * 36_500 / 10_000 / 365
        supply, token = supply + extra, token + extra

    assert out.price[0] == pytest.approx(STOCKS.pool_token * STOCKS.pool_quote / token / token, rel=1e-9)
    assert out.extra_issued[0] == pytest.approx(supply - STOCKS.supply, rel=1e-9)


def test_the_seed_decides_the_futures_and_candidates_share_them() -> None:
    """Common random numbers: hold against hold is no difference at all, another seed is another sample."""
    same = compare(GOAL, STOCKS, days(), Candidate(800, 800, seed=5, paths=200, level=Fraction(9, 10)))

    assert (same.benefit.low, same.benefit.high, same.price_cost) == (0.0, 0.0, 0.0)
    assert run(days(), 900, seed=1) == run(days(), 900, seed=1)
    assert run(days(), 900, seed=1) != run(days(), 900, seed=2)


def test_an_interval_is_made_of_order_statistics() -> None:
    """The tails are counted, not interpolated: 5 % of 100 paths are five paths below."""
    found = interval(np.arange(100, dtype=np.float64)[::-1], tail_low=5, tail_high=94)

    assert (found.mean, found.low, found.high) == (49.5, 5.0, 94.0)


def test_a_stricter_level_never_narrows_an_interval() -> None:
    """Caution can only widen."""
    loose, strict = (compare(GOAL, STOCKS, days(), Candidate(900, 800, 5, 400, level)) for level in (Fraction(9, 10), Fraction(19, 20)))

    assert strict.benefit.low < loose.benefit.low <= loose.benefit.high < strict.benefit.high
    assert strict.benefit.mean == loose.benefit.mean
