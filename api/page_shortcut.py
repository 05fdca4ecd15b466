"""Answers proposals' pages ahead of routing, where they are asked for in the plain form: `?include=` and nothing else."""

import re
from functools import lru_cache

from starlette.types import ASGIApp, Receive, Scope, Send

from api.conditional import matches
from api.proposal_pages import VOTES_SHOWN, PageQuestion
from api.proposal_parts import Part
from api.runtime import Runtime

_PAGE = re.compile(r"/v1/proposals/(prop_[a-z2-7]{26})")
# Clients that build a query from its values write the comma as %2C.
_PLAIN = re.compile(rb"(?:include=((?:[a-z,]|%2C){0,200}))?")


class PageShortcut:
    """ASGI middleware, behind keys and rates. What it does not know how to answer, refusals included, is the route's.

    Routing, parameters and dependencies cost more than a page of few votes: this is the page's short way, and
    `api/routes/proposal_pages.py` the one that takes everything. Both ask the same desk.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        found = _PAGE.fullmatch(scope["path"]) if scope["type"] == "http" and scope["method"] == "GET" else None
        parts = _parts(scope["query_string"]) if found else None
        if found is None or parts is None:
            await self.app(scope, receive, send)
            return
        runtime: Runtime = scope["app"].state.runtime
        asked = PageQuestion(found[1], parts, None, VOTES_SHOWN, None, runtime.cursor_secret)
        page = runtime.pages.at_once((scope["path"], scope["query_string"]), asked)
        if page is None:
            await self.app(scope, receive, send)
            return
        held = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"if-none-match"), None)
        headers = [(b"etag", page.tag.encode())]
        if matches(held, page.tag):
            await send({"type": "http.response.start", "status": 304, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        headers += [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(page.body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": page.body})


@lru_cache(maxsize=1_024)
def _parts(query: bytes) -> tuple[Part, ...] | None:
    """The parts that a plain query names; None where it asks for anything else."""
    found = _PLAIN.fullmatch(query)
    if found is None:
        return None
    named = {name for name in (found[1] or b"").decode("ascii").replace("%2C", ",").split(",") if name}
    return None if named.difference(Part) else tuple(part for part in Part if part in named)
