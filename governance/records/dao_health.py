"""What a DAO's votes add up to, kept per proposal and per interval, and which batches it does not yet contain.

All of it follows from the votes and can be computed again; nothing here is evidence.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import JSON, Column, delete, insert, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field, Session, SQLModel, col

from governance.health.intervals import Interval
from governance.intake.vote_columns import VoteRow
from governance.records.columns import UtcDateTime, from_microseconds

# The lock under which the writer of `api/database.py` commits batches; PostgreSQL gives it back at the end of the transaction.
_LOG_LOCK: Final = 0x4C4F47
# Enough to group the votes of the largest DAO without the disk. One counting at a time takes it: that of the lock.
_GROUPING_MEMORY: Final = "64MB"
_DAY_US: Final = 86_400_000_000
_ROWS: Final = 2_000


class CountedProposal(SQLModel, table=True):
    """The votes of one proposal: [choice as written, heads, of them with power, exact sum of powers or null] each.

    Holds for every moment from `changed_at` on: when the last of its votes, or a correction of one, became known.
    """

    __tablename__ = "counted_proposal"

    proposal_id: str = Field(primary_key=True)
    dao_id: str = Field(index=True)
    alike: list[list[Any]] = Field(sa_column=Column(JSON, nullable=False))
    changed_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class CountedInterval(SQLModel, table=True):
    """The figures of the votes that became known in one interval; holds for every moment from `changed_at` on.

    `tally` is kept for intervals of many votes, so that a few more can be added without counting all of them again.
    """

    __tablename__ = "counted_interval"

    dao_id: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    figures: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    tally: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    changed_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class CountedDao(SQLModel, table=True):
    """That a DAO's votes were counted, by `kind` of interval, or as "proposal"."""

    __tablename__ = "counted_dao"

    dao_id: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)


class UncountedBatch(SQLModel, table=True):
    """A batch of votes that came in since: the proposals and the UTC days (since 1970) it concerns.

    `votes` are the ids (hex) of its votes where all were new and the DAO had been counted; else None.
    """

    __tablename__ = "uncounted_batch"

    id: int | None = Field(default=None, primary_key=True)
    dao_id: str = Field(index=True)
    proposals: list[str] = Field(sa_column=Column(JSON, nullable=False))
    days: list[int] = Field(sa_column=Column(JSON, nullable=False))
    votes: list[str] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))


@dataclass(frozen=True, slots=True)
class Outstanding:
    """What a DAO's kept counts lack: whole kinds never counted, and what batches since then concern.

    `votes`: the ids of all votes that came in since, where they can be added to what is counted; else None.
    """

    counted: frozenset[str]
    batches: tuple[int, ...]
    proposals: frozenset[str]
    moments: frozenset[datetime]
    votes: tuple[bytes, ...] | None


PROPOSALS: Final = "proposal"
_BATCH: Final = UncountedBatch.__table__  # type: ignore[attr-defined]  # SQLModel makes it
_KEPT_BATCH: Final = insert(_BATCH)


def note_votes(session: Session, new: Sequence[VoteRow], revised: Sequence[VoteRow]) -> None:
    """Note that these votes are new, or say something else than before, in the same transaction that stores them."""
    concerned: dict[str, tuple[set[str], set[int]]] = {}
    for dao, proposal, day in {(row.dao_id, row.proposal_id, row.known_at // _DAY_US) for row in (*new, *revised)}:
        proposals, days = concerned.setdefault(dao, (set(), set()))
        proposals.add(proposal)
        days.add(day)
    if not concerned:
        return
    counted = set(session.execute(select(col(CountedDao.dao_id)).where(col(CountedDao.dao_id).in_(sorted(concerned)))).scalars())
    counted -= {row.dao_id for row in revised}
    ids: dict[str, list[str]] = {dao: [] for dao in counted}
    for row in new if counted else ():
        if row.dao_id in counted:
            ids[row.dao_id].append(row.id.hex())
    session.connection().execute(
        _KEPT_BATCH,
        [
            {"dao_id": dao, "proposals": sorted(each[0]), "days": sorted(each[1]), "votes": ids.get(dao)}
            for dao, each in sorted(concerned.items())
        ],
    )


def is_outstanding(session: Session, dao_id: str, kind: Interval) -> bool:
    """Whether the kept counts lack anything that a series of this kind needs."""
    kinds = select(col(CountedDao.kind)).where(col(CountedDao.dao_id) == dao_id, col(CountedDao.kind).in_([PROPOSALS, kind.value]))
    there = session.execute(kinds).all()
    return len(there) < 2 or session.execute(select(_BATCH.c.id).where(_BATCH.c.dao_id == dao_id).limit(1)).first() is not None


def outstanding(session: Session, dao_ids: Sequence[str]) -> dict[str, Outstanding]:
    """What the kept counts of each DAO lack.

    On PostgreSQL under the lock that every batch needs before it can commit: what is counted below is exactly what was
    noted by now, so that no vote is added twice.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOG_LOCK})
        session.execute(text(f"SET LOCAL work_mem = '{_GROUPING_MEMORY}'"))
    kinds: dict[str, set[str]] = {dao: set() for dao in dao_ids}
    noted: dict[str, list[Any]] = {dao: [] for dao in dao_ids}
    for dao, kind in session.execute(select(col(CountedDao.dao_id), col(CountedDao.kind)).where(col(CountedDao.dao_id).in_(dao_ids))):
        kinds[dao].add(kind)
    for row in session.execute(select(_BATCH).where(_BATCH.c.dao_id.in_(dao_ids)).order_by(_BATCH.c.id)):
        noted[row.dao_id].append(row)
    return {dao: _lacking(frozenset(kinds[dao]), noted[dao]) for dao in dao_ids}


def _lacking(counted: frozenset[str], batches: Sequence[Any]) -> Outstanding:
    can_be_added = all(batch.votes is not None for batch in batches)
    return Outstanding(
        counted,
        tuple(batch.id for batch in batches),
        frozenset(proposal for batch in batches for proposal in batch.proposals),
        frozenset(from_microseconds(day * _DAY_US) for batch in batches for day in batch.days),
        tuple(bytes.fromhex(vote) for batch in batches for vote in batch.votes) if can_be_added else None,
    )


def keep(
    session: Session,
    *,
    proposals: Sequence[Mapping[str, Any]],
    intervals: Sequence[Mapping[str, Any]],
    counted: Iterable[tuple[str, str]],
    batches: Sequence[int],
) -> None:
    """Put counts in the place of those of the same proposals and intervals; `batches` are contained from now on."""
    _replace(session, CountedProposal, ("proposal_id",), proposals)
    _replace(session, CountedInterval, ("dao_id", "kind", "number"), intervals)
    _replace(session, CountedDao, ("dao_id", "kind"), [{"dao_id": dao, "kind": kind} for dao, kind in counted])
    for start in range(0, len(batches), _ROWS):
        session.execute(delete(_BATCH).where(_BATCH.c.id.in_(batches[start : start + _ROWS])))


def _replace(session: Session, model: type[SQLModel], key: tuple[str, ...], rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        return
    table = model.__table__  # type: ignore[attr-defined]  # SQLModel makes it
    names = [column.name for column in table.c]
    made: postgresql.Insert | sqlite.Insert
    told: Any = [dict(row) for row in rows]
    if session.get_bind().dialect.name == "postgresql":
        # All rows as one value: bound one by one they took twice the time of this process.
        given = text(f"SELECT {', '.join(names)} FROM json_populate_recordset(NULL::{table.name}, CAST(:rows AS json))")
        made = postgresql.insert(table).from_select(names, given.columns(*table.c))
        told = {"rows": json.dumps(told, default=datetime.isoformat)}
    else:
        made = sqlite.insert(table)
    changed = {name: made.excluded[name] for name in names if name not in key}
    kept = made.on_conflict_do_update(index_elements=key, set_=changed) if changed else made.on_conflict_do_nothing()
    session.connection().execute(kept, told)
