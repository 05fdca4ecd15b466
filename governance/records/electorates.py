"""Electorate versions: who may consent now, and who could before."""

from datetime import datetime

from sqlmodel import Session, col, select

from governance.electorates import Electorate as Rules
from governance.electorates import electorate as read_electorate
from governance.errors import NotFound
from governance.records.daos import Electorate


def current(session: Session, dao_id: str) -> Electorate | None:
    """The electorate that counts now; None while none was ever set."""
    query = select(Electorate).where(Electorate.dao_id == dao_id).order_by(col(Electorate.version).desc()).limit(1)
    return session.exec(query).one_or_none()


def get_current(session: Session, dao_id: str) -> tuple[int, Rules]:
    """The version and rules of the electorate that counts now, or `NotFound`."""
    row = current(session, dao_id)
    if row is None:
        raise NotFound("electorate of DAO", dao_id)
    return row.version, read_electorate(row.body)


def versions(session: Session, dao_id: str) -> list[Electorate]:
    """All versions, oldest first."""
    return list(session.exec(select(Electorate).where(Electorate.dao_id == dao_id).order_by(col(Electorate.version))))


def add(session: Session, dao_id: str, rules: Rules, *, version: int, set_by: str, ts: datetime, recorded_at: datetime) -> Electorate:
    """Store a new version; versions are never changed."""
    row = Electorate(
        dao_id=dao_id, version=version, body=rules.body(), sha256=rules.sha256(), set_by=set_by, known_at=ts, recorded_at=recorded_at
    )
    session.add(row)
    session.flush()
    return row
