"""Refuses what is too large, too deep or not plain JSON before anything else looks at the request."""

import re
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.ndjson import MEDIA_TYPE as NDJSON
from api.problem_handlers import problem_response
from api.refusals import BodyTooLarge, UnsupportedMedia
from api.strict_json import MAX_BYTES, read_json
from governance.errors import GovernanceError, InvalidInput

# The routes that read their body line by line; on all others the body is one JSON document.
_STREAMED = re.compile(r"/v1/daos/[^/]+/(proposals|votes|posts|observations)|/v1/imports")
_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
# So much of a refused body is read and thrown away, so that a client still sending sees the answer and not a reset.
_MOST_DRAINED = 64 * 1024 * 1024
_MAX_URL_BYTES = 8 * 1024


class BodyLimits:
    """ASGI middleware. Bodies are held whole only up to 256 KiB; NDJSON batches pass through as they come."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, with its body already read and checked, or answer why not."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        try:
            _check_url(scope)
            _check_coding(headers)
            if scope["method"] in _WRITES and _is_streamed(scope, headers):
                await self.app(scope, receive, send)
                return
            body = await _read(headers, receive)
            if body:
                _check_media(scope, headers)
                read_json(body)
        except GovernanceError as refusal:
            await problem_response(refusal, scope)(scope, receive, send)
            return
        await self.app(scope, _replay(body, receive), send)


def _check_url(scope: Scope) -> None:
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    for field, encoded in (("path", raw), ("query", scope["query_string"])):
        if len(encoded) > _MAX_URL_BYTES:
            raise InvalidInput(field, f"{len(encoded)} bytes", f"at most {_MAX_URL_BYTES} bytes")
        if b"%" not in encoded and encoded.isascii() and b"\0" not in encoded:
            continue
        plain = unquote_to_bytes(encoded.replace(b"+", b" "))
        try:
            text = plain.decode("utf-8")
        except UnicodeDecodeError:
            raise InvalidInput(field, encoded.decode("latin-1"), "percent-encoded UTF-8") from None
        if "\0" in text:
            raise InvalidInput(field, encoded.decode("latin-1"), "no NUL")


def _check_coding(headers: dict[bytes, bytes]) -> None:
    """A compressed body is refused: what it unfolds to could be of any size."""
    given = headers.get(b"content-encoding", b"identity").decode("latin-1").strip().lower()
    if given != "identity":
        raise UnsupportedMedia("Content-Encoding", given or None, "identity: bodies are sent as they are, not compressed")


def _is_streamed(scope: Scope, headers: dict[bytes, bytes]) -> bool:
    if _media_type(headers) != NDJSON:
        return False
    if scope["method"] == "POST" and _STREAMED.fullmatch(scope["path"]):
        return True
    raise UnsupportedMedia(
        "Content-Type", NDJSON, "application/json; batches go to a DAO's proposals, votes, posts or observations, or to imports"
    )


def _check_media(scope: Scope, headers: dict[bytes, bytes]) -> None:
    given = _media_type(headers)
    if given != "application/json":
        allowed = f"application/json or {NDJSON}" if _STREAMED.fullmatch(scope["path"]) else "application/json"
        raise UnsupportedMedia("Content-Type", given or None, allowed)


def _media_type(headers: dict[bytes, bytes]) -> str:
    return headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip().lower()


async def _read(headers: dict[bytes, bytes], receive: Receive) -> bytes:
    """The body, if it is small enough; nothing of a larger one is kept."""
    announced = _content_length(headers)
    if announced is not None and announced > MAX_BYTES:
        if announced <= _MOST_DRAINED and b"expect" not in headers:
            await _drain(receive)
        raise BodyTooLarge("body", announced, f"at most {MAX_BYTES} bytes")
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise InvalidInput("body", f"{size} bytes", "the whole of it must arrive")
        part: bytes = message.get("body", b"")
        more = message.get("more_body", False)
        size += len(part)
        if size > MAX_BYTES:
            parts.clear()
            if more:
                await _drain(receive)
            raise BodyTooLarge("body", f"over {MAX_BYTES}", f"at most {MAX_BYTES} bytes")
        parts.append(part)
    return b"".join(parts)


def _content_length(headers: dict[bytes, bytes]) -> int | None:
    given = headers.get(b"content-length", b"")
    return int(given) if given.isdigit() and len(given) <= 18 else None


async def _drain(receive: Receive) -> None:
    drained, more = 0, True
    while more and drained < _MOST_DRAINED:
        message = await receive()
        drained += len(message.get("body", b""))
        more = message["type"] == "http.request" and message.get("more_body", False)


def _replay(body: bytes, receive: Receive) -> Receive:
    given: Iterable[Message] = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def _next() -> Message:
        for message in given:
            return message
        return await receive()

    return _next
