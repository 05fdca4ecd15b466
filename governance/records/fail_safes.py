"""The pause switch and overrides: what people did over the machine."""

from datetime import datetime

from sqlmodel import Session, col, select

from governance.identity import derived
from governance.records.daos import Dao, PauseEvent
from governance.records.executions import Override

SET, ASKED, CLEARED = "set", "clear_asked", "cleared"


def pause_events(session: Session, dao_id: str) -> list[PauseEvent]:
    """Every step of the switch, oldest first."""
    query = select(PauseEvent).where(PauseEvent.dao_id == dao_id)
    return list(session.exec(query.order_by(col(PauseEvent.position))))


def asked_to_clear(session: Session, dao_id: str) -> list[PauseEvent]:
    """Who has asked to clear the pause that stands now, oldest first."""
    asked: list[PauseEvent] = []
    for event in pause_events(session, dao_id):
        asked = [*asked, event] if event.action == ASKED else []
    return asked


def add_pause_event(session: Session, dao: Dao, *, action: str, guardian: str, reason: str, recorded_at: datetime) -> PauseEvent:
    """Store one step of the switch, after all that went before."""
    count = len(pause_events(session, dao.id))
    event = PauseEvent(
        id=derived("pse", dao.id, str(count)),
        dao_id=dao.id,
        position=count,
        action=action,
        reason=reason,
        guardian=guardian,
        recorded_at=recorded_at,
    )
    session.add(event)
    session.flush()
    return event


def set_paused(session: Session, dao: Dao, *, paused: bool) -> None:
    """Turn the DAO's switch."""
    dao.paused = paused
    session.add(dao)
    session.flush()


def overrides_of(session: Session, dao_id: str) -> list[Override]:
    """The DAO's overrides, oldest first."""
    query = select(Override).where(Override.dao_id == dao_id)
    return list(session.exec(query.order_by(col(Override.recorded_at), col(Override.id))))


def add_override(
    session: Session, *, id_: str, dao_id: str, recommendation_id: str, action: str, reason: str, actor: str, recorded_at: datetime
) -> Override:
    """Store a person's decision."""
    row = Override(
        id=id_, dao_id=dao_id, recommendation_id=recommendation_id, action=action, reason=reason, actor=actor, recorded_at=recorded_at
    )
    session.add(row)
    session.flush()
    return row
