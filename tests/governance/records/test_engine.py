"""Opening a database."""

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session

from governance.errors import ConfigurationError
from governance.records.engine import open_engine, writing


def test_a_commit_on_sqlite_is_on_disk_before_it_returns(sqlite_url: str) -> None:
    """The log says "recorded" only after it is; WAL with FULL is what makes that true."""
    with open_engine(sqlite_url).connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("journal_mode", "synchronous", "foreign_keys")
        }

        assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
        assert connection.exec_driver_sql("PRAGMA recursive_triggers").scalar_one() == 1


def test_an_unsupported_database_is_refused_by_name() -> None:
    """A wrong address is found at start, not at the first write."""
    with pytest.raises(ConfigurationError, match="mysql"):
        open_engine("mysql://somewhere/assent")


def test_a_savepoint_rolls_back_alone(engine: Engine) -> None:
    """Group commit stands on this: one refused request must not take the others with it."""
    with Session(writing(engine)) as session:
        session.execute(text("CREATE TABLE kept (n INTEGER)"))
        session.execute(text("INSERT INTO kept VALUES (1)"))
        savepoint = session.begin_nested()
        session.execute(text("INSERT INTO kept VALUES (2)"))
        savepoint.rollback()
        session.commit()

        assert session.execute(text("SELECT n FROM kept")).scalars().all() == [1]
