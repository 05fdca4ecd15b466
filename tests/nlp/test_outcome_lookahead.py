"""Nothing later than `as_of` may move a feature or a forecast by one bit."""

import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from benchmarks.outcome_lookahead import as_bytes, campaign, with_another_future
from governance.evidence import ClosedProposal, KnownVote, OutcomeQuestion
from nlp.outcome import ShippedOutcomeForecaster
from nlp.outcome_dataset import read_dump
from nlp.outcome_text import CachedEmbedder
from tests.outcome_world import WordEmbedder, cases, closed, forecaster_in, history, question, votes

PAIRS = 40


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the small model's weights lie."""
    folder = tmp_path_factory.mktemp("weights")
    forecaster_in(folder)
    return folder


def fresh(folder: Path) -> ShippedOutcomeForecaster:
    """A forecaster that has answered nothing yet: no cache can hide a look ahead."""
    return ShippedOutcomeForecaster(folder, CachedEmbedder(WordEmbedder()))


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
    """For 40 (proposal, moment) pairs the forecast is that of a question which holds the past alone."""
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
    """The short form of `benchmarks/outcome_lookahead.py`, whose long one asks 1,000 pairs of the real data."""
    real = read_dump(data_dir / "governance").cases
    sizes = Counter(case.closed.proposal.dao_id for case in real)
    small = [case for case in real if sizes[case.closed.proposal.dao_id] <= 120]

    assert campaign(small, CachedEmbedder(WordEmbedder()), pairs=12, seed=7, folder=folder) == []


def test_the_campaign_finds_a_forecaster_that_looks_ahead(tmp_path: Path) -> None:
    """The campaign's own comparison can fail: a future told as the past does change the forecast."""
    forecaster_in(tmp_path)
    known = question(60, after=timedelta(hours=20), past=history(59))
    case = cases(61)[60]
    tempted = with_another_future(known, case, history(70), random.Random(3))
    believed = replace(tempted, as_of=known.as_of + timedelta(days=400))
    honest = replace(known, as_of=known.as_of + timedelta(days=400))

    assert as_bytes(fresh(tmp_path).forecast(tempted)) == as_bytes(fresh(tmp_path).forecast(known))
    assert as_bytes(fresh(tmp_path).forecast(believed)) != as_bytes(fresh(tmp_path).forecast(honest))


def test_asking_of_earlier_moments_what_was_known_then_answers_as_a_fresh_forecaster(folder: Path) -> None:
    """A forecaster that has seen the whole record keeps it for earlier moments; it must not show there."""
    whole, warm = history(140), fresh(folder)
    latest = question(139, past=whole)
    warm.forecast(replace(latest, history=whole))
    for number in (130, 90, 41):
        asked = question(number, after=timedelta(hours=24), past=whole)
        then = replace(asked, history=tuple(row for row in whole if row.closed_at < asked.as_of))

        assert len(then.history) < len(whole)
        assert as_bytes(warm.forecast(then)) == as_bytes(fresh(folder).forecast(then))


def test_a_result_that_closed_before_and_was_told_later_stays_unknown(folder: Path) -> None:
    """It stands in the record of a later moment among what is known now: that record must not serve the earlier one."""
    whole, warm = history(140), fresh(folder)
    warm.forecast(replace(question(139, past=whole), history=whole))
    asked = question(100, past=whole)
    closed_by_then = [row for row in whole if row.closed_at < asked.as_of]
    for untold in (closed_by_then[:-1], closed_by_then[:40] + closed_by_then[41:]):
        then = replace(asked, history=tuple(untold))

        assert as_bytes(warm.forecast(then)) == as_bytes(fresh(folder).forecast(then))


def test_whether_an_author_or_a_kind_comes_again_later_changes_nothing(folder: Path) -> None:
    """Names that nobody used before are new names, whoever uses them later; a cache of later rows must not tell either."""
    whole = history(140)
    asked = question(60, after=timedelta(hours=24), past=whole)
    new = replace(asked, proposal=replace(asked.proposal, kind="charter", author="0xNewcomer"))
    then = replace(new, history=tuple(row for row in whole if row.closed_at < new.as_of))
    itself = replace(closed(60), proposal=new.proposal)
    later = replace(new, history=(*then.history, itself, *(row for row in whole[61:] if row.closed_at >= new.as_of)))
    unnamed = replace(then, proposal=replace(new.proposal, kind=None, author=None))

    assert as_bytes(fresh(folder).forecast(later)) == as_bytes(fresh(folder).forecast(then))
    assert as_bytes(fresh(folder).forecast(unnamed)) != as_bytes(fresh(folder).forecast(then))
