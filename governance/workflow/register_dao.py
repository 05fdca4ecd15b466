"""Brings a DAO under governance."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from governance.actors import Actor
from governance.decision_log import EntryKind
from governance.errors import AlreadyRecorded
from governance.intake.daos import DaoReceived
from governance.records import daos, decision_log
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
    _log(session, received, invented=invented, actor=actor, now=now)
    return dao


def register_daos(session: Session, received: Sequence[DaoReceived], *, actor: Actor, now: datetime) -> None:
    """Register many DAOs, none of which is known yet, as `register_dao` would one by one.

    Logs:
        dao.registered for each.
    """
    if not received:
        return
    daos.add_daos(session, [{"id": dao.id, "name": dao.name, "about": dao.about} for dao in received], recorded_at=now)
    for dao in received:
        _log(session, dao, invented=False, actor=actor, now=now)


def _log(session: Session, dao: DaoReceived, *, invented: bool, actor: Actor, now: datetime) -> None:
    decision_log.append(
        session,
        kind=EntryKind.DAO_REGISTERED,
        dao_id=dao.id,
        actor=actor,
        subject={"dao": dao.id},
        data={"dao": {"id": dao.id, "name": dao.name, "about": dao.about, "invented": invented, "source": dao.source}},
        ts=now,
        recorded_at=now,
    )


def _add_source(session: Session, received: DaoReceived) -> None:
    if session.get(DaoSource, (received.source, received.name)) is None:
        session.add(DaoSource(source=received.source, external_id=received.name, dao_id=received.id))
        session.flush()
