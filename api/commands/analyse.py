"""`assent analyse`: has the texts of a DAO, or of all, read."""

import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Annotated, cast
from urllib.parse import quote

import httpx
import typer
from tqdm import tqdm

from api.commands.connection import open_api
from api.commands.output import DONE, answer_of, report
from api.settings import Settings
from governance import identity

# Texts per request: each request finds its texts anew, which for a large DAO costs about as much as reading some of them.
_TEXTS = 256


def register(app: typer.Typer) -> None:
    """Add `analyse`."""
    app.command("analyse")(analyse)


def analyse(
    dao: Annotated[str | None, typer.Argument(help="The DAO's name or id; without one, every DAO's texts are read.")] = None,
    proposal: Annotated[str | None, typer.Option(help="Only texts about this proposal (our id).")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many texts; default: all.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> int:
    """Read posts, vote reasons and proposals with the text models; each text is read once per model.

    Each request is recorded before the next: a killed run goes on where it was.

    Example: assent analyse index-coop.eth --limit 200
    """
    if dao is None and proposal is not None:
        raise typer.BadParameter("--proposal needs the DAO it belongs to")
    total = Read()
    bar = tqdm(unit=" texts", desc="reading", disable=not sys.stderr.isatty(), file=sys.stderr)
    with open_api(Settings()) as api, bar:
        for each in [identity.dao_id(dao)] if dao is not None else _every_dao(api):
            bar.set_postfix_str(each[:40], refresh=False)
            for read in _read_dao(api, each, proposal, total, limit):
                bar.update(read)
            if total.more:
                break
    if as_json:
        report(asdict(total))
    else:
        typer.echo(f"{total.read} texts read, {total.readings} readings recorded" + (", more are waiting" if total.more else ""))
    return DONE


@dataclass(slots=True)
class Read:
    """What has been read so far: texts now, texts known before, readings recorded, and whether the limit left any over."""

    read: int = 0
    known: int = 0
    readings: int = 0
    more: bool = False


def _read_dao(api: httpx.Client, dao_id: str, proposal: str | None, total: Read, limit: int | None) -> Iterator[int]:
    """Have one DAO's texts read, request by request, and add to `total`; yields how many texts each request read."""
    before, known = total.read, 0
    total.more = True
    while total.more and (limit is None or total.read < limit):
        body: dict[str, object] = {"limit": _TEXTS if limit is None else min(_TEXTS, limit - total.read)}
        if proposal is not None:
            body["proposal_id"] = proposal
        answer = answer_of(api.post(f"/v1/daos/{quote(dao_id, safe='')}/analysis", json=body))
        read, total.more = int(str(answer["read"])), bool(answer["more"])
        # What this run has read is known to its next request.
        known = max(known, int(str(answer["known"])) - (total.read - before))
        total.read += read
        total.readings += int(str(answer["readings"]))
        yield read
    total.known += known


def _every_dao(api: httpx.Client) -> Iterator[str]:
    """The ids of all DAOs, page by page."""
    cursor: str | None = None
    while True:
        page = answer_of(api.get("/v1/daos", params={"limit": 200, **({"cursor": cursor} if cursor else {})}))
        yield from (str(item["id"]) for item in cast("list[dict[str, object]]", page["items"]))
        cursor = cast("str | None", page["next_cursor"])
        if cursor is None:
            return
