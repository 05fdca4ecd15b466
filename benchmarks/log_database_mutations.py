"""Mutates databases at random (seeded), behind the log's back, and counts what the audit of the database misses.

    python -m benchmarks.log_database_mutations [--mutations 1000] [--seed 1]

Each mutation takes the guards down, as the database's owner can, and changes, deletes, swaps, doubles or cuts off rows
of the log, its nodes, checkpoints and blobs, or of what was collected (votes, proposals, posts, observations, links,
readings, keys …), or puts an older state back (the newest entries cut off). Not covered, as docs/verification.md says:
`recorded_at` of rows that are no collected ones, `blob.dao_id`, a link's source, counters, and the absence of an old
stored checkpoint, which proves nothing that the newest one does not.
"""

import argparse
import random
import shutil
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

from api.log_audit import audit_database
from api.settings import Settings
from governance.actors import SYSTEM, Role
from governance.intake.batches import Kind
from governance.records.append_only import GUARDED
from governance.records.engine import migrate, open_engine
from governance.verification import Verdict
from governance.workflow.attribute import attribute
from governance.workflow.issue_key import issue_key
from tests.ingest_rows import OPENED, a_link, a_post, a_proposal, a_vote, an_observation, take
from tests.log_stories import LogBook, replay, write_log

_COLUMNS = {
    "log_entry": ("id", "dao_id", "kind", "actor", "subject", "leaf", "leaf_hash"),
    "log_node": ("hash", "position", "level"),
    "log_checkpoint": ("note", "size"),
    "blob": ("body", "sha256"),
    "dao": ("id", "name", "about", "invented", "known_at"),
    "vote": ("id", "dao_id", "proposal_id", "source", "external_id", "voter", "choice", "power", "power_kind", "reason", "cast_at",
             "cast_at_estimated", "content", "revision", "known_at", "recorded_at"),
    "vote_revision": ("vote_id", "content", "dao_id", "proposal_id", "choice", "power", "reason", "known_at", "recorded_at"),
    "proposal": ("id", "dao_id", "source", "external_id", "title", "body", "choices", "author", "created_at", "ends_at", "end_fixed",
                 "quorum", "state", "outcome", "result", "content_sha256", "revision", "result_known_at", "known_at", "recorded_at"),
    "proposal_revision": ("proposal_id", "content_sha256", "dao_id", "content", "result_known_at", "known_at", "recorded_at"),
    "post": ("id", "dao_id", "source", "forum", "external_id", "topic_id", "number", "proposal_id", "author", "text", "posted_at",
             "facts", "content_sha256", "revision", "known_at", "recorded_at"),
    "observation": ("id", "dao_id", "metric", "source", "observed_at", "value", "unit", "content_sha256", "known_at", "recorded_at"),
    "vote_progress": ("external_id", "seen_at", "dao_id", "status", "power", "votes", "ends_at", "content_sha256", "known_at"),
    "forum_link": ("proposal_id", "forum", "topic_id", "dao_id", "known_at", "recorded_at"),
    "api_key": ("id", "dao_id", "name", "secret_sha256", "scopes", "expires_at", "revoked_at"),
}  # fmt: skip
_COLLECTED = tuple(name for name in _COLUMNS if name not in GUARDED)


def story(book: LogBook) -> None:
    """The rows of the log and of what was collected are judged here, not the decisions' (those tables stay empty)."""
    session, now = book.session, book.now
    for number in range(20):
        take(session, Kind.OBSERVATION, [an_observation(value=f"1.{number + 1}", metric=f"metric_{number}")], at=now)
    book.abstain()
    take(session, Kind.PROPOSAL, [a_proposal(), a_proposal(title="Told twice"), a_proposal(proposal_id="0x02", quorum=5)], at=now)
    take(session, Kind.VOTE, [a_vote(voter=f"voter {number}", reason=f"Because {number}.") for number in range(20)], at=now)
    take(session, Kind.VOTE, [a_vote(voter="voter 3", vp=99.5)], at=now + timedelta(days=1))
    take(session, Kind.POST, [a_post(), a_post(topic_id=8, post_id=80, reads=5), a_post(dao="tide.eth", linked_proposal="0x01")], at=now)
    take(session, Kind.FORUM_LINK, [a_link()], at=now)
    progress = {"proposal_id": "0x01", "snapshot_at": OPENED, "status": "active", "total_vp": 1.5, "votes": 2, "end": OPENED + 9}
    take(session, Kind.VOTE_PROGRESS, [progress, {**progress, "proposal_id": "unknown"}], at=now)
    attribute(session, now=now)
    given: dict[str, Any] = {"scopes": [Role.INGESTER], "dao_id": None, "expires_at": None, "actor": SYSTEM}
    issue_key(session, name="feed", secret_sha256="ab" * 32, **given, now=now)
    book.abstain()


def mutate(connection: sqlite3.Connection, rng: random.Random) -> str:
    """One mutation; its name."""
    connection.execute("PRAGMA synchronous = OFF")
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for (name,) in names:
        connection.execute(f"DROP TRIGGER {name}")
    kind = rng.choice(("flip", "flip", "flip", "delete", "swap", "cut", "insert"))
    table = "log_entry" if kind == "cut" else rng.choice(rng.choice((GUARDED, _COLLECTED)))
    if kind == "insert" and table in GUARDED:
        table = "log_entry"
    rowids = [rowid for (rowid,) in connection.execute(f"SELECT rowid FROM {table}")]
    row = rng.choice(rowids)
    if kind == "flip":
        column = rng.choice(_COLUMNS[table])
        (value,) = connection.execute(f"SELECT {column} FROM {table} WHERE rowid = ?", (row,)).fetchone()
        connection.execute(f"UPDATE OR REPLACE {table} SET {column} = ? WHERE rowid = ?", (_flipped(value, rng), row))
    elif kind == "delete" and table == "log_checkpoint":
        return ""
    elif kind == "delete":
        connection.execute(f"DELETE FROM {table} WHERE rowid = ?", (row,))
    elif kind == "swap":
        other = rng.choice([rowid for rowid in rowids if rowid != row] or [row])
        column = {"log_entry": "leaf", "log_node": "hash", "log_checkpoint": "note", "blob": "body"}.get(table) or rng.choice(
            _COLUMNS[table]
        )
        values = [connection.execute(f"SELECT {column} FROM {table} WHERE rowid = ?", (one,)).fetchone()[0] for one in (row, other)]
        if values[0] == values[1]:
            return ""
        for one, value in zip((row, other), reversed(values), strict=True):
            connection.execute(f"UPDATE OR REPLACE {table} SET {column} = ? WHERE rowid = ?", (value, one))
    elif kind == "cut":
        connection.execute("DELETE FROM log_entry WHERE seq >= ?", (rng.randrange(1, len(rowids)),))
    else:
        _insert(connection, table, row, rng)
    connection.commit()
    return f"{kind} {table}"


def _insert(connection: sqlite3.Connection, table: str, row: int, rng: random.Random) -> None:
    """A row that nothing stored: a copy of another under its own name."""
    if table == "log_entry":
        connection.execute(
            "INSERT INTO log_entry SELECT (SELECT max(seq) + 1 FROM log_entry), id || 'x', dao_id, kind, actor, subject, "
            "leaf, leaf_hash, recorded_at FROM log_entry WHERE rowid = ?",
            (row,),
        )
        return
    columns = [name for (name,) in connection.execute("SELECT name FROM pragma_table_info(?)", (table,))]
    values = list(connection.execute(f"SELECT * FROM {table} WHERE rowid = ?", (row,)).fetchone())
    for column in ("secret_sha256", _COLUMNS[table][0]):  # whatever must not be there twice
        if column in columns:
            values[columns.index(column)] = _flipped(values[columns.index(column)], rng)
    connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(values))})", values)


def _flipped(value: object, rng: random.Random) -> object:
    if value is None:
        return "x"
    if isinstance(value, int):
        return value + rng.choice((-1, 1, 7))
    if isinstance(value, bytes):
        at = rng.randrange(len(value))
        return value[:at] + bytes([value[at] ^ (1 << rng.randrange(8))]) + value[at + 1 :]
    text = str(value)
    at = rng.randrange(len(text))
    return text[:at] + chr(ord(text[at]) ^ 1) + text[at + 1 :]


def mutate_databases(work: Path, *, mutations: int, seed: int) -> tuple[Counter[str], list[str]]:
    """(how many of each mutation were tried, what was missed)."""
    rng = random.Random(seed)
    state = work / "state"
    database = state / "assent.db"
    state.mkdir(parents=True)
    engine = open_engine(f"sqlite:///{database}")
    migrate(engine)
    signer = write_log(engine, state, story)
    with engine.begin() as connection:  # the writer keeps each head with the next commit
        size = connection.exec_driver_sql("SELECT count(*) FROM log_entry").scalar_one()
        connection.exec_driver_sql("INSERT INTO log_checkpoint VALUES (?, ?, 0)", (size, signer.last_note()))
    engine.dispose()
    original = work / "original.db"
    shutil.copyfile(database, original)
    settings = Settings(_env_file=None, state_dir=state, database_url=f"sqlite:///{database}")
    untouched = audit_database(settings, replay=replay)
    assert untouched.verdict is Verdict.SOUND, untouched.findings[:3]
    tried: Counter[str] = Counter()
    missed: list[str] = []
    while sum(tried.values()) < mutations:
        for suffix in ("", "-wal", "-shm"):
            database.with_name(database.name + suffix).unlink(missing_ok=True)
        shutil.copyfile(original, database)
        try:
            with closing(sqlite3.connect(database)) as connection:
                name = mutate(connection, rng)
        except sqlite3.IntegrityError:
            continue
        if not name:
            continue
        tried[name] += 1
        if audit_database(settings, replay=replay).verdict is Verdict.SOUND:
            missed.append(f"{name} (seed {seed}, number {sum(tried.values())})")
    return tried, missed


def main() -> int:
    """Run, print the table; 1 when anything was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutations", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        tried, missed = mutate_databases(Path(name), mutations=given.mutations, seed=given.seed)
    for kind, count in sorted(tried.items()):
        print(f"{kind:24} {count:6}")
    print(f"{'all':24} {sum(tried.values()):6}  missed {len(missed)}  seed {given.seed}  {time.perf_counter() - started:.0f} s")
    print("\n".join(missed[:50]))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
