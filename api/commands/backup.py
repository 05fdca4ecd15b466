"""`assent backup`: the database and the last signed checkpoint in one file."""

from pathlib import Path
from typing import Annotated

import typer

from api.commands.output import report, say
from api.log_restore import back_up
from api.settings import Settings


def register(app: typer.Typer) -> None:
    """Add `backup`."""
    app.command("backup")(backup)


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write; it must not exist.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Write a backup while everything goes on. Keys are not in it: keep the state folder's `keys` apart.

    Example: assent backup /backups/2026-11-21.assent

    Exit codes: 0 done, 1 failed, 64 wrong usage.
    """
    size = back_up(Settings(), file)
    if as_json:
        report({"file": str(file), "bytes": size})
    else:
        say(f"{file}: {size} bytes")
