"""P(reaches quorum) once somebody has voted: halfway between the trees and what the expected power says."""

from dataclasses import replace
from datetime import timedelta
from math import exp, log
from pathlib import Path

import numpy as np
import pytest

from governance.evidence import KnownVote, Likelihood, OutcomeForecast
from nlp.features import FeatureMaker, Seen
from nlp.outcome import ShippedOutcomeForecaster
from nlp.outcome_likelihoods import no_less_than, odds_above, passes_with
from nlp.outcome_record import Records
from tests.outcome_world import WordEmbedder, forecaster_in, history, question, small_weights


@pytest.fixture(scope="module")
def forecaster(tmp_path_factory: pytest.TempPathFactory) -> ShippedOutcomeForecaster:
    """The small model, loaded once."""
    folder: Path = tmp_path_factory.mktemp("weights")
    return forecaster_in(folder)


@pytest.mark.parametrize(
    ("threshold", "above"),
    [(1.0, 0.95), (2.0, 0.75), (3.0, 0.5), (4.0, 0.25), (7.0, 0.05), (2.5, 1 / (1 + exp(-log(3) / 2))), (-50.0, 0.995), (99.0, 0.005)],
)
def test_the_numbers_of_a_range_are_what_they_say(threshold: float, above: float) -> None:
    """Between two of them the log-odds lie on a line, beyond the last on the same line, and nothing is ever certain."""
    odds = odds_above(np.array([1.0, 2.0, 3.0, 4.0, 7.0]), threshold)

    assert 1 / (1 + exp(-odds)) == pytest.approx(above)


def test_a_range_without_width_is_above_or_not() -> None:
    """A model that was taught no errors says its middle alone."""
    flat = np.full(5, 3.0)
    assert [odds_above(flat, 2.9), -odds_above(flat, 3.1)] == pytest.approx([log(0.995 / 0.005)] * 2)


def test_power_that_is_expected_counts_half_once_somebody_has_voted(forecaster: ShippedOutcomeForecaster) -> None:
    """The votes say that much power comes: what it takes is likely; nobody having voted, the trees speak alone."""
    past = tuple(replace(row, power=400.0 + place % 30, quorum_reached=place % 3 > 0) for place, row in enumerate(history(80)))
    asked = question(130, after=timedelta(days=3), past=past)
    cast = tuple(KnownVote(f"0xvoter{place}", "1", "25", asked.as_of - timedelta(hours=50 - place)) for place in range(9))

    def said(quorum: str, votes: tuple[KnownVote, ...]) -> OutcomeForecast:
        return forecaster.forecast(replace(asked, proposal=replace(asked.proposal, quorum=quorum), history=past, votes=votes))

    found = [said(quorum, cast) for quorum in ("230", "350", "600", "1000000")]
    told = [each.quorum.probability or 0.0 for each in found]
    assert all(each.power is not None and 350 < each.power.middle < 600 for each in found)
    assert told == sorted(told, reverse=True)
    assert told[0] - told[-1] > 0.3
    # Power alone would say .005 of a quorum that far: the trees' half holds it up, and without votes their whole.
    assert 0.005 < told[-1] < (said("1000000", ()).quorum.probability or 0.0)


def test_what_misses_its_quorum_does_not_pass(forecaster: ShippedOutcomeForecaster) -> None:
    """A vote that is won by few: halfway to the chance of the quorum, which is never told as less than that of passing."""
    past = tuple(
        replace(row, power=400.0 + place % 30, quorum_reached=row.passed or place % 3 > 0) for place, row in enumerate(history(80))
    )
    asked = question(130, after=timedelta(days=3), past=past)
    cast = tuple(KnownVote(f"0xvoter{place}", "1", "25", asked.as_of - timedelta(hours=50 - place)) for place in range(9))
    asked = replace(asked, history=past, votes=cast)

    alone = forecaster.forecast(asked)
    held = forecaster.forecast(replace(asked, proposal=replace(asked.proposal, quorum="1000000")))
    assert held.passes < alone.passes
    assert held.quorum.probability == held.passes
    reason = next(each for each in held.reasons if each.fact == "quorum")
    assert reason.log_odds == pytest.approx(odds(held.passes) - odds(alone.passes), abs=1e-4)
    assert reason.words == "0% of the quorum has voted, and what misses it fails"
    assert sum(round(each.log_odds * 10**6) for each in held.reasons) == round((odds(held.passes) - odds(held.base_rate)) * 10**6)
    # Early in the window what is known of the votes says more of passing than of the power that will come.
    soon = replace(asked, as_of=asked.as_of - timedelta(days=1, hours=12))
    early = forecaster.forecast(replace(soon, proposal=replace(asked.proposal, quorum="1000000")))
    assert early.passes == forecaster.forecast(soon).passes == early.quorum.probability
    # Where proposals have passed without it, a quorum is a word: the two are told apart, each as it is.
    never_minded = tuple(replace(row, quorum_reached=False) for row in past)
    free = forecaster.forecast(replace(asked, history=never_minded, proposal=replace(asked.proposal, quorum="1000000")))
    assert free.passes > (free.quorum.probability or 1.0)


@pytest.fixture
def late() -> Seen:
    """A vote with three of seven days gone, in a DAO that passes nothing without its quorum."""
    past = tuple(replace(row, power=100.0, quorum_reached=row.passed) for row in history(40))
    asked = replace(question(130, after=timedelta(days=3), past=past), history=past)
    return FeatureMaker(small_weights().recipe, Records(WordEmbedder())).see(asked)


def test_passing_and_the_quorum_meet_halfway(late: Seen) -> None:
    """In log-odds, and only downward; the quorum then follows. A served rate moves nothing, and says that it was raised."""
    quorum = Likelihood(0.2, 0.5, 40)
    assert passes_with(quorum, 0.8, late) == 0.5
    assert no_less_than(0.5, quorum, late) == replace(quorum, probability=0.5)
    assert (passes_with(quorum, 0.1, late), no_less_than(0.1, quorum, late)) == (0.1, quorum)
    rate, nothing = replace(quorum, reason="the rate is served"), Likelihood(reason="none is named")
    assert passes_with(rate, 0.8, late) == passes_with(nothing, 0.8, late) == 0.8
    assert no_less_than(0.8, rate, late) == Likelihood(0.8, 0.5, 40, "the rate is served, but no less than P(passes)")
    assert (no_less_than(0.1, rate, late), no_less_than(0.8, nothing, late)) == (rate, nothing)


def test_before_much_of_the_window_is_gone_only_the_quorum_moves(late: Seen) -> None:
    """Three tenths of it; where no end was fixed, never."""
    quorum = Likelihood(0.2, 0.5, 40)
    for gone, told in ((0.31, 0.5), (0.29, 0.8), (-1.0, 0.8)):
        assert passes_with(quorum, 0.8, replace(late, features={**late.features, "fraction_open": gone})) == told
    early = replace(late, features={**late.features, "fraction_open": 0.1})
    assert no_less_than(0.8, quorum, early).probability == 0.8


def odds(probability: float) -> float:
    """Log-odds."""
    return log(probability / (1 - probability))
