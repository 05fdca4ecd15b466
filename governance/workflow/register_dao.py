"""Brings a DAO under governance."""

from datetime import datetime

from sqlmodel import Session

from governance.actors import Actor
from governance.decision_log import EntryKind
from governance.errors import AlreadyRecorded
from governance.intake.daos import DaoReceived
from governance.records import decision_log
from governance.records.daos import Dao, DaoSource


def register_dao(session: Session, received: DaoReceived, *, actor: Actor, now: datetime, invented: bool = False) -> Dao:
    """Register the DAO, or give back the one that is there: a second registration with the same content changes nothing.

    `invented` marks a demonstration DAO; it alone has a clock that can be moved.

    Raises:
        AlreadyRecorded: the DAO is registered with another description or mark.

    Logs:
        dao.registered.
    """
    known = session.get(Dao, received.id)
    if known is not None:
        _add_source(session, received)
        if (received.about is not None and known.about != received.about) or known.invented != invented:
            raise AlreadyRecorded(f"the DAO {received.id!r} is registered with other content", dao=received.id)
        return known
    dao = Dao(id=received.id, name=received.name, about=received.about, invented=invented, known_at=now, recorded_at=now)
    session.add(dao)
    session.flush()
    _add_source(session, received)
    decision_log.append(
        session,
        kind=EntryKind.DAO_REGISTERED,
        dao_id=dao.id,
        actor=actor,
        subject={"dao": dao.id},
        data={"dao": {"id": dao.id, "name": dao.name, "about": dao.about, "invented": dao.invented, "source": received.source}},
        ts=now,
        recorded_at=now,
    )
    return dao


def _add_source(session: Session, received: DaoReceived) -> None:
    if session.get(DaoSource, (received.source, received.name)) is None:
        session.add(DaoSource(source=received.source, external_id=received.name, dao_id=received.id))
        session.flush()
