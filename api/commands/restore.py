"""`assent restore`: brings a backup back; the log goes on, under a new name if signed entries are missing."""

from pathlib import Path
from typing import Annotated

import typer

from api.commands.output import CommandFailed, report, say
from api.log_restore import restore as put_back
from api.runtime import wall_clock
from api.settings import Settings
from api.state_folder import StateFolder


def register(app: typer.Typer) -> None:
    """Add `restore`."""
    app.command("restore")(restore)


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="A file that `assent backup` wrote.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Put a backup in the place of the database. Stop the server first. The database that stood there is kept (SQLite).

    Entries that were signed after the backup was made are lost, and said to be: the log goes on under a new name, and
    its first entry names the old log, its size and its head. Give auditors the new checkpoint.

    Example: assent restore /backups/2026-11-21.assent

    Exit codes: 0 done, 1 failed, 64 wrong usage.
    """
    settings = Settings()
    state = StateFolder(settings.state_dir)
    if not state.try_lock():
        raise CommandFailed(f"a server writes {settings.state_dir}: stop it first")
    try:
        restored = put_back(settings, file, now=wall_clock())
    finally:
        state.unlock()
    if as_json:
        report({"origin": restored.origin, "size": restored.size, "lost": restored.lost})
        return
    say(f"{restored.origin}: {restored.size} entries")
    if restored.lost:
        say(f"{restored.lost} signed entries were not in the backup: the log goes on as {restored.origin}; tell your auditors")
