"""`assent forecast`: says how a proposal ends, or how all open proposals of a DAO do."""

import sys
from collections.abc import Iterator
from typing import Annotated, Any

import httpx
import typer
from tqdm import tqdm

from api.commands.connection import open_api
from api.commands.output import DONE, USAGE, CommandFailed, answer_of, report
from api.settings import Settings
from governance import identity

Answer = dict[str, Any]
# Texts per request: each ends with a step of the progress bar, and an interruption loses none of them.
_TEXTS = 64
# How many of the facts that moved a forecast are told; --json has all.
_REASONS = 5


def register(app: typer.Typer) -> None:
    """Add `forecast`."""
    app.command("forecast")(forecast)


def forecast(
    proposal: Annotated[str | None, typer.Argument(help="The proposal: our id, or its platform's own id.", show_default=False)] = None,
    dao: Annotated[str | None, typer.Option(help="All open proposals of this DAO (name or id) instead.")] = None,
    as_of: Annotated[
        str | None, typer.Option(help="As known at this time (RFC 3339 with a zone); default now, or just before the close.")
    ] = None,
    record: Annotated[bool, typer.Option("--record", help="Put it on record, as evidence for recommendations.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> int:
    """Forecast from what was known: chance to pass beside the base rate, approval share and turnout with intervals.

    The first forecast of a DAO has the texts of all its closed proposals read, which takes minutes for thousands of them.

    Example: assent forecast prop_abcdefghijklmnopqrstuvwxyz --as-of 2023-10-01T00:00:00Z
    """
    if (proposal is None) == (dao is None):
        raise CommandFailed("name a proposal, or a DAO with --dao", USAGE)
    query = {} if as_of is None else {"as_of": as_of}
    with open_api(Settings()) as api:
        if proposal is not None:
            id_, dao_id = _find(api, proposal)
            asked = [id_]
        else:
            dao_id = identity.dao_id(str(dao))
            asked = [str(row["id"]) for row in _open_proposals(api, dao_id, query)]
        _make_vectors(api, dao_id)
        paths = [f"/v1/proposals/{id_}/forecast" for id_ in asked]
        answers: list[Answer] = [answer_of(api.post(path, params=query) if record else api.get(path, params=query)) for path in paths]
    if as_json:
        report(answers[0] if proposal is not None else {"forecasts": answers})
        return DONE
    for answer in answers:
        _tell(answer)
    if not answers:
        typer.echo("no proposal is open")
    return DONE


def _find(api: httpx.Client, proposal: str) -> tuple[str, str]:
    """Our id of the proposal, and its DAO."""
    if proposal.startswith("prop_"):
        found: Any = answer_of(api.get(f"/v1/proposals/{proposal}"))
        return proposal, str(found["dao_id"])
    items: Any = answer_of(api.get("/v1/proposals", params={"external_id": proposal}))["items"]
    if len(items) != 1:
        raise CommandFailed(f"{len(items)} proposals are called {proposal!r}: give our id")
    return str(items[0]["id"]), str(items[0]["dao_id"])


def _open_proposals(api: httpx.Client, dao_id: str, query: dict[str, str]) -> Iterator[Answer]:
    cursor: str | None = None
    while True:
        more = {} if cursor is None else {"cursor": cursor}
        page: Answer = answer_of(api.get(f"/v1/daos/{dao_id}/proposals", params={"phase": "active", "limit": "200", **query, **more}))
        yield from page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return


def _make_vectors(api: httpx.Client, dao_id: str) -> None:
    """Have the DAO's texts embedded, a few per request, with a bar on a terminal when there are any."""
    path = f"/v1/daos/{dao_id}/text-vectors"
    missing = int(str(answer_of(api.post(path, json={"limit": 0}))["missing"]))
    with tqdm(total=missing, unit=" texts", desc="reading history", disable=not missing or not sys.stderr.isatty(), file=sys.stderr) as bar:
        while missing:
            answer: Answer = answer_of(api.post(path, json={"limit": _TEXTS}))
            bar.update(answer["made"])
            missing = answer["missing"]


def _tell(answer: Answer) -> None:
    """What a delegate asks first, in lines: each probability beside its rate, what is expected, why, and how fresh it all is."""
    typer.echo(f"{answer['proposal_id']} as of {answer['as_of']}")
    history = f"{answer['served']}, {answer['history_size']} closed proposals"
    typer.echo(f"passes {answer['passes']}  base rate {answer['base_rate']}  lift {answer['lift']}  ({history})")
    if answer["reason"]:
        typer.echo(f"  {answer['reason']}")
    for words, name in (("reaches the quorum", "reaches_quorum"), ("passes and is executed", "executed")):
        found = answer[name]
        if found is not None:
            told = f"{found['probability']}  rate {found['base_rate']}" if found["probability"] is not None else "not told"
            typer.echo(f"{words} {told}" + (f"  ({found['reason']})" if found["reason"] else ""))
    for words, name in (("approval share", "expected_share"), ("voters", "expected_voters"), ("voting power", "expected_power")):
        found = answer[name]
        if found is not None:
            half, most = (" to ".join(found[level]) for level in ("interval_50", "interval_90"))
            typer.echo(f"{words} {found['middle']}  50 %: {half}  90 %: {most}")
    for each in answer["reasons"][:_REASONS]:
        typer.echo(f"  {each['log_odds']:>9} log-odds  {each['words']}")
    newest = f"newest result {answer['latest_result_at'] or 'none'}, newest vote {answer['latest_vote_at'] or 'none'}"
    typer.echo(f"{newest}; model {answer['model_sha256'][:12]}")
