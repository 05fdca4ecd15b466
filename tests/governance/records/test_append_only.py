"""The decision log cannot be changed through the database either."""

import hashlib

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from governance.actors import SYSTEM
from governance.decision_log import EntryKind
from governance.errors import Conflict
from governance.records import blobs
from governance.records.append_only import GUARDED
from governance.records.decision_log import append, save_checkpoint
from governance.records.engine import migrate, migrations, writing
from tests.fakes import NOON


@pytest.fixture
def logged(engine: Engine) -> Engine:
    """A database with three entries, their nodes, a checkpoint and a blob."""
    with Session(writing(engine)) as session:
        for reason in ("one", "two", "three"):
            append(
                session, kind=EntryKind.PAUSE_SET, dao_id=None, actor=SYSTEM, subject={}, data={"reason": reason}, ts=NOON, recorded_at=NOON
            )
        save_checkpoint(session, size=3, note="note", recorded_at=NOON)
        blobs.put(session, b"evidence", dao_id=None, recorded_at=NOON)
        session.commit()
    return engine


def dump(engine: Engine) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for table in GUARDED for row in connection.execute(text(f"SELECT * FROM {table} ORDER BY 1, 2"))]


CHANGES = [
    "UPDATE log_entry SET leaf = 'x' WHERE seq = 1",
    "UPDATE log_entry SET seq = 9 WHERE seq = 2",
    "DELETE FROM log_entry WHERE seq = 2",
    "DELETE FROM log_entry",
    "UPDATE log_node SET position = 7",
    "DELETE FROM log_node",
    "UPDATE log_checkpoint SET note = 'other'",
    "DELETE FROM log_checkpoint",
    "UPDATE blob SET dao_id = 'other'",
    "DELETE FROM blob",
    # a number left out, one used twice, one before the first
    "INSERT INTO log_entry SELECT 4, 'ent_x', dao_id, kind, actor, subject, leaf, leaf_hash, recorded_at FROM log_entry WHERE seq = 2",
    "INSERT INTO log_entry SELECT 2, 'ent_x', dao_id, kind, actor, subject, leaf, leaf_hash, recorded_at FROM log_entry WHERE seq = 2",
    "INSERT INTO log_entry SELECT -1, 'ent_x', dao_id, kind, actor, subject, leaf, leaf_hash, recorded_at FROM log_entry WHERE seq = 2",
    "INSERT INTO log_entry SELECT * FROM log_entry WHERE seq = 2 ON CONFLICT (seq) DO UPDATE SET leaf = 'x'",
    "INSERT INTO blob SELECT sha256, 'other', body, recorded_at FROM blob WHERE true ON CONFLICT (sha256) DO UPDATE SET dao_id = 'other'",
]
SQLITE_ONLY = [
    "REPLACE INTO log_entry SELECT seq, id, dao_id, kind, actor, subject, 'x', leaf_hash, recorded_at FROM log_entry WHERE seq = 2",
    "INSERT OR REPLACE INTO log_entry SELECT 3, id, dao_id, kind, actor, subject, 'x', leaf_hash, recorded_at FROM log_entry WHERE seq = 2",
    "REPLACE INTO log_node SELECT level, position, zeroblob(32) FROM log_node",
    "REPLACE INTO log_checkpoint SELECT size, 'other', recorded_at FROM log_checkpoint",
    "REPLACE INTO blob SELECT sha256, dao_id, zeroblob(3), recorded_at FROM blob",
    "UPDATE OR REPLACE log_entry SET seq = 1 WHERE seq = 2",
]
POSTGRES_ONLY = [f"TRUNCATE {table} CASCADE" for table in GUARDED]


@pytest.mark.parametrize("recursive", ["ON", "OFF"])
def test_what_was_logged_cannot_be_changed_replaced_or_removed(logged: Engine, recursive: str) -> None:
    """Also without `recursive_triggers`, where SQLite's REPLACE deletes rows behind the back of delete triggers."""
    sqlite = logged.dialect.name == "sqlite"
    before = dump(logged)

    for statement in CHANGES + (SQLITE_ONLY if sqlite else POSTGRES_ONLY):
        with logged.connect() as connection:
            if sqlite:
                connection.exec_driver_sql("ROLLBACK")
                connection.exec_driver_sql(f"PRAGMA recursive_triggers = {recursive}")
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            with pytest.raises(DBAPIError):
                connection.execute(text(statement))
            connection.rollback()

    assert dump(logged) == before


def test_what_was_logged_can_be_added_to(logged: Engine) -> None:
    """The guards would be easy to hold if nothing could be written."""
    with Session(writing(logged)) as session:
        appended = append(
            session, kind=EntryKind.PAUSE_SET, dao_id=None, actor=SYSTEM, subject={}, data={"reason": "four"}, ts=NOON, recorded_at=NOON
        )
        session.commit()

    assert appended.seq == 3


def test_a_blob_stored_twice_is_stored_once(logged: Engine) -> None:
    """Content addressing makes the second put a no-op, not a refusal."""
    with Session(writing(logged)) as session:
        assert blobs.put(session, b"evidence", dao_id=None, recorded_at=NOON) == hashlib.sha256(b"evidence").hexdigest()
        session.commit()


@pytest.mark.parametrize("left", [0, 1], ids=["all", "all_but_the_first"])
def test_a_downgrade_that_would_lose_entries_refuses(logged: Engine, left: int) -> None:
    """The steps that would take away the log or its triggers refuse, and those before them are undone with them."""
    before = dump(logged)
    with logged.connect() as connection:
        steps = len(list(ScriptDirectory.from_config(migrations(connection)).walk_revisions()))
    revision = f"-{steps - left}"

    with pytest.raises(Conflict):
        migrate(logged, revision)

    assert dump(logged) == before


def test_an_empty_log_goes_down_and_up_again(engine: Engine) -> None:
    """The refusal must be about entries, not about downgrades."""
    migrate(engine, "base")
    migrate(engine)

    with Session(writing(engine)) as session:
        append(session, kind=EntryKind.PAUSE_SET, dao_id=None, actor=SYSTEM, subject={}, data={"reason": "one"}, ts=NOON, recorded_at=NOON)
        session.commit()
    with engine.connect() as connection, pytest.raises(DBAPIError):
        connection.execute(text("DELETE FROM log_entry"))
