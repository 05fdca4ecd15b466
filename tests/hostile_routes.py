"""Hostile texts through every route that reads texts: where they are put, what is asked, and what every answer must be."""

import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from html.parser import HTMLParser
from typing import Any

import httpx
from sqlmodel import Session, SQLModel

from api.runtime import Runtime
from governance.identity import proposal_id
from tests.hostile_texts import Attack
from tests.ingest_rows import OPENED, a_post, a_proposal, a_vote

DAO = "/v1/daos/tide.eth"
# What a batch of rows writes: the rows, their revisions and links, what was refused, the log with its batches, and counts.
WRITTEN = {
    "post", "post_revision", "proposal", "proposal_revision", "vote", "vote_revision", "vote_progress", "observation",
    "observation_revision", "forum_link", "import_refusal", "blob", "log_entry", "log_node", "log_checkpoint", "dao", "dao_source",
    "idempotent_answer", "counted_dao", "counted_interval", "counted_proposal", "uncounted_batch", "flag",
}  # fmt: skip
# What having them read writes besides: readings, and the candidate of a retraining, which is on record and reads nothing.
READ = {"reading", "model_version"}
_OUTSIDE = {"socket.connect", "socket.getaddrinfo", "socket.sendto", "subprocess.Popen", "os.system", "os.exec"}
# The tags of the proposal's page.
_TAGS = {
    "html", "head", "meta", "title", "style", "body", "p", "bdi", "h1", "h2", "b", "table", "tr", "th", "td", "ul", "ol", "li", "pre",
}  # fmt: skip
_DIRECTION = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@contextmanager
def reaching_out() -> Iterator[list[str]]:
    """Whatever this process reaches for outside itself meanwhile. An audit hook cannot be taken away, only told to look away."""
    seen: list[str] = []
    watching = [True]

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if watching and event in _OUTSIDE:
            seen.append(f"{event} {arguments[-1]!r}"[:200])

    sys.addaudithook(hook)
    yield seen
    watching.clear()


def everything_but(tables: set[str], runtime: Runtime) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every other table."""
    with Session(runtime.engine) as session:
        return {
            name: [tuple(row) for row in session.execute(table.select())]
            for name, table in SQLModel.metadata.tables.items()
            if name not in tables
        }


def send(api: httpx.Client, noun: str, rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Push rows, and give what was made of them."""
    kept = [{name: value for name, value in row.items() if name != "dao"} for row in rows]
    body = "\n".join(json.dumps(row, ensure_ascii=False) for row in kept)
    answer = api.post(f"{DAO}/{noun}", content=body.encode(), headers={"Content-Type": "application/x-ndjson"})
    assert_plain_json(answer)
    assert answer.status_code == 200, answer.text[:300]
    found: dict[str, Any] = answer.json()
    return found


def push(api: httpx.Client, found: Sequence[Attack], proposals: int, *, reasons: int = 1) -> list[str]:
    """The attacks as posts, one in `reasons` as a vote's reason too, and in turns as titles, bodies and choices; the proposals' ids.

    Proposals are a day apart, so that a retraining finds earlier ones and later ones.
    """
    said = [attack.text for attack in found]
    opened = {n: OPENED + n * 86_400 for n in range(proposals)}
    asked = [
        a_proposal(
            proposal_id=f"0x{n:x}", title=said[n % len(said)], body="\n\n".join(said[n::proposals]), choices=["For", "Against", said[-n]],
            created=at, start=at + 60, end=at + 7 * 86_400, scores=["1", "2", "3"], scores_total="6",
        )
        for n, at in opened.items()
    ]  # fmt: skip
    posts = [a_post(post_id=n, author=f"a{n % 40}", text=text, linked_proposal=f"0x{n % proposals:x}") for n, text in enumerate(said)]
    votes = [
        a_vote(proposal_id=f"0x{n % proposals:x}", voter=f"0x{n:040x}", vp="12.5", choice=str(n % 2 + 1), reason=text,
               created=opened[n % proposals] + 600)
        for n, text in enumerate(said[::reasons])
    ]  # fmt: skip
    for noun, rows in (("proposals", asked), ("posts", posts), ("votes", votes)):
        result = send(api, noun, rows)
        assert result["inserted"] == len(rows), result
    return [proposal_id("tide.eth", f"0x{n:x}") for n in range(proposals)]


def requests(ids: Sequence[str]) -> Iterator[tuple[str, str, str, dict[str, Any] | None]]:
    """(name, method, path, body) of every route that reads the texts pushed, the analysis first."""
    yield "analysis", "POST", f"{DAO}/analysis", {"limit": 5_000}
    for each in ids:
        own = f"{DAO}/proposals/{each}"
        yield "proposal", "GET", f"/v1/proposals/{each}?include=votes,readings,posts,flags,tally,revisions", None
        yield "page", "GET", f"/proposals/{each}", None
        yield "flags", "GET", f"{own}/flags", None
        yield "flags recorded", "POST", f"{own}/flags", {}
        yield "arguments", "GET", f"{own}/arguments", None
        yield "similar", "GET", f"{own}/similar", None
        yield "stance", "GET", f"/v1/proposals/{each}/stance", None
    yield "topics", "GET", f"{DAO}/topics?window_days=3650", None
    yield "sentiment", "GET", f"{DAO}/sentiment?window_days=3650", None
    yield "mood", "GET", f"{DAO}/mood?window_days=3650", None
    yield "mood by topic", "GET", f"{DAO}/mood/topics?window_days=3650", None
    # What the attacks teach is put on record, and must not read: no model gains nine nats by them.
    yield "retraining", "POST", "/v1/models/text/retraining", {"margin_micronats": 9_000_000}


def readings_shown(api: httpx.Client, id_: str, most: int) -> Iterator[tuple[str, str, str, None]]:
    """The requests for readings of the texts about a proposal, with the parts that moved them."""
    page = api.get(f"/v1/proposals/{id_}", params={"include": "readings"}).json()
    for item in page["readings"]["items"][:most]:
        yield "reading", "GET", f"{DAO}/readings/{item['id']}", None


def assert_harmless(answer: httpx.Response) -> None:
    """An answer, whatever a text says: done or refused, and nothing in it that a browser or a terminal would act on."""
    assert answer.status_code in {200, 201, 409, 422}, answer.text[:300]
    if answer.headers["content-type"].startswith("text/html"):
        assert_plain_page(answer)
    else:
        assert_plain_json(answer)


def assert_plain_json(answer: httpx.Response) -> None:
    """What a browser or a terminal is given is JSON and named so, with every control character escaped."""
    assert answer.headers["content-type"] in {"application/json", "application/problem+json"}
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert not any(byte < 0x20 or byte == 0x7F for byte in answer.content)


def assert_plain_page(answer: httpx.Response) -> None:
    """The page has the template's tags and attributes and no others, and no text in it runs in another direction unseen."""
    seen = _Tags(answer.text)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert seen.tags <= _TAGS, seen.tags - _TAGS
    assert seen.attributes <= {"lang", "charset", "name", "content", "class", "dir"}, seen.attributes
    assert not _DIRECTION.search(answer.text)


class _Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One more tag."""
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
