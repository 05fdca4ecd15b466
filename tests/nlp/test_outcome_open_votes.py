"""Votes under way on the DAO's other proposals: counted alike from a dump and a database, weighed as results to come, never from later."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sqlmodel import Session

from governance.evidence import ChoiceSoFar, KnownProposal, KnownVote, OpenVote
from governance.identity import proposal_id
from governance.intake.batches import Kind
from governance.open_votes import FIRST_VOTES, MOST_PROPOSALS, open_vote
from governance.records.history import outcome_question
from governance.records.open_votes import open_proposals
from nlp.outcome import ShippedOutcomeForecaster
from nlp.outcome_activity import OpenVotes
from nlp.outcome_belief import Asked, Beliefs, Kernel
from nlp.outcome_open_votes import standings, with_open_votes
from nlp.outcome_points import Points, Sight
from nlp.outcome_record import build_record, days
from nlp.outcome_text import CachedEmbedder, proposal_text
from tests.ingest_rows import OPENED, a_proposal, a_vote, take
from tests.outcome_world import WordEmbedder, cases, closed, forecaster_in, history, imported, proposal, question

DAY = 86_400
THIS = proposal_id("tide.eth", "0x01")
NOON = datetime(2024, 6, 1, 12, tzinfo=UTC)
KERNEL = Kernel(1.0, 0.5, 0.7, 0.3, 1.5, 0.4, 0.2, 0.1, 3.0, 200.0, 300.0, 0.5)


@pytest.fixture(scope="module")
def forecaster(tmp_path_factory: pytest.TempPathFactory) -> ShippedOutcomeForecaster:
    """The small model, loaded once."""
    return forecaster_in(tmp_path_factory.mktemp("weights"))


def at(seconds: int) -> datetime:
    """A moment in Unix seconds."""
    return datetime.fromtimestamp(seconds, UTC)


def standing_at(number: int, ups: int, downs: int, *, moment: datetime, power: str | None = None) -> OpenVote:
    """Proposal `number` with so many voters for and against, as known at `moment`."""
    choices = (ChoiceSoFar("1", ups, power), ChoiceSoFar("2", downs, None if power is None else "1"))
    return OpenVote(proposal(number), choices, moment)


def test_the_last_of_a_voters_first_hundred_votes_counts() -> None:
    """Who changes sides counts once; a hundred and first vote is not looked at; a power is a sum only where everybody has one."""
    votes = [KnownVote(f"0xV{number}", "1", "0.1", NOON + timedelta(minutes=number)) for number in range(98)]
    votes += [KnownVote("0xv0", "2", "7", NOON + timedelta(hours=3)), KnownVote("0xlast", None, None, NOON + timedelta(hours=4))]
    found = open_vote(proposal(1), [*votes, KnownVote("0xlate", "2", "9", NOON + timedelta(hours=5))])

    assert found.choices == (ChoiceSoFar(None, 1, None), ChoiceSoFar("1", 97, "9.7"), ChoiceSoFar("2", 1, "7"))
    assert found.latest_at == NOON + timedelta(hours=4)
    assert len(votes) == FIRST_VOTES
    large = open_vote(proposal(1), [KnownVote(name, "1", power, NOON) for name, power in (("a", "1" + "0" * 60), ("b", "0.000000001"))])
    assert large.choices == (ChoiceSoFar("1", 2, "1" + "0" * 60 + ".000000001"),)


def test_what_leans_to_a_side_by_then_counts_by_power_where_all_have_it() -> None:
    """Abstentions alone lean nowhere; the question's own proposal and what is a moment too late are dropped, whoever put them there."""
    asked = question(40)
    moment = asked.as_of
    votes = (
        standing_at(31, 3, 1, moment=moment),
        standing_at(32, 1, 1, moment=moment, power="3"),
        OpenVote(proposal(33), (ChoiceSoFar("3", 9, None),), moment),
        standing_at(34, 9, 0, moment=moment + timedelta(microseconds=1)),
        standing_at(40, 9, 0, moment=moment),
    )
    found = standings(replace(asked, open_votes=votes))

    assert [(each.proposal.proposal_id, each.voters, each.share) for each in found] == [("lake-31", 4, 0.75), ("lake-32", 2, 0.75)]


def test_conditioning_is_that_of_the_whole_regression() -> None:
    """The same mean as one regression on results and open votes together, whose noises differ (Rasmussen & Williams, eq. 2.23)."""
    record, known = build_record(history(30), CachedEmbedder(WordEmbedder())), 30
    beliefs, embedder = Beliefs(), CachedEmbedder(WordEmbedder())
    votes = standings(replace(question(40), open_votes=tuple(standing_at(n, n - 28, 3, moment=question(40).as_of) for n in range(31, 39))))
    proposals = [proposal(40), *(each.proposal for each in votes)]
    vectors = embedder.embed([proposal_text(each) for each in proposals]).astype(np.float64)
    sights = [Sight(each, days(each.published_at), vector) for each, vector in zip(proposals, vectors, strict=True) if each.published_at]
    mean, strongest = with_open_votes(beliefs, record, known, Points.seen(record, sights), votes, asked=Asked(KERNEL, 0.6, whole=True))

    def points(rows: range) -> Points:
        return Points.of(whole, np.array(rows), words=True)

    # The open ones as if they had closed, so that one record holds all; the asked one last.
    whole = build_record([*history(30), *(closed(number) for number in (*range(31, 39), 40))], CachedEmbedder(WordEmbedder()))
    covariance = KERNEL.between(points(range(39)), points(range(39))).astype(float)
    noise = np.array([1.0] * 30 + [(each.voters + 2) / each.voters for each in votes])
    came = [*record.passed, *((each.voters * each.share + 1) / (each.voters + 2) for each in votes)]
    weights = np.linalg.solve(covariance[:38, :38] + np.diag(noise), np.array(came) - 0.6)
    assert whole.places["lake-40"] == 38
    assert mean == pytest.approx(0.6 + covariance[38, :38] @ weights, abs=1e-4)
    assert set(strongest) == {each.proposal.proposal_id for each in votes}


def test_in_a_dao_without_results_votes_elsewhere_are_all_that_is_known(forecaster: ShippedOutcomeForecaster) -> None:
    """Others that win raise the forecast, others that lose lower it, more voters more; the reason says so and names them."""
    asked = question(40)

    def said(ups: int, downs: int) -> float:
        return forecaster.forecast(replace(asked, open_votes=_around(asked.as_of, ups, downs))).passes

    alone = forecaster.forecast(asked).passes
    assert said(30, 0) > said(3, 0) > alone > said(0, 3) > said(0, 30)
    told = forecaster.forecast(replace(asked, open_votes=_around(asked.as_of, 0, 30)))
    reason = next(each for each in told.reasons if each.fact == "other votes under way")
    assert reason.log_odds < 0
    assert reason.words == "those for are ahead on 0 of the DAO's 4 other open proposals with votes"
    assert set(reason.rows) == {f"lake-{number}" for number in range(36, 40)}


def _around(moment: datetime, ups: int, downs: int) -> tuple[OpenVote, ...]:
    return tuple(standing_at(number, ups, downs, moment=moment) for number in range(36, 40))


def test_two_new_authors_are_not_one(forecaster: ShippedOutcomeForecaster) -> None:
    """Neither has proposed before: what befalls the one says less of the other than what befalls the other's own proposals."""
    asked = replace(question(40, past=history(20)), proposal=replace(proposal(40), author="0xnew"))

    def said(author: str) -> float:
        others = tuple(replace(vote, proposal=replace(vote.proposal, author=author)) for vote in _around(asked.as_of, 0, 9))
        return forecaster.forecast(replace(asked, open_votes=others)).features["open_votes"]

    assert said("0xNEW") < said("0xanother") - 0.01


def test_a_dump_and_a_database_count_the_same(session: Session) -> None:
    """What the model learnt from must be what it is told in service."""
    world = cases(12)
    imported(session, world)

    counted = OpenVotes(world)
    for case in world[2:9]:
        moment = case.opened_at + timedelta(hours=50)
        told = outcome_question(session, proposal_id("tide.eth", case.closed.proposal.proposal_id), moment).open_votes
        assert [_plain(each) for each in counted.of(case, moment)] == [_plain(each) for each in told]
        assert len(told) > 2


def _plain(vote: OpenVote) -> tuple[object, ...]:
    return vote.proposal.title, vote.latest_at, [(each.choice, each.voters, float(each.power or 0)) for each in vote.choices]


def test_a_database_tells_only_what_was_open_and_cast_by_then(session: Session) -> None:
    """What has closed, opens later or is another DAO's is no open vote; guessed times do not count, and corrections from when they came."""
    days_open = {"0x02": (-2, 5), "0x03": (-9, -2), "0x04": (1, 8), "0x05": (-70, 90), "0x06": (-3, 9)}
    others = [
        a_proposal(proposal_id=name, created=OPENED + begin * DAY, start=OPENED + begin * DAY, end=OPENED + end * DAY)
        for name, (begin, end) in days_open.items()
    ]
    take(session, Kind.PROPOSAL, [a_proposal(), *others, a_proposal(proposal_id="0x07", dao="ebb.eth")])
    cast = [a_vote(proposal_id=name, voter="ann", created=OPENED + DAY) for name in (*days_open, "0x01")]
    guess = a_vote(proposal_id="0x06", voter="guess", created=OPENED, created_estimated=True)
    take(session, Kind.VOTE, [*cast, guess, a_vote(proposal_id="0x07", dao="ebb.eth", created=OPENED)])

    def told(moment: datetime) -> list[tuple[str, str | None, int]]:
        found = outcome_question(session, THIS, moment).open_votes
        return [(each.proposal.proposal_id, choice.choice, choice.voters) for each in found for choice in each.choices]

    two, four, six = (proposal_id("tide.eth", name) for name in ("0x02", "0x04", "0x06"))
    then = [(six, "1", 1), (two, "1", 1), (four, "1", 1)]
    assert told(at(OPENED + DAY - 1)) == []
    assert told(at(OPENED + DAY)) == then
    assert told(at(OPENED + 6 * DAY)) == [(six, "1", 1), (four, "1", 1)]
    assert open_proposals(session, "tide.eth", as_of=at(OPENED + DAY)) == [six, two, THIS, four]
    take(session, Kind.VOTE, [{**cast[0], "choice": "2"}], at=at(OPENED + 50 * DAY))
    session.expire_all()
    assert told(at(OPENED + DAY)) == then


def test_what_closes_when_it_is_decided_tells_nothing_of_others(session: Session) -> None:
    """Neither from a database nor from a dump: it is open because it is undecided."""
    fixed = {"0x02": True, "0x03": False}
    others = [
        a_proposal(proposal_id=name, created=OPENED - DAY, start=OPENED - DAY, end=OPENED + 9 * DAY, end_fixed=each)
        for name, each in fixed.items()
    ]
    take(session, Kind.PROPOSAL, [a_proposal(), *others])
    take(session, Kind.VOTE, [a_vote(proposal_id=name, voter="ann", created=OPENED) for name in fixed])
    two, three = (proposal_id("tide.eth", name) for name in fixed)
    assert {two, three} < set(open_proposals(session, "tide.eth", as_of=at(OPENED + 1)))
    assert [each.proposal.proposal_id for each in outcome_question(session, THIS, at(OPENED + 1)).open_votes] == [two]

    world = cases(12)
    early = [replace(case, closed=replace(case.closed, proposal=replace(case.closed.proposal, ends_at=None))) for case in world]
    moment = world[6].opened_at + timedelta(hours=50)
    assert len(OpenVotes(world).of(world[6], moment)) > 3
    assert OpenVotes(early).of(early[6], moment) == ()


def test_of_many_open_proposals_the_newest_are_looked_at(session: Session) -> None:
    """A DAO flooded with proposals costs a forecast no more than so many."""
    count = MOST_PROPOSALS + 5
    flood = [a_proposal(proposal_id=f"f{number:03}", created=OPENED - 500 + number, start=OPENED - 500 + number) for number in range(count)]
    take(session, Kind.PROPOSAL, [a_proposal(), *flood])
    take(session, Kind.VOTE, [a_vote(proposal_id=f"f{number:03}", voter="ann", created=OPENED) for number in range(count)])
    told = outcome_question(session, THIS, at(OPENED + 1)).open_votes

    assert [each.proposal.proposal_id for each in told] == [proposal_id("tide.eth", f"f{number:03}") for number in range(5, count)]


def test_what_nobody_has_voted_on_is_no_open_vote() -> None:
    """In a dump as in a database: until the first vote is cast there is nothing to count."""
    world = cases(12)
    silent = [replace(case, votes=()) if place == 5 else case for place, case in enumerate(world)]
    moment = world[6].opened_at + timedelta(hours=50)
    told, without = ([each.proposal.proposal_id for each in OpenVotes(dump).of(world[6], moment)] for dump in (world, silent))
    assert "lake-5" in told
    assert without == [each for each in told if each != "lake-5"]


def test_odd_powers_do_not_spoil_a_forecast(forecaster: ShippedOutcomeForecaster) -> None:
    """Powers beyond any number, or none at all, leave heads to count."""
    asked = question(40, past=history(20))
    for power in ("1e400", "0", "nan"):
        odd = tuple(replace(vote, choices=(ChoiceSoFar("1", 2, power), ChoiceSoFar("2", 1, power))) for vote in _around(asked.as_of, 2, 1))
        assert [each.share for each in standings(replace(asked, open_votes=odd))] == [2 / 3] * 4
        assert forecaster.forecast(replace(asked, open_votes=odd)) == forecaster.forecast(
            replace(asked, open_votes=_around(asked.as_of, 2, 1))
        )


def test_a_proposal_that_nobody_dates_is_left_out() -> None:
    """Without a time it cannot be near or far."""
    undated: KnownProposal = replace(proposal(31), published_at=None, starts_at=None)
    asked = question(40)
    vote = replace(standing_at(31, 3, 1, moment=asked.as_of), proposal=undated)
    assert standings(replace(asked, open_votes=(vote,))) == ()
