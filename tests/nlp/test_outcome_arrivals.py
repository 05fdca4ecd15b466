"""How a DAO's last proposals had filled up: read alike from a dump and a database, never from later, and weighed by how alike they were."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sqlmodel import Session

from governance.arrivals import LAST_PROPOSALS, Curve, same_moment
from governance.evidence import Arrival, ClosedProposal, KnownProgress, KnownVote, OutcomeQuestion
from governance.identity import proposal_id
from governance.intake.batches import Kind
from governance.records.history import outcome_question
from nlp.outcome import ShippedOutcomeForecaster
from nlp.outcome_activity import Arrivals
from nlp.outcome_arrivals import TOLERANCE, expected_turnout
from nlp.outcome_dataset import Case, replay
from nlp.outcome_record import build_record
from nlp.outcome_text import CachedEmbedder
from nlp.outcome_vote_features import UNKNOWN, Turnout
from tests.ingest_rows import OPENED, a_proposal, a_vote, take
from tests.outcome_world import BEGIN, WordEmbedder, cases, closed, forecaster_in, history, imported, proposal, question

DAY = 86_400
THIS = proposal_id("tide.eth", "0x01")
NOON = datetime(2024, 6, 1, 12, tzinfo=UTC)
HALF = timedelta(days=3.5)


@pytest.fixture(scope="module")
def forecaster(tmp_path_factory: pytest.TempPathFactory) -> ShippedOutcomeForecaster:
    """The small model, loaded once."""
    return forecaster_in(tmp_path_factory.mktemp("weights"))


def at(seconds: int) -> datetime:
    """A moment in Unix seconds."""
    return datetime.fromtimestamp(seconds, UTC)


def test_the_same_moment_is_the_same_part_of_a_fixed_window_else_as_many_hours() -> None:
    """A vote that closed earlier has no such moment; nor is there one before publication, or where nobody says when that was."""
    asked, earlier = proposal(40), closed(3)
    opened, then = asked.published_at or NOON, earlier.proposal.published_at or NOON
    longer = replace(asked, ends_at=opened + timedelta(days=14))
    open_ended = replace(asked, ends_at=None)

    assert same_moment(earlier, asked, opened + HALF) == then + HALF
    assert same_moment(earlier, longer, opened + HALF) == then + HALF / 2
    assert same_moment(earlier, longer, opened + timedelta(days=20)) == then + timedelta(days=7)
    assert same_moment(earlier, open_ended, opened + HALF) == then + HALF
    assert same_moment(earlier, open_ended, opened + timedelta(days=7, seconds=1)) is None
    assert same_moment(replace(earlier, closed_at=then + timedelta(days=1)), asked, opened + HALF) is None
    assert same_moment(earlier, asked, opened) is None
    assert same_moment(earlier, replace(asked, published_at=None, starts_at=None), opened + HALF) is None
    undated = replace(earlier.proposal, published_at=None, starts_at=None)
    assert same_moment(replace(earlier, proposal=undated), asked, opened + HALF) is None


def test_a_voter_arrives_with_the_first_vote() -> None:
    """Voting again brings nobody; power is told up to the first vote without one; published totals count where they say more."""
    votes = [
        KnownVote("0xB", "1", "2.5", NOON + timedelta(hours=2)),
        KnownVote("0xa", "1", "4", NOON + timedelta(hours=1)),
        KnownVote("0xA", "2", "90", NOON + timedelta(hours=3)),
        KnownVote("0xc", "1", None, NOON + timedelta(hours=4)),
    ]
    curve = Curve.of(votes)

    def told(hours: float) -> tuple[int, float | None]:
        found = curve.at("p", NOON + timedelta(hours=hours))
        assert found is not None
        assert (found.proposal_id, found.at) == ("p", NOON + timedelta(hours=hours))
        return found.voters, found.power

    assert [told(hours) for hours in (0.9, 1, 2, 3, 4)] == [(0, None), (1, 4.0), (2, 6.5), (2, 6.5), (3, None)]
    totals = (KnownProgress(NOON + timedelta(hours=2), 7, "40"), KnownProgress(NOON + timedelta(hours=9), None, "99"))
    curve = Curve.of(votes, totals)
    assert [told(hours) for hours in (1, 2, 4, 9)] == [(1, 4.0), (7, 40.0), (7, 40.0), (7, 99.0)]
    assert Curve.of([KnownVote("0xa", "1", "-1", NOON), KnownVote("0xb", "1", "1e999", NOON)]).at("p", NOON) == Arrival("p", NOON, 2, None)


def test_before_the_first_total_nobody_knows() -> None:
    """Without votes, silence until the first published total is not that nobody had voted; nor is it where there are neither."""
    curve = Curve.of([], (KnownProgress(NOON + timedelta(hours=2), 7, "40"),))

    assert curve.at("p", NOON + timedelta(hours=1)) is None
    assert curve.at("p", NOON + timedelta(hours=2)) == Arrival("p", NOON + timedelta(hours=2), 7, 40.0)
    assert Curve.of([]).at("p", NOON) is None


def said(
    arrivals: list[Arrival], *, heads: int = 10, power: float | None = 100.0, believed: float = math.log1p(20.0), known: int = 8
) -> tuple[float, float]:
    """Expected voters and power (logarithms) where 10 have voted with a power of 100, and 20 with 400 were believed to."""
    record = build_record(history_with_power(), CachedEmbedder(WordEmbedder()))
    asked = replace(question(40, after=HALF), arrivals=tuple(arrivals))
    beliefs = {"voters_belief": believed, "power_belief": math.log1p(400.0)}
    found = expected_turnout(asked, record, known, Turnout(heads, power), beliefs)
    return found["voters_expected"], found["power_expected"]


def history_with_power() -> tuple[ClosedProposal, ...]:
    """Ten closed proposals of 99 voters and a power of 999 each."""
    return tuple(replace(row, voters=99, power=999.0) for row in history(10))


def arrived(number: int, voters: int, power: float | None, *, moment: datetime | None = None) -> Arrival:
    """How proposal `number` had filled up."""
    return Arrival(f"lake-{number}", moment or BEGIN, voters, power)


def test_the_more_alike_the_last_proposals_filled_up_the_more_they_count() -> None:
    """Where all grew tenfold they count for much beside the belief; where they differ, for little; the belief is never left for none."""
    alike = [arrived(number, 9, 99.0) for number in range(8)]
    apart = [arrived(number, 1 if number % 2 else 49, 1.0 if number % 2 else 499.0) for number in range(8)]
    believed = math.log1p(20.0), math.log1p(400.0)
    tenfold = math.log1p(10.0) + math.log(10.0), math.log1p(100.0) + math.log(10.0)

    counts = [tolerance**2 / (tolerance**2 + 1.0 / 9.0) for tolerance in (TOLERANCE["voters"], TOLERANCE["power"])]
    expected = [belief + part * (told - belief) for part, belief, told in zip(counts, believed, tenfold, strict=True)]
    assert said(alike) == pytest.approx(expected)
    moved = [abs(voters - believed[0]) for voters, _ in (said(alike), said(alike[:2]), said(apart))]
    assert moved[0] > moved[1] > moved[2] > 0.0
    assert said([]) == believed
    assert said([], heads=50, power=9_000.0) == (math.log1p(50.0), math.log1p(9_000.0))


def test_what_is_not_known_is_not_counted() -> None:
    """Results to come, moments later than the question, powers that nobody told, a vote nobody has begun, a turnout nobody expects."""
    believed = math.log1p(20.0), math.log1p(400.0)
    late = question(40, after=HALF).as_of + timedelta(microseconds=1)

    assert said([arrived(8, 9, 99.0), arrived(9, 9, 99.0), arrived(3, 9, 99.0, moment=late)]) == believed
    assert said([Arrival("elsewhere-1", BEGIN, 9, 99.0)]) == believed
    voters, power = said([arrived(number, 9, None) for number in range(8)])
    assert voters > believed[0]
    assert power == believed[1]
    assert said([arrived(1, 9, 99.0)], heads=0, power=0.0) == believed
    assert said([arrived(1, 9, 99.0)], believed=UNKNOWN)[0] == UNKNOWN
    assert said([arrived(1, 9, 99.0)], power=None)[1] == believed[1]


def test_fewer_in_the_end_than_by_then_is_no_growth() -> None:
    """A source may leave voters out of its result: who has voted stays a voter."""
    voters, power = said([arrived(number, 400, 5_000.0) for number in range(8)])

    assert math.log1p(10.0) < voters < math.log1p(20.0)
    assert math.log1p(100.0) < power < math.log1p(400.0)


def filled(asked: OutcomeQuestion, voters: int) -> OutcomeQuestion:
    """The question in a DAO where all past proposals had `voters` by now."""
    moment = asked.as_of - timedelta(hours=1)
    return replace(asked, arrivals=tuple(Arrival(row.proposal.proposal_id, moment, voters, None) for row in asked.history))


def test_turnout_follows_how_the_last_proposals_filled_up_and_passing_does_not(forecaster: ShippedOutcomeForecaster) -> None:
    """Where most came late, more are expected; it moves no probability of passing."""
    asked = question(60, after=HALF, past=history(60))
    late, early = (forecaster.forecast(filled(asked, voters)) for voters in (1, 60))

    assert late.turnout is not None
    assert early.turnout is not None
    assert late.turnout > 1.5 * early.turnout
    assert early.turnout >= len(asked.votes)
    assert late.passes == early.passes


def test_a_dump_and_a_database_read_the_same(session: Session) -> None:
    """What the model learnt from must be what it is told in service; before anybody has voted nothing is read."""
    world = cases(34)
    imported(session, world)

    read = Arrivals(world)
    for case in world[16:34:4]:
        name = proposal_id("tide.eth", case.closed.proposal.proposal_id)
        moment = case.opened_at + timedelta(hours=50)
        told = outcome_question(session, name, moment).arrivals
        assert [_plain(each) for each in told] == [_plain(each) for each in read.of(case, moment)]
        assert outcome_question(session, name, case.opened_at).arrivals == ()
    assert len(told) == LAST_PROPOSALS
    asked = {one.moment: one.question for one in replay(world[33:], {"lake": history(34)}, ("open", "24h"), past=world)}
    assert [len(asked[name].arrivals) for name in ("open", "24h")] == [0, LAST_PROPOSALS]


def _plain(arrival: Arrival) -> tuple[datetime, int, float]:
    return arrival.at, arrival.voters, round(arrival.power or 0.0, 6)


def test_votes_after_the_close_and_proposals_without_votes_tell_nothing() -> None:
    """In a dump as in a database: what nobody voted on may be what nobody recorded."""
    world = list(cases(34))
    moment = world[33].opened_at + timedelta(hours=50)
    told = Arrivals(world).of(world[33], moment)
    last = told[-1].proposal_id
    place = next(number for number, case in enumerate(world) if case.closed.proposal.proposal_id == last)

    def with_votes(*votes: KnownVote) -> tuple[Arrival, ...]:
        changed: list[Case] = [*world[:place], replace(world[place], votes=votes), *world[place + 1 :]]
        return Arrivals(changed).of(changed[33], moment)

    afterwards = KnownVote("0xlate", "1", "1", world[place].closed.closed_at + timedelta(seconds=1))
    assert with_votes() == with_votes(afterwards) == told[:-1]
    assert with_votes(*world[place].votes, afterwards) == told


def test_a_database_tells_what_was_cast_by_then_as_it_was_known_at_the_close(session: Session) -> None:
    """Guessed times and later corrections do not count; a vote that comes in late does from then on, though others were read before."""
    earlier = {"0x02": -30, "0x03": -20, "0x04": -6}
    rows = [
        a_proposal(proposal_id=name, created=OPENED + day * DAY, start=OPENED + day * DAY, end=OPENED + (day + 7) * DAY)
        for name, day in earlier.items()
    ]
    take(session, Kind.PROPOSAL, [a_proposal(start=OPENED), *rows, a_proposal(proposal_id="0x07", dao="ebb.eth")])
    cast = [a_vote(proposal_id=name, voter="ann", created=OPENED + day * DAY + 600, vp=3.5) for name, day in earlier.items()]
    guess = a_vote(proposal_id="0x02", voter="guess", created=OPENED - 30 * DAY, created_estimated=True)
    take(session, Kind.VOTE, [*cast, guess, a_vote(created=OPENED + 1), a_vote(proposal_id="0x07", dao="ebb.eth", created=OPENED)])

    def told(moment: datetime) -> list[tuple[str, int, float | None]]:
        return [(each.proposal_id, each.voters, each.power) for each in outcome_question(session, THIS, moment).arrivals]

    two, three, four = (proposal_id("tide.eth", name) for name in earlier)
    assert told(at(OPENED + 599)) == [(two, 0, None), (three, 0, None)]
    assert told(at(OPENED + 600)) == [(two, 1, 3.5), (three, 1, 3.5)]
    assert told(at(OPENED + 2 * DAY)) == [(two, 1, 3.5), (three, 1, 3.5), (four, 1, 3.5)]
    take(session, Kind.VOTE, [a_vote(proposal_id="0x03", voter="bob", created=OPENED - 20 * DAY + 300, vp=2.0)])
    take(session, Kind.VOTE, [{**cast[0], "vp": 8.0}], at=at(OPENED + 50 * DAY))
    session.expire_all()
    assert told(at(OPENED + 600)) == [(two, 1, 3.5), (three, 2, 5.5)]


def test_the_spread_is_half_the_distance_of_the_quartiles() -> None:
    """One stray proposal among many is not what they do; growth is counted as a logarithm."""
    arrivals = [arrived(number, 9, None) for number in range(7)]
    stray = [*arrivals, arrived(7, 1, None)]
    growth = [math.log(10.0)] * 7 + [math.log(50.0)]
    lower, middle, upper = np.quantile(growth, (0.25, 0.5, 0.75))
    spread = (8 * ((upper - lower) / 2) ** 2 + 1.0) / 9.0
    squared = TOLERANCE["voters"] ** 2
    expected = math.log1p(20.0) + squared / (squared + spread) * (math.log1p(10.0) + middle - math.log1p(20.0))

    assert said(stray)[0] == pytest.approx(expected)
