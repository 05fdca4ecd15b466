"""Copies a whole database into files and back: SQLite through its backup API, PostgreSQL through COPY."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import cast

import psycopg
from sqlalchemy import Connection, Engine, make_url, text
from sqlmodel import SQLModel

from governance.errors import ConfigurationError
from governance.records.append_only import guard, unguard
from governance.records.engine import load_tables

_CHUNK = 1 << 20
_SQLITE_PAGES = 4_096


def sqlite_file(url: str) -> Path:
    """The file of an SQLite database."""
    return Path(str(make_url(url).database))


def copy_sqlite(source: Path, target: Path) -> None:
    """A consistent copy of `source` while others may write to it (SQLite's online backup)."""
    with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new, pages=_SQLITE_PAGES)
        new.execute("PRAGMA journal_mode=DELETE")


def check_sqlite(path: Path) -> None:
    """Refuse a file that is not a whole SQLite database.

    Raises:
        ConfigurationError: naming what is wrong.
    """
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            answer = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        answer = str(error)
    if answer != "ok":
        raise ConfigurationError(f"the database in the backup is damaged: {answer}", file=path.name)


def table_names() -> list[str]:
    """Every table of the house, referenced ones first."""
    load_tables()
    return [table.name for table in SQLModel.metadata.sorted_tables]


def dump_postgres(engine: Engine, folder: Path) -> None:
    """Every table of one snapshot as COPY text, one file each."""
    with engine.execution_options(isolation_level="REPEATABLE READ").connect() as connection:
        # A dump reads far more than a request does.
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        for name in table_names():
            with (folder / name).open("wb") as file, _driver(connection).cursor().copy(f"COPY {name} TO STDOUT") as copy:
                for chunk in copy:
                    file.write(chunk)


def load_postgres(connection: Connection, folder: Path) -> None:
    """Replace every row by those in `folder`, within the caller's transaction."""
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    unguard(connection)
    names = table_names()
    connection.execute(text(f"TRUNCATE {', '.join(names)}"))
    for name in names:
        with (folder / name).open("rb") as file, _driver(connection).cursor().copy(f"COPY {name} FROM STDIN") as copy:
            while chunk := file.read(_CHUNK):
                copy.write(chunk)
    guard(connection)


def schema_revision(engine: Engine) -> str:
    """The migration the database stands at."""
    with engine.connect() as connection:
        return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())


def _driver(connection: Connection) -> psycopg.Connection[tuple[object, ...]]:
    return cast("psycopg.Connection[tuple[object, ...]]", connection.connection.driver_connection)
