"""`assent retrain`: fits a model to what the deployment has seen end."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from api.commands.connection import open_api
from api.commands.output import DONE, USAGE, CommandFailed, answer_of, report, say
from api.settings import Settings
from governance import identity


class Retrainable(StrEnum):
    """The models one may ask for."""

    OUTCOME = "outcome"
    TEXT = "text"
    POLICY = "policy"


_NOT_THERE = {
    Retrainable.POLICY: "the policies have settings and nothing learnt yet; they change with the objective",
}
_WHAT = {
    Retrainable.OUTCOME: "training on closed proposals; this takes minutes when their texts were never read before",
    Retrainable.TEXT: "training on vote reasons; each is read once, a hundred in some seconds",
}


def register(app: typer.Typer) -> None:
    """Add `retrain`."""
    app.command("retrain")(retrain)


def retrain(
    what: Annotated[
        Retrainable, typer.Argument(help="outcome (from closed proposals) or text (from vote reasons); policy is not there yet.")
    ],
    *,
    dao: Annotated[str | None, typer.Option(help="Only results or reasons of this DAO (name or id); default all.")] = None,
    margin_micronats: Annotated[
        int | None, typer.Option(min=0, help="How much lower its log loss must be, in millionths of a nat; default 5000 (text: 10000).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> int:
    """Fit a candidate to what the deployment saw; it serves from then on only if it is better on later time by the margin.

    Examples: assent retrain outcome --margin-micronats 5000 · assent retrain text --dao tide.eth

    Exit codes: 0 trained (promoted or withheld), 1 refused, 64 wrong usage.
    """
    if what in _NOT_THERE:
        raise CommandFailed(f"{what.value} cannot be retrained: {_NOT_THERE[what]}", USAGE)
    body: dict[str, Any] = {}
    if dao is not None:
        body["dao_id"] = identity.dao_id(dao)
    if margin_micronats is not None:
        body["margin_micronats"] = margin_micronats
    with open_api(Settings()) as api:
        say(_WHAT[what])
        answer: dict[str, Any] = answer_of(api.post(f"/v1/models/{what.value}/retraining", json=body))
    if as_json:
        report(answer)
        return DONE
    typer.echo(f"candidate       {answer['model_sha256']}")
    noun, unit = ("results", "answers") if what is Retrainable.OUTCOME else ("reasons", "reasons")
    known, trained, held = (answer[f"{name}_{each}"] for name, each in (("known", noun), ("trained", unit), ("held_out", unit)))
    typer.echo(f"{noun:<16}{known} known, {trained} trained on, {held} held out")
    for name, figures in answer.get("figures", {}).items():
        typer.echo(f"{name:<16}macro-F1 {figures['macro_f1']} [{figures['macro_f1_low']}, {figures['macro_f1_high']}] on what was held out")
    for name, key in (("its log loss", "log_loss_micronats"), ("incumbent's", "incumbent_log_loss_micronats"), ("gain", "gain_micronats")):
        typer.echo(f"{name:<16}{answer[key] / 1_000_000:.6f}")
    typer.echo(f"{answer['decision']:<16}{answer['reason'] or 'better by at least ' + str(answer['margin_micronats']) + ' micronats'}")
    typer.echo(f"serves          {answer['serves']}")
    return DONE
