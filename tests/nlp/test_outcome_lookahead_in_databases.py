"""Two databases that differ only in what came later give the same forecast, byte for byte."""

import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from governance import identity
from governance.canonical import canonical
from governance.errors import Conflict, NotFound
from governance.evidence import OutcomeForecaster
from governance.intake.batches import Kind
from governance.intake.proposals import OFFICIAL_RULES
from governance.outcome_sources import end_is_scheduled
from governance.records.engine import open_engine, writing
from governance.records.evidence import Reading
from governance.workflow.forecast import forecast
from nlp.outcome import ShippedOutcomeForecaster
from nlp.outcome_text import CachedEmbedder
from tests.ingest_rows import OPENED, a_proposal, a_vote, take
from tests.outcome_world import WordEmbedder, forecaster_in

DAO = "tide.eth"
DAY = 86_400
PAIRS = 100
# What is known comes in, something is corrected later, and forecasts are asked at last.
IMPORTED, REVISED, ASKED = (datetime(2026, month, 20, 12, tzinfo=UTC) for month in (9, 10, 12))
SOURCES = ("snapshot", "aave_v3_cache")

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class World:
    """Rows of one DAO as sources give them; `revisions` came in a later import."""

    proposals: Rows
    votes: Rows
    revisions: Rows

    def in_(self, session: Session) -> None:
        """Import it."""
        take(session, Kind.PROPOSAL, self.proposals, at=IMPORTED)
        take(session, Kind.VOTE, self.votes, at=IMPORTED)
        if self.revisions:
            take(session, Kind.PROPOSAL, self.revisions, at=REVISED)
        session.flush()


def invented(count: int = 30) -> World:
    """Proposals two days apart, open for five; half of a source whose recorded end depends on the outcome."""
    chance = random.Random(11)
    proposals, votes = [], []
    for number in range(count):
        opened = OPENED + 2 * DAY * number
        passed = chance.random() < 0.6
        proposals.append(
            a_proposal(
                source=SOURCES[number % 2],
                proposal_id=f"0x{number:02x}",
                title=f"{chance.choice(['Fund the festival', 'Lower the fee', 'Ban the name'])} number {number}",
                body="please " * chance.randrange(1, 40),
                created=opened,
                start=opened + 3_600,
                end=opened + 5 * DAY,
                author=f"0x{chance.randrange(4):040x}",
                outcome="pass" if passed else "fail",
                scores=[60.5, 20.25, 0.0] if passed else [20.25, 60.5, 0.0],
                votes_count=chance.randrange(3, 90),
            )
        )
        for place in range(6):
            when = opened + 3_600 + chance.randrange(4 * DAY)
            voter = f"0x{chance.randrange(40):040x}"
            proposal, source = f"0x{number:02x}", SOURCES[number % 2]
            votes.append(a_vote(source=source, proposal_id=proposal, voter=voter, created=when, choice=str(1 + place % 2)))
    return World(proposals, votes, [])


def with_another_future(world: World, moment: datetime, chance: random.Random) -> World:
    """The same world up to `moment`: whatever is later is deleted, falsified, moved or shuffled, and more is made up."""
    at = moment.timestamp()
    proposals = [_later_proposal(row, at, chance) for row in world.proposals if row["created"] <= at or chance.random() < 0.7]
    known = {row["proposal_id"] for row in proposals}
    votes = [
        _later_vote(row, at, chance)
        for row in world.votes
        if row["proposal_id"] in known and (row["created"] <= at or chance.random() < 0.7)
    ]
    revisions = [
        {
            **row,
            "title": f"rewritten {chance.random()}",
            "outcome": chance.choice(["pass", "fail"]),
            "end": _after(at, chance),
            "author": "0xelse",
        }
        for row in chance.sample(proposals, min(6, len(proposals)))
        if row["created"] <= at
    ]
    chance.shuffle(proposals)
    chance.shuffle(votes)
    return World(proposals, votes, revisions)


def _after(at: float, chance: random.Random) -> int:
    return int(at) + 1 + chance.randrange(30 * DAY)


def _later_proposal(row: dict[str, Any], at: float, chance: random.Random) -> dict[str, Any]:
    if row["created"] > at:
        return {
            **row,
            "title": f"invented {chance.random()}",
            "type": "other",
            "author": "0xnobody",
            "outcome": chance.choice(["pass", "fail"]),
        }
    if row["end"] <= at:
        return row
    altered = {
        **row,
        "outcome": chance.choice(["pass", "fail", None]),
        "votes_count": chance.randrange(1_000),
        "scores": [1.0, chance.random(), 0.0],
    }
    # Only where the end stood from the start was it known at all.
    return altered if end_is_scheduled(str(row["source"])) else {**altered, "end": _after(at, chance)}


def _later_vote(row: dict[str, Any], at: float, chance: random.Random) -> dict[str, Any]:
    return row if row["created"] <= at else {**row, "choice": chance.choice(["1", "2", "3"]), "vp": chance.random() * 1e6}


def a_later_reading(session: Session, proposal: str, moment: datetime) -> None:
    """A post about the proposal, written after `moment` and read as against it."""
    later = datetime.fromtimestamp(moment.timestamp() + 60, UTC)
    session.add(
        Reading(id=f"read_{proposal}", dao_id=DAO, subject_kind="post", subject_id="later", proposal_id=proposal, task="stance",
                label="against", scores=["1.000000", "0.000000", "0.000000"], windows=1, model_sha256="5" * 64,
                text_sha256="6" * 64, known_at=later, recorded_at=REVISED)
    )  # fmt: skip
    session.flush()


Opener = Callable[[World], Session]


@pytest.fixture
def database_of(sqlite_template: Path, tmp_path: Path) -> Iterator[Opener]:
    """Opens a database of its own for each world it is given."""
    closing: list[tuple[Session, Engine]] = []

    def _open(world: World) -> Session:
        path = tmp_path / f"{len(closing)}.db"
        shutil.copyfile(sqlite_template, path)
        engine = open_engine(f"sqlite:///{path}")
        session = Session(writing(engine), expire_on_commit=False)
        closing.append((session, engine))
        world.in_(session)
        return session

    yield _open
    for session, engine in closing:
        session.close()
        engine.dispose()


@pytest.fixture
def asked(tmp_path: Path) -> OutcomeForecaster:
    """A forecaster of small weights."""
    folder = tmp_path / "weights"
    folder.mkdir()
    return forecaster_in(folder)


def told(session: Session, proposal: str, moment: datetime, folder: Path) -> bytes | str:
    """The forecast's whole body as bytes, features included, from a forecaster that answered nothing before."""
    fresh = ShippedOutcomeForecaster(folder, CachedEmbedder(WordEmbedder()))
    try:
        return canonical(forecast(session, proposal, forecaster=fresh, now=ASKED, as_of=moment).body)
    except (NotFound, Conflict) as refusal:
        return refusal.code


def pairs(world: World, count: int) -> Iterator[tuple[str, datetime, int]]:
    """Random (proposal, moment while it was open, seed), from behind the first few."""
    chance = random.Random(5)
    for seed in range(count):
        row = chance.choice(world.proposals[8:])
        moment = row["created"] + chance.choice([0, 3_600, 6 * 3_600, DAY, 3 * DAY, 5 * DAY - 1])
        yield identity.proposal_id(identity.dao_id(row["dao"]), row["proposal_id"]), datetime.fromtimestamp(moment, UTC), seed


def test_whatever_comes_later_changes_no_byte_of_a_forecast(database_of: Opener, asked: OutcomeForecaster, tmp_path: Path) -> None:
    """For 100 pairs: votes, revisions, results, later proposals and readings, all in a second database."""
    world = invented()
    plain = database_of(world)
    served: Counter[str] = Counter()
    for proposal, moment, seed in pairs(world, PAIRS):
        other = database_of(with_another_future(world, moment, random.Random(seed)))
        a_later_reading(other, proposal, moment)

        said = told(plain, proposal, moment, tmp_path / "weights")
        assert isinstance(said, bytes)
        assert told(other, proposal, moment, tmp_path / "weights") == said
        served[str(b'"served":"model"' in said)] += 1
    assert served["True"] > PAIRS // 2


def test_the_comparison_can_fail(database_of: Opener, asked: OutcomeForecaster, tmp_path: Path) -> None:
    """A result, a vote or a text that was known does change the body."""
    world = invented()
    proposal, moment, _ = next(pairs(world, 1))
    moment = datetime.fromtimestamp(OPENED + 2 * DAY * 20 + 2 * DAY, UTC)
    proposal = identity.proposal_id(DAO, f"0x{20:02x}")
    turned = [{**row, "outcome": "pass" if row["outcome"] == "fail" else "fail"} for row in world.proposals]
    reworded = [{**row, "title": "another"} for row in world.proposals]
    unvoted = [row for row in world.votes if row["proposal_id"] != "0x14"]

    said = told(database_of(world), proposal, moment, tmp_path / "weights")
    for other in (replace(world, proposals=turned), replace(world, proposals=reworded), replace(world, votes=unvoted)):
        assert told(database_of(other), proposal, moment, tmp_path / "weights") != said


def test_a_correction_counts_from_when_it_came_and_takes_nothing_away_before(
    database_of: Opener, asked: OutcomeForecaster, tmp_path: Path
) -> None:
    """A result corrected in a later import was as first told until then, in the history of other proposals too."""
    published = int(IMPORTED.timestamp()) - DAY
    unfinished = a_proposal(
        proposal_id="0xff", created=published, start=published, end=published + 90 * DAY, outcome=None, scores=None, state="active"
    )
    world = invented()
    world = replace(world, proposals=[*world.proposals, unfinished])
    turned = [{**row, "outcome": "pass" if row["outcome"] == "fail" else "fail"} for row in world.proposals[:6]]
    plain, corrected = database_of(world), database_of(replace(world, revisions=turned))
    proposal, weights = identity.proposal_id(DAO, "0xff"), tmp_path / "weights"

    for moment, same in ((REVISED - timedelta(seconds=1), True), (REVISED + timedelta(seconds=1), False)):
        assert (told(plain, proposal, moment, weights) == told(corrected, proposal, moment, weights)) is same


@pytest.mark.data
def test_real_daos_are_forecast_alike_with_another_future(
    database_of: Opener, asked: OutcomeForecaster, tmp_path: Path, data_dir: Path
) -> None:
    """The same on the real DAOs with most official outcomes, dirt included."""
    rows = pq.read_table(data_dir / "governance" / "proposals.parquet").to_pylist()
    timed = [row for row in rows if _timed(row)]
    most = Counter(row["dao"] for row in timed if row["outcome"] and row["outcome_rule"] in OFFICIAL_RULES).most_common(4)
    votes = pq.read_table(data_dir / "governance" / "votes.parquet", filters=[("dao", "in", [dao for dao, _ in most])]).to_pylist()
    served: Counter[bool] = Counter()
    for dao, _ in most:
        world = real([row for row in timed if row["dao"] == dao], votes)
        plain = database_of(world)
        for proposal, moment, seed in pairs(world, 8):
            other = database_of(with_another_future(world, moment, random.Random(seed)))
            said = told(plain, proposal, moment, tmp_path / "weights")
            assert told(other, proposal, moment, tmp_path / "weights") == said
            served[isinstance(said, bytes) and b'"served":"model"' in said] += 1
    assert served[True] > 8


def real(proposals: Rows, votes: Rows) -> World:
    """A DAO's first proposals, with their votes."""
    proposals = sorted(proposals, key=lambda row: (int(row["created"]), str(row["proposal_id"])))[:80]
    known = {row["proposal_id"] for row in proposals}
    cast = [row for row in votes if row["dao"] == proposals[0]["dao"] and row["proposal_id"] in known and row["created"]]
    return World(proposals, random.Random(2).sample(cast, min(len(cast), 3_000)), [])


def _timed(row: dict[str, Any]) -> bool:
    return bool(row["created"] and row["end"] and row["end"] > row["created"])
