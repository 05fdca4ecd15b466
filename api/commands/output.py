"""How commands speak: results on standard output, everything else on standard error, exit codes of the house."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    import httpx

DONE = 0
FAILED = 1
USAGE = 64


class CommandFailed(Exception):
    """A command cannot go on; the message is one clear line. `code` is the exit code."""

    def __init__(self, message: str, code: int = FAILED) -> None:
        super().__init__(message)
        self.code = code


def say(message: str) -> None:
    """One line for the person watching, on standard error: standard output holds results only."""
    typer.echo(message, err=True)


def report(document: Mapping[str, object] | Sequence[object]) -> None:
    """The one JSON document of a command run with `--json`."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, default=str) + "\n")


def answer_of(response: "httpx.Response") -> dict[str, object]:
    """The answer's JSON object.

    Raises:
        CommandFailed: the API refused; the message is the problem's detail.
    """
    if response.is_success:
        found: dict[str, object] = response.json()
        return found
    try:
        problem = response.json()
        message = f"{problem['detail']} ({problem['code']})"
    except (ValueError, KeyError, TypeError):
        message = f"the server answered {response.status_code}"
    raise CommandFailed(message)
