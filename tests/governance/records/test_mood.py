"""What was said, by the reading that was on record then: a model or an edit that came later does not change it."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session

from governance.actors import SYSTEM
from governance.intake.batches import Kind
from governance.records.mood import Scope, said
from governance.workflow.analyse import read_texts, record_readings, unread_texts, wanted_readings
from tests.ingest_rows import OPENED, a_post, a_proposal, take
from tests.word_reader import WordReader

DAO = "tide.eth"
IMPORTED = datetime(2026, 11, 21, 12, tzinfo=UTC)
FIRST, AGAIN = IMPORTED + timedelta(days=1), IMPORTED + timedelta(days=9)
LONG_BEFORE = datetime.fromtimestamp(OPENED + 86_400, UTC)


def analyse(session: Session, reader: WordReader, now: datetime) -> None:
    """Have this model read what it has not read."""
    subjects = unread_texts(session, DAO, reader=reader, now=now, limit=100).subjects
    record_readings(session, DAO, read_texts(wanted_readings(session, subjects, reader=reader), reader=reader), actor=SYSTEM, now=now)


def labels(session: Session, as_of: datetime, task: str) -> list[tuple[str, str]]:
    """Label and model of each text that counts."""
    return [(each.label, each.model[0]) for each in said(session, Scope(DAO), task=task, since=None, as_of=as_of)]


@pytest.fixture
def world(session: Session) -> Session:
    """A post about a proposal, read by a first model that likes it, and again by a later one that does not."""
    take(session, Kind.PROPOSAL, [a_proposal(body="Plainly.")], at=IMPORTED)
    take(session, Kind.POST, [a_post(text="A fair plan.", dao=DAO, linked_proposal="0x01")], at=IMPORTED)
    analyse(session, WordReader("1", good="fair"), FIRST)
    analyse(session, WordReader("2", bad="fair"), AGAIN)
    return session


@pytest.mark.parametrize("as_of", [LONG_BEFORE, FIRST, AGAIN - timedelta(seconds=1)])
def test_a_model_that_read_later_does_not_count(world: Session, as_of: datetime) -> None:
    """The first one does, also of a past in which nobody had read anything yet."""
    assert labels(world, as_of, "stance") == [("for", "1")]
    assert labels(world, as_of, "sentiment") == [("positive", "1")]


def test_the_last_model_counts_from_then_on(world: Session) -> None:
    """One text, one reading."""
    assert labels(world, AGAIN, "stance") == [("against", "2")]
    assert labels(world, AGAIN + timedelta(days=30), "sentiment") == [("negative", "2")]


def test_a_target_that_was_reworded_later_does_not_count(world: Session) -> None:
    """The post is read again toward the proposal's new words, from then on."""
    take(world, Kind.PROPOSAL, [a_proposal(body="In other words.")], at=AGAIN + timedelta(days=1))
    analyse(world, WordReader("2", good="fair"), AGAIN + timedelta(days=2))

    assert labels(world, AGAIN + timedelta(days=3), "stance") == [("for", "2")]
    assert labels(world, AGAIN, "stance") == [("against", "2")]
