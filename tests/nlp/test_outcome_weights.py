"""Which trees answer for which moment of a vote."""

import json
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load, save

import nlp.outcome_weights as module
from governance.errors import ModelUnavailable
from nlp.features import ACTIVITY, BEFORE_ACTIVITY, BEFORE_TURNOUT, NAMES, TURNOUT
from nlp.model_store import read_header
from nlp.outcome_stack import Stack
from nlp.outcome_weights import (
    TREES,
    VOTING,
    OutcomeWeights,
    load_outcome_weights,
    offset,
    pack,
    passing,
    raw_probability,
    runs,
    stage,
    unpack,
)
from nlp.trees import Trees, no_trees
from tests.outcome_world import small_weights

BEFORE, SILENT, COUNTED, TOTALS = range(4)


def rows() -> np.ndarray:
    """Before the vote; open and nobody voted; with votes whose sides are known; with running totals only."""
    found = np.zeros((4, len(NAMES)))
    place = {name: number for number, name in enumerate(NAMES)}
    found[:, place["belief"]] = 1.0
    found[[SILENT, COUNTED, TOTALS], place["hours_open"]] = 2.0
    found[[COUNTED, TOTALS], place["voters"]] = 3.0
    found[COUNTED, place["sides_known"]] = 1.0
    return found


def adding(value: float) -> Trees:
    """Trees that add one number to every row."""
    zero = np.zeros(1, dtype=np.int32)
    return Trees(np.array([-1], dtype=np.int32), np.zeros(1), zero, zero, np.array([value]), np.ones(1), zero, np.zeros(1))


def test_a_running_vote_has_trees_of_its_own() -> None:
    """Silence while a vote runs is news; running totals without sides are not, and neither is time before the vote."""
    assert runs(rows()).tolist() == [False, True, True, False]


def test_each_row_is_answered_by_the_trees_of_its_time() -> None:
    """The trees of the other time must not leak in."""
    trees = {"passed": adding(1.0), VOTING: adding(-1.0)}

    said = passing(trees, {}, rows(), ["dcl"] * 4)

    before, during = raw_probability(trees["passed"], rows(), "passed"), raw_probability(trees[VOTING], rows(), VOTING)
    assert said.tolist() == [before[0], during[1], during[2], before[3]]
    assert before[0] == 1 / (1 + np.exp(-2.0))
    assert during[1] == 1 / (1 + np.exp(0.5))


def test_each_row_is_answered_by_the_shares_of_its_family() -> None:
    """What one family is known to overdo must not quieten another."""
    trees = {"passed": adding(1.0), VOTING: adding(-1.0)}
    stacks = {"dcl/open": Stack(1.0, 0.0, 0.0), "/open": Stack(1.0, 3.0, 0.0), "moloch/running": Stack(0.0, 0.0, 0.0)}

    with_history = rows()
    with_history[:, NAMES.index("dao_count")] = np.log1p(1e9)
    said = passing(trees, stacks, with_history, ["dcl", "moloch", "dcl", "snapshot"])

    odds = np.log(said / (1.0 - said))
    assert odds == pytest.approx([1.0, 0.0, -0.5, 4.0], abs=1e-6)


def test_without_trees_the_belief_speaks() -> None:
    """Half of it while the vote runs: there a constant would be as good a guess."""
    assert (offset(rows(), "passed") + no_trees().sum(rows())).tolist() == [1.0] * 4
    assert offset(rows(), VOTING).tolist() == [0.5] * 4


def test_stages_of_a_vote() -> None:
    """Widths differ before anybody voted, early, on pace, and with much of a fixed window gone."""
    found = stage(voters=np.array([0.0, 1.0, 1.0, 1.0]), pace=np.array([0.0, -2.0, 0.0, -2.0]), gone=np.array([0.9, -1.0, 0.1, 0.5]))

    assert found.tolist() == [0, 1, 2, 3]


def test_only_trees_of_a_running_vote_see_what_else_goes_on() -> None:
    """In the shipped weights, too: the others are fitted on the columns before; none sees the turnout that is expected."""
    weights, _ = load_outcome_weights()
    seen = {target: {NAMES[feature] for feature in weights.trees[target].feature if feature >= 0} for target in TREES}

    assert NAMES[BEFORE_ACTIVITY:] == ACTIVITY + TURNOUT
    assert not any(seen[target] & set(TURNOUT) for target in TREES)
    assert seen[VOTING] >= set(ACTIVITY)
    assert not any(seen[target] & set(ACTIVITY) for target in TREES if target != VOTING)


def test_weights_made_for_other_features_are_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trees count columns: a feature more or less would make every later one another."""
    data = pack(load_outcome_weights()[0])
    monkeypatch.setattr(module, "NAMES", (*NAMES[:-1], "full_moon"))

    with pytest.raises(ModelUnavailable, match="other features") as refused:
        unpack(data)

    assert refused.value.details["differing"] == f"full_moon, {NAMES[-1]}"


def former(version: int, stacks: dict[str, object]) -> OutcomeWeights:
    """Weights as an earlier version stored them, without features that came later; their trees split at the last one, at 0.5."""
    names = [name for name in NAMES if name not in TURNOUT and (name != "open_votes" or version > 4)]
    split = Trees(
        feature=np.array([len(names) - 1, -1, -1], dtype=np.int32),
        threshold=np.array([0.5, 0.0, 0.0]),
        left=np.array([1, 0, 0], dtype=np.int32),
        right=np.array([2, 0, 0], dtype=np.int32),
        value=np.array([0.0, -1.0, 1.0]),
        cover=np.array([2.0, 1.0, 1.0]),
        roots=np.zeros(1, dtype=np.int32),
        start=np.zeros(1),
    )
    data = pack(replace(small_weights(), trees=dict.fromkeys(TREES, split)))
    header = json.loads(read_header(data)["assent"])
    told = {**header, "format": f"assent-outcome/{version}", "recipe": {**header["recipe"], "features": names}, "stacks": stacks}
    return unpack(save(load(data), {"assent": json.dumps(told)}))


def test_weights_of_the_versions_before_speak_as_they_did() -> None:
    """A deployment's retrained weights outlive an update: their trees look at the columns they mean, open votes count nothing."""
    shares = {"belief": 0.9, "trees": 0.5, "base_rate": 0.1, "alone": 0.35}
    third, fourth, sixth = former(3, {}), former(4, {"/open": shares}), former(6, {})
    asked = rows()
    asked[:, BEFORE_TURNOUT - 1] = 1.0

    assert [weights.trees[target].sum(asked).tolist() for weights in (third, fourth, sixth) for target in TREES] == [[1.0] * 4] * 18
    assert third.stacks == {}
    assert fourth.stacks == {"/open": Stack(0.9, 0.5, 0.1, 0.0, (0.35, 0.0))}
    said = passing(fourth.trees, fourth.stacks, asked, ["snapshot"] * 4).tolist()
    asked[:, NAMES.index("open_votes")] = 9.0
    assert said == passing(fourth.trees, fourth.stacks, asked, ["snapshot"] * 4).tolist()
    assert former(5, {"/open": {**shares, "open_votes": 0.7, "alone": [0.35, 0.7]}}).stacks == {
        "/open": Stack(0.9, 0.5, 0.1, 0.7, (0.35, 0.7))
    }
    with pytest.raises(ModelUnavailable, match="another version"):
        former(2, {})


def test_kernels_of_before_wording_counted_look_at_no_words() -> None:
    """A deployment's retrained weights have kernels that never heard of wording."""
    data = pack(small_weights())
    header = json.loads(read_header(data)["assent"])
    had = [kernel.pop("kind_words") for kernel in header["recipe"]["kernels"].values()]

    read = unpack(save(load(data), {"assent": json.dumps(header)}))

    assert had[0] > 0.0
    assert [kernel.kind_words for kernel in read.recipe.kernels.values()] == [0.0] * len(had)
