"""DAOs, their electorates (delegates, powers, threshold) and their objectives."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import JSON, Column, String, UniqueConstraint, bindparam, insert, select
from sqlmodel import Field, Session, SQLModel, col

from governance.errors import NotFound
from governance.records.columns import UtcDateTime
from governance.records.prepared import Prepared


class Dao(SQLModel, table=True):
    """One DAO. `name` is the source's own word; `data_version` grows with every write that a reader could see."""

    __tablename__ = "dao"

    id: str = Field(primary_key=True)
    name: str
    about: str | None = None
    invented: bool = False
    clock_offset_s: int = 0
    paused: bool = False
    data_version: int = 0
    next_nonce: int = 1
    known_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class DaoSource(SQLModel, table=True):
    """A name by which a source calls the DAO; (source, external id) finds it."""

    __tablename__ = "dao_source"

    source: str = Field(primary_key=True)
    external_id: str = Field(primary_key=True)
    dao_id: str = Field(foreign_key="dao.id", index=True)


class Electorate(SQLModel, table=True):
    """A version of who may consent: delegates, their voting powers, and the threshold. Versions are never changed."""

    __tablename__ = "electorate"

    dao_id: str = Field(foreign_key="dao.id", primary_key=True)
    version: int = Field(primary_key=True)
    body: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    sha256: str
    set_by: str
    known_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class Objective(SQLModel, table=True):
    """What the DAO wants of a parameter: kind, KPIs and how they are judged. The highest version counts."""

    __tablename__ = "objective"
    __table_args__ = (UniqueConstraint("dao_id", "name", "version"),)

    id: str = Field(primary_key=True)
    dao_id: str = Field(foreign_key="dao.id", index=True)
    name: str
    version: int
    body: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    known_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class PauseEvent(SQLModel, table=True):
    """One step of the pause switch: set by one guardian, cleared when two have asked for it. `position` counts a DAO's steps."""

    __tablename__ = "pause_event"

    id: str = Field(primary_key=True)
    dao_id: str = Field(foreign_key="dao.id", index=True)
    position: int
    action: str
    reason: str
    guardian: str
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


def get_dao(session: Session, dao_id: str) -> Dao:
    """The DAO, or `NotFound`."""
    dao = session.get(Dao, dao_id)
    if dao is None:
        raise NotFound("dao", dao_id)
    return dao


def dao_time(session: Session, dao_id: str, now: datetime) -> datetime:
    """`now` (wall time) on the DAO's own clock; only a demonstration DAO's clock is ever moved."""
    return now + timedelta(seconds=_one(session, _CLOCK, dao_id))


def rows_version(session: Session, dao_id: str) -> int:
    """The DAO's own `data_version`, without the log's entries that `dao_reads` counts too; `NotFound` where there is no such DAO."""
    return _one(session, _VERSION, dao_id)


_ID: Final = col(Dao.id) == bindparam("dao", type_=String())
_CLOCK: Final = Prepared(select(col(Dao.clock_offset_s)).where(_ID))
_VERSION: Final = Prepared(select(col(Dao.data_version)).where(_ID))


def _one(session: Session, asked: Prepared, dao_id: str) -> int:
    found = asked.tuples(session, dao=dao_id)
    if not found:
        raise NotFound("dao", dao_id)
    return int(found[0][0])


def set_clock_offset(session: Session, dao: Dao, seconds: int) -> None:
    """Let the DAO's clock run `seconds` ahead of wall time."""
    dao.clock_offset_s = seconds
    session.add(dao)
    session.flush()


def add_daos(session: Session, rows: Sequence[Mapping[str, object]], *, recorded_at: datetime) -> None:
    """Store many DAOs at once, each a mapping of id, name and about; none of them may be there."""
    columns = {"invented": False, "clock_offset_s": 0, "paused": False, "data_version": 0, "next_nonce": 1}
    times = {"known_at": recorded_at, "recorded_at": recorded_at}
    if rows:
        session.execute(insert(Dao), [{**row, **columns, **times} for row in rows])
