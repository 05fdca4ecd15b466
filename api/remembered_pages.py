"""Answers a proposal's page from memory, ahead of routing, while nothing has been written since it was built."""

from starlette.types import ASGIApp, Receive, Scope, Send

from api.conditional import matches
from api.runtime import Runtime

_PAGES = "/v1/proposals/"


class RememberedPages:
    """ASGI middleware, behind keys and rates. On PostgreSQL, where others write too, the route itself asks for the version."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from memory, or pass the request on."""
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith(_PAGES):
            await self.app(scope, receive, send)
            return
        runtime: Runtime = scope["app"].state.runtime
        page = runtime.pages.get((scope["path"], scope["query_string"]), now=runtime.clock()) if runtime.settings.on_sqlite else None
        if page is None or page.generation != runtime.writer.generation:
            await self.app(scope, receive, send)
            return
        asked = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"if-none-match"), None)
        headers = [(b"etag", page.tag.encode())]
        if matches(asked, page.tag):
            await send({"type": "http.response.start", "status": 304, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        headers += [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(page.body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": page.body})
