"""Mutates databases at random (seeded), behind the log's back, and counts what the audit of the database misses.

    python -m benchmarks.log_database_mutations [--mutations 1000] [--seed 1]

Each mutation takes the guards down, as the database's owner can, and changes, deletes, swaps, doubles or cuts off rows
of the log, its nodes, checkpoints and blobs, or puts an older state back (the newest entries cut off). Not covered, as
docs/verification.md says: `recorded_at` columns and `blob.dao_id`, which stand beside the log, and the absence of an old
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
from pathlib import Path

from api.log_audit import audit_database
from api.settings import Settings
from governance.records.append_only import GUARDED
from governance.records.engine import migrate, open_engine
from governance.verification import Verdict
from tests.log_stories import replay, write_log

_COLUMNS = {
    "log_entry": ("id", "dao_id", "kind", "actor", "subject", "leaf", "leaf_hash"),
    "log_node": ("hash", "position", "level"),
    "log_checkpoint": ("note", "size"),
    "blob": ("body", "sha256"),
}


def story(book: object) -> None:
    """The log's rows are judged here, not the decisions' (those tables stay empty): pure ingestion and blobs."""
    from tests.log_stories import LogBook  # noqa: PLC0415

    assert isinstance(book, LogBook)
    book.ingest(20)
    book.abstain()
    book.ingest(20)
    book.abstain()


def mutate(connection: sqlite3.Connection, rng: random.Random) -> str:
    """One mutation; its name."""
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for (name,) in names:
        connection.execute(f"DROP TRIGGER {name}")
    kind = rng.choice(("flip", "flip", "flip", "delete", "swap", "cut", "insert"))
    table = "log_entry" if kind in {"cut", "insert"} else rng.choice(GUARDED)
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
        column = {"log_entry": "leaf", "log_node": "hash", "log_checkpoint": "note", "blob": "body"}[table]
        values = [connection.execute(f"SELECT {column} FROM {table} WHERE rowid = ?", (one,)).fetchone()[0] for one in (row, other)]
        if values[0] == values[1]:
            return ""
        for one, value in zip((row, other), reversed(values), strict=True):
            connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (value, one))
    elif kind == "cut":
        connection.execute("DELETE FROM log_entry WHERE seq >= ?", (rng.randrange(1, len(rowids)),))
    else:
        connection.execute(
            "INSERT INTO log_entry SELECT (SELECT max(seq) + 1 FROM log_entry), id || 'x', dao_id, kind, actor, subject, "
            "leaf, leaf_hash, recorded_at FROM log_entry WHERE rowid = ?",
            (row,),
        )
    connection.commit()
    return f"{kind} {table}"


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
        connection.exec_driver_sql("INSERT INTO log_checkpoint VALUES (?, ?, 0)", (43, signer.last_note()))
    engine.dispose()
    original = work / "original.db"
    shutil.copyfile(database, original)
    settings = Settings(_env_file=None, state_dir=state, database_url=f"sqlite:///{database}")
    assert audit_database(settings, replay=replay).verdict is Verdict.SOUND
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
