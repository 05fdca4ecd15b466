"""`assent models`: list what a deployment knows, train and evaluate from files. Training never runs in a server."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from api.commands.connection import open_api
from api.commands.output import CommandFailed, answer_of, report, say
from api.settings import Settings

models = typer.Typer(help="List, train and evaluate models.\n\nExample: assent models list", no_args_is_help=True)

JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
_ROW_KEYS = ("dataset", "task", "slice", "at", "model", "n", "fails", "accuracy", "macro_f1", "auc", "brier", "ece", "majority_accuracy")
_CHECKOUT = Path(__file__).parents[2]


class Trainable(StrEnum):
    """The models that can be trained."""

    TEXT = "text"
    OUTCOME = "outcome"


class Split(StrEnum):
    """Which rows of a text set are scored."""

    TEST = "test"
    ALL = "all"


def register(app: typer.Typer) -> None:
    """Add `models`."""
    app.add_typer(models, name="models")


@models.command("list")
def list_all(as_json: JsonOption = False) -> None:
    """List every model version with its figures, and which one serves.

    Example: assent models list --json
    """
    with open_api(Settings()) as api:
        answer = answer_of(api.get("/v1/models"))
    if as_json:
        report(answer)
        return
    for row in cast("list[dict[str, Any]]", answer["items"]):
        typer.echo(f"{row['task']:10} {row['alias'] or '-':10} {row['sha256'][:16]}  {row['name']}")


@models.command("train")
def train(
    what: Annotated[Trainable, typer.Argument(help="text or outcome.")],
    *,
    data: Annotated[Path | None, typer.Option(help="Folder of the training files (default: of ASSENT_DATA_DIR).")] = None,
    out: Annotated[Path, typer.Option(help="Folder for weights, manifest and checkpoints.")] = Path("build/weights"),
    seed: Annotated[int, typer.Option(help="Everything drawn at random follows from it.")] = 20261121,
    teacher: Annotated[
        Path | None, typer.Option(help="text: folder of all-mpnet-base-v2; without it the last stages learn from labels alone.")
    ] = None,
    proposals: Annotated[
        Path | None, typer.Option(help="text: proposals.parquet; its titles and bodies teach what speaks of a proposal.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Train a model from files; a killed text training goes on from its last checkpoint when started again.

    Example: assent models train text --data data/text --out build/weights
    """
    for option, given in (("--teacher", teacher), ("--proposals", proposals)):
        if given and what is not Trainable.TEXT:
            raise CommandFailed(f"{option} {given}: only text learns from {'a teacher' if given is teacher else 'proposals'}")
    folder = _folder(data, what)
    out.mkdir(parents=True, exist_ok=True)
    stored: Any = _train_text(folder, out, seed, teacher, proposals) if what is Trainable.TEXT else _train_outcome(folder, out, seed)
    if as_json:
        report({"model": what.value, "sha256": stored.sha256, "file": str(stored.file)})
    else:
        say(f"{stored.file}: sha256 {stored.sha256}")


@models.command("evaluate")
def evaluate(
    what: Annotated[Trainable, typer.Argument(help="text or outcome.")],
    *,
    data: Annotated[Path | None, typer.Option(help="File or folder to score (default: of ASSENT_DATA_DIR).")] = None,
    train_data: Annotated[
        Path | None,
        typer.Option(
            "--train",
            help="text: the fitted baselines learn from these rows (default: of ASSENT_DATA_DIR, else of ../shared/data, else of --data).",
        ),
    ] = None,
    split: Annotated[Split, typer.Option(help="text: which rows to score.")] = Split.TEST,
    history: Annotated[Path | None, typer.Option(help="outcome: earlier rows that forecasts may use as history.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Score the shipped model and every baseline on files; needs no database.

    Example: assent models evaluate outcome --data data/governance --json
    """
    chosen = _folder(data, what)
    if what is Trainable.TEXT:
        found = _evaluate_text(chosen, train_data, split)
    else:
        from nlp.outcome_evaluation import evaluate_outcome  # noqa: PLC0415  # numpy, scipy and pyarrow take half a second; `list` needs none

        found = evaluate_outcome(chosen, history)
    if as_json:
        report(found)
        return
    for row in found["rows"]:
        typer.echo("  ".join(f"{key}={_short(row[key])}" for key in _ROW_KEYS if row.get(key) is not None))


def _evaluate_text(data: Path, train_data: Path | None, split: Split) -> dict[str, list[dict[str, object]]]:
    """The figures; where the baselines learnt, and which of them could not, goes to standard error: a gap must not pass for a result."""
    from nlp.text_evaluation import evaluate_text  # noqa: PLC0415  # torch takes seconds; `list` needs none

    training = _training_rows(train_data, data)
    say(f"baselines learn from the training rows of {training}")
    with _refused_in_one_line():
        found = evaluate_text(data, training, split.value)
    for row in found["left_out"]:
        say(f"left out: {row['model']} on {row['dataset']} ({row['task']}): {row['reason']}")
    return found


def _training_rows(given: Path | None, data: Path) -> Path:
    """Where the fitted baselines learn: the shared rows unless told, so that a set of test rows alone has baselines too."""
    if given is not None:
        return _folder(given, Trainable.TEXT)
    data_dir = Settings().data_dir
    shared = [root.parent / "shared" / "data" for root in (Path.cwd(), _CHECKOUT)]
    folders = [root / "text" for root in ([data_dir] if data_dir else []) + shared]
    return next((folder for folder in folders if folder.is_dir()), data)


@contextmanager
def _refused_in_one_line() -> Iterator[None]:
    from nlp.dataset import BadlyLabelled  # noqa: PLC0415  # pyarrow; `list` waits for none of it
    from nlp.recipes import OtherTraining  # noqa: PLC0415  # pyarrow; `list` waits for none of it

    try:
        yield
    except (BadlyLabelled, OtherTraining) as refused:
        raise CommandFailed(str(refused)) from refused


def _train_text(folder: Path, out: Path, seed: int, teacher: Path | None, proposals: Path | None) -> object:
    from nlp.off_target_pairs import readable_proposals  # noqa: PLC0415  # pyarrow; `list` waits for none of it
    from nlp.off_target_training import Matching, OffTargetConfig  # noqa: PLC0415  # torch takes seconds; `list` needs none
    from nlp.recipes import RECIPE  # noqa: PLC0415  # pyarrow; `list` waits for none of it
    from nlp.teacher import pinned_teacher  # noqa: PLC0415  # torch and transformers take seconds; `list` needs none
    from nlp.teacher_recipe import TEACHERS, VARIED_TEXTS  # noqa: PLC0415  # pyarrow; `list` waits for none of it
    from nlp.training import Teaching, train_text  # noqa: PLC0415  # torch takes seconds; `list` needs none

    # With the recipe's own seed the stages are the recipe's; with another each still shuffles in its own way.
    shift = seed - RECIPE[0].seed
    stages, teachers = ([replace(stage, seed=stage.seed + shift) for stage in recipe] for recipe in (RECIPE, TEACHERS))
    with _refused_in_one_line():
        teaching = Teaching(pinned_teacher(teacher), teachers, VARIED_TEXTS) if teacher else None
        matching = Matching(proposals and readable_proposals(proposals), OffTargetConfig(seed=OffTargetConfig().seed + shift))
        return train_text(folder, out, stages, sys.stderr.isatty(), teaching, matching=matching)


def _train_outcome(folder: Path, out: Path, seed: int) -> object:
    from nlp.outcome_training import train_outcome  # noqa: PLC0415  # numpy, scipy and pyarrow, as in `evaluate`

    return train_outcome(folder, out, seed=seed, embeddings=out / "embeddings.npz")


def _folder(given: Path | None, what: Trainable) -> Path:
    """The given path, or the data folder's own part for this model."""
    if given is None:
        data_dir = Settings().data_dir
        if data_dir is None:
            raise CommandFailed("name the files with --data, or the data folder with ASSENT_DATA_DIR")
        given = data_dir / ("text" if what is Trainable.TEXT else "governance")
    if not given.exists():
        raise CommandFailed(f"there is nothing at {given}")
    return given


def _short(value: object) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str(value)
