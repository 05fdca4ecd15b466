"""The decision log's entries, Merkle nodes and checkpoints: append-only, in the database itself."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, LargeBinary, event, func, insert, select, text, tuple_
from sqlalchemy.orm import Session as OrmSession
from sqlalchemy.orm import SessionTransaction
from sqlmodel import Field, Session, SQLModel

from governance import merkle
from governance.actors import Actor
from governance.decision_log import EntryKind, entry_id, leaf, main_subject
from governance.errors import InvalidInput, LogDiscontinuity
from governance.records.columns import UtcDateTime

# The writer of `api/database.py` takes the same lock; PostgreSQL gives it back at the end of the transaction.
_APPEND_LOCK = 0x4C4F47
_FRONTIER = "decision_log_frontier"
# SQLite takes at most 32,766 bound values in a statement.
_KEYS_PER_QUERY = 8_000


class LogEntry(SQLModel, table=True):
    """One leaf: its canonical bytes as text, and what queries filter by. No foreign key leaves or enters this table."""

    __tablename__ = "log_entry"
    __table_args__ = (Index("ix_log_entry_dao", "dao_id", "seq"), Index("ix_log_entry_kind", "kind", "seq"))

    seq: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    id: str = Field(unique=True)
    dao_id: str | None = None
    kind: str
    actor: str
    subject: str | None = Field(default=None, index=True)
    leaf: str
    leaf_hash: bytes = Field(sa_column=Column(LargeBinary(32), nullable=False))
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))

    def document(self) -> dict[str, Any]:
        """The entry as it was logged."""
        document: dict[str, Any] = json.loads(self.leaf)
        return document


class LogNode(SQLModel, table=True):
    """The hash of one complete subtree (RFC 6962) of 2^`level` leaves; level 0 stands in `log_entry` itself."""

    __tablename__ = "log_node"

    level: int = Field(primary_key=True)
    position: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    hash: bytes = Field(sa_column=Column(LargeBinary(32), nullable=False))


class LogCheckpoint(SQLModel, table=True):
    """A signed tree head that was published."""

    __tablename__ = "log_checkpoint"

    size: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    note: str
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


@dataclass(frozen=True, slots=True)
class TreeHead:
    """How many leaves there are, and the hash over all of them."""

    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Appended:
    """Where an entry went. `seq` counts from 0."""

    seq: int
    id: str
    leaf_hash: bytes


_ENTRIES = LogEntry.__table__  # type: ignore[attr-defined]  # SQLModel makes it
_NODES = LogNode.__table__  # type: ignore[attr-defined]  # SQLModel makes it
_INSERT_ENTRY = insert(_ENTRIES)
_INSERT_NODE = insert(_NODES)


@event.listens_for(OrmSession, "after_soft_rollback")
def _forget_after_rollback(session: OrmSession, _previous: SessionTransaction) -> None:
    session.info.pop(_FRONTIER, None)


@event.listens_for(OrmSession, "after_transaction_end")
def _forget_after_the_transaction(session: OrmSession, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        session.info.pop(_FRONTIER, None)


def append(
    session: Session,
    *,
    kind: EntryKind,
    dao_id: str | None,
    actor: Actor,
    subject: Mapping[str, str],
    data: Mapping[str, object],
    ts: datetime,
    recorded_at: datetime,
) -> Appended:
    """Append one entry within the caller's transaction, and give its number and id.

    Numbers are contiguous from 0 and never issued twice: SQLite has one writer, PostgreSQL takes a lock that lasts to
    the end of the transaction. Rolled back with the transaction (or savepoint), the entry was never there.

    Raises:
        InvalidInput: the entry has no canonical form, lacks what its kind requires, or exceeds 65,535 bytes.
    """
    frontier = session.info.get(_FRONTIER) or _lock_and_read(session)
    seq = frontier.size
    id_ = entry_id(seq=seq, last_peak=frontier.peaks[-1] if seq else b"", ts=ts)
    body = leaf(entry_id=id_, kind=kind, dao_id=dao_id, actor=actor, subject=subject, data=data, ts=ts)
    hash_ = merkle.leaf_hash(body)
    row = {
        "seq": seq,
        "id": id_,
        "dao_id": dao_id,
        "kind": kind.value,
        "actor": actor.id,
        "subject": main_subject(subject),
        "leaf": body.decode(),
        "leaf_hash": hash_,
        "recorded_at": recorded_at,
    }
    grown, completed = frontier.append(hash_)
    connection = session.connection()
    connection.execute(_INSERT_ENTRY, row)
    if completed:
        connection.execute(_INSERT_NODE, [{"level": node.level, "position": node.position, "hash": node.hash} for node in completed])
    session.info[_FRONTIER] = grown
    return Appended(seq, id_, hash_)


def save_checkpoint(session: Session, *, size: int, note: str, recorded_at: datetime) -> None:
    """Keep a published checkpoint; the same size is kept once."""
    if session.get(LogCheckpoint, size) is None:
        session.add(LogCheckpoint(size=size, note=note, recorded_at=recorded_at))
        session.flush()


def lock(session: Session) -> None:
    """Keep other processes from appending until this transaction ends (PostgreSQL; SQLite has one writer anyway)."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _APPEND_LOCK})


def _lock_and_read(session: Session) -> merkle.Frontier:
    # Once the lock is held nobody else appends, so the frontier may be kept to the end of this transaction; the
    # listeners above drop it at every rollback, which on PostgreSQL may have given the lock back too.
    lock(session)
    return frontier(session)


def frontier(session: Session, size: int | None = None) -> merkle.Frontier:
    """The complete subtrees of the tree at `size` leaves (now, when None)."""
    count = log_size(session) if size is None else size
    covered = merkle.subtrees(0, count)
    hashes = _node_hashes(session, covered)
    return merkle.Frontier(count, tuple(hashes[node] for node in covered))


def log_size(session: Session) -> int:
    """How many entries the log holds."""
    last = session.connection().execute(select(func.max(_ENTRIES.c.seq))).scalar_one()
    return 0 if last is None else int(last) + 1


def count_nodes(session: Session) -> int:
    """How many inner nodes are stored."""
    return int(session.connection().execute(select(func.count()).select_from(_NODES)).scalar_one())


def tree_head(session: Session, size: int | None = None) -> TreeHead:
    """The head of the tree at `size` leaves (now, when None).

    Raises:
        InvalidInput: the log never had `size` leaves.
    """
    if size is not None:
        _check_size(session, size)
    grown = frontier(session, size)
    return TreeHead(grown.size, grown.root())


def inclusion(session: Session, *, seq: int, size: int) -> tuple[bytes, ...]:
    """The proof that entry `seq` is in the tree of `size` leaves (RFC 6962 section 2.1.1), nearest hash first.

    Raises:
        InvalidInput: the log never had `size` leaves, or `seq` is not below `size`.
    """
    _check_size(session, size)
    if not 0 <= seq < size:
        raise InvalidInput("seq", seq, f"must be below the size {size}")
    return _heads(session, merkle.inclusion_ranges(seq, size))


def consistency(session: Session, *, old: int, new: int) -> tuple[bytes, ...]:
    """The proof that the tree of `old` leaves is a prefix of that of `new` (RFC 6962 section 2.1.2).

    Raises:
        InvalidInput: `old` is 0 or above `new`, or the log never had `new` leaves.
    """
    _check_size(session, new)
    if not 0 < old <= new:
        raise InvalidInput("from", old, f"must be from 1 to {new}")
    return _heads(session, merkle.consistency_ranges(old, new))


def subtree_heads(session: Session, *, level: int, first: int, last: int) -> list[bytes]:
    """The hashes of the complete subtrees `first` to `last` - 1 of `level`, in order."""
    wanted = [(level, position) for position in range(first, last)]
    hashes = _node_hashes(session, wanted)
    return [hashes[node] for node in wanted]


def _check_size(session: Session, size: int) -> None:
    now = log_size(session)
    if not 0 <= size <= now:
        raise InvalidInput("size", size, f"the log has {now} entries")


def _heads(session: Session, ranges: Iterable[merkle.Range]) -> tuple[bytes, ...]:
    wanted = tuple(ranges)
    hashes = _node_hashes(session, [node for range_ in wanted for node in merkle.subtrees(*range_)])
    return tuple(merkle.range_head(range_, lambda level, position: hashes[(level, position)]) for range_ in wanted)


def _node_hashes(session: Session, nodes: Sequence[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
    found: dict[tuple[int, int], bytes] = {}
    connection = session.connection()
    for low in range(0, len(nodes), _KEYS_PER_QUERY):
        part = nodes[low : low + _KEYS_PER_QUERY]
        inner = [node for node in part if node[0] > 0]
        bottom = [position for level, position in part if level == 0]
        if inner:
            query = select(_NODES.c.level, _NODES.c.position, _NODES.c.hash).where(tuple_(_NODES.c.level, _NODES.c.position).in_(inner))
            found.update(((level, position), bytes(hash_)) for level, position, hash_ in connection.execute(query))
        if bottom:
            leaf_query = select(_ENTRIES.c.seq, _ENTRIES.c.leaf_hash).where(_ENTRIES.c.seq.in_(bottom))
            found.update(((0, seq), bytes(hash_)) for seq, hash_ in connection.execute(leaf_query))
    lost = next((node for node in nodes if node not in found), None)
    if lost is not None:
        raise LogDiscontinuity(f"Merkle node {lost[1]} of level {lost[0]} is missing", level=lost[0], position=lost[1])
    return found
