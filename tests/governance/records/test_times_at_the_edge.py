"""Questions bounded by the first or last time there is: both databases answer them alike."""

from datetime import datetime, timedelta, timezone

import pytest
from sqlmodel import Session, col, select

from governance.records.daos import Dao

FIRST = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=23, minutes=59)))
LAST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone(-timedelta(hours=23, minutes=59)))


@pytest.mark.parametrize(("bound", "found"), [(FIRST, 0), (LAST, 1)])
def test_a_time_that_utc_has_no_year_for_is_a_bound_like_any_other(session: Session, now: datetime, bound: datetime, found: int) -> None:
    """RFC 3339 can write it, so somebody will ask with it; the answer is not a server error."""
    session.add(Dao(id="a", name="a", known_at=now, recorded_at=now))
    session.flush()

    assert len(session.exec(select(Dao).where(col(Dao.known_at) <= bound)).all()) == found
