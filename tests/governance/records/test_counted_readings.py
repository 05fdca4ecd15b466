"""A text read several times counts once wherever readings are counted: by its last reading as known then."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session

from governance.actors import SYSTEM
from governance.evidence import TextReading, TextToRead
from governance.health.intervals import Interval
from governance.identity import derived, proposal_id
from governance.intake.batches import Kind
from governance.intake.daos import receive
from governance.records import proposal_page
from governance.records.evidence import Reading
from governance.records.history import stance_so_far
from governance.records.recommendation_evidence import readings_known
from governance.records.texts import reading_counts
from governance.workflow.analyse import read_texts, record_readings, unread_texts, wanted_readings
from governance.workflow.measure_health import bring_up_to_date, health_series
from governance.workflow.register_dao import register_dao
from tests.ingest_rows import OPENED, a_post, a_proposal, a_vote, take

DAO = "tide.eth"
PROPOSAL = proposal_id(DAO, "0x01")
IMPORTED = datetime(2026, 11, 21, 12, tzinfo=UTC)
FIRST, AGAIN = IMPORTED + timedelta(days=1), IMPORTED + timedelta(days=9)
# Just before the texts were read again, and long before anybody read them.
BEFORE, LONG_BEFORE = AGAIN - timedelta(seconds=1), datetime.fromtimestamp(OPENED + 86_400, UTC)
LABELS = {"sentiment": ("negative", "neutral", "positive"), "stance": ("against", "neutral", "for")}


class WordReader:
    """One model: its digest, and what it takes each word for (0 low, 1 neutral, 2 high; None: it cannot read such a text)."""

    def __init__(self, model: str, **places: int | None) -> None:
        self.model, self.places = model, places

    def read(self, texts: Sequence[TextToRead]) -> list[tuple[TextReading, ...]]:
        return [tuple(self._one(text, task) for task in LABELS if task == "sentiment" or text.target) for text in texts]

    def digest(self, task: str) -> str:  # noqa: ARG002  # one model reads both
        return self.model * 64

    def _one(self, text: TextToRead, task: str) -> TextReading:
        place = next((place for word, place in self.places.items() if word in text.text), 1)
        if place is None:
            return TextReading(task, "unsupported_language", (), self.digest(task), "", None, 0)
        return TextReading(task, LABELS[task][place], (0.2, 0.3, 0.5), self.digest(task), "", None, 1)


def analyse(session: Session, reader: WordReader, now: datetime) -> int:
    found = unread_texts(session, DAO, reader=reader, now=now, limit=100)
    rows = read_texts(wanted_readings(session, found.subjects, reader=reader), reader=reader)
    return record_readings(session, DAO, rows, actor=SYSTEM, now=now)


def post(text: str) -> dict[str, object]:
    return a_post(text=text, dao=DAO, linked_proposal="0x01")


@pytest.fixture
def world(session: Session) -> Session:
    """A proposal, a post about it that is called good, and a vote whose reason is called bad."""
    take(session, Kind.PROPOSAL, [a_proposal(body="Plainly.")], at=IMPORTED)
    take(session, Kind.VOTE, [a_vote(reason="A bad deal.")], at=IMPORTED)
    take(session, Kind.POST, [post("A good plan.")], at=IMPORTED)
    assert analyse(session, WordReader("1", good=2, bad=0), FIRST) == 5
    return session


def stances(session: Session, as_of: datetime) -> list[dict[str, int]]:
    """How many texts take which stance, from each place that counts them."""
    shown, items = proposal_page.readings(session, PROPOSAL, as_of=as_of, limit=100)
    counts = [
        reading_counts(session, task="stance", since=None, as_of=as_of, **scope) for scope in ({"dao_id": DAO}, {"proposal_id": PROPOSAL})
    ]
    evidence = readings_known(session, DAO, since=datetime(2020, 1, 1, tzinfo=UTC), now=as_of, limit=100)
    by_day: list[Counter[str]] = []
    for found in counts:
        by_day.append(Counter())
        for _, _, label, count in found:
            by_day[-1][label] += count
    return [
        dict(by_day[0]),
        dict(by_day[1]),
        shown["stance"],
        dict(Counter(row["label"] for row in items if row["task"] == "stance")),
        dict(Counter(row.label for row in evidence if row.task == "stance")),
    ]


def dissatisfaction(session: Session, as_of: datetime) -> dict[str, object]:
    """Of the year in which the texts were written."""
    bring_up_to_date(session, [DAO], Interval.YEAR)
    [written] = [point for point in health_series(session, DAO, Interval.YEAR, as_of=as_of, points=4) if point.start.year == 2023]
    found: dict[str, object] = written.figures["dissatisfaction"]
    return found


def assert_all(session: Session, as_of: datetime, stance: dict[str, int], negative: str) -> None:
    """Every place says `stance`; of the proposal and the two texts about it `negative` is the share that felt so."""
    assert stances(session, as_of) == [stance] * 5
    weights = {"for": 1, "against": -1}
    assert stance_so_far(session, PROPOSAL, as_of=as_of) == sum(weights.get(label, 0) * n for label, n in stance.items()) / 2
    against = f"{stance.get('against', 0) / 2:.6f}"
    assert dissatisfaction(session, as_of) == {"texts": 3, "negative": negative, "stances": 2, "against": against}


def test_a_text_that_two_models_read_counts_once(world: Session) -> None:
    """The one promoted later reads the post as bad, too: two texts against, not two against and one for."""
    assert analyse(world, WordReader("2", good=0, bad=0), AGAIN) == 5

    assert_all(world, AGAIN, {"against": 2}, "0.666667")
    assert {model for _, model, _, _ in reading_counts(world, task="stance", since=None, as_of=AGAIN, dao_id=DAO)} == {"2" * 64}


@pytest.mark.parametrize("as_of", [BEFORE, LONG_BEFORE])
def test_an_earlier_moment_keeps_its_answer_after_a_change_of_model(world: Session, as_of: datetime) -> None:
    """Also a past that was imported: a model of today, which may have learnt from what came since, does not rewrite it."""
    before = stances(world, as_of), dissatisfaction(world, as_of)
    analyse(world, WordReader("2", good=0, bad=0), AGAIN)

    assert_all(world, as_of, {"for": 1, "against": 1}, "0.333333")
    assert (stances(world, as_of), dissatisfaction(world, as_of)) == before


def test_an_edited_post_that_was_read_again_counts_once(world: Session) -> None:
    """By its new words from then on, and by the old ones before."""
    take(world, Kind.POST, [post("On reflection: a bad plan.")], at=AGAIN - timedelta(hours=1))
    assert analyse(world, WordReader("1", good=2, bad=0), AGAIN) == 2

    assert_all(world, AGAIN, {"against": 2}, "0.666667")
    assert_all(world, BEFORE, {"for": 1, "against": 1}, "0.333333")
    assert_all(world, LONG_BEFORE, {"for": 1, "against": 1}, "0.333333")


def test_what_no_model_could_read_is_in_no_share(world: Session) -> None:
    """A post edited into another language: what it said before is gone, and it is not one more who is content."""
    take(world, Kind.POST, [post("提高交易手续费 foreign")], at=AGAIN - timedelta(hours=1))
    analyse(world, WordReader("1", good=2, bad=0, foreign=None), AGAIN)

    assert dissatisfaction(world, AGAIN) == {"texts": 2, "negative": "0.500000", "stances": 1, "against": "1.000000"}
    assert stance_so_far(world, PROPOSAL, as_of=AGAIN) == -1
    evidence = readings_known(world, DAO, since=datetime(2020, 1, 1, tzinfo=UTC), now=AGAIN, limit=100)
    assert sorted(row.label for row in evidence) == ["against", "negative", "neutral"]
    assert stances(world, AGAIN)[0] == {"against": 1, "unsupported_language": 1}


def test_a_post_filed_elsewhere_counts_where_it_is_filed(session: Session) -> None:
    """Its reading toward the former proposal is neither that proposal's any more nor a second one of the DAO."""
    register_dao(session, receive({"name": DAO, "about": None, "source": "test"}), actor=SYSTEM, now=IMPORTED)
    for number, (about, label) in enumerate((("former", "for"), ("later", "against"))):
        at = FIRST + timedelta(days=number)
        session.add(
            Reading(id=derived("read", about), dao_id=DAO, subject_kind="post", subject_id="post_1", proposal_id=about, task="stance",
                    label=label, scores=["0", "0", "1"], windows=1, model_sha256="1" * 64, text_sha256="3" * 64,
                    target_sha256=str(number) * 64, known_at=IMPORTED, recorded_at=at)
        )  # fmt: skip
    session.flush()

    counted = [stance_so_far(session, about, as_of=AGAIN) for about in ("former", "later")]

    assert counted == [None, -1]
    assert [row[2:] for row in reading_counts(session, task="stance", since=None, as_of=AGAIN, dao_id=DAO)] == [("against", 1)]
    assert stance_so_far(session, "former", as_of=FIRST) == 1
