"""What ingestion asks of DAOs, many at a time."""

from collections.abc import Iterable, Iterator, Mapping, Set
from datetime import timedelta
from typing import Final

from sqlalchemy import insert, select, update
from sqlmodel import Session, col

from governance.records.daos import Dao, DaoSource

_IDS_PER_QUERY: Final = 5_000


def registered(session: Session, ids: Set[str]) -> set[str]:
    """Those of `ids` that are registered DAOs."""
    found: set[str] = set()
    for part in _parts(ids):
        found.update(session.execute(select(col(Dao.id)).where(col(Dao.id).in_(part))).scalars())
    return found


def moved_clocks(session: Session) -> dict[str, timedelta]:
    """The DAOs whose own clock was moved, and how far: demonstration DAOs, so a few at most."""
    rows = session.execute(select(col(Dao.id), col(Dao.clock_offset_s)).where(col(Dao.clock_offset_s) != 0))
    return {id_: timedelta(seconds=offset) for id_, offset in rows}


def add_names(session: Session, names: Mapping[tuple[str, str], str]) -> None:
    """Note by which names sources call DAOs: (source, name) to DAO. What is noted already stays as it is."""
    known: set[tuple[str, str]] = set()
    for part in _parts({name for _, name in names}):
        known.update(
            (source, name)
            for source, name in session.execute(
                select(col(DaoSource.source), col(DaoSource.external_id)).where(col(DaoSource.external_id).in_(part))
            )
        )
    new = [{"source": source, "external_id": name, "dao_id": dao} for (source, name), dao in names.items() if (source, name) not in known]
    if new:
        session.execute(insert(DaoSource), new)


def grow_data_version(session: Session, ids: Iterable[str]) -> None:
    """Say that something a reader could see changed: what was computed from these DAOs' data before is out of date."""
    for part in _parts(set(ids)):
        session.execute(update(Dao).where(col(Dao.id).in_(part)).values(data_version=col(Dao.data_version) + 1))


def _parts(ids: Set[str]) -> Iterator[list[str]]:
    wanted = sorted(ids)
    for start in range(0, len(wanted), _IDS_PER_QUERY):
        yield wanted[start : start + _IDS_PER_QUERY]
