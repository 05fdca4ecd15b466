"""Moves a demonstration DAO's own clock forward."""

from datetime import datetime, timedelta

from sqlmodel import Session

from governance.actors import Actor
from governance.decision_log import EntryKind
from governance.errors import Conflict, InvalidInput
from governance.records import decision_log
from governance.records.daos import Dao, dao_time, get_dao, set_clock_offset

# Far beyond any horizon or expiry, and near enough that no time leaves the calendar.
MOST_AT_ONCE = timedelta(days=366)
_SECOND = timedelta(seconds=1)


def advance_clock(session: Session, dao_id: str, *, by: timedelta, actor: Actor, now: datetime) -> Dao:
    """Let `by` pass for an invented DAO: whole seconds, forward only. Real DAOs live in wall time.

    Raises:
        Conflict: the DAO is not a demonstration.
        InvalidInput: `by` is not within 1 s and 366 days.

    Logs:
        clock.advanced, at the DAO's new time.
    """
    dao = get_dao(session, dao_id)
    if not dao.invented:
        raise Conflict("only an invented DAO's clock can be moved", dao=dao_id)
    if not _SECOND <= by <= MOST_AT_ONCE:
        raise InvalidInput("by_s", by // _SECOND, f"must be 1 to {MOST_AT_ONCE // _SECOND} seconds")
    before = dao.clock_offset_s
    set_clock_offset(session, dao, before + by // _SECOND)
    decision_log.append(
        session,
        kind=EntryKind.CLOCK_ADVANCED,
        dao_id=dao.id,
        actor=actor,
        subject={"dao": dao.id},
        data={"offset_s": {"from": before, "to": dao.clock_offset_s}},
        ts=dao_time(session, dao.id, now),
        recorded_at=now,
    )
    return dao
