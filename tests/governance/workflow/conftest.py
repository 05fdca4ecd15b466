"""A session that is rolled back (one PostgreSQL database then serves all tests here), and an approved change."""

from collections.abc import Iterator
from datetime import datetime

import psycopg
import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from governance.records.engine import open_engine, writing
from tests.consent_world import approve_by, document, found_dao, propose


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


@pytest.fixture
def approved(session: Session, now: datetime) -> str:
    """An approved change of the parameter."""
    found_dao(session, now=now)
    recommendation = propose(session, document(made_at=now), now=now)
    approve_by(session, recommendation, [1, 2], now=now)
    return recommendation
