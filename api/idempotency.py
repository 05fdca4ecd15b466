"""`Idempotency-Key`: a write delivered many times has one effect, and each delivery gets the same answer."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from anyio import to_thread
from sqlmodel import Session
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.authentication import ANONYMOUS
from api.database import Claim, current_claim
from api.problem_handlers import problem_response
from api.refusals import InFlight, KeyReused
from api.runtime import Runtime
from governance.errors import GovernanceError, InvalidInput
from governance.records import access

_HEADER = b"idempotency-key"
_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_KEY = re.compile(r"[\x21-\x7e]{1,128}")
_APPROVALS = re.compile(r"/v1/recommendations/[^/]+/approvals")
# Answers on consent are kept for ever, the others for ASSENT_IDEMPOTENCY_HOURS.
_FOREVER, _FOR_A_WHILE = "forever ", "while "
# An answer that shows a secret once must not be kept.
_UNREMEMBERED = frozenset({"/v1/keys"})
_KEPT_HEADERS = (b"content-type", b"location")
# Another process is working on the same key: how often and how long to wait for its answer.
_LOOKS, _LOOK_SECONDS = 40, 0.25
_FORGET_EVERY = timedelta(hours=1)


@dataclass(slots=True)
class _Delivery:
    """One request under a key, what came in and what went out."""

    caller: str
    key: str
    hash: Any
    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray)

    def packed(self) -> bytes:
        kept = dict(self.headers)
        return b"\n".join((*(kept.get(name, b"") for name in _KEPT_HEADERS), bytes(self.body)))


class Idempotency:
    """ASGI middleware. The key is claimed in the same savepoint as the effect; the answer is stored before it is sent."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._turns: dict[tuple[str, str], tuple[asyncio.Lock, int]] = {}
        self._forgotten_at: datetime | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer as its first delivery was answered."""
        given = dict(scope["headers"]).get(_HEADER) if scope["type"] == "http" and scope["method"] in _WRITES else None
        if given is None:
            await self.app(scope, receive, send)
            return
        try:
            delivery = _delivery(scope, given.decode("latin-1"))
            async with self._turn((delivery.caller, delivery.key)):
                await self._deliver(delivery, scope, receive, send)
        except GovernanceError as refusal:
            await problem_response(refusal, scope)(scope, receive, send)

    async def _deliver(self, delivery: _Delivery, scope: Scope, receive: Receive, send: Send) -> None:
        runtime: Runtime = scope["app"].state.runtime
        stored = await to_thread.run_sync(_stored, runtime, delivery)
        if stored is None:
            claim = await self._first(delivery, runtime, scope, receive)
            if not claim.lost:
                await _send(send, delivery.status, delivery.headers, bytes(delivery.body))
                return
            stored = await _answer_of_other(runtime, delivery)
        else:
            await _read_all(delivery, receive)
        if stored.request_sha256 != delivery.hash.hexdigest():
            raise KeyReused("Idempotency-Key", delivery.key.partition(" ")[2], "one key, one request: this one came before with another")
        if stored.status == 0:
            raise InFlight("this request was begun and its answer is not known: read the resource before trying under a new key")
        content_type, location, body = stored.body.split(b"\n", 2)
        headers = [(b"content-type", content_type), (b"location", location), (b"idempotent-replayed", b"true")]
        await _send(send, stored.status, [pair for pair in headers if pair[1]], body)

    async def _first(self, delivery: _Delivery, runtime: Runtime, scope: Scope, receive: Receive) -> Claim:
        body = await _whole_body(delivery, scope, receive)
        claim = Claim(delivery.caller, delivery.key, delivery.hash.hexdigest() if body is not None else None, runtime.clock())
        token = current_claim.set(claim)
        try:
            await self.app(scope, _hashed(delivery, receive) if body is None else _given(body, receive), _capture(delivery))
        finally:
            current_claim.reset(token)
        if claim.lost:
            return claim
        if 200 <= delivery.status < 300:
            await to_thread.run_sync(self._store, runtime, delivery)
        elif claim.taken:
            await to_thread.run_sync(_release, runtime, delivery)
        return claim

    def _store(self, runtime: Runtime, delivery: _Delivery) -> None:
        now = runtime.clock()
        due = self._forgotten_at is None or now - self._forgotten_at > _FORGET_EVERY
        self._forgotten_at = now if due else self._forgotten_at

        def _work(session: Session) -> None:
            if due:
                access.forget_answers(session, before=now - timedelta(hours=runtime.settings.idempotency_hours), kept_prefix=_FOREVER)
            answer = access.IdempotentAnswer(
                caller=delivery.caller,
                key=delivery.key,
                request_sha256=delivery.hash.hexdigest(),
                status=delivery.status,
                body=delivery.packed(),
                recorded_at=now,
            )
            session.merge(answer)

        runtime.writer.run(_work)

    @asynccontextmanager
    async def _turn(self, key: tuple[str, str]) -> AsyncIterator[None]:
        lock, waiting = self._turns.get(key, (asyncio.Lock(), 0))
        self._turns[key] = (lock, waiting + 1)
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self._turns[key]
            if waiting == 1:
                del self._turns[key]
            else:
                self._turns[key] = (lock, waiting - 1)


def _delivery(scope: Scope, key: str) -> _Delivery:
    if not _KEY.fullmatch(key):
        raise InvalidInput("Idempotency-Key", key, "1 to 128 visible ASCII characters")
    if scope["path"] in _UNREMEMBERED:
        raise InvalidInput("Idempotency-Key", key, "not taken here: the answer shows a secret and is not kept")
    actor = scope.get("assent.actor", ANONYMOUS)
    kept = _FOREVER if _APPROVALS.fullmatch(scope["path"]) else _FOR_A_WHILE
    started = hashlib.sha256(f"{scope['method']}\n{scope['path']}\n".encode() + scope["query_string"] + b"\n")
    return _Delivery(caller=actor.id, key=kept + key, hash=started)


def _stored(runtime: Runtime, delivery: _Delivery) -> access.IdempotentAnswer | None:
    with Session(runtime.engine, expire_on_commit=False) as session:
        return access.answer_to(session, caller=delivery.caller, key=delivery.key)


async def _answer_of_other(runtime: Runtime, delivery: _Delivery) -> access.IdempotentAnswer:
    """What another process answers under this key, once it does."""
    for _ in range(_LOOKS):
        stored = await to_thread.run_sync(_stored, runtime, delivery)
        if stored is not None and stored.status:
            return stored
        await asyncio.sleep(_LOOK_SECONDS)
    raise InFlight("a request with this Idempotency-Key is being worked on")


def _release(runtime: Runtime, delivery: _Delivery) -> None:
    def _work(session: Session) -> None:
        claimed = access.answer_to(session, caller=delivery.caller, key=delivery.key)
        if claimed is not None and claimed.status == 0:
            session.delete(claimed)

    runtime.writer.run(_work)


async def _whole_body(delivery: _Delivery, scope: Scope, receive: Receive) -> bytes | None:
    """The body where it is small and already read (JSON), hashed; None for a batch that streams."""
    if b"ndjson" in dict(scope["headers"]).get(b"content-type", b""):
        return None
    return await _read_all(delivery, receive)


async def _read_all(delivery: _Delivery, receive: Receive) -> bytes:
    """Hash the whole body; what is given back is only meant for small ones."""
    kept, more = bytearray(), True
    while more:
        message = await receive()
        part: bytes = message.get("body", b"")
        delivery.hash.update(part)
        if len(kept) <= 1 << 20:
            kept += part
        more = message["type"] == "http.request" and message.get("more_body", False)
    return bytes(kept)


def _hashed(delivery: _Delivery, receive: Receive) -> Receive:
    async def _next() -> Message:
        message = await receive()
        delivery.hash.update(message.get("body", b""))
        return message

    return _next


def _given(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def _next() -> Message:
        return waiting.pop() if waiting else await receive()

    return _next


def _capture(delivery: _Delivery) -> Send:
    async def _take(message: Message) -> None:
        if message["type"] == "http.response.start":
            delivery.status = message["status"]
            delivery.headers = list(message["headers"])
        else:
            delivery.body += message.get("body", b"")

    return _take


async def _send(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    kept = [pair for pair in headers if pair[0].lower() != b"content-length"]
    await send({"type": "http.response.start", "status": status, "headers": [*kept, (b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})
