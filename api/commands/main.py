"""The root of the `assent` command: gathers the sub-commands and turns refusals into one line and an exit code."""

import importlib
import logging
import sys
from typing import Annotated

import structlog
import typer
from typer._click import Command, Context
from typer.core import TyperGroup

from api.commands.output import DONE, FAILED, USAGE, CommandFailed, report, say
from governance.errors import GovernanceError

# The module of each command, in the order of the help. Each offers `register(app: typer.Typer) -> None`.
COMMANDS = {
    "serve": "serve",
    "demo": "demo",
    "import": "import_",
    "analyse": "analyse",
    "forecast": "forecast",
    "recommend": "recommend",
    "approve": "approve",
    "execute": "execute",
    "verify": "verify",
    "retrain": "retrain",
    "log": "log",
    "models": "models",
    "keys": "keys",
    "backup": "backup",
    "restore": "restore",
}


class _AsChosen(TyperGroup):
    """Imports the chosen command's module alone: together they take seconds. Help, and a misspelt name, need them all."""

    def list_commands(self, ctx: Context) -> list[str]:  # noqa: ARG002  # the signature is typer's
        """Every command there is, imported or not."""
        return list(COMMANDS)

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        """The command of that name, or None."""
        for name in [cmd_name] if cmd_name in COMMANDS else COMMANDS:
            if name not in self.commands:
                self.commands[name] = _imported(COMMANDS[name])
        return super().get_command(ctx, cmd_name)


def _imported(module: str) -> Command:
    alone = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
    importlib.import_module(f"api.commands.{module}").register(alone)
    (command,) = typer.main.get_group(alone).commands.values()
    return command


app = typer.Typer(
    name="assent",
    cls=_AsChosen,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback(invoke_without_command=True)
def root(version: Annotated[bool, typer.Option("--version", help="Show the version and stop.")] = False) -> None:
    """Governance copilot for DAOs.

    Example: assent serve
    """
    if version:
        typer.echo("assent 0.1.0")
        raise typer.Exit


def main(arguments: list[str] | None = None) -> None:
    """Run `assent` and leave with its exit code: 0 done, 1 failed, 64 wrong usage, or what the command says."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: list[str]) -> int:
    """Run `assent` with `arguments`; the exit code."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING), logger_factory=structlog.WriteLoggerFactory(sys.stderr)
    )
    code, message = _outcome(arguments)
    if message:
        line = " ".join(message.split())
        say("assent: " + line)
        if "--json" in arguments:  # whoever reads the one document must find the refusal in it
            report({"error": line, "exit_code": code})
    return code


def _outcome(arguments: list[str]) -> tuple[int, str | None]:
    try:
        answer = typer.main.get_command(app).main(args=arguments, prog_name="assent", standalone_mode=False)
    except typer.Exit as error:
        return int(error.exit_code), None
    except (typer.Abort, KeyboardInterrupt):
        return FAILED, "stopped"
    except typer.TyperException as error:  # an unknown command or option, or a value that is none
        return USAGE, error.format_message()
    except CommandFailed as error:
        return error.code, str(error)
    except _refusals() as error:
        return FAILED, str(error)
    return (answer if isinstance(answer, int) else DONE), None


def _refusals() -> tuple[type[Exception], ...]:
    """What is told in one line. Asked for only once something was raised, so `httpx` loads for commands that use it."""
    from httpx import HTTPError  # noqa: PLC0415  # takes a fifth of a second; most commands need none

    return GovernanceError, HTTPError, OSError


if __name__ == "__main__":
    main()
