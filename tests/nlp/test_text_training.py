"""Training the text network: it learns, it repeats itself, and a kill costs it nothing. Tiny runs of the real encoder."""

import csv
import json
import multiprocessing
import time
from collections.abc import Mapping
from dataclasses import replace
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch
from safetensors.torch import load

from nlp import publishing
from nlp.base_tensors import NEVER, WORD_TABLE
from nlp.base_weights import base_folder
from nlp.dataset import LabelledText, data_digest
from nlp.encoder import Encoder, Precision
from nlp.model_store import find_weights, read_weights
from nlp.off_target_pairs import TAKEN_FOR_OFF_TARGET
from nlp.off_target_training import Matching, OffTargetConfig
from nlp.packing import unpack
from nlp.padding import padded
from nlp.publishing import OBJECTION_LOG_ODDS
from nlp.recipes import TrainingConfig
from nlp.sampling import SamplingConfig
from nlp.tasks import LABELS
from nlp.text_network import TextNetwork
from nlp.training import TextTraining, run_stage, train_text
from nlp.windows import Tokens
from nlp.written_texts import written_rationales

pytestmark = pytest.mark.encoder

TINY = TrainingConfig(
    steps=15,
    cooldown_steps=5,
    batch_rows=4,
    window_tokens=96,
    warmup_steps=2,
    bfloat16=False,
    checkpoint_steps=1,
    validation_rows=4,
    sampling=SamplingConfig({"argkp21": 16, "sst5_as3": 16}, off_target_rows=4, invented_rows=3),
)
STAGES = (TINY, replace(TINY, steps=12, seed=TINY.seed + 1))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A labelled set of invented sentences, in the shape of `text.parquet` but as CSV."""
    folder = tmp_path / "data"
    folder.mkdir()
    with (folder / "text.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["dataset", "id", "text", "label", "task", "target", "split", "created"])
        for number in range(60):
            split = "val" if number % 6 == 0 else "train"
            mood = ("a dull and awful evening", "negative") if number % 2 else ("a bright and lovely evening", "positive")
            writer.writerow(["sst5_as3", number, f"{mood[0]}, number {number}", mood[1], "sentiment", "film", split, ""])
            side = ("it will ruin us", "against") if number % 2 else ("it will help us", "for")
            writer.writerow(["argkp21", number, f"motion {number}: {side[0]}", side[1], "stance", f"motion{number % 4}", split, ""])
    return folder


def trained(out: Path) -> dict[str, torch.Tensor]:
    """The network as the last checkpoint of the last stage holds it."""
    state: dict[str, dict[str, torch.Tensor]] = torch.load(out / "stage-2" / "checkpoint.pt", weights_only=True)
    return state["network"]


def test_a_killed_run_goes_on_to_the_very_same_weights(data: Path, tmp_path: Path) -> None:
    """A real process, a real SIGKILL after a few steps, then the same command again."""
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    process = multiprocessing.get_context("spawn").Process(target=train_text, args=(data, killed, STAGES, False))
    process.start()
    _wait_for(killed / "stage-2" / "checkpoint.pt", process)
    process.kill()
    process.join()
    interrupted = torch.load(killed / "stage-2" / "checkpoint.pt", weights_only=True)["steps"]

    after_kill = train_text(data, killed, STAGES, progress=False)
    in_one_go = train_text(data, whole, STAGES, progress=False)

    assert 0 < interrupted < torch.load(whole / "stage-2" / "checkpoint.pt", weights_only=True)["steps"]
    assert all(torch.equal(tensor, trained(whole)[name]) for name, tensor in trained(killed).items())
    assert read_weights(after_kill) == read_weights(in_one_go)
    assert (killed / "stage-2" / "curve.ndjson").read_text() == (whole / "stage-2" / "curve.ndjson").read_text()


def test_training_moves_the_weights_and_writes_what_it_saw(data: Path, tmp_path: Path) -> None:
    """Guards the comparison above: equal weights would mean nothing had training changed none."""
    one = train_text(data, tmp_path / "one", [TINY], progress=False)
    other = train_text(data, tmp_path / "other", [replace(TINY, seed=2)], progress=False)

    curve = [json.loads(line) for line in (tmp_path / "one" / "stage-1" / "curve.ndjson").read_text().splitlines()]
    assert one.sha256 != other.sha256
    assert find_weights("text", tmp_path / "one") == one
    assert [line["steps"] for line in curve] == [10, 15]
    assert json.loads((tmp_path / "one" / "splits.json").read_text())["argkp21"]["val"]["rows"] == 10
    assert json.loads((tmp_path / "one" / "text.json").read_text())["data_sha256"] == data_digest(data)
    assert curve[0]["sentiment"]["n"] == curve[0]["stance"]["n"] == 4


def test_what_is_published_settles_heads_and_tells_temperatures(data: Path, tmp_path: Path) -> None:
    """Beside the trained weights: other heads, temperatures that are no ones, texts off their target, and nothing else."""
    matching = Matching(config=OffTargetConfig(steps=3))
    stored = train_text(data, tmp_path / "out", [TINY], progress=False, matching=matching)
    tensors = load(read_weights(stored))
    learnt = torch.load(tmp_path / "out" / "stage-1" / "checkpoint.pt", weights_only=True)["network"]

    assert all((tensors[f"heads.{task}.weight"] - learnt[f"heads.{task}.weight"]).abs().sum(dim=1).min() > 0 for task in LABELS)
    encoder = {name: tensor for name, tensor in unpack(read_weights(stored), base_folder())[0].items() if name.startswith("encoder.")}
    assert set(encoder) - set(learnt) == {WORD_TABLE}
    assert all(torch.allclose(encoder[name], learnt[name], atol=1e-4) for name in set(encoder) - {WORD_TABLE})
    manifest = json.loads((tmp_path / "out" / "text.json").read_text())
    assert (manifest["off_target"], manifest["proposals_sha256"]) == (matching.config.digest()[:16], "none")
    own = [(f"motion {number}: it will help us", f"motion{number % 4}") for number in range(0, 60, 6)]
    told = Encoder(unpack(read_weights(stored), base_folder())[0], base_folder(), TINY.window_tokens, Precision.FLOAT32).off_target(own)
    assert np.quantile(told, 1 - TAKEN_FOR_OFF_TARGET) == pytest.approx(0, abs=1e-4)
    assert np.abs(told).max() < -NEVER / 2
    assert all(tensors[f"temperatures.{task}.bias"].item() != 0 and tensors[f"temperatures.{task}.weight"].any() for task in LABELS)


def test_objections_weigh_more_where_a_text_reads_like_a_rationale(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the head held where it was: log-odds are added to "against" alone, to rationales and not to claims."""
    monkeypatch.setattr(publishing, "HEAD_HOLD", dict.fromkeys(LABELS, 1e9))
    tensors = load(read_weights(train_text(data, tmp_path / "out", [TINY], progress=False)))
    learnt = torch.load(tmp_path / "out" / "stage-1" / "checkpoint.pt", weights_only=True)["network"]
    encoder = Encoder(TextNetwork(base_folder()).state_dict() | learnt, base_folder(), TINY.window_tokens, Precision.FLOAT32)
    added = {part: (tensors[f"heads.stance.{part}"] - learnt[f"heads.stance.{part}"]).double().numpy() for part in ("weight", "bias")}

    def added_to(pairs: list[tuple[str, str]]) -> list[float]:
        found: list[float] = (encoder.vectors(pairs).values @ added["weight"].T + added["bias"]).mean(axis=0).tolist()
        return found

    rationales = [(row.text, row.target) for row in written_rationales(30, 7, Random(1))]
    claims = [(f"motion {number}: it will help us", f"motion{number % 4}") for number in range(60)]
    assert added_to(rationales) == pytest.approx([OBJECTION_LOG_ODDS, 0, 0], abs=0.4)
    assert added_to(claims) == pytest.approx([0, 0, 0], abs=0.2)


def test_a_checkpoint_of_another_run_is_refused(data: Path, tmp_path: Path) -> None:
    """Half a run with one configuration and half with another is no run that anybody could repeat."""
    train_text(data, tmp_path / "out", [TINY], progress=False)

    with pytest.raises(ValueError, match="another configuration"):
        train_text(data, tmp_path / "out", [replace(TINY, encoder_rate=1e-3)], progress=False)


def test_other_data_are_refused_and_leave_what_was_written_of_the_first(data: Path, tmp_path: Path) -> None:
    """Splits that tell of rows the weights beside them never saw would be worse than none."""
    train_text(data, tmp_path / "out", [TINY], progress=False)
    written = {name: (tmp_path / "out" / name).read_bytes() for name in ("splits.json", "text.json")}
    file = data / "text.csv"
    file.write_text(file.read_text(encoding="utf-8").replace(",val,", ",test,"), encoding="utf-8")

    with pytest.raises(ValueError, match="other data"):
        train_text(data, tmp_path / "out", [TINY], progress=False)

    assert {name: (tmp_path / "out" / name).read_bytes() for name in written} == written


def test_a_later_stage_goes_on_from_the_earlier(data: Path, tmp_path: Path) -> None:
    """A second stage that began at the base encoder would throw the first away."""
    first_alone = train_text(data, tmp_path / "first", [TINY], progress=False)
    no_step_more = train_text(data, tmp_path / "both", [TINY, replace(TINY, steps=0)], progress=False)
    one_step_more = train_text(data, tmp_path / "more", [TINY, replace(TINY, steps=1)], progress=False)

    assert read_weights(no_step_more) == read_weights(first_alone)
    assert read_weights(one_step_more) != read_weights(first_alone)


def _wait_for(file: Path, process: BaseProcess) -> None:
    while not file.exists():
        assert process.is_alive(), "training ended before its first checkpoint"
        time.sleep(0.01)


def test_a_held_stage_says_of_stances_what_it_said_before_and_learns_sentiment_all_the_same(tmp_path: Path) -> None:
    """Rows labelled against what the first weights say: heeded without `held`, and with it not; sentiment hears its labels."""
    texts = {"stance": ("it will ruin us all", "motion"), "sentiment": ("a bright and lovely evening", "film")}
    settings = replace(TINY, steps=24, cooldown_steps=0, label_smoothing=0.0, sampling=SamplingConfig({"argkp21": 16, "sst5_as3": 16}))
    said: dict[float, dict[str, list[float]]] = {}
    for held in (0.0, 1.0):
        torch.manual_seed(5)
        network = TextNetwork(base_folder())
        before = probabilities(network, texts)
        labels = {task: (before[task].index(max(before[task])) + 1) % 3 for task in texts}
        rows = [
            LabelledText(name, *texts[task], task, labels[task], "train")
            for name, task in (("argkp21", "stance"), ("sst5_as3", "sentiment"))
        ]
        run = TextTraining(
            network, base_folder(), rows, tmp_path / str(held), replace(settings, held=held), fingerprint="", precision=Precision.FLOAT32
        )
        run_stage(run, False)
        said[held] = probabilities(network, texts)

    assert said[0.0]["stance"][labels["stance"]] > 0.8
    assert said[1.0]["stance"] == pytest.approx(before["stance"], abs=0.15)
    assert min(found["sentiment"][labels["sentiment"]] for found in said.values()) > 0.8


def probabilities(network: TextNetwork, texts: Mapping[str, tuple[str, str]]) -> dict[str, list[float]]:
    """What the network says of each task's text."""
    tokens = Tokens(base_folder() / "tokenizer.json")
    windows = {task: tokens.window(*tokens.encode(list(pair))) for task, pair in texts.items()}
    with torch.no_grad():
        found = {task: network.eval()(*padded([window]))[task] for task, window in windows.items()}
    return {task: torch.softmax(logits, dim=1)[0].tolist() for task, logits in found.items()}
