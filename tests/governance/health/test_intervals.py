"""Intervals: every moment lies in exactly one, and they follow the calendar in UTC."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.health.intervals import Interval, number_of, start_of


@given(
    st.sampled_from(Interval),
    st.integers(-700_000, 2_900_000).map(
        lambda days: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(days=days, microseconds=days**2 % 86_400_000_000)
    ),
)
def test_every_moment_lies_in_exactly_one_interval(kind: Interval, moment: datetime) -> None:
    """A vote counted in two intervals, or in none, would falsify a series."""
    number = number_of(kind, moment)
    assert start_of(kind, number) <= moment < start_of(kind, number + 1)


def test_the_calendar_decides() -> None:
    """Weeks start on Monday, quarters in January, April, July and October."""
    moment = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
    assert {kind: start_of(kind, number_of(kind, moment)).isoformat()[:10] for kind in Interval} == {
        Interval.WEEK: "2026-11-16",
        Interval.MONTH: "2026-11-01",
        Interval.QUARTER: "2026-10-01",
        Interval.YEAR: "2026-01-01",
    }


@pytest.mark.parametrize("kind", Interval)
def test_the_ends_of_time_are_no_error(kind: Interval) -> None:
    """A question about the year 1 is answered, not refused with a crash."""
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    assert start_of(kind, number_of(kind, first) - 200) == first
    assert start_of(kind, number_of(kind, last) + 1) <= last
    assert start_of(kind, number_of(kind, last) + 1) > last - timedelta(days=400)
