"""A teacher's soft labels reach the student, and nobody else's rows. Tiny runs; the base encoder stands in for the larger one."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load
from tokenizers import Tokenizer
from tokenizers.models import WordLevel

from governance.errors import ModelUnavailable
from nlp.base_weights import base_folder
from nlp.dataset import TRAINABLE, LabelledText
from nlp.encoder import Precision
from nlp.examples import Example
from nlp.model_store import SHIPPED, find_weights, read_weights
from nlp.off_target_training import OffTargetConfig
from nlp.padding import padded
from nlp.plain_text import plain_text
from nlp.recipes import RECIPE, TrainingConfig
from nlp.sampling import SamplingConfig
from nlp.teacher import pinned_teacher, with_soft_labels
from nlp.teacher_recipe import TEACHERS, VARIED_TEXTS
from nlp.text_network import TextNetwork
from nlp.training import Teaching, TextTraining, taught_rows, train_text
from nlp.windows import Tokens

pytestmark = pytest.mark.encoder

TINY = TrainingConfig(
    steps=6,
    cooldown_steps=0,
    batch_rows=4,
    window_tokens=64,
    warmup_steps=1,
    encoder_rate=5e-4,
    bfloat16=False,
    validation_rows=2,
    sampling=SamplingConfig({"sst5_as3": 12, "argkp21": 12}, disturbed=0.5),
)
GLAD, SAD = "a bright and lovely evening", "a dull and awful evening"


def rows() -> list[LabelledText]:
    """Invented film sentences and arguments, some of each split."""
    made: list[LabelledText] = []
    for number in range(24):
        split = ("train", "train", "val", "test")[number % 4]
        text, label = (GLAD, 2) if number % 8 < 4 else (SAD, 0)
        made.append(LabelledText("sst5_as3", f"{text}, number {number}", "film", "sentiment", label, split))
        made.append(LabelledText("argkp21", f"point {number}: it will help us", "motion", "stance", 2, split))
    return made


@pytest.fixture(scope="module")
def network() -> TextNetwork:
    """The base encoder under heads that nothing has taught yet."""
    torch.manual_seed(1)
    return TextNetwork(base_folder()).eval()


def test_only_what_is_learnt_from_gets_soft_labels_and_they_are_the_teachers_own(network: TextNetwork) -> None:
    """Soft labels of a test row would carry the teacher's look at it into training."""
    learnt = replace(TINY, sampling=SamplingConfig({"sst5_as3": 12}))
    known = with_soft_labels(rows(), network, base_folder(), learnt, rounded=False, progress=False)

    assert [replace(row, soft_labels=()) for row in known] == rows()
    assert {(row.task, row.split) for row in known if row.soft_labels} == {("sentiment", "train")}
    tokens = Tokens(base_folder() / "tokenizer.json")
    for row in (row for row in known if row.soft_labels):
        text, target = tokens.encode([plain_text(row.text), plain_text(row.target)])
        with torch.no_grad():
            alone = torch.softmax(network(*padded([tokens.window(text, target)]))["sentiment"], dim=1)[0]
        assert row.soft_labels == pytest.approx(alone.tolist(), abs=1e-5)


def test_a_student_follows_soft_labels_in_the_share_it_is_told(tmp_path: Path) -> None:
    """Soft labels turned against every label: heeded wholly they decide, heeded not at all they change no bit."""
    soft = {0: (0.02, 0.03, 0.95), 2: (0.95, 0.03, 0.02)}
    turned = [replace(row, soft_labels=soft[row.label]) for row in rows() if row.task == "sentiment"]
    plain = [replace(row, soft_labels=()) for row in turned]
    config = replace(TINY, steps=16, sampling=SamplingConfig({"sst5_as3": 12}))

    heeded = logits_after(turned, replace(config, taught=1.0), tmp_path / "heeded")
    unheeded = logits_after(turned, config, tmp_path / "unheeded")
    without = logits_after(plain, replace(config, taught=1.0), tmp_path / "without")

    assert heeded.argmax(dim=1).tolist() == [0, 2]
    assert without.argmax(dim=1).tolist() == [2, 0]
    assert torch.equal(unheeded, without)


def logits_after(taught: list[LabelledText], config: TrainingConfig, out: Path) -> torch.Tensor:
    """What a network says of the glad and of the sad sentence once it has learnt from the rows."""
    torch.manual_seed(3)
    network = TextNetwork(base_folder())
    run = TextTraining(network, base_folder(), taught, out, config, fingerprint="", precision=Precision.FLOAT32)
    while run.steps < config.steps:
        batches: list[list[Example]] = run.batches()
        for batch in batches:
            run.learn(batch)
        run.round, run.batch = run.round + 1, 0
    tokens = Tokens(base_folder() / "tokenizer.json")
    film, *texts = tokens.encode(["film", GLAD, SAD])
    with torch.no_grad():
        found: torch.Tensor = network.eval()(*padded([tokens.window(text, film) for text in texts]))["sentiment"]
    return found


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The rows as a CSV file."""
    names = ("negative", "neutral", "positive"), ("against", "neutral", "for")
    lines = [f'{row.dataset},"{row.text}",{names[row.task == "stance"][row.label]},{row.task},{row.target},{row.split}' for row in rows()]
    file = tmp_path / "data" / "text.csv"
    file.parent.mkdir()
    file.write_text("\n".join(["dataset,text,label,task,target,split", *lines]), encoding="utf-8")
    return file


SENTIMENT_TEACHER = replace(TINY, seed=3, frozen_layers=2, sampling=SamplingConfig({"sst5_as3": 12}))
STANCE_TEACHER = replace(TINY, seed=4, steps=3, sampling=SamplingConfig({"argkp21": 12}))


def test_a_taught_stage_trains_its_teacher_once_and_says_so(data: Path, tmp_path: Path) -> None:
    """Started again it finds the same teacher, and so the same weights; without one the same stage learns from labels alone."""
    stages = [TINY, replace(TINY, seed=2, taught=0.7)]
    teaching = Teaching(base_folder(), [SENTIMENT_TEACHER])

    first = train_text(data, tmp_path / "out", stages, False, teaching)
    steps = torch.load(tmp_path / "out" / "teacher-1" / "checkpoint.pt", weights_only=True)["steps"]
    (tmp_path / "out" / "stage-2" / "checkpoint.pt").unlink()
    again = train_text(data, tmp_path / "out", stages, False, teaching)
    alone = train_text(data, tmp_path / "alone", stages, False)

    assert steps == TINY.steps
    assert read_weights(again) == read_weights(first) != read_weights(alone)
    told = [json.loads((tmp_path / out / "text.json").read_text())["teacher"] for out in ("out", "alone")]
    assert told == [teaching.digest()[:16], "none"]


def test_two_taught_stages_ask_their_teacher_once(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Soft labels of all rows take a quarter of an hour."""
    asked: list[int] = []

    def counted(rows: Sequence[LabelledText], *given: Any, **named: Any) -> list[LabelledText]:
        asked.append(len(rows))
        return with_soft_labels(rows, *given, **named)

    monkeypatch.setattr("nlp.training.with_soft_labels", counted)
    stages = [replace(TINY, steps=2, seed=number, taught=0.7) for number in range(2)]
    train_text(data, tmp_path / "out", stages, False, Teaching(base_folder(), [replace(TINY, steps=2, seed=3)], {"sst5_as3": 7}))

    assert asked == [len(rows()) + 7]


def test_each_teacher_labels_what_it_learnt_and_goes_on_from_the_first(data: Path, tmp_path: Path) -> None:
    """Rows of both tasks come back with soft labels, varied ones behind them; each teacher stands in a folder of its own."""
    teaching = Teaching(base_folder(), [SENTIMENT_TEACHER, STANCE_TEACHER], {"sst5_as3": 5, "argkp21": 6})
    known = taught_rows(rows(), tmp_path, teaching, data="", precision=Precision.FLOAT32, progress=False)

    varied = known[len(rows()) :]
    assert [replace(row, soft_labels=()) for row in known[: len(rows())]] == rows()
    assert {(row.task, row.split) for row in known if row.soft_labels} == {("sentiment", "train"), ("stance", "train")}
    assert [row.dataset for row in varied] == ["sst5_as3"] * 5 + ["argkp21"] * 6
    assert all(row.label == row.soft_labels.index(max(row.soft_labels)) for row in varied)
    networks = [torch.load(tmp_path / f"teacher-{number}" / "checkpoint.pt", weights_only=True)["network"] for number in (1, 2)]
    name = "heads.sentiment.weight"
    begun = TextNetwork(base_folder()).state_dict()[name]
    # Only its weight decay moves a head whose task it does not learn.
    assert (networks[0][name] - networks[1][name]).abs().max() < 1e-4 < (networks[0][name] - begun).abs().max()


def test_only_a_stage_told_so_sees_varied_texts(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stages before were made without them."""
    seen: list[int] = []
    made = TextTraining.__init__

    def counted(self: TextTraining, network: TextNetwork, base: Path, rows: Sequence[LabelledText], *given: Any, **named: Any) -> None:
        seen.append(len(rows))
        made(self, network, base, rows, *given, **named)

    monkeypatch.setattr(TextTraining, "__init__", counted)
    stages = [replace(TINY, steps=2, seed=number, taught=0.7, varied=varied) for number, varied in ((1, False), (2, True))]
    train_text(data, tmp_path / "out", stages, False, Teaching(base_folder(), [replace(SENTIMENT_TEACHER, steps=2)], {"sst5_as3": 9}))

    n = len(rows())
    assert seen == [n, n, n + 9]  # the teacher, then both stages


def test_a_stage_keeps_the_share_it_is_told_of_the_weights_it_began_with(data: Path, tmp_path: Path) -> None:
    """Wholly kept, a stage taught nothing; half kept, every weight stands in the middle, after a kill as well."""
    for kept in (0.0, 0.5, 0.5, 1.0):
        train_text(data, tmp_path / str(kept), [TINY, replace(TINY, seed=2, kept=kept)], False)
    began = load(read_weights(train_text(data, tmp_path / "began", [TINY], False)))
    moved, half, whole = (load(read_weights(find_weights("text", tmp_path / kept))) for kept in ("0.0", "0.5", "1.0"))

    name = "encoder.encoder.layer.5.output.dense.weight"  # heads are fitted once more at the end
    assert not torch.equal(moved[name], began[name])
    torch.testing.assert_close(half[name], (began[name] + moved[name]) / 2)
    assert torch.equal(whole[name], began[name])


def test_frozen_layers_stay_and_the_others_move(tmp_path: Path) -> None:
    """Else the figures of the teacher would be another network's than its settings say."""
    torch.manual_seed(1)
    network = TextNetwork(base_folder(), frozen_layers=2)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    run = TextTraining(network, base_folder(), rows(), tmp_path, TINY, fingerprint="", precision=Precision.FLOAT32)
    for batch in run.batches()[:2]:
        run.learn(batch)

    moved = {name for name, tensor in network.state_dict().items() if not torch.equal(tensor, before[name])}
    assert not any(name.startswith(("encoder.embeddings", "encoder.encoder.layer.0", "encoder.encoder.layer.1")) for name in moved)
    assert {"encoder.encoder.layer.2.output.dense.weight", "heads.sentiment.weight"} <= moved


def test_a_teacher_reads_pairs_as_its_base_was_published(tmp_path: Path) -> None:
    """MPNet parts text and target with two ends, BERT with one."""
    tokenizer = Tokenizer(WordLevel({"<s>": 0, "</s>": 1, "good": 2, "coin": 3, "?": 4}, unk_token="?"))
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    tokens = Tokens(tmp_path / "tokenizer.json")

    assert tokens.window([2], [3]).ids == (0, 2, 1, 1, 3, 1)
    assert tokens.window([2], []).ids == (0, 2, 1)


def test_another_encoder_than_the_pinned_teacher_is_refused() -> None:
    """Its soft labels would not be those the settings name."""
    with pytest.raises(ModelUnavailable, match=r"teacher, all-mpnet-base-v2: model\.safetensors is not the pinned file"):
        pinned_teacher(base_folder())


def test_the_recipes_teachers_learn_from_licensed_sentiment_alone() -> None:
    """They teach sentiment rows only; what they saw of others would be hidden in their soft labels."""
    for teacher in TEACHERS:
        assert {TRAINABLE[name].task for name in teacher.sampling.quotas} == {"sentiment"}
        assert not teacher.sampling.off_target_rows + teacher.sampling.invented_rows + teacher.sampling.written_rows


def test_the_shipped_weights_name_the_recipe_that_stands_here() -> None:
    """The card tells the recipe's settings as those of the shipped weights."""
    manifest = json.loads((SHIPPED / "text.json").read_text())

    assert manifest["config"] == "+".join(config.digest()[:16] for config in RECIPE)
    assert manifest["steps"] == "+".join(str(config.steps) for config in RECIPE)
    assert manifest["teacher"] == Teaching(SHIPPED, TEACHERS, VARIED_TEXTS).digest()[:16]
    assert manifest["off_target"] == OffTargetConfig().digest()[:16]
