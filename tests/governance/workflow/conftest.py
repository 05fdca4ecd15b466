"""Sessions that are rolled back need no database of their own: one PostgreSQL database serves all tests here."""

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from governance.records.engine import open_engine, writing


@pytest.fixture(scope="session")
def shared_postgres(postgres_server: str) -> Iterator[Engine]:
    """An engine on one migrated PostgreSQL database that no test here commits to."""
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE test_rolled_back TEMPLATE template_assent")
    engine = open_engine(postgres_server.replace("/postgres?", "/test_rolled_back?"))
    yield engine
    engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    """A writing session, once per kind of database; whatever the test does is rolled back."""
    own = request.param == "sqlite"
    engine: Engine = open_engine(request.getfixturevalue("sqlite_url")) if own else request.getfixturevalue("shared_postgres")
    with Session(writing(engine), expire_on_commit=False) as session:
        yield session
    if own:
        engine.dispose()
