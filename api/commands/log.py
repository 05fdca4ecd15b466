"""`assent log`: read the decision log, export it, verify it offline, change its key."""

import tarfile
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from api.archives import lay_out
from api.commands.connection import ApiClient, open_api
from api.commands.output import CommandFailed, answer_of, report, say
from api.log_audit import audit_database, recommend_again
from api.settings import Settings
from governance.verification import Finding, Report, verify_export

log = typer.Typer(
    help="The decision log: show, export, verify, rotate its key.\n\nExample: assent log verify ./export", no_args_is_help=True
)

JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
_SHOWN_FINDINGS = 20


def register(app: typer.Typer) -> None:
    """Add `log`."""
    app.add_typer(log, name="log")


@log.command("show")
def show(
    *,
    dao: Annotated[str | None, typer.Option(help="Entries about this DAO.")] = None,
    kind: Annotated[list[str] | None, typer.Option(help="Entries of this kind; repeat for several.")] = None,
    subject: Annotated[str | None, typer.Option(help="Entries about this id, such as a recommendation's.")] = None,
    after: Annotated[int, typer.Option(min=-1, help="Only entries numbered above this.")] = -1,
    limit: Annotated[int, typer.Option(min=1, max=200, help="Most entries to show.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """Show entries in order, one line each.

    Example: assent log show --dao demo.assent --limit 20

    Exit codes: 0 done, 1 failed, 64 wrong usage.
    """
    wanted: dict[str, Any] = {"dao": dao, "kind": kind, "subject": subject, "after": after, "limit": limit}
    with open_api(Settings()) as api:
        answer = answer_of(api.get("/v1/log/entries", params={name: value for name, value in wanted.items() if value is not None}))
    if as_json:
        report(answer)
        return
    items: Any = answer["items"]
    for entry in items:
        typer.echo(f"{entry['seq']:6}  {entry['document']['ts']}  {entry['kind']:26}  {entry['dao_id'] or '-'}  {entry['subject'] or ''}")
    if answer["next_cursor"]:
        say(f"more: assent log show --after {items[-1]['seq']}")


@log.command("export")
def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="An empty or new folder.")],
    as_json: JsonOption = False,
) -> None:
    """Write the whole log as files that anyone can verify without this deployment (C2SP tiles).

    Example: assent log export ./export && assent log verify ./export

    Exit codes: 0 done, 1 failed, 64 wrong usage.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CommandFailed(f"{folder} is not an empty or new folder")
    with open_api(Settings()) as api:
        save_export(api, folder)
    files = sum(path.is_file() for path in folder.rglob("*"))
    if as_json:
        report({"folder": str(folder), "files": files})
    else:
        say(f"{files} files in {folder}; verify them with: assent log verify {folder}")


@log.command("verify")
def verify(
    *,
    folder: Annotated[Path | None, typer.Argument(metavar="DIR", help="An export.")] = None,
    policy: Annotated[Path | None, typer.Option(help="Your C2SP policy: which log keys and witnesses you trust.")] = None,
    checkpoint: Annotated[Path | None, typer.Option(help="A checkpoint you kept earlier; the log must still contain it.")] = None,
    database: Annotated[
        bool, typer.Option("--database", help="Verify this deployment's database, its rows included, in place of DIR.")
    ] = False,
    fast: Annotated[bool, typer.Option("--fast", help="Do not replay recommendations from their inputs.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Verify the log offline: every byte, signature, step of the state machine, consent, and recommendation.

    Example: assent log verify ./export --policy my-policy.txt

    Exit codes: 0 sound, 1 failed, 2 tampered, 3 incomplete, 4 policy not met, 64 wrong usage.
    """
    if database == (folder is not None):
        raise typer.BadParameter("give a folder, or --database")
    for path in (policy, checkpoint):
        if path is not None and not path.is_file():
            raise typer.BadParameter(f"{path} is no file")
    replay = None if fast else recommend_again
    remembered = None if checkpoint is None else checkpoint.read_bytes()
    if folder is None:
        found = audit_database(Settings(), policy=policy, remembered=remembered, replay=replay)
    elif not folder.is_dir():
        raise CommandFailed(f"{folder} is no folder")
    else:
        found = verify_export(folder, policy=policy, remembered=remembered, replay=replay)
    tell(found, as_json=as_json)
    raise typer.Exit(int(found.verdict))


@log.command("rotate-key")
def rotate_key(as_json: JsonOption = False) -> None:
    """Change the key that signs the log; the change is logged and signed by both keys. Give auditors the new vkey.

    Example: assent log rotate-key

    Exit codes: 0 done, 1 failed.
    """
    with open_api(Settings()) as api:
        answer = answer_of(api.post("/v1/log/key-rotations"))
    if as_json:
        report(answer)
        return
    say(f"entry {answer['seq']} names the new key; the old one stays beside it in the state folder")
    typer.echo(str(answer["vkey"]))


def save_export(api: ApiClient, folder: Path) -> None:
    """Ask for an export of the whole log and lay its files into `folder`, an empty or new one.

    Raises:
        CommandFailed: what the server sent is no archive, or holds what no export does: an auditor trusts it with nothing.
    """
    with tempfile.TemporaryFile() as archive:
        with api.stream("POST", "/v1/log/exports") as response:
            if not response.is_success:
                response.read()
                answer_of(response)
            for chunk in response.iter_bytes():
                archive.write(chunk)
        archive.seek(0)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with tarfile.open(fileobj=archive) as tar:
                lay_out(tar, folder)
        except (tarfile.TarError, EOFError) as error:
            raise CommandFailed(f"what the server sent cannot be laid out as an export: {error}") from error


def tell(found: Report, *, as_json: bool) -> None:
    """What an audit found, worst first, on standard output."""
    name = found.verdict.name.lower().replace("_", " ")
    if as_json:
        findings = [{**_plain(finding), "verdict": finding.verdict.name.lower()} for finding in found.findings]
        counts = {verdict.name.lower(): count for verdict, count in found.found.items()}
        covered = {"entries": found.entries, "files": found.files, "consents": found.consents, "recommendations": found.recommendations}
        head = {"origin": found.origin, "size": found.size, "root": found.root}
        rows = {"rows": found.rows, "uncovered_rows": found.uncovered_rows}
        replayed = {"replayed_recommendations": found.replayed_recommendations, "replay_seconds": round(found.replay_seconds, 3)}
        report(
            {"verdict": name, "exit_code": int(found.verdict), **head, **covered, **rows, **replayed, "found": counts, "findings": findings}
        )
        return
    for finding in found.findings[:_SHOWN_FINDINGS]:
        where = " ".join(part for part in (f"entry {finding.seq}" if finding.seq is not None else "", finding.file or "") if part)
        typer.echo(f"{finding.verdict.name.lower():15} {where or 'the log'}: {finding.rule}: {finding.message}")
    more = sum(found.found.values()) - _SHOWN_FINDINGS
    if more > 0:
        typer.echo(f"… and {more} more")
    decided = f"{found.consents} consents, {found.recommendations} recommendations ({found.replayed_recommendations} replayed)"
    collected = f", {found.rows} collected rows" if found.rows else ""
    typer.echo(f"{name}: {found.origin} at {found.size}: {found.entries} entries, {decided}, {found.files} files{collected}")
    if found.uncovered_rows:
        typer.echo(f"{found.uncovered_rows} rows came in before the log held fingerprints: they are counted, not compared")


def _plain(finding: Finding) -> dict[str, object]:
    return {"rule": finding.rule, "message": finding.message, "entry": finding.seq, "file": finding.file}
