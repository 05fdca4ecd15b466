"""Readings counted by day, on both databases."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlmodel import Session

from governance.actors import SYSTEM
from governance.intake.daos import receive
from governance.records.evidence import Reading
from governance.records.texts import reading_counts
from governance.workflow.register_dao import register_dao

MIDNIGHT = datetime(2026, 11, 21, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@pytest.fixture(autouse=True)
def _daos(session: Session) -> None:
    """Readings belong to DAOs that are here."""
    for name in ("tide.eth", "other.eth"):
        register_dao(session, receive({"name": name, "about": None, "source": "test"}), actor=SYSTEM, now=MIDNIGHT)


def _read(number: int, known_at: datetime, **values: str) -> Reading:
    given = {"dao_id": "tide.eth", "task": "stance", "label": "for"} | values
    return Reading(
        id=f"read_{number}",
        subject_kind="post",
        subject_id=str(number),
        scores=["0", "0", "1"],
        windows=1,
        model_sha256="2" * 64,
        text_sha256="3" * 64,
        known_at=known_at,
        recorded_at=MIDNIGHT,
        **given,
    )


def test_readings_are_counted_by_the_utc_day_of_their_text(session: Session) -> None:
    """A text of a microsecond before midnight belongs to the day before, whatever zone it was written in."""
    tokyo = timezone(timedelta(hours=9))
    moments = (datetime(1970, 1, 1, tzinfo=UTC), MIDNIGHT - MICROSECOND, MIDNIGHT, MIDNIGHT.astimezone(tokyo))
    session.add_all(_read(number, moment) for number, moment in enumerate(moments))
    session.flush()

    found = reading_counts(session, task="stance", since=None, as_of=MIDNIGHT)

    assert [(day, count) for day, _, _, count in found] == [("1970-01-01", 1), ("2026-11-20", 1), ("2026-11-21", 2)]


def test_only_the_readings_asked_for_are_counted(session: Session) -> None:
    """(since, as_of], one DAO, one task: each bound leaves something out."""
    session.add_all(
        [
            _read(1, MIDNIGHT),
            _read(2, MIDNIGHT, label="against"),
            _read(3, MIDNIGHT, dao_id="other.eth"),
            _read(4, MIDNIGHT, task="sentiment", label="positive"),
            _read(5, MIDNIGHT + MICROSECOND),
            _read(6, MIDNIGHT - timedelta(days=1)),
        ]
    )
    session.flush()

    found = reading_counts(session, task="stance", since=MIDNIGHT - timedelta(days=1), as_of=MIDNIGHT, dao_id="tide.eth")

    assert [(label, count) for _, _, label, count in found] == [("against", 1), ("for", 1)]
