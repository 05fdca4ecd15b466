"""Times in requests: what RFC 3339 writes is taken, what merely looks like a time is not."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given, strategies

from api.instants import earlier, instant

FIRST = datetime.min.replace(tzinfo=UTC)


@given(
    strategies.datetimes(
        min_value=datetime(2, 1, 1),  # noqa: DTZ001  # the zone is drawn beside it
        max_value=datetime(9998, 1, 1),  # noqa: DTZ001
        timezones=strategies.timezones(),
    )
)
def test_every_time_with_a_whole_minute_zone_reads_back_in_utc(moment: datetime) -> None:
    """Whatever zone a frontend writes in, the moment is the same."""
    offset = moment.utcoffset()
    assert offset is not None
    written = (moment.astimezone(UTC) if offset % timedelta(minutes=1) else moment).isoformat()

    found = instant(written)

    # Read back by its offset: a wall time that the zone has twice, or never, equals no time of another zone.
    assert found == datetime.fromisoformat(written)
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "1763726400", "2026-11-21", "2026-11-21T12:00:00", "2026-11-21 12:00:00Z", "2026-11-21T12:00Z", "2026-W47-6T12:00:00Z",
        "20261121T120000Z", "2026-11-21T12:00:00+0100", "2026-02-30T12:00:00Z", "2026-11-21T24:00:00Z", "2026-11-21T12:00:00+24:00",
        "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "٢٠٢٦-11-21T12:00:00Z", "", 1_763_726_400, None,
    ],
)  # fmt: skip
def test_what_is_no_rfc_3339_time_is_refused(text: object) -> None:
    """A bare number could be seconds or milliseconds, and a time without zone is two dozen times."""
    with pytest.raises(ValueError, match="RFC 3339"):
        instant(text)


@given(strategies.datetimes(timezones=strategies.just(UTC)), strategies.timedeltas(min_value=timedelta(0)))
def test_going_back_stops_at_the_first_moment(moment: datetime, by: timedelta) -> None:
    """A window before the year 1 is a short window, not an error of ours."""
    assert earlier(moment, by) == (FIRST if by > moment - FIRST else moment - by)


@pytest.mark.parametrize(
    "question",
    [
        "/v1/daos/d/health?as_of={}", "/v1/daos/d/proposals?as_of={}", "/v1/daos/d/proposals?created_from={}", "/v1/daos/d/votes?as_of={}",
        "/v1/daos/d/objectives?as_of={}", "/v1/daos/d/parameters?as_of={}", "/v1/daos/d/abstentions?as_of={}",
        "/v1/daos/d/observations?observed_to={}", "/v1/daos/d/sentiment?as_of={}", "/v1/proposals/p?as_of={}", "/v1/log/entries?since={}",
    ],
)  # fmt: skip
def test_every_route_reads_times_alike(anonymous: httpx.Client, question: str) -> None:
    """One rule for all: a number is refused before the DAO is looked for, a time is not."""
    assert anonymous.get(question.format("1763726400")).status_code == 422
    assert anonymous.get(question.format("2026-11-21T12:00:00Z")).status_code in {200, 404}
