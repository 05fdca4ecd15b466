"""What a DAO's votes add up to, kept per proposal and per interval, and which batches it does not yet contain.

All of it follows from the votes and can be computed again; nothing here is evidence.
"""

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

# PostgreSQL's advisory lock under which one process at a time counts; it is given back at the end of the transaction.
_COUNT_LOCK: Final = 0x4845414C
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
    """The figures of the votes that became known in one interval; holds for every moment from `changed_at` on."""

    __tablename__ = "counted_interval"

    dao_id: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    figures: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    changed_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class CountedDao(SQLModel, table=True):
    """That a DAO's votes were counted, by `kind` of interval, or as "proposal"."""

    __tablename__ = "counted_dao"

    dao_id: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)


class UncountedBatch(SQLModel, table=True):
    """A batch of votes that came in since: the proposals and the UTC days (since 1970) it concerns."""

    __tablename__ = "uncounted_batch"

    id: int | None = Field(default=None, primary_key=True)
    dao_id: str = Field(index=True)
    proposals: list[str] = Field(sa_column=Column(JSON, nullable=False))
    days: list[int] = Field(sa_column=Column(JSON, nullable=False))


@dataclass(frozen=True, slots=True)
class Outstanding:
    """What a DAO's kept counts lack: whole kinds never counted, and what batches since then concern."""

    counted: frozenset[str]
    batches: tuple[int, ...]
    proposals: frozenset[str]
    moments: frozenset[datetime]


PROPOSALS: Final = "proposal"
_BATCH: Final = UncountedBatch.__table__  # type: ignore[attr-defined]  # SQLModel makes it
_KEPT_BATCH: Final = insert(_BATCH)


def note_votes(session: Session, rows: Iterable[VoteRow]) -> None:
    """Note that these votes are new or changed, in the same transaction that stores them."""
    concerned: dict[str, tuple[set[str], set[int]]] = {}
    for dao, proposal, day in {(row.dao_id, row.proposal_id, row.known_at // _DAY_US) for row in rows}:
        proposals, days = concerned.setdefault(dao, (set(), set()))
        proposals.add(proposal)
        days.add(day)
    if concerned:
        session.connection().execute(
            _KEPT_BATCH,
            [{"dao_id": dao, "proposals": sorted(each[0]), "days": sorted(each[1])} for dao, each in sorted(concerned.items())],
        )


def is_outstanding(session: Session, dao_id: str, kind: Interval) -> bool:
    """Whether the kept counts lack anything that a series of this kind needs."""
    kinds = select(col(CountedDao.kind)).where(col(CountedDao.dao_id) == dao_id, col(CountedDao.kind).in_([PROPOSALS, kind.value]))
    there = session.execute(kinds).all()
    return len(there) < 2 or session.execute(select(_BATCH.c.id).where(_BATCH.c.dao_id == dao_id).limit(1)).first() is not None


def outstanding(session: Session, dao_ids: Sequence[str]) -> dict[str, Outstanding]:
    """What the kept counts of each DAO lack; on PostgreSQL under a lock, so that two processes do not count at once."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _COUNT_LOCK})
    kinds: dict[str, set[str]] = {dao: set() for dao in dao_ids}
    noted: dict[str, tuple[list[int], set[str], set[datetime]]] = {dao: ([], set(), set()) for dao in dao_ids}
    for dao, kind in session.execute(select(col(CountedDao.dao_id), col(CountedDao.kind)).where(col(CountedDao.dao_id).in_(dao_ids))):
        kinds[dao].add(kind)
    for row in session.execute(select(_BATCH).where(_BATCH.c.dao_id.in_(dao_ids))):
        batches, proposals, moments = noted[row.dao_id]
        batches.append(row.id)
        proposals.update(row.proposals)
        moments.update(from_microseconds(day * _DAY_US) for day in row.days)
    return {dao: Outstanding(frozenset(kinds[dao]), tuple(b), frozenset(p), frozenset(m)) for dao, (b, p, m) in noted.items()}


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
    made = (postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert)(table)
    told = {column.name: made.excluded[column.name] for column in table.c if column.name not in key}
    kept = made.on_conflict_do_update(index_elements=key, set_=told) if told else made.on_conflict_do_nothing()
    session.connection().execute(kept, [dict(row) for row in rows])
