"""`assent demo`: the whole loop on an invented DAO, on its own clock, with throw-away wallets."""

import re
import socket
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from api.commands.connection import ApiClient, open_api
from api.commands.log import save_export, tell
from api.commands.output import CommandFailed, report
from api.commands.serve import serve_until_stopped
from api.demo import harbour
from api.demo.story import Stage, Story, Told
from api.log_audit import recommend_again
from api.settings import Settings
from governance.verification import Report, verify_export

demo = typer.Typer(
    help="Walk the whole loop on an invented DAO.\n\nExample: assent demo --through verification", invoke_without_command=True
)

_DURATION: Final = re.compile(r"([1-9][0-9]{0,5})([smhdw])", re.ASCII)
_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_TITLES: Final = {
    "dao": "An invented DAO",
    "collect": "Collect",
    "set_up": "What the DAO set",
    "analyse": "Analyse",
    "forecast": "Predict",
    "recommend": "Recommend",
    "approve": "Approve",
    "execute": "Execute",
    "verify": "Verify",
    "log": "Prove it offline",
}
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


def register(app: typer.Typer) -> None:
    """Add `demo`."""
    app.add_typer(demo, name="demo")


@demo.callback()
def walk(
    context: typer.Context,
    *,
    through: Annotated[Stage, typer.Option(help="How far to go; a second run goes on where the first ended.")] = Stage.RECOMMENDATION,
    serve: Annotated[bool, typer.Option("--serve", help="Serve the API afterwards, until stopped.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Load the invented DAO and walk the loop: collect, analyse, predict, recommend, approve, execute, verify.

    Example: assent demo --through verification

    Exit codes: 0 done, 1 failed (`log verify`'s codes when the log does not verify), 64 wrong usage.
    """
    if context.invoked_subcommand is not None:
        return
    settings = Settings()
    if serve:
        _must_be_free(settings)
    steps, audited = _walked(settings, through, show=not as_json)
    if as_json:
        report({"steps": [{"step": told.step, "text": told.text, "facts": told.facts} for told in steps], "log": audited})
    if serve:
        _say_where_to_look(settings, steps)
        serve_until_stopped(settings)


@demo.command("advance")
def advance(
    by: Annotated[str, typer.Argument(metavar="DURATION", help="How much time shall pass: 90m, 36h, 7d, 4w.")], as_json: JsonOption = False
) -> None:
    """Let time pass on the invented DAO's own clock, and let the world observe its token until then. Logged.

    Example: assent demo advance 7d
    """
    found = _DURATION.fullmatch(by)
    if found is None:
        raise typer.BadParameter("a whole number and s, m, h, d or w, like 36h or 7d")
    duration = timedelta(seconds=int(found[1]) * _SECONDS[found[2]])
    settings = Settings()
    with open_api(settings) as api:
        told = Story(api, settings).advance(duration)
    if as_json:
        report({"step": told.step, "text": told.text, "facts": told.facts})
    else:
        typer.echo(told.text)


def _walked(settings: Settings, through: Stage, *, show: bool) -> tuple[list[Told], dict[str, object] | None]:
    steps: list[Told] = []
    with open_api(settings) as api:
        for told in Story(api, settings).walk(through):
            steps.append(told)
            if show:
                _show(told)
        if through is not Stage.VERIFICATION:
            return steps, None
        audited = _audit(api)
    if show:
        typer.echo(f"\n{_TITLES['log']}")
        tell(audited, as_json=False)
    if audited.verdict:
        raise CommandFailed("the log does not verify", int(audited.verdict))
    return steps, {"verdict": "sound", "entries": audited.entries, "root": audited.root}


def _audit(api: ApiClient) -> Report:
    """Export the log this walk wrote and verify the files alone."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "export"
        save_export(api, folder)
        return verify_export(folder, replay=recommend_again)


def _show(told: Told) -> None:
    typer.echo(f"\n{_TITLES[told.step]}")
    for line in told.text.split("; "):
        typer.echo(f"  {line}")


def _say_where_to_look(settings: Settings, steps: list[Told]) -> None:
    url = f"http://{settings.host}:{settings.port}"
    recommended: Any = next((told.facts.get("recommendation") for told in steps if told.step == "recommend"), None)
    keystore = settings.state_dir / "demo-wallets"
    lines = [f"documentation       {url}/docs"]
    if recommended:
        lines += [
            f"the recommendation  {url}/v1/recommendations/{recommended}",
            f"next, in another terminal:  {_program()} approve {recommended} --keystore {keystore / 'ada.json'} \\",
            f"                              --password-file {keystore / 'password'}",
            f"then the same with bo.json, and:  {_program()} demo --through verification",
        ]
    else:
        lines.append(f"why nothing is recommended  {url}/v1/daos/{harbour.DAO}/abstentions")
    typer.echo("")
    for line in lines:
        typer.echo(line)


def _program() -> str:
    return sys.argv[0] if "/" in sys.argv[0] else "assent"


def _must_be_free(settings: Settings) -> None:
    """Fail before the minute of work, not after it, when the port is taken."""
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError:
            raise CommandFailed(
                f"port {settings.port} on {settings.host} is in use: stop what listens there, or choose another with ASSENT_PORT"
            ) from None
