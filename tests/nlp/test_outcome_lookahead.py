"""Nothing later than `as_of` may move a feature or a forecast by one bit."""

import pickle
import random
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from governance.evidence import ClosedProposal, KnownVote, OutcomeForecast, OutcomeQuestion
from nlp.features import NAMES
from nlp.outcome import ShippedOutcomeForecaster
from nlp.outcome_dataset import Asked, histories, read_dump, replay
from nlp.outcome_text import CachedEmbedder
from tests.outcome_world import WordEmbedder, closed, forecaster_in, history, question, votes

PAIRS = 200


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the small model's weights lie."""
    folder = tmp_path_factory.mktemp("weights")
    forecaster_in(folder)
    return folder


def fresh(folder: Path) -> ShippedOutcomeForecaster:
    """A forecaster that has answered nothing yet: no cache can hide a look ahead."""
    return ShippedOutcomeForecaster(folder, CachedEmbedder(WordEmbedder()))


def as_bytes(forecast: OutcomeForecast) -> bytes:
    """Every number of a forecast, features included, bit for bit."""
    return pickle.dumps(forecast)


def falsified(row: ClosedProposal, chance: random.Random) -> ClosedProposal:
    """The same proposal with another result, turnout and text, still closed when it was."""
    proposal = replace(row.proposal, title=f"altered {chance.random()}", kind="other", author="0xnobody")
    return ClosedProposal(proposal, row.closed_at, not row.passed, chance.random(), chance.randrange(1000))


def with_the_future(known: OutcomeQuestion, rows: list[ClosedProposal], cast: list[KnownVote], seed: int) -> OutcomeQuestion:
    """The question with falsified rows from later than `as_of` put among the known ones, everything shuffled."""
    chance = random.Random(seed)
    later = [falsified(row, chance) for row in rows if row.closed_at >= known.as_of and chance.random() < 0.8]
    unseen = [replace(vote, choice=chance.choice(["1", "2", "3"])) for vote in cast if vote.cast_at > known.as_of]
    mixed, ballots = [*known.history, *later], [*known.votes, *unseen]
    chance.shuffle(mixed)
    chance.shuffle(ballots)
    return replace(known, history=tuple(mixed), votes=tuple(ballots))


def test_the_future_shuffled_deleted_or_falsified_changes_no_byte(folder: Path) -> None:
    """For 200 (proposal, moment) pairs the forecast is that of a question which holds the past alone."""
    past, chance = history(140), random.Random(4)
    for pair in range(PAIRS):
        number, hours = chance.randrange(20, 120), chance.choice([0, 6, 24, 84, 160])
        known = question(number, after=timedelta(hours=hours), past=past)
        tempted = with_the_future(known, list(past), list(votes(closed(number))), seed=pair)

        assert len(tempted.history) > len(known.history)
        assert as_bytes(fresh(folder).forecast(tempted)) == as_bytes(fresh(folder).forecast(known))


def test_the_comparison_can_fail(folder: Path) -> None:
    """Falsifying what was known does change the forecast; otherwise the test above would prove nothing."""
    known = question(100, after=timedelta(hours=24), past=history(140))
    chance = random.Random(1)
    altered = replace(known, history=tuple(falsified(row, chance) for row in known.history))
    unvoted = replace(known, votes=())

    plain = as_bytes(fresh(folder).forecast(known))
    assert as_bytes(fresh(folder).forecast(altered)) != plain
    assert as_bytes(fresh(folder).forecast(unvoted)) != plain


def test_a_result_known_exactly_at_the_moment_does_not_count_yet(folder: Path) -> None:
    """The edge is exclusive for results: what closes at `as_of` was not known before it."""
    known = question(60, past=history(59))
    at_the_edge = replace(falsified(closed(3), random.Random(2)), closed_at=known.as_of)

    assert as_bytes(fresh(folder).forecast(replace(known, history=(*known.history, at_the_edge)))) == as_bytes(
        fresh(folder).forecast(known)
    )


def test_the_recorded_end_is_unseen_where_it_depends_on_the_outcome() -> None:
    """With no scheduled end, features do not tell a proposal that will close tomorrow from one in a month."""
    from governance.outcome_sources import end_is_scheduled  # noqa: PLC0415 - beside its only use

    leaking = ("grasia_daostack", "grasia_daohaus", "grasia_aragon", "aave_v3_cache", "bhemen_onchain", "ardev_arbitrum_tally")
    assert not any(end_is_scheduled(source) for source in leaking)
    assert not end_is_scheduled("a source nobody described")
    assert end_is_scheduled("decentraland_transparency")


@pytest.mark.data
def test_real_proposals_are_forecast_alike_with_and_without_their_future(folder: Path, data_dir: Path) -> None:
    """The same on real rows, with histories and votes as the dumps give them."""
    cases = read_dump(data_dir / "governance").cases
    whole = histories(cases)
    chance = random.Random(7)
    asked: list[Asked] = list(replay(chance.sample(cases, 120), whole))
    for one in chance.sample(asked, 40):
        known = without_future(one.question)
        tempted = with_the_future(known, list(one.question.history), list(one.case.votes), seed=chance.randrange(10**6))

        said, told = fresh(folder).forecast(known), fresh(folder).forecast(tempted)
        assert tuple(said.features) == NAMES
        assert as_bytes(said) == as_bytes(told)


def without_future(asked: OutcomeQuestion) -> OutcomeQuestion:
    """The question cut to what was known at its moment."""
    moment: datetime = asked.as_of
    return replace(
        asked,
        history=tuple(row for row in asked.history if row.closed_at < moment),
        votes=tuple(vote for vote in asked.votes if vote.cast_at <= moment),
    )
