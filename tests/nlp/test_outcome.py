"""What a forecast promises: bounds, honesty about little history, the same answer each time, pinned weights."""

import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from governance.errors import ModelUnavailable
from governance.evidence import KnownProgress, KnownVote
from nlp.calibration import Calibration
from nlp.features import FEATURES, NAMES
from nlp.model_store import find_weights
from nlp.outcome import Estimates, ShippedOutcomeForecaster
from nlp.outcome_metrics import auc, brier
from nlp.outcome_skill import FEWEST
from nlp.outcome_text import CachedEmbedder
from nlp.outcome_weights import pack, save_outcome_weights, skill_key, unpack
from tests.outcome_world import WordEmbedder, asked_of, closed, forecaster_in, history, question, small_weights


@pytest.fixture(scope="module")
def forecaster(tmp_path_factory: pytest.TempPathFactory) -> ShippedOutcomeForecaster:
    """The small model, loaded once."""
    return forecaster_in(tmp_path_factory.mktemp("weights"))


def test_where_held_out_evidence_shows_no_skill_the_base_rate_is_served_and_says_why(tmp_path: Path) -> None:
    """The switch is the evidence in the weights: the same question, once with skill shown and once without."""
    key = skill_key("snapshot", voted=False, band=0)
    cells = {**small_weights().skill, skill_key("", voted=False, band=0): (90, 0.5, 0.6, 0.01)}
    few = question(40, past=history(8))
    said = {}
    for name, cell in (("skill", (90, 0.50, 0.60, 0.01)), ("none", (90, 0.60, 0.50, 0.01)), ("unknown", (FEWEST - 1, 0.60, 0.50, 0.0))):
        folder = tmp_path / name
        folder.mkdir()
        save_outcome_weights(replace(small_weights(), skill={**cells, key: cell, "grant/open/0": cell}), folder, about={"model": name})
        asked = replace(few, proposal=replace(few.proposal, kind="basic"))
        said[name] = ShippedOutcomeForecaster(folder, CachedEmbedder(WordEmbedder())).forecast(asked)

    assert (said["skill"].served, said["skill"].reason) == ("model", None)
    assert said["unknown"].served == "model"
    assert (said["none"].served, said["none"].lift, said["none"].reasons) == ("base_rate", 0.0, ())
    assert said["none"].passes == said["none"].base_rate
    assert "90 held-out answers" in str(said["none"].reason)


def test_every_number_stays_in_its_bounds(forecaster: ShippedOutcomeForecaster) -> None:
    """Probabilities and shares lie in 0..1, intervals hold their middle, and turnout is never below the votes so far."""
    past = history(140)
    for number in range(25, 140, 7):
        for hours in (0, 24, 160):
            asked = asked_of(number, after=timedelta(hours=hours), past=past)
            said = forecaster.forecast(asked)

            assert 0.0 < said.passes < 1.0
            assert 0.0 < said.base_rate < 1.0
            assert said.lift == pytest.approx(said.passes - said.base_rate, abs=1e-6)
            assert said.approval_share is not None
            assert said.approval_interval is not None
            assert 0.0 <= said.approval_interval[0] <= said.approval_share <= said.approval_interval[1] <= 1.0
            assert said.turnout is not None
            assert said.turnout_interval is not None
            assert len(asked.votes) <= said.turnout_interval[0] <= said.turnout <= said.turnout_interval[1]
            for found in (said.share, said.heads):
                assert found is not None
                assert found.most[0] <= found.half[0] <= found.middle <= found.half[1] <= found.most[1]
            assert all(np.isfinite(value) for value in said.features.values())


def test_a_forecast_asked_alone_is_the_one_asked_among_others(forecaster: ShippedOutcomeForecaster) -> None:
    """Batches and caches save time and change nothing."""
    past = history(120)
    asked = [asked_of(number, after=timedelta(hours=12), past=past) for number in range(30, 110, 5)]

    together = forecaster.forecast_many(asked)
    assert together == [forecaster.forecast(one) for one in reversed(asked)][::-1]


def test_the_model_finds_what_decides_in_the_invented_dao(forecaster: ShippedOutcomeForecaster) -> None:
    """On proposals it was not fitted on it ranks better than the base rate, before any vote and more so later."""
    past = history(330)
    numbers = range(175, 330)
    passed = np.array([float(closed(number).passed) for number in numbers])
    early = forecaster.forecast_many([asked_of(number, past=past) for number in numbers])
    late = forecaster.forecast_many([asked_of(number, after=timedelta(hours=120), past=past) for number in numbers])

    said = np.array([one.passes for one in early])
    base = np.array([one.base_rate for one in early])
    assert brier(said, passed) < brier(base, passed)
    assert (auc(said, passed) or 0) > 0.6
    assert (auc(np.array([one.passes for one in late]), passed) or 0) > 0.9


def test_votes_that_are_not_collected_are_no_silence(forecaster: ShippedOutcomeForecaster) -> None:
    """Without vote data a proposal three days old is forecast as at publication, not as one nobody votes for."""
    asked = replace(question(100, after=timedelta(days=3), past=history(95)), votes=())

    unknown = forecaster.forecast(replace(asked, votes_known=False)).features
    assert (unknown["voters"], unknown["hours_open"], unknown["hours_silent"]) == (0.0, 0.0, 0.0)
    assert forecaster.forecast(asked).features["hours_silent"] > 4.0


def test_features_come_in_their_documented_order(forecaster: ShippedOutcomeForecaster) -> None:
    """Each number the model sees is documented with its source and the moment it is known."""
    said = forecaster.forecast(question(50, past=history(45)))

    assert tuple(said.features) == NAMES
    assert all(feature.source and feature.known for feature in FEATURES)
    assert len(set(NAMES)) == len(NAMES)


def test_altered_weights_are_refused(tmp_path: Path) -> None:
    """One flipped bit anywhere in the weights file, or another manifest, stops the model from being served."""
    stored = forecaster_in(tmp_path)
    stored.digest()
    file = next(tmp_path.glob("outcome-*.safetensors"))
    whole = file.read_bytes()
    for place in (0, 9, len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(ModelUnavailable):
            ShippedOutcomeForecaster(tmp_path, WordEmbedder()).digest()
    file.write_bytes(whole)
    assert ShippedOutcomeForecaster(tmp_path, WordEmbedder()).digest() == stored.digest()


def test_weights_survive_packing_bit_for_bit() -> None:
    """What is read is what was written, and writing it again gives the same bytes."""
    data = pack(small_weights())

    assert pack(unpack(data)) == data


def test_forecasting_needs_no_torch_until_a_text_is_embedded() -> None:
    """Starting must stay quick: importing the forecaster loads neither torch nor scikit-learn."""
    code = "import sys, nlp.outcome; print(sorted({'torch', 'transformers', 'sklearn'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_the_shipped_weights_load_and_answer() -> None:
    """What a deployment serves is the pinned file of this repository, under the digest its manifest states."""
    shipped = ShippedOutcomeForecaster(embedder=CachedEmbedder(WordEmbedder()))

    said = shipped.forecast(question(100, after=timedelta(hours=30), past=history(100)))
    assert said.served == "model"
    assert said.model_digest == shipped.digest() == find_weights("outcome").sha256
    assert 0.0 < said.passes < 1.0


def test_the_three_probabilities_are_three_numbers_and_absent_ones_say_why(forecaster: ShippedOutcomeForecaster) -> None:
    """A quorum the source does not name has no probability; one that is named has its own, beside the DAO's own rate."""
    past = tuple(replace(row, power=100.0 + place, quorum_reached=place % 4 > 0, executed=None) for place, row in enumerate(history(60)))
    done = tuple(replace(row, executed=row.passed and place % 3 > 0) for place, row in enumerate(past))
    asked = replace(question(130, past=past), history=past)
    named = replace(asked, proposal=replace(asked.proposal, quorum="120"))

    unnamed = forecaster.forecast(asked)
    assert unnamed.quorum.probability is None
    assert "no quorum" in str(unnamed.quorum.reason)
    assert unnamed.execution.probability is None
    said = forecaster.forecast(replace(named, history=done))
    assert said.quorum.base_rate == pytest.approx(0.75, abs=0.08)
    assert said.quorum.history_size == 60
    assert said.execution.probability is not None
    assert said.execution.probability < said.passes
    assert len({said.passes, said.quorum.probability, said.execution.probability}) == 3
    assert said.power is not None
    assert said.power.middle == pytest.approx(130, rel=0.3)
    assert forecaster.forecast(replace(named, history=done)).power == said.power


def test_a_quorum_that_is_reached_is_known_to_be_reached(forecaster: ShippedOutcomeForecaster) -> None:
    """Power that has voted stays: from running totals too, and never from one published later."""
    asked = replace(question(100, after=timedelta(days=2), past=history(90)), votes=(), votes_known=False)
    asked = replace(asked, proposal=replace(asked.proposal, quorum="500"))
    early = KnownProgress(asked.as_of - timedelta(hours=1), 12, "501.5")
    late = replace(early, seen_at=asked.as_of + timedelta(seconds=1))

    reached = forecaster.forecast(replace(asked, progress=(early,)))
    assert reached.quorum.probability == 0.995
    assert "already" in str(reached.quorum.reason)
    assert reached.heads is not None
    assert reached.heads.most[0] >= 12
    assert forecaster.forecast(replace(asked, progress=(late,))) == forecaster.forecast(asked)
    assert forecaster.forecast(asked).quorum.probability != 0.995


def test_what_was_carried_out_counts_only_when_it_was_settled(forecaster: ShippedOutcomeForecaster) -> None:
    """No source dates execution, so a proposal that closed yesterday says nothing of it yet."""
    rows = tuple(replace(row, executed=True) for row in history(100))
    asked = question(120, past=rows)
    settled = sum(row.closed_at < asked.as_of - timedelta(days=30) for row in asked.history)

    assert 0 < settled < len(asked.history)
    assert forecaster.forecast(asked).execution.history_size == settled


def test_being_carried_out_is_never_likelier_than_passing(forecaster: ShippedOutcomeForecaster) -> None:
    """Few settled proposals, all carried out, and votes that fail this one: what does not pass is not carried out."""
    rows = tuple(replace(row, executed=True if place < 3 else None) for place, row in enumerate(history(100)))
    asked = question(120, past=rows)
    against = tuple(KnownVote(f"0xnay{place}", "2", "50", asked.as_of) for place in range(40))
    said = forecaster.forecast(replace(asked, votes=against, as_of=asked.as_of + timedelta(days=6)))

    assert said.execution.history_size == 3
    assert said.execution.base_rate is not None
    assert said.execution.probability == said.passes < said.execution.base_rate


def test_a_map_learnt_before_the_vote_leaves_running_votes_alone() -> None:
    """A retrained model has such a map for its answers at publication."""
    weights = small_weights()
    mapped = replace(weights, calibration={**weights.calibration, "passed": Calibration(np.array([0.0, 1.0]), np.array([0.2, 0.4]))})
    rows = np.zeros((2, len(NAMES)))
    rows[1, NAMES.index("hours_open")] = 2.0

    plain, moved = (Estimates.of(each, rows, ["dcl", "dcl"]).passes for each in (weights, mapped))
    assert moved[0] != plain[0]
    assert moved[1] == plain[1]
