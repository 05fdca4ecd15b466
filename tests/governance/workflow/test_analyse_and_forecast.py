"""Readings and forecasts: asked once, put on record once, and only of what was known."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, select

from governance.actors import SYSTEM
from governance.errors import Conflict, NotFound
from governance.evidence import OutcomeForecast, OutcomeQuestion, TextReading, TextToRead
from governance.identity import proposal_id
from governance.intake.batches import Kind
from governance.readings import target_of
from governance.records.decision_log import LogEntry
from governance.records.evidence import Forecast, Reading
from governance.workflow.analyse import count_texts, read_texts, record_readings, unread_texts, wanted_readings
from governance.workflow.attribute import attribute
from governance.workflow.forecast import forecast, forecast_then, record_forecast
from tests.ingest_rows import OPENED, a_link, a_post, a_proposal, a_vote, take

PROPOSAL = proposal_id("tide.eth", "0x01")


class CannedReader:
    """Says "for" of everything, and counts what it was asked."""

    def __init__(self) -> None:
        self.asked: list[TextToRead] = []

    def read(self, texts: Sequence[TextToRead]) -> list[tuple[TextReading, ...]]:
        self.asked += texts
        return [tuple(self._one(text, task) for task in ("sentiment", "stance") if task == "sentiment" or text.target) for text in texts]

    def digest(self, task: str) -> str:
        return {"sentiment": "5", "stance": "6"}[task] * 64

    def _one(self, text: TextToRead, task: str) -> TextReading:
        label = "for" if task == "stance" else "positive"
        return TextReading(task, label, (0.1, 0.2, 0.7), self.digest(task), "", None if text.target is None else "", 1)


class OtherReader(CannedReader):
    """The same by another model."""

    def digest(self, task: str) -> str:
        return {"sentiment": "8", "stance": "9"}[task] * 64


class StrictReader(CannedReader):
    """Finds whatever is no part of what speaks of the target off it."""

    def _one(self, text: TextToRead, task: str) -> TextReading:
        read = super()._one(text, task)
        return read if task == "sentiment" or text.part else replace(read, label="off_target", scores=())


class CannedForecaster:
    """Says .7, and keeps the questions."""

    def __init__(self) -> None:
        self.questions: list[OutcomeQuestion] = []

    def forecast(self, question: OutcomeQuestion) -> OutcomeForecast:
        self.questions.append(question)
        return OutcomeForecast(0.7, 0.5, 0.2, 3, 0.6, (0.5, 0.7), 12.0, (8.0, 20.0), "model", None, self.digest(), {"voters": 1.5})

    def digest(self) -> str:
        return "7" * 64


def _analyse(session: Session, reader: CannedReader, now: datetime) -> int:
    found = unread_texts(session, "tide.eth", reader=reader, now=now, limit=100)
    rows = read_texts(wanted_readings(session, found.subjects, reader=reader), reader=reader)
    return record_readings(session, "tide.eth", rows, actor=SYSTEM, now=now)


@pytest.fixture
def filled(session: Session, now: datetime) -> Session:
    """A DAO with a proposal, a post about it, and two votes with the same reason."""
    take(session, Kind.PROPOSAL, [a_proposal()])
    take(session, Kind.VOTE, [a_vote(voter="a", reason="Yes!"), a_vote(voter="b", reason="Yes!"), a_vote(voter="c")])
    take(session, Kind.POST, [a_post()])
    take(session, Kind.FORUM_LINK, [a_link()])
    attribute(session, now=now)
    session.expire_all()
    return session


def test_each_text_is_read_once_and_equal_texts_share_the_work(filled: Session, now: datetime) -> None:
    """Reading costs; a second analysis, or a copied text, must not pay again."""
    reader = CannedReader()

    first, second = _analyse(filled, reader, now), _analyse(filled, reader, now)

    assert (first, second, len(reader.asked)) == (7, 0, 3)
    found = filled.exec(select(Reading)).all()
    assert {(r.subject_kind, r.task) for r in found} == {
        ("post", "sentiment"), ("post", "stance"), ("vote", "sentiment"), ("vote", "stance"), ("proposal", "sentiment"),
    }  # fmt: skip
    assert [e.kind for e in filled.exec(select(LogEntry))].count("readings.recorded") == 2


@pytest.mark.parametrize("together", [True, False])
def test_a_reason_is_about_its_vote_whatever_a_post_of_its_words_was_taken_for(session: Session, now: datetime, *, together: bool) -> None:
    """Nobody takes a reason's stance away by posting its words before; a post is not made to speak of a proposal by a vote."""
    words = "No. Too much money for the same insiders."
    take(session, Kind.PROPOSAL, [a_proposal()])
    take(session, Kind.POST, [a_post(linked_proposal="0x01", dao="tide.eth", text=words)])
    if not together:
        _analyse(session, StrictReader(), now)
    take(session, Kind.VOTE, [a_vote(reason=words)])
    _analyse(session, StrictReader(), now)
    take(session, Kind.POST, [a_post(linked_proposal="0x01", dao="tide.eth", post_id=99, text=words)])
    _analyse(session, StrictReader(), now)

    stances = session.exec(select(Reading.subject_kind, Reading.label).where(Reading.task == "stance")).all()

    assert sorted(stances) == [("post", "off_target"), ("post", "off_target"), ("vote", "for")]


def test_going_on_from_where_an_answer_ended_looks_at_each_text_once(filled: Session, now: datetime) -> None:
    """Step by step through posts, reasons and proposals, of which many are of one moment: none is met twice, none is passed over."""
    take(filled, Kind.POST, [a_post(dao="tide.eth", post_id=n, text=f"Of one moment, {n}.") for n in range(100, 105)])
    reader = CannedReader()
    whole = unread_texts(filled, "tide.eth", reader=reader, now=now, limit=100)

    met: list[str] = []
    place, more = None, True
    while more:
        step = unread_texts(filled, "tide.eth", reader=reader, now=now, limit=2, after=place)
        met += [subject.id for subject in step.subjects]
        place, more = step.place, step.more

    assert (len(whole.subjects), whole.more, met) == (9, False, [subject.id for subject in whole.subjects])
    assert count_texts(filled, "tide.eth", reader=reader, now=now) == (9, 0)
    _analyse(filled, reader, now)
    assert count_texts(filled, "tide.eth", reader=reader, now=now) == (0, 9)


def test_a_text_of_another_models_reading_waits(filled: Session, now: datetime) -> None:
    """What is known is known of the models in use; what another model said is neither counted nor remembered."""
    _analyse(filled, CannedReader(), now)
    other = OtherReader()

    assert count_texts(filled, "tide.eth", reader=other, now=now) == (4, 0)
    assert (_analyse(filled, other, now), len(other.asked)) == (7, 3)


def test_a_reading_is_known_when_its_text_was(filled: Session, now: datetime) -> None:
    """A series of moods follows what people wrote, not when we got round to reading it."""
    _analyse(filled, CannedReader(), now)

    post = filled.exec(select(Reading).where(Reading.subject_kind == "post")).first()
    assert post is not None
    assert post.known_at == datetime.fromtimestamp(OPENED - 86_400, UTC)
    assert post.scores == ["0.100000", "0.200000", "0.700000"]


def test_a_text_is_read_beside_title_and_summary(filled: Session, now: datetime) -> None:
    """Without the proposal a text's stance is a guess; the title stands in a line of its own, toward which stance is read."""
    reader = CannedReader()
    _analyse(filled, reader, now)

    assert {text.target for text in reader.asked} == {"Lower the fee\nIt is too high.", None}
    assert target_of(None, "  ") is None
    assert target_of(" Lower\n the fee ", "We ask\nfor less.") == "Lower the fee\nWe ask for less."
    assert len(target_of("t", "word " * 1_000) or "") < 700


def test_a_forecast_sees_only_its_moment_and_is_recorded_once(filled: Session, now: datetime) -> None:
    """The same forecast asked again is the same record; what came later was not in the question."""
    forecaster = CannedForecaster()
    moment = datetime.fromtimestamp(OPENED + 7_000, UTC)
    made = forecast(filled, PROPOSAL, forecaster=forecaster, now=now, as_of=moment)
    again = forecast(filled, PROPOSAL, forecaster=forecaster, now=now + timedelta(days=1), as_of=moment)
    for each in (made, again):
        record_forecast(filled, each, actor=SYSTEM, now=now)

    assert (made, forecaster.questions[0].votes) == (again, ())
    assert [row.body["passes"] for row in filled.exec(select(Forecast))] == ["0.700000"]
    assert [e.kind for e in filled.exec(select(LogEntry))].count("forecast.made") == 1


class SurerForecaster(CannedForecaster):
    """A younger model, which says .9."""

    def forecast(self, question: OutcomeQuestion) -> OutcomeForecast:
        return replace(super().forecast(question), passes=0.9, lift=0.4, model_digest=self.digest())

    def digest(self) -> str:
        return "8" * 64


def test_what_was_said_stays_what_was_said_when_the_model_changes(filled: Session, now: datetime) -> None:
    """A younger model may have learnt the outcome: it answers only for moments of which nothing is on record."""
    moment = datetime.fromtimestamp(OPENED + 7_000, UTC)
    said = record_forecast(filled, forecast(filled, PROPOSAL, forecaster=CannedForecaster(), now=now, as_of=moment), actor=SYSTEM, now=now)
    later = now + timedelta(days=1)
    new = forecast(filled, PROPOSAL, forecaster=SurerForecaster(), now=later, as_of=moment)
    record_forecast(filled, new, actor=SYSTEM, now=later)

    then = forecast_then(filled, PROPOSAL, forecaster=SurerForecaster(), now=later, as_of=moment)
    assert (then.body["passes"], then.model_sha256, then.recorded_at) == ("0.700000", said.model_sha256, now)
    unsaid = forecast_then(filled, PROPOSAL, forecaster=SurerForecaster(), now=later, as_of=moment + timedelta(seconds=1))
    assert (unsaid.body["passes"], unsaid.recorded_at) == ("0.900000", None)


def test_a_closed_proposal_is_forecast_just_before_its_close(filled: Session, now: datetime) -> None:
    """Asked without a moment, a closed proposal is forecast from the last moment at which that meant anything."""
    made = forecast(filled, PROPOSAL, forecaster=CannedForecaster(), now=now)

    assert made.as_of == datetime.fromtimestamp(OPENED + 7 * 86_400, UTC) - timedelta(microseconds=1)


@pytest.mark.parametrize(("seconds", "refusal"), [(7 * 86_400, Conflict), (10**9, Conflict), (-1, NotFound)])
def test_no_forecast_after_the_close_or_before_the_proposal(filled: Session, now: datetime, seconds: int, refusal: type[Exception]) -> None:
    """After the close there is a result, before publication there is nothing."""
    with pytest.raises(refusal):
        forecast(filled, PROPOSAL, forecaster=CannedForecaster(), now=now, as_of=datetime.fromtimestamp(OPENED + seconds, UTC))
