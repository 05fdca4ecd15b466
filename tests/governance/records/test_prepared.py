"""Statements run on the driver's own connection: the same values, rows and errors as by the longer way."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, String, bindparam, select
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from governance.identity import proposal_id
from governance.intake.batches import Kind
from governance.records.as_of import OBSERVATIONS, POSTS, PROPOSALS, VOTES, Noun
from governance.records.columns import UtcDateTime
from governance.records.daos import Dao, dao_time
from governance.records.engine import writing
from governance.records.prepared import Prepared
from tests.ingest_rows import a_post, a_proposal, a_vote, an_observation, take

ROWS = {
    PROPOSALS: (Kind.PROPOSAL, a_proposal),
    VOTES: (Kind.VOTE, a_vote),
    POSTS: (Kind.POST, a_post),
    OBSERVATIONS: (Kind.OBSERVATION, an_observation),
}


@pytest.mark.parametrize("noun", ROWS, ids=lambda noun: noun.name)
def test_every_column_reads_as_it_does_by_the_longer_way(session: Session, noun: Noun) -> None:
    """Times, JSON, bytes and truth values differ between the drivers; a page must not."""
    kind, row = ROWS[noun]
    take(session, kind, [row()])
    statement = select(noun.table).limit(5)

    rows = Prepared(statement).rows(session)
    assert rows == [dict(each) for each in session.execute(statement).mappings()]
    assert [tuple(each.values()) for each in rows] == Prepared(statement).tuples(session)
    assert [[type(value) for value in each.values()] for each in rows] == [
        [type(value) for value in each] for each in session.execute(statement)
    ]


def test_parameters_mean_what_they_mean_by_the_longer_way(session: Session, now: datetime) -> None:
    """A time is compared as a time, and a number that stands in the statement is kept in it."""
    take(session, Kind.PROPOSAL, [a_proposal(), a_proposal(proposal_id="0x02")])
    table = PROPOSALS.table
    statement = select(table.c.id).where(
        table.c.id == bindparam("id", type_=String()), table.c.known_at <= bindparam("as_of", type_=UtcDateTime())
    )
    found = Prepared(statement.limit(1))

    wanted = proposal_id("tide.eth", "0x02")
    assert found.tuples(session, id=wanted, as_of=now) == [(wanted,)]
    assert found.tuples(session, id=wanted, as_of=datetime.fromisoformat("1999-01-01T00:00:00+00:00")) == []
    with pytest.raises(KeyError):
        found.tuples(session, id=wanted)
    with pytest.raises(ValueError, match="without zone"):
        found.tuples(session, id=wanted, as_of=now.replace(tzinfo=None))


def test_a_connection_serves_as_well_as_a_session(engine: Engine) -> None:
    """Pages are read from a bare connection, inside of one transaction."""
    statement = Prepared(select(VOTES.table.c.voter))
    with Session(writing(engine)) as session, session.begin():
        take(session, Kind.VOTE, [a_vote()])
    with Session(engine) as session, engine.connect() as connection:
        assert statement.tuples(connection) == statement.tuples(session) == [(a_vote()["voter"],)]
        assert connection.in_transaction()


def test_an_error_of_the_store_is_told_as_the_longer_way_tells_it(session: Session) -> None:
    """Whoever catches the one must not be missed by the other."""
    session.connection().exec_driver_sql("ALTER TABLE vote RENAME TO elsewhere")

    with pytest.raises(DBAPIError):
        Prepared(select(VOTES.table)).rows(session)


def test_what_waits_to_be_written_is_seen_as_by_the_longer_way(session: Session, now: datetime) -> None:
    """A unit of work that adds a row and then reads finds it."""
    session.add(Dao(id="new.eth", name="new.eth", clock_offset_s=60, known_at=now, recorded_at=now))

    assert dao_time(session, "new.eth", now) == now + timedelta(seconds=60)
