"""`ETag` on every answer to a read that comes whole (JSON, the log's notes and tiles), and 304 for a reader who already holds it."""

import hashlib
import re

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# An answer says when it was read (a DAO, what its clock shows); that alone does not make it another answer, hence weak
# tags. Quotes inside of strings stand behind a backslash, so only members of objects match.
_READ_AT = re.compile(rb'"(?:as_of|now)":"[^"]*"')
_TAGGED = (b"application/json", b"text/plain", b"application/octet-stream")
_SENT_WITH_304 = frozenset({b"etag", b"cache-control", b"vary", b"content-location", b"date", b"expires"})


class Conditional:
    """ASGI middleware. Answers that stream, or that carry a tag of their own making, keep what they have."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; tag its answer, and leave the body out if the asker has it."""
        if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
            await self.app(scope, receive, send)
            return
        asked = Headers(scope=scope).get("if-none-match")
        held: list[Message] = []

        async def _send(message: Message) -> None:
            if message["type"] == "http.response.start":
                held.append(message)
                return
            if held:
                start = held.pop()
                if _is_whole(start, message):
                    start, message = _tagged(start, message, asked)
                await send(start)
            await send(message)

        await self.app(scope, receive, _send)


def tag_of(body: bytes) -> str:
    """The weak tag of a JSON answer."""
    digest = hashlib.sha256(_READ_AT.sub(b"", body)).hexdigest()
    return f'W/"{digest[:32]}"'


def matches(asked: str | None, tag: str) -> bool:
    """Whether `If-None-Match: asked` names `tag` (weak comparison, RFC 9110 section 8.8.3.2)."""
    if asked is None:
        return False
    given = [part.strip() for part in asked.split(",")]
    return "*" in given or tag.removeprefix("W/") in {part.removeprefix("W/") for part in given}


def _is_whole(start: Message, message: Message) -> bool:
    kind = dict(start["headers"]).get(b"content-type", b"")
    return start["status"] == 200 and not message.get("more_body", False) and kind.startswith(_TAGGED)


def _tagged(start: Message, message: Message, asked: str | None) -> tuple[Message, Message]:
    headers: list[tuple[bytes, bytes]] = list(start["headers"])
    own = dict(headers).get(b"etag")
    tag = own.decode() if own else tag_of(message.get("body", b""))
    if own is None:
        headers.append((b"etag", tag.encode()))
    if not matches(asked, tag):
        return {**start, "headers": headers}, message
    kept = [pair for pair in headers if pair[0] in _SENT_WITH_304]
    return {**start, "status": 304, "headers": kept}, {**message, "body": b""}
