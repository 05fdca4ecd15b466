"""`assent keys`: issue, list and revoke API keys."""

from datetime import datetime
from typing import Annotated, Any

import typer

from api.commands.connection import open_api
from api.commands.output import answer_of, report, say
from api.settings import Settings
from governance.actors import Role

keys = typer.Typer(help="Issue, list and revoke API keys.\n\nExample: assent keys list", no_args_is_help=True)

_TIMES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


def register(app: typer.Typer) -> None:
    """Add `keys`."""
    app.add_typer(keys, name="keys")


@keys.command("create")
def create(
    name: Annotated[str, typer.Argument(help="Who will use it.")],
    scope: Annotated[list[Role], typer.Option(help="What it may do; repeat for several.")],
    dao: Annotated[str | None, typer.Option(help="For this DAO only.")] = None,
    expires: Annotated[
        datetime | None, typer.Option(help="When it stops working (UTC).", formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"])
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Issue a key. It is shown this once.

    Example: assent keys create "forum importer" --scope ingester --dao demo.assent
    """
    body: dict[str, object] = {"name": name, "scopes": [role.value for role in scope], "dao_id": dao}
    if expires is not None:
        body["expires_at"] = expires.strftime("%Y-%m-%dT%H:%M:%SZ")
    with open_api(Settings()) as api:
        answer = answer_of(api.post("/v1/keys", json=body))
    if as_json:
        report(answer)
        return
    say(f"{answer['id']} for {answer['name']}; the key is shown this once:")
    typer.echo(str(answer["key"]))


@keys.command("list")
def list_all(as_json: JsonOption = False) -> None:
    """List all keys, without their secrets.

    Example: assent keys list --json
    """
    with open_api(Settings()) as api:
        answer = answer_of(api.get("/v1/keys"))
    if as_json:
        report(answer)
        return
    for key in _items(answer):
        state = "revoked" if key["revoked_at"] else f"expires {key['expires_at']}" if key["expires_at"] else "in use"
        typer.echo(f"{key['id']}  {key['name']}  {','.join(key['scopes'])}  {key['dao_id'] or 'all DAOs'}  {state}")


@keys.command("revoke")
def revoke(key_id: Annotated[str, typer.Argument(help="The key's id, as `keys list` shows it.")], as_json: JsonOption = False) -> None:
    """Revoke a key; within five seconds it is refused everywhere.

    Example: assent keys revoke key_abcdefghijklmnopqrstuvwxyz
    """
    with open_api(Settings()) as api:
        answer = answer_of(api.delete(f"/v1/keys/{key_id}"))
    if as_json:
        report(answer)
        return
    say(f"{answer['id']} is revoked")


def _items(answer: dict[str, object]) -> list[dict[str, Any]]:
    found = answer["items"]
    return found if isinstance(found, list) else []
