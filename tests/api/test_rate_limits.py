"""Counting requests in windows: nothing is counted twice, and nothing is remembered for ever."""

import time

from limits import parse
from limits.strategies import FixedWindowRateLimiter

from api.rate_limits import WindowCounts


def test_a_window_lets_as_many_through_as_it_says_and_each_caller_has_its_own() -> None:
    """One caller who asks too much must not shut out another."""
    limiter, rate = FixedWindowRateLimiter(WindowCounts()), parse("3/hour")

    assert [limiter.hit(rate, "read", "a") for _ in range(5)] == [True, True, True, False, False]
    assert limiter.hit(rate, "read", "b")
    assert limiter.get_window_stats(rate, "read", "b").remaining == 2
    assert limiter.get_window_stats(rate, "read", "a").reset_time > time.time() + 3_000


def test_a_window_that_ended_counts_from_one_again() -> None:
    """A spent rate comes back by itself."""
    counts = WindowCounts()

    assert [counts.incr("a", expiry=0) for _ in range(3)] == [1, 1, 1]
    assert counts.get("a") == 0
    assert counts.get_expiry("a") <= time.time()


def test_windows_that_ended_are_swept() -> None:
    """A visitor per window must not fill the memory of a server that runs for a year."""
    counts = WindowCounts()
    for number in range(1_000):
        counts.incr(f"gone {number}", expiry=-2)
    counts.incr("here", expiry=3_600)
    counts.sweep(time.time())

    assert counts.reset() == 1
    assert counts.get("here") == 0
