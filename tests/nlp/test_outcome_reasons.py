"""Reasons: their parts are those of the computation, and add up to the forecast minus the base rate exactly."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.evidence import KnownProgress, OutcomeForecast, PastVote
from nlp.features import NAMES
from nlp.outcome import ShippedOutcomeForecaster
from nlp.outcome_reasons import FACTS, UNIT, log_odds
from nlp.outcome_shapley import Shapley
from nlp.trees import LEAF, Trees, no_trees
from tests.outcome_world import asked_of, forecaster_in, history, question


@pytest.fixture(scope="module")
def forecaster(tmp_path_factory: pytest.TempPathFactory) -> ShippedOutcomeForecaster:
    """The small model, loaded once."""
    return forecaster_in(tmp_path_factory.mktemp("weights"))


def some_trees(rng: np.random.Generator, count: int, features: int, *, depth: int = 5) -> Trees:
    """Random whole trees of one depth; a feature may come twice on one path."""
    parts: dict[str, list[float]] = {name: [] for name in ("feature", "threshold", "left", "right", "value", "cover")}
    roots = []
    for _ in range(count):
        first = len(parts["feature"])
        roots.append(first)
        cover = {0: 64.0}
        for node in range(2 ** (depth + 1) - 1):
            leaf = node >= 2**depth - 1
            if not leaf:
                part = rng.uniform(0.1, 0.9)
                cover[2 * node + 1], cover[2 * node + 2] = cover[node] * part, cover[node] * (1 - part)
            parts["feature"].append(LEAF if leaf else int(rng.integers(features)))
            parts["threshold"].append(0.0 if leaf else float(np.float32(rng.normal())))
            parts["left"].append(0 if leaf else first + 2 * node + 1)
            parts["right"].append(0 if leaf else first + 2 * node + 2)
            parts["value"].append(float(rng.normal()))
            parts["cover"].append(cover[node])
    columns = {name: np.array(found) for name, found in parts.items()}
    whole = {name: columns[name].astype(np.int32) for name in ("feature", "left", "right")}
    roots_ = np.array(roots, dtype=np.int32)
    return Trees(
        **whole, threshold=columns["threshold"], value=columns["value"], cover=columns["cover"], roots=roots_, start=np.array([0.25])
    )


def expectation(trees: Trees, row: np.ndarray, known: set[int]) -> float:
    """The trees' answer when only `known` features are: at another feature both branches count, by cover."""

    def below(node: int) -> float:
        if trees.feature[node] == LEAF:
            return float(trees.value[node])
        left, right = int(trees.left[node]), int(trees.right[node])
        if trees.feature[node] in known:
            return below(left if np.float32(row[trees.feature[node]]) <= trees.threshold[node] else right)
        return float((trees.cover[left] * below(left) + trees.cover[right] * below(right)) / trees.cover[node])

    return float(trees.start[0]) + sum(below(int(root)) for root in trees.roots)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_shapley_values_are_those_of_the_definition(seed: int) -> None:
    """Each feature's value is its mean marginal contribution over all orders (Shapley 1953), computed here by brute force."""
    rng = np.random.default_rng(seed)
    trees, row = some_trees(rng, 2, 5), rng.normal(size=5)
    shapley = Shapley.of(trees)

    orders = list(permutations(range(5)))
    wanted = np.zeros(5)
    for order in orders:
        known: set[int] = set()
        for feature in order:
            before = expectation(trees, row, known)
            known.add(feature)
            wanted[feature] += (expectation(trees, row, known) - before) / len(orders)
    assert shapley.explain(row) == pytest.approx(wanted, abs=1e-9)
    assert shapley.expected == pytest.approx(expectation(trees, row, set()), abs=1e-9)
    assert shapley.expected + shapley.explain(row).sum() == pytest.approx(trees.sum(row[None, :])[0], abs=1e-9)


def test_trees_that_add_nothing_explain_nothing() -> None:
    """A target of which too little was known has a model that is the belief alone."""
    shapley = Shapley.of(no_trees())

    assert shapley.expected == 0.0
    assert not shapley.explain(np.ones(3)).any()


def added_up(said: OutcomeForecast) -> int:
    """The sum of the parts in exact millionths."""
    return sum(round(reason.log_odds * UNIT) for reason in said.reasons)


def test_reasons_sum_to_the_forecast_minus_the_base_rate_exactly(forecaster: ShippedOutcomeForecaster) -> None:
    """A delegate can add the parts with a pencil: nothing is left over, before the vote and while it runs."""
    past = history(140)
    for number in range(20, 140, 5):
        for hours in (0, 20, 130):
            said = forecaster.forecast(asked_of(number, after=timedelta(hours=hours), past=past))
            assert said.served == "base_rate" or said.reasons
            assert added_up(said) == round((log_odds(said.passes) - log_odds(said.base_rate)) * UNIT)
            assert [abs(each.log_odds) for each in said.reasons] == sorted((abs(each.log_odds) for each in said.reasons), reverse=True)


def test_every_feature_belongs_to_one_fact() -> None:
    """A feature in no fact would lose its part, one in two would count twice."""
    named = [name for names in FACTS.values() for name in names]

    assert sorted(named) == sorted(NAMES)


def test_facts_name_their_source_rows(forecaster: ShippedOutcomeForecaster) -> None:
    """What moved the number can be looked up: earlier proposals by id, votes by voter, and only those known then."""
    past = history(100)
    asked = question(99, after=timedelta(hours=30), past=past)
    voters = [vote.voter for vote in asked.votes]
    asked = replace(asked, past_votes=tuple(PastVote(voter, row.proposal.proposal_id, "1") for voter in voters for row in past[40:60]))
    said = {reason.fact: reason for reason in forecaster.forecast(asked).reasons}

    known = {row.proposal.proposal_id for row in asked.history}
    assert set(said["similar proposals"].rows) <= known
    assert len(said["similar proposals"].rows) == 5
    assert set(said["votes so far"].rows) <= set(voters)
    assert set(said["who has voted"].rows) <= set(voters)
    assert f"of {len(set(voters))} voters so far are for" in said["votes so far"].words


def test_totals_without_votes_are_not_called_nobody(forecaster: ShippedOutcomeForecaster) -> None:
    """A source may tell how many voted and never for whom."""
    asked = question(99, after=timedelta(hours=30), past=history(100))
    totals = (KnownProgress(asked.as_of - timedelta(hours=1), 40, "950.5"),)
    said = {reason.fact: reason.words for reason in forecaster.forecast(replace(asked, votes=(), progress=totals)).reasons}
    silent = {reason.fact: reason.words for reason in forecaster.forecast(replace(asked, votes=())).reasons}

    assert said["votes so far"] == "whom the 40 voters so far are for is not known"
    assert "40 voters so far" in said["turnout so far"]
    assert silent["votes so far"] == "nobody is known to have voted"


def test_past_votes_on_what_is_not_closed_yet_do_not_count(forecaster: ShippedOutcomeForecaster) -> None:
    """How somebody voted on a proposal whose result is unknown says nothing of results."""
    past = history(100)
    asked = question(60, after=timedelta(hours=30), past=past)
    voters = [vote.voter for vote in asked.votes]
    known, later = (
        [PastVote(voter, row.proposal.proposal_id, "1") for voter in voters for row in rows] for rows in (past[:20], past[60:90])
    )

    plain = forecaster.forecast(asked)
    assert forecaster.forecast(replace(asked, past_votes=tuple(later))) == plain
    told = forecaster.forecast(replace(asked, past_votes=tuple(known)))
    assert told.features["voter_evidence"] != plain.features["voter_evidence"] == 0.0
    assert told.features["known_share"] == 1.0


def test_the_shift_follows_results_that_belie_the_model(tmp_path: Path) -> None:
    """When everything lately fails that the model takes for passing, the next forecast before the vote is lower."""
    past = history(140)
    asked = question(139, past=past)
    known = list(asked.history)
    belied = (*known[:-12], *(replace(row, passed=not row.passed) for row in known[-12:]))
    forecaster = forecaster_in(tmp_path)

    plain = {reason.fact: reason.log_odds for reason in forecaster.forecast(asked).reasons}
    turned = {reason.fact: reason.log_odds for reason in forecaster.forecast(replace(asked, history=belied)).reasons}
    assert turned["latest results"] != plain["latest results"]
