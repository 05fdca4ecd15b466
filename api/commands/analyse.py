"""`assent analyse`: has the texts of a DAO, or of all, read."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, NoReturn, cast
from urllib.parse import quote

import httpx
import typer
from tqdm import tqdm

from api.commands.connection import open_api
from api.commands.output import DONE, answer_of, report
from api.settings import Settings
from governance import identity

# Texts per request: what the bar moves by, and the most that a kill takes back; long ones take a second each.
_TEXTS = 64


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
    with open_api(Settings()) as api, tqdm(unit=" texts", disable=not sys.stderr.isatty(), file=sys.stderr) as bar:
        daos = [identity.dao_id(dao)] if dao is not None else _every_dao(api)
        waiting, known = _count(api, daos, proposal, limit, bar)
        total = Read(known=known)
        unread = sum(waiting.values())
        bar.set_description_str("reading", refresh=False)
        bar.reset(total=unread if limit is None else min(unread, limit))
        for each in waiting:
            bar.set_postfix_str(each[:40], refresh=False)
            for read in _read_dao(api, each, proposal, total, limit):
                bar.update(read)
        total.more = total.read < unread
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


def _count(
    api: httpx.Client, daos: Iterable[str], proposal: str | None, limit: int | None, bar: "tqdm[NoReturn]"
) -> tuple[dict[str, int], int]:
    """How many texts wait, by DAO with any, and how many were read before; DAOs beyond what `limit` needs are not counted."""
    bar.set_description_str("counting")
    waiting: dict[str, int] = {}
    known = 0
    for each in daos:
        answer = _asked(api, each, proposal, {"limit": 0})
        known += int(str(answer["known"]))
        if answer["more"]:
            waiting[each] = int(str(answer["waiting"]))
            bar.update(waiting[each])
        if limit is not None and sum(waiting.values()) > limit:
            break
    return waiting, known


def _read_dao(api: httpx.Client, dao_id: str, proposal: str | None, total: Read, limit: int | None) -> Iterator[int]:
    """Have one DAO's texts read, request by request, and add to `total`; yields how many texts each request read."""
    more, cursor = True, None
    while more and (limit is None or total.read < limit):
        body = {"limit": _TEXTS if limit is None else min(_TEXTS, limit - total.read), "cursor": cursor}
        answer = _asked(api, dao_id, proposal, body)
        read, more, cursor = int(str(answer["read"])), bool(answer["more"]), answer["next_cursor"]
        total.read += read
        total.readings += int(str(answer["readings"]))
        yield read


def _asked(api: httpx.Client, dao_id: str, proposal: str | None, body: Mapping[str, object]) -> dict[str, object]:
    about = {} if proposal is None else {"proposal_id": proposal}
    return answer_of(api.post(f"/v1/daos/{quote(dao_id, safe='')}/analysis", json={**body, **about}))


def _every_dao(api: httpx.Client) -> Iterator[str]:
    """The ids of all DAOs, page by page."""
    cursor: str | None = None
    while True:
        page = answer_of(api.get("/v1/daos", params={"limit": 200, **({"cursor": cursor} if cursor else {})}))
        yield from (str(item["id"]) for item in cast("list[dict[str, object]]", page["items"]))
        cursor = cast("str | None", page["next_cursor"])
        if cursor is None:
            return
