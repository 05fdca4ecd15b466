"""`assent verify`: judges an executed change by its KPIs after the horizon. `assent log verify` is about the record."""

from typing import Annotated, Any, cast

import typer

from api.commands.connection import open_api
from api.commands.output import answer_of, report
from api.settings import Settings


def register(app: typer.Typer) -> None:
    """Add `assent verify`."""
    app.command("verify")(_verify)


def _verify(
    recommendation: Annotated[str, typer.Argument(help="The recommendation's id (rec_…).")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Judge an executed change: met, missed or inconclusive, by the ranges that were approved with it.

    Example: assent verify rec_abcdefghijklmnopqrstuvwxyz

    Exit codes: 0 judged, whatever the verdict; 1 failed, or the horizon is not over; 64 wrong usage.
    """
    with open_api(Settings()) as api:
        answer = answer_of(api.post(f"/v1/recommendations/{recommendation}/verification"))
    if as_json:
        report(answer)
        return
    body = cast("dict[str, Any]", answer["body"])
    typer.echo(f"verdict         {answer['verdict']}")
    for kpi in body["kpis"]:
        measured = kpi["measured"] if kpi["why"] is None else f"unknown ({kpi['why']})"
        typer.echo(f"{kpi['metric']:<16}expected {kpi['low']} to {kpi['high']} {kpi['unit']}, measured {measured}: {kpi['verdict']}")
    if body["moved_again_at"] is not None:
        typer.echo(f"note            the parameter moved again at {body['moved_again_at']}: the two moves cannot be told apart")
