"""The schema comes from the migrations alone: up, down and up again, and it is what the tables say."""

from datetime import datetime

import pytest
from alembic import command
from sqlalchemy import Engine, inspect, text
from sqlmodel import Session

from governance.intake import observations, posts, proposals
from governance.intake.batches import Kind
from governance.intake.vote_columns import VoteReader
from governance.records import ingested, vote_store
from governance.records.daos import Dao
from governance.records.engine import load_tables, migrate, migrations, writing
from tests.ingest_rows import a_link, a_post, a_proposal, a_vote, an_observation, take

_ROWS = (
    (Kind.PROPOSAL, a_proposal()),
    (Kind.VOTE, a_vote()),
    (Kind.POST, a_post()),
    (Kind.OBSERVATION, an_observation()),
    (Kind.FORUM_LINK, a_link()),
)


def _tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names()) - {"alembic_version"}


def _fill(session: Session) -> None:
    for kind, row in _ROWS:
        take(session, kind, [row])
        take(session, kind, [{**row, "source": "another"}])


def test_the_migrations_make_what_the_tables_say(engine: Engine) -> None:
    """A table changed without a revision would work here and fail at the next deployment."""
    load_tables()
    with engine.connect() as connection:
        command.check(migrations(connection))


def test_down_refuses_while_there_are_log_entries(engine: Engine) -> None:
    """A downgrade that would lose the record is no downgrade."""
    with Session(writing(engine)) as session:
        _fill(session)
        session.commit()

    with pytest.raises(Exception, match="log"):
        migrate(engine, "base")

    assert "log_entry" in _tables(engine)


def test_up_down_and_up_again_with_rows_in_the_tables(engine: Engine, now: datetime) -> None:
    """Rows of every kind must not stand in the way of a downgrade; only the log may."""
    whole = _tables(engine)
    with Session(writing(engine)) as session:
        _insert_without_log(session, now)
        session.commit()

    migrate(engine, "base")
    assert _tables(engine) == set()
    migrate(engine)
    assert _tables(engine) == whole
    with Session(writing(engine)) as session:
        _fill(session)
        assert session.execute(text("SELECT count(*) FROM vote")).scalar_one() == 1


def _insert_without_log(session: Session, now: datetime) -> None:
    session.add(Dao(id="tide.eth", name="tide.eth", known_at=now, recorded_at=now))
    session.flush()
    ingested.store_proposals(session, [proposals.receive(a_proposal())], now=lambda _: now, recorded_at=now)
    ingested.store_posts(session, [(posts.receive(a_post()), "tide.eth")], now=lambda _: now, recorded_at=now)
    ingested.store_observations(session, [observations.receive(an_observation())], now=lambda _: now, recorded_at=now)
    ingested.store_links(session, [posts.receive_link(a_link())], now=lambda _: now, recorded_at=now)
    rows, _, _ = VoteReader(now=lambda _: now).read({name: [value] for name, value in a_vote().items()}, 1)
    vote_store.store(session, rows, recorded_at=now)
