"""`assent models evaluate text`: where baselines learn, what it says on which stream, and how it refuses."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from api.commands import models
from api.commands.main import run
from nlp.model_store import StoredWeights
from nlp.off_target_training import Matching, OffTargetConfig
from nlp.recipes import RECIPE, TrainingConfig

HEADER = "dataset,text,label,task,target,split\n"
SAID = {"negative": "a terrible, sad day", "neutral": "the call is on Thursday", "positive": "a wonderful, happy day"}


def shared_rows(file: Path, *, copies: int) -> None:
    """The same three sentences to learn from, `copies` times."""
    file.parent.mkdir(parents=True)
    lines = [f'invented,"{text}",{label},sentiment,,train\n' for label, text in SAID.items()] * copies
    file.write_text(HEADER + "".join(lines))


@pytest.fixture(autouse=True)
def _nothing_shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever lies beside this checkout is out of sight."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.delenv("ASSENT_DATA_DIR", raising=False)
    monkeypatch.setattr(models, "_CHECKOUT", tmp_path / "elsewhere" / "checkout")


def test_training_rows_are_looked_for_in_one_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was named, else the data folder's, else what lies beside the current folder, else beside the checkout, else the data."""
    data, given = tmp_path / "set.csv", tmp_path / "given.csv"
    given.touch()
    found = [models._training_rows(None, data)]
    for folder in ("elsewhere/shared/data/text", "shared/data/text", "data/text"):
        (tmp_path / folder).mkdir(parents=True)
        if folder == "data/text":
            monkeypatch.setenv("ASSENT_DATA_DIR", str(tmp_path / "data"))
        found.append(models._training_rows(None, data))

    assert found == [data, tmp_path / "elsewhere/shared/data/text", tmp_path / "shared/data/text", tmp_path / "data/text"]
    assert models._training_rows(given, data) == given


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("x,fine,Positive,sentiment,,test", "set.csv row 1: label 'Positive' is not one of negative, neutral, positive"),
        ("x,fine,positive,sentiment,,dev", "set.csv: no row of split test to score; its rows are of dev"),
        ("", "set.csv: no row of split test to score; it has no rows"),
    ],
)
def test_a_set_that_cannot_be_scored_is_refused_in_one_line(
    tmp_path: Path, row: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """No traceback, and an exit code that scripts see."""
    (tmp_path / "set.csv").write_text(HEADER + row + "\n")

    assert run(["models", "evaluate", "text", "--data", str(tmp_path / "set.csv"), "--json"]) == 1

    told = capsys.readouterr()
    assert json.loads(told.out) == {"error": said, "exit_code": 1}
    assert f"assent: {said}" in told.err.splitlines()


def test_training_refuses_such_a_set_alike(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same file read by the other command."""
    (tmp_path / "set.csv").write_text(HEADER + "x,fine,glad,sentiment,,train\n")

    assert run(["models", "train", "text", "--data", str(tmp_path), "--out", str(tmp_path / "out")]) == 1
    assert "set.csv row 1: label 'glad' is not one of" in capsys.readouterr().err


def test_a_teacher_that_cannot_teach_is_refused_before_anything_is_trained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Passed over in silence, it would be taken to have taught what came out."""
    (tmp_path / "set.csv").write_text(HEADER + "x,fine,positive,sentiment,,train\n")
    given = ["--data", str(tmp_path), "--out", str(tmp_path / "out"), "--teacher", str(tmp_path)]

    assert run(["models", "train", "outcome", *given]) == 1
    assert f"assent: --teacher {tmp_path}: only text learns from a teacher" in capsys.readouterr().err.splitlines()
    assert run(["models", "train", "text", *given]) == 1
    assert "model.safetensors cannot be read" in capsys.readouterr().err
    assert not list(tmp_path.glob("out/*"))


def test_proposals_that_cannot_be_learnt_from_are_refused_before_anything_is_trained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are learnt from last, hours after the command was given."""
    (tmp_path / "set.csv").write_text(HEADER + "x,fine,positive,sentiment,,train\n")
    given = ["--data", str(tmp_path), "--out", str(tmp_path / "out"), "--proposals", str(tmp_path / "none.parquet")]

    assert run(["models", "train", "outcome", *given]) == 1
    assert f"--proposals {tmp_path}/none.parquet: only text learns from proposals" in capsys.readouterr().err
    assert run(["models", "train", "text", *given]) == 1
    assert f"{tmp_path}/none.parquet: cannot be read as Parquet" in capsys.readouterr().err
    assert not list(tmp_path.glob("out/*"))


def test_training_is_the_recipe_unless_another_seed_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The manifest names the recipe's settings; a command that trained by others would give weights nobody could compare."""
    trained: list[Sequence[TrainingConfig]] = []
    matched: list[Matching] = []

    def seen(data: Path, out: Path, recipe: Sequence[TrainingConfig], *_: object, matching: Matching) -> StoredWeights:
        trained.append(recipe)
        matched.append(matching)
        return StoredWeights(out / data.name, "0" * 64)

    monkeypatch.setattr("nlp.training.train_text", seen)
    (tmp_path / "set.csv").write_text(HEADER + "x,fine,positive,sentiment,,train\n")
    given = ["models", "train", "text", "--data", str(tmp_path), "--out", str(tmp_path / "out")]

    assert run(given) == run([*given, "--seed", str(RECIPE[0].seed + 7)]) == 0
    assert list(trained[0]) == list(RECIPE)
    assert [stage.seed for stage in trained[1]] == [stage.seed + 7 for stage in RECIPE]
    assert matched == [Matching(), Matching(config=replace(OffTargetConfig(), seed=OffTargetConfig().seed + 7))]


@pytest.mark.encoder
def test_a_folder_of_another_training_is_refused_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Who names a folder that was trained in before learns what lies there and what to do, and it stays as it is."""
    shared_rows(tmp_path / "data/rows.csv", copies=2)
    checkpoint = tmp_path / "out/stage-1/checkpoint.pt"
    checkpoint.parent.mkdir(parents=True)
    torch.save({"fingerprint": "another training's"}, checkpoint)
    before = checkpoint.read_bytes()

    assert run(["models", "train", "text", "--data", str(tmp_path / "data"), "--out", str(tmp_path / "out")]) == 1

    (line,) = (line for line in capsys.readouterr().err.splitlines() if line.startswith("assent:"))
    assert line.startswith(f"assent: {checkpoint} belongs to a run with another configuration or other data: delete it")
    assert checkpoint.read_bytes() == before


@pytest.mark.encoder
def test_odd_sets_of_test_rows_alone_are_measured_beside_what_shared_rows_can_fit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One row, one label, empty and very long texts give strict JSON; baselines that no row can fit are named beside it."""
    rows = ["one,fine,positive,sentiment,,test", *["same,fine,neutral,sentiment,,test"] * 3, "empty,,negative,sentiment,,test"]
    rows += [f"long,{'wonderful' * 33_334},positive,sentiment,,test", "votes,yes,for,stance,,test"]
    (tmp_path / "set.csv").write_text(HEADER + "\n".join(rows) + "\n")
    shared_rows(tmp_path / "shared/data/text/rows.csv", copies=20)

    assert run(["models", "evaluate", "text", "--data", str(tmp_path / "set.csv"), "--json"]) == 0

    told = capsys.readouterr()
    found = json.loads(told.out, parse_constant=pytest.fail)["rows"]
    fitted = ["majority", "tfidf_lr", "frozen_minilm_lr"]
    assert [row["model"].split("-")[0] for row in found] == ["assent", "majority", "vader", "tfidf_lr", "frozen_minilm_lr"] * 4 + [
        "assent",
        "vader",
    ]
    assert f"training rows of {tmp_path / 'shared/data/text'}" in told.err
    assert [line for line in told.err.splitlines() if line.startswith("left out")] == [
        f"left out: {name} on votes (stance): no training rows of its task" for name in fitted
    ]
