"""`assent import`: takes dumps in and accounts for every row."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from tqdm import tqdm

from api.commands.connection import ApiClient, open_api
from api.commands.output import DONE, FAILED, CommandFailed, answer_of, report, say
from api.runtime import wall_clock
from api.settings import Settings
from api.sources.dumps import dump_files
from api.sources.importing import FileReport, LocalStore, Store, import_files
from api.sources.remote_store import RemoteStore
from governance import identity
from governance.actors import Actor, ActorKind

_STRICT_REFUSED = 5
_ACTOR = Actor(ActorKind.HUMAN, "assent import", "internal")


def register(app: typer.Typer) -> None:
    """Add `import`."""
    app.command("import")(import_)


def import_(
    paths: Annotated[list[Path] | None, typer.Argument(help="Folders or files: Parquet, CSV, JSON, NDJSON.", show_default=False)] = None,
    dao: Annotated[str | None, typer.Option(help="Every row belongs to this DAO, registered before; rows need not name it.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 5 if a row was refused or a file not read to its end.")] = False,
    refusals: Annotated[bool, typer.Option("--report", help="List what earlier imports refused, instead of importing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> int:
    """Import proposals, votes, posts, observations, vote progress and forum links; what is there already changes nothing.

    Every row is accounted for: read = inserted + unchanged + revised + refused. A bad row is reported with file, row,
    field and reason, and stops nothing.

    Example: assent import data/governance --json

    Exit codes: 0 done, 1 a file could not be read (to its end) or is of no known shape: the others were taken in,
    5 with --strict if rows were refused, 64 wrong usage.
    """
    if refusals:
        return _list_refusals(as_json=as_json)
    if not paths:
        raise CommandFailed("name at least one file or folder", 64)
    for path in paths:
        if not path.exists():
            raise CommandFailed(f"{path}: there is no such file or folder")
    started = time.monotonic()
    files = [(path, _label(path, paths)) for path in dump_files(paths)]
    with open_api(Settings()) as api, _bar() as bar:
        reports = list(import_files(files, _store(api, dao), progress=lambda label, rows: _advance(bar, label, rows)))
    seconds = time.monotonic() - started
    if as_json:
        report({"files": [each.body() for each in reports], "seconds": round(seconds, 3)})
    else:
        _print(reports, seconds)
    unusable = [each.file for each in reports if not each.usable]
    if unusable:
        more = " …" if len(unusable) > 5 else ""
        say(f"assent: {len(unusable)} of {len(reports)} files could not be used: {', '.join(unusable[:5])}{more}")
        return FAILED
    return _STRICT_REFUSED if strict and not all(each.whole for each in reports) else DONE


def _store(api: ApiClient, dao: str | None) -> Store:
    dao_id = None if dao is None else identity.dao_id(dao)
    if dao_id is not None:
        answer_of(api.get(f"/v1/daos/{dao_id}"))
    started_at: datetime = wall_clock()
    if api.runtime is None:
        return RemoteStore(api, started_at, dao)
    return LocalStore(api.runtime.writer, _ACTOR, started_at, dao_id)


def _label(path: Path, given: list[Path]) -> str:
    """The file as reports name it: relative to the folder that was named, so that it is the same wherever the folder lies."""
    for root in given:
        if root.is_dir() and path.is_relative_to(root):
            return path.relative_to(root).as_posix()
    return path.name


@contextmanager
def _bar() -> Iterator["tqdm[NoReturn]"]:
    with tqdm(unit=" rows", unit_scale=True, disable=not sys.stderr.isatty(), file=sys.stderr) as bar:
        yield bar


def _advance(bar: "tqdm[NoReturn]", label: str, rows: int) -> None:
    bar.set_description(label, refresh=False)
    bar.update(rows)


def _print(reports: list[FileReport], seconds: float) -> None:
    typer.echo(f"{'read':>10} {'inserted':>10} {'unchanged':>10} {'revised':>8} {'refused':>8}  file")
    for each in reports:
        typer.echo(f"{each.read:>10} {each.inserted:>10} {each.unchanged:>10} {each.revised:>8} {each.refused:>8}  {each.file}")
        for reason, count in each.reasons.most_common(10):
            typer.echo(f"{count:>49}  {reason}")
    say(f"{sum(each.read for each in reports)} rows in {seconds:.1f} s")


def _list_refusals(*, as_json: bool) -> int:
    found: list[dict[str, Any]] = []
    with open_api(Settings()) as api:
        cursor: str | None = None
        while True:
            query = {"limit": "200"} if cursor is None else {"limit": "200", "cursor": cursor}
            page: dict[str, Any] = answer_of(api.get("/v1/imports/refusals", params=query))
            found += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                break
    if as_json:
        report({"refusals": found})
        return DONE
    for row in found:
        typer.echo(f"{row['file']}:{row['row_number']}: {row['field']}: {row['reason']} ({row['value']})")
    say(f"{len(found)} refusals")
    return DONE
