"""Calendar intervals in UTC, each kind numbered without gaps, so that a database can group by number."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

# The Monday from which weeks are counted.
WEEKS_FROM: Final = datetime(1970, 1, 5, tzinfo=UTC)
_WEEK: Final = timedelta(weeks=1)
_FIRST_YEAR, _LAST_YEAR = 1, 9999


class Interval(StrEnum):
    """How long one point of a series lasts."""

    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"

    @property
    def months(self) -> int:
        """How many months it has; 0 for a week."""
        return {Interval.WEEK: 0, Interval.MONTH: 1, Interval.QUARTER: 3, Interval.YEAR: 12}[self]


def number_of(kind: Interval, moment: datetime) -> int:
    """The number of the interval in which `moment` lies: weeks since 1970-01-05, else months since the year 0 over its length."""
    moment = moment.astimezone(UTC)
    if kind is Interval.WEEK:
        return (moment - WEEKS_FROM) // _WEEK
    return (moment.year * 12 + moment.month - 1) // kind.months


def start_of(kind: Interval, number: int) -> datetime:
    """When interval `number` starts; it ends where the next one starts, that moment excluded.

    The first and last moments that a time can have stand for intervals outside the calendar.
    """
    if kind is Interval.WEEK:
        return _week(number)
    year, month = divmod(number * kind.months, 12)
    if year < _FIRST_YEAR:
        return datetime.min.replace(tzinfo=UTC)
    return datetime.max.replace(tzinfo=UTC) if year > _LAST_YEAR else datetime(year, month + 1, 1, tzinfo=UTC)


def _week(number: int) -> datetime:
    try:
        return WEEKS_FROM + _WEEK * number
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC) if number < 0 else datetime.max.replace(tzinfo=UTC)
