"""Reads of the decision log: entries by filter, stored leaves in order, published checkpoints."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from governance.decision_log import EntryKind
from governance.errors import LogDiscontinuity, NotFound
from governance.records.decision_log import LogCheckpoint, LogEntry

_ROWS_PER_READ = 1_000
_ENTRIES = LogEntry.__table__  # type: ignore[attr-defined]  # SQLModel makes it


def get_entry(session: Session, seq: int) -> LogEntry:
    """The entry numbered `seq`, or `NotFound`."""
    entry = session.get(LogEntry, seq)
    if entry is None:
        raise NotFound("log entry", str(seq))
    return entry


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Which entries to read; None takes all. `since` and `until` bound `recorded_at` (until exclusive)."""

    dao_id: str | None = None
    kinds: tuple[EntryKind, ...] = ()
    actor: str | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def entries(session: Session, wanted: EntryFilter, *, after: int = -1, limit: int = 100, size: int | None = None) -> Sequence[LogEntry]:
    """Entries in order from number `after` + 1, at most `limit`, none at or above `size`."""
    query = select(LogEntry).where(col(LogEntry.seq) > after).order_by(col(LogEntry.seq)).limit(limit)
    if size is not None:
        query = query.where(col(LogEntry.seq) < size)
    if wanted.dao_id is not None:
        query = query.where(col(LogEntry.dao_id) == wanted.dao_id)
    if wanted.kinds:
        query = query.where(col(LogEntry.kind).in_([kind.value for kind in wanted.kinds]))
    if wanted.actor is not None:
        query = query.where(col(LogEntry.actor) == wanted.actor)
    if wanted.subject is not None:
        query = query.where(col(LogEntry.subject) == wanted.subject)
    if wanted.since is not None:
        query = query.where(col(LogEntry.recorded_at) >= wanted.since)
    if wanted.until is not None:
        query = query.where(col(LogEntry.recorded_at) < wanted.until)
    return session.execute(query).scalars().all()


def leaves(session: Session, start: int, end: int) -> Iterator[tuple[int, bytes, bytes]]:
    """(number, stored bytes, stored leaf hash) of entries start to end - 1, in order, read in pieces.

    Raises:
        LogDiscontinuity: an entry in between is missing.
    """
    for low in range(start, end, _ROWS_PER_READ):
        high = min(end, low + _ROWS_PER_READ)
        query = select(_ENTRIES.c.seq, _ENTRIES.c.leaf, _ENTRIES.c.leaf_hash).where(_ENTRIES.c.seq >= low, _ENTRIES.c.seq < high)
        rows = session.connection().execute(query.order_by(_ENTRIES.c.seq)).all()
        for expected, (seq, body, hash_) in zip(range(low, high), rows, strict=False):
            if seq != expected:
                raise LogDiscontinuity(f"entry {expected} is missing", entry=expected)
            yield seq, body.encode(), bytes(hash_)
        if len(rows) != high - low:
            raise LogDiscontinuity(f"entry {low + len(rows)} is missing", entry=low + len(rows))


def checkpoints(session: Session, *, after: int = -1, limit: int = 100) -> Sequence[LogCheckpoint]:
    """Published checkpoints with a size above `after`, smallest first."""
    query = select(LogCheckpoint).where(col(LogCheckpoint.size) > after).order_by(col(LogCheckpoint.size)).limit(limit)
    return session.execute(query).scalars().all()
