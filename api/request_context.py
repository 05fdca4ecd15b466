"""What surrounds every request: an id, one structured log line, and headers that keep browsers careful."""

import secrets
import time

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.authentication import ANONYMOUS

_logger = structlog.get_logger("assent.requests")

_CAREFUL = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"cross-origin"),
]
# Answers are data; the documentation page alone runs scripts. A page for people brings a policy of its own.
_POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
_READS = frozenset({"GET", "HEAD", "OPTIONS"})


class RequestContext:
    """ASGI middleware, the outermost of ours. Reads that went well are logged at debug level only."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on under a fresh id."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = "req_" + secrets.token_hex(8)
        scope["assent.request_id"] = request_id
        started = time.perf_counter()
        seen = {"status": 500}
        try:
            with structlog.contextvars.bound_contextvars(request_id=request_id):
                await self.app(scope, receive, _with_headers(scope, send, request_id, seen))
        finally:
            _log(scope, seen["status"], (time.perf_counter() - started) * 1000)


def _with_headers(scope: Scope, send: Send, request_id: str, seen: dict[str, int]) -> Send:
    async def _send(message: Message) -> None:
        if message["type"] == "http.response.start":
            seen["status"] = message["status"]
            headers: list[tuple[bytes, bytes]] = list(message["headers"])
            headers.append((b"x-request-id", request_id.encode()))
            headers.extend(_CAREFUL)
            if scope["path"] != "/docs" and not any(name.lower() == _POLICY[0] for name, _ in headers):
                headers.append(_POLICY)
            if not any(name.lower() == b"cache-control" for name, _ in headers):
                headers.append((b"cache-control", b"no-cache" if scope["method"] in _READS else b"no-store"))
            message["headers"] = headers
        await send(message)

    return _send


def _log(scope: Scope, status: int, milliseconds: float) -> None:
    log = _logger.debug if status < 400 and scope["method"] in _READS else _logger.info
    if status >= 500:
        log = _logger.error
    # The path holds ids of ours and names of DAOs; the query may hold anything and stays out.
    actor = scope.get("assent.actor", ANONYMOUS)
    log("request", method=scope["method"], path=scope["path"][:200], status=status, ms=round(milliseconds, 1), actor=actor.id)
