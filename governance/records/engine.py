"""Opens a database the way Assent needs it, and brings its schema up to date."""

import importlib
import pkgutil
import sqlite3
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.pool import ConnectionPoolEntry

import governance.records
from governance.errors import ConfigurationError

# How long a statement may wait for another process's lock before it gives up with a clear error.
_SQLITE_BUSY_MS = 10_000
# 64 MiB of page cache: half a million index entries of a bulk import stay in memory, a small machine does not notice.
_SQLITE_CACHE_KIB = 65_536
# A request that waits longer than this for a lock, or runs longer than this, is better refused than queued.
_POSTGRES_OPTIONS = "-c lock_timeout=5s -c statement_timeout=50s -c idle_in_transaction_session_timeout=30s -c timezone=UTC"
_BEGIN = "assent_begin"


def open_engine(url: str) -> Engine:
    """An engine for `url` (SQLite file or PostgreSQL through psycopg); the schema is not touched.

    SQLite: WAL, `synchronous=FULL` (a commit survives a power cut), foreign keys, and transactions that begin where
    SQLAlchemy says so. `PRAGMA recursive_triggers` is on because without it `REPLACE INTO` deletes rows behind the
    back of the triggers that keep the decision log append-only. Use `writing` for transactions that will write.

    Raises:
        ConfigurationError: the URL is not of a supported database.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(parsed, connect_args={"timeout": _SQLITE_BUSY_MS / 1000, "check_same_thread": False})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if parsed.get_backend_name() == "postgresql":
        options = f"{parsed.query.get('options', '')} {_POSTGRES_OPTIONS}".strip()
        psycopg = parsed.set(drivername="postgresql+psycopg").difference_update_query(["options"])
        return create_engine(psycopg, connect_args={"options": options}, pool_pre_ping=True, pool_size=16, max_overflow=8)
    raise ConfigurationError(
        f"database {parsed.get_backend_name()!r} is not supported: use sqlite:///file or postgresql://…",
        variable="ASSENT_DATABASE_URL",
        rule="sqlite or postgresql",
    )


def writing(engine: Engine) -> Engine:
    """The same engine and pool for transactions that write.

    On SQLite they begin with `BEGIN IMMEDIATE`: a transaction that reads first and writes later would otherwise fail,
    not wait, when another one committed in between.
    """
    return engine.execution_options(**{_BEGIN: "IMMEDIATE"})


def migrate(engine: Engine, revision: str = "head") -> None:
    """Bring the schema up (or, by an older `revision`, down) with the migrations: the only way it comes to be."""
    with engine.connect() as connection:
        # A migration may rebuild a large table; the limits of requests are not meant for it.
        config = migrations(connection)
        if revision == "base" or revision.startswith("-"):
            command.downgrade(config, revision)
        else:
            command.upgrade(config, revision)
        connection.commit()


def migrations(connection: Connection) -> Config:
    """Alembic's configuration for commands on `connection` (upgrade, downgrade, check)."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).resolve().parents[2] / "migrations"))
    config.attributes["connection"] = connection
    return config


def load_tables() -> None:
    """Import every table of the house, so that the metadata is whole."""
    for module in pkgutil.iter_modules(governance.records.__path__):
        importlib.import_module(f"governance.records.{module.name}")


def _prepare_sqlite(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    # The driver's own implicit BEGIN comes too late (before the first write only); SQLAlchemy begins instead.
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "recursive_triggers=ON",
        f"busy_timeout={_SQLITE_BUSY_MS}",
        f"cache_size=-{_SQLITE_CACHE_KIB}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get(_BEGIN, 'DEFERRED')}")
