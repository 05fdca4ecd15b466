"""`assent forecast`: says how a proposal ends."""

from typing import Annotated, Any

import typer

from api.commands.connection import open_api
from api.commands.output import DONE, CommandFailed, answer_of, report
from api.settings import Settings


def register(app: typer.Typer) -> None:
    """Add `forecast`."""
    app.command("forecast")(forecast)


def forecast(
    proposal: Annotated[str, typer.Argument(help="The proposal: our id, or its platform's own id.")],
    as_of: Annotated[
        str | None, typer.Option(help="As known at this time (RFC 3339 with a zone); default now, or just before the close.")
    ] = None,
    record: Annotated[bool, typer.Option("--record", help="Put it on record, as evidence for recommendations.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> int:
    """Forecast from what was known: chance to pass beside the base rate, approval share and turnout with intervals.

    Example: assent forecast prop_abcdefghijklmnopqrstuvwxyz --as-of 2023-10-01T00:00:00Z
    """
    with open_api(Settings()) as api:
        id_ = proposal if proposal.startswith("prop_") else _find(api.get("/v1/proposals", params={"external_id": proposal}), proposal)
        query = {} if as_of is None else {"as_of": as_of}
        path = f"/v1/proposals/{id_}/forecast"
        answer: dict[str, Any] = answer_of(api.post(path, params=query) if record else api.get(path, params=query))
    if as_json:
        report(answer)
        return DONE
    typer.echo(f"{id_} as of {answer['as_of']}")
    typer.echo(
        f"passes {answer['passes']}  base rate {answer['base_rate']}  ({answer['served']}, {answer['history_size']} closed proposals)"
    )
    for name, interval in (("approval_share", "approval_interval"), ("turnout", "turnout_interval")):
        if answer[name] is not None:
            low, high = answer[interval]
            typer.echo(f"{name.replace('_', ' ')} {answer[name]}  90 %: {low} to {high}")
    if answer["reason"]:
        typer.echo(answer["reason"])
    return DONE


def _find(response: Any, external_id: str) -> str:  # noqa: ANN401  # an httpx response
    items: Any = answer_of(response)["items"]
    if len(items) != 1:
        raise CommandFailed(f"{len(items)} proposals are called {external_id!r}: give our id")
    return str(items[0]["id"])
