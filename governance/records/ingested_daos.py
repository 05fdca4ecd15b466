"""What ingestion asks of DAOs, many at a time."""

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import BindParameter, bindparam, insert, select, update
from sqlmodel import Session

from governance.errors import NotFound
from governance.records.daos import Dao, DaoSource

_IDS_PER_QUERY: Final = 5_000
# Statements made once: every posted row runs them, and making one costs more than running it.
_DAOS: Final = Dao.__table__  # type: ignore[attr-defined]  # SQLModel makes it
_SOURCES: Final = DaoSource.__table__  # type: ignore[attr-defined]  # SQLModel makes it
_SOME: Final[BindParameter[Any]] = bindparam("some", expanding=True)
_ONE: Final = select(_DAOS.c.name, _DAOS.c.clock_offset_s).where(_DAOS.c.id == bindparam("one"))
_REGISTERED: Final = select(_DAOS.c.id).where(_DAOS.c.id.in_(_SOME))
_MOVED: Final = select(_DAOS.c.id, _DAOS.c.clock_offset_s).where(_DAOS.c.clock_offset_s != 0)
_NAMED: Final = select(_SOURCES.c.source, _SOURCES.c.external_id).where(_SOURCES.c.external_id.in_(_SOME))
_GROW: Final = update(_DAOS).where(_DAOS.c.id.in_(_SOME)).values(data_version=_DAOS.c.data_version + 1)


@dataclass(frozen=True, slots=True)
class OneDao:
    """What taking rows in for one DAO needs of it: its name, and how far its own clock runs ahead of wall time."""

    name: str
    ahead: timedelta


def one_dao(session: Session, dao_id: str) -> OneDao:
    """The registered DAO, or `NotFound`."""
    found = session.connection().execute(_ONE, {"one": dao_id}).one_or_none()
    if found is None:
        raise NotFound("dao", dao_id)
    return OneDao(found.name, timedelta(seconds=found.clock_offset_s))


def registered(session: Session, ids: Set[str]) -> set[str]:
    """Those of `ids` that are registered DAOs."""
    found: set[str] = set()
    for part in _parts(ids):
        found.update(session.connection().execute(_REGISTERED, {"some": part}).scalars())
    return found


def moved_clocks(session: Session) -> dict[str, timedelta]:
    """The DAOs whose own clock was moved, and how far: demonstration DAOs, so a few at most."""
    return {id_: timedelta(seconds=offset) for id_, offset in session.connection().execute(_MOVED)}


def add_names(session: Session, names: Mapping[tuple[str, str], str]) -> None:
    """Note by which names sources call DAOs: (source, name) to DAO. What is noted already stays as it is."""
    known: set[tuple[str, str]] = set()
    for part in _parts({name for _, name in names}):
        known.update((source, name) for source, name in session.connection().execute(_NAMED, {"some": part}))
    new = [{"source": source, "external_id": name, "dao_id": dao} for (source, name), dao in names.items() if (source, name) not in known]
    if new:
        session.connection().execute(insert(_SOURCES), new)


def grow_data_version(session: Session, ids: Iterable[str]) -> None:
    """Say that something a reader could see changed: what was computed from these DAOs' data before is out of date."""
    session.flush()
    for part in _parts(set(ids)):
        session.connection().execute(_GROW, {"some": part})


def _parts(ids: Set[str]) -> Iterator[list[str]]:
    wanted = sorted(ids)
    for start in range(0, len(wanted), _IDS_PER_QUERY):
        yield wanted[start : start + _IDS_PER_QUERY]
