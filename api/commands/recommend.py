"""`assent recommend`: asks for a recommendation about a parameter, or what a change of it would do."""

from collections.abc import Mapping
from typing import Annotated, Any, cast

import typer

from api.commands.connection import open_api
from api.commands.output import answer_of, report, say
from api.settings import Settings

Document = Mapping[str, Any]


def register(app: typer.Typer) -> None:
    """Add `assent recommend`."""
    app.command("recommend")(_recommend)


def _recommend(
    dao: Annotated[str, typer.Argument(help="The DAO's id.")],
    parameter: Annotated[str, typer.Argument(help="The parameter's name.")],
    what_if: Annotated[str | None, typer.Option("--what-if", help="Only simulate moving it to this value; nothing is recorded.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Ask what to do about a parameter. The answer is logged; nothing is applied without the delegates' consent.

    Example: assent recommend demo.assent staking_apr_bps

    Exit codes: 0 answered (an abstention is an answer), 1 failed or refused, 64 wrong usage.
    """
    with open_api(Settings()) as api:
        if what_if is None:
            answer = answer_of(api.post(f"/v1/daos/{dao}/recommendations", json={"parameter": parameter}))
        else:
            path = f"/v1/daos/{dao}/parameters/{parameter}/simulation"
            answer = answer_of(api.get(path, params={"proposed": what_if}))
    if as_json:
        report(answer)
    elif what_if is not None:
        _tell_simulation(answer)
    elif isinstance(answer["recommendation"], dict):
        _tell_recommendation(answer["recommendation"])
    else:
        _tell_abstention(cast("Document", answer["abstention"]))


def _tell_recommendation(made: Document) -> None:
    document = made["document"]
    say(str(document["reason"]))
    typer.echo(f"recommendation  {made['id']}  {made['state']}")
    change = document["change"]
    typer.echo(f"change          {change['parameter']}: {change['from']} -> {change['to']} {change['unit']}")
    _tell_effect(document["effect"])
    for kpi in document["kpis"]:
        typer.echo(f"expected        {kpi['metric']} {kpi['low']} to {kpi['high']} {kpi['unit']} in {document['horizon_s'] // 86_400} days")
    typer.echo(f"digest          {made['digest']}")
    typer.echo(f"expires         {document['expires_at']}")


def _tell_abstention(abstention: Document) -> None:
    document = abstention["document"]
    typer.echo(f"abstention      {abstention['id']}")
    typer.echo(f"reason          {document['reason']} ({document['rule']})")
    for name, value in sorted(document["details"].items()):
        typer.echo(f"  {name:<22}{value}")


def _tell_simulation(answer: Document) -> None:
    change = answer["change"]
    typer.echo(f"what if         {change['parameter']}: {change['from']} -> {change['to']} {change['unit']}")
    if answer["effect"] is not None:
        _tell_effect(answer["effect"])
    refused = answer["refused"]
    typer.echo("guardrail       admits it" if refused is None else f"refused         {', '.join(f'{k} {v}' for k, v in refused.items())}")


def _tell_effect(effect: Document) -> None:
    for role in sorted(effect["change"]):
        held, moved = effect["hold"][role], effect["change"][role]
        typer.echo(
            f"{role:<16}hold {held['mean']} [{held['low']}, {held['high']}]  change {moved['mean']} [{moved['low']}, {moved['high']}]"
        )
    benefit = effect["benefit"]
    typer.echo(f"benefit         {benefit['mean']} [{benefit['low']}, {benefit['high']}] at the level {benefit['level']}")
