"""Opens a new log over entries that an older backup brought back: numbers that were signed are never issued again."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, insert, update
from sqlmodel import Session

from governance import merkle
from governance.actors import SYSTEM
from governance.decision_log import EntryKind, entry_id, leaf, main_subject
from governance.records import decision_log, log_reads
from governance.records.append_only import guard, unguard
from governance.records.decision_log import LogCheckpoint, LogEntry, LogNode, TreeHead

_ENTRIES = LogEntry.__table__  # type: ignore[attr-defined]  # SQLModel makes it
_NODES = LogNode.__table__  # type: ignore[attr-defined]  # SQLModel makes it
_CHECKPOINTS = LogCheckpoint.__table__  # type: ignore[attr-defined]  # SQLModel makes it
_NODES_AT_ONCE = 2_000


def continue_log(session: Session, *, data: Mapping[str, object], now: datetime) -> TreeHead:
    """Make `log.continued` (with `data`) the first entry, and every restored entry, byte for byte, the one after its old place.

    The new log's head is given. Old checkpoints leave the database: they are of the old log.
    """
    connection = session.connection()
    unguard(connection)
    connection.execute(delete(_NODES))
    connection.execute(delete(_CHECKPOINTS))
    # In two steps, through negative numbers: moving all by one at once would collide with the neighbour.
    connection.execute(update(_ENTRIES).values(seq=-_ENTRIES.c.seq - 2))
    connection.execute(update(_ENTRIES).values(seq=-_ENTRIES.c.seq - 1))
    subject = {"log": str(data["deployment"])}
    id_ = entry_id(seq=0, last_peak=b"", ts=now)
    body = leaf(entry_id=id_, kind=EntryKind.LOG_CONTINUED, dao_id=None, actor=SYSTEM, subject=subject, data=data, ts=now)
    row = {
        "seq": 0,
        "id": id_,
        "dao_id": None,
        "kind": EntryKind.LOG_CONTINUED.value,
        "actor": SYSTEM.id,
        "subject": main_subject(subject),
        "leaf": body.decode(),
        "leaf_hash": merkle.leaf_hash(body),
        "recorded_at": now,
    }
    connection.execute(insert(_ENTRIES), row)
    head = _rebuild_nodes(session)
    guard(connection)
    return head


def _rebuild_nodes(session: Session) -> TreeHead:
    connection = session.connection()
    tree = merkle.Frontier()
    waiting: list[dict[str, object]] = []
    for _, body, _ in log_reads.leaves(session, 0, decision_log.log_size(session)):
        tree, completed = tree.append(merkle.leaf_hash(body))
        waiting += [{"level": node.level, "position": node.position, "hash": node.hash} for node in completed]
        if len(waiting) >= _NODES_AT_ONCE:
            connection.execute(insert(_NODES), waiting)
            waiting = []
    if waiting:
        connection.execute(insert(_NODES), waiting)
    return TreeHead(tree.size, tree.root())
