"""Times as requests write them: RFC 3339 with a zone, and nothing that merely looks like a time."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from pydantic import BeforeValidator

_RULE: Final = "a time as RFC 3339 writes it, with its zone, such as 2026-11-21T12:00:00Z"
_FIRST: Final = datetime.min.replace(tzinfo=UTC)
_SHAPE: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})", re.ASCII | re.IGNORECASE
)


def instant(value: object) -> datetime:
    """The UTC time that `value` writes, cut to the microsecond.

    Numbers, dates alone, times without zone and times for which UTC has no year are refused (RFC 3339 section 5.6).

    Raises:
        ValueError: `value` is no such text.
    """
    if not isinstance(value, str) or not _SHAPE.fullmatch(value):
        raise ValueError(_RULE)
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(_RULE) from None


def earlier(moment: datetime, by: timedelta) -> datetime:
    """`moment` less `by`; the first moment of the year 1 where there is none before it."""
    return moment - min(by, moment - _FIRST)


# The one type of every time in a query or a body.
Instant = Annotated[datetime, BeforeValidator(instant)]
