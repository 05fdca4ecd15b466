"""Who is asking: an API key (hashed at rest, scoped, expiring, maybe for one DAO only) or nobody in particular."""

import hashlib
import secrets
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from anyio import to_thread
from fastapi import Request
from sqlalchemy import Engine
from sqlmodel import Session

from api.refusals import OtherDao, Unauthenticated
from governance.actors import Actor, ActorKind, Role
from governance.errors import Forbidden
from governance.records import access

ANONYMOUS = Actor(ActorKind.HUMAN, "anonymous", "none")
_KEY_PREFIX = "assent_"
# A revoked or expired key stops working within this many seconds in every process.
_REMEMBERED_SECONDS = 1.0
_MOST_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class _Known:
    actor: Actor
    expires_at: datetime | None
    looked_up: float


class Keyring:
    """Knows API keys by their hash; asks the database again every second."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._clock = clock
        self._known: dict[str, _Known] = {}
        self._lock = threading.Lock()

    def remembered(self, key: str) -> Actor | None:
        """The actor of `key` if it was looked up within the last second and has not expired since; else None."""
        known = self._known.get(hash_key(key))
        if known is None or time.monotonic() - known.looked_up > _REMEMBERED_SECONDS:
            return None
        if known.expires_at is not None and known.expires_at <= self._clock():
            return None
        return known.actor

    def look_up(self, key: str) -> Actor:
        """The actor of `key`, from the database.

        Raises:
            Unauthenticated: the key is unknown, expired or revoked; which of them is not told.
        """
        digest = hash_key(key)
        with Session(self._engine, expire_on_commit=False) as session:
            row = access.usable_key(session, digest, now=self._clock())
        if row is None:
            with self._lock:
                self._known.pop(digest, None)
            raise Unauthenticated("the API key is unknown, expired or revoked")
        actor = Actor(ActorKind.HUMAN, row.id, "apikey", frozenset(Role(scope) for scope in row.scopes), row.dao_id)
        with self._lock:
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            self._known[digest] = _Known(actor, row.expires_at, time.monotonic())
        return actor


def new_key() -> str:
    """A fresh API key: 256 random bits behind a prefix that secret scanners can look for."""
    return _KEY_PREFIX + secrets.token_urlsafe(32)


def hash_key(key: str) -> str:
    """What is stored of a key. It holds 256 random bits, so one SHA-256 is as good as a slow hash."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


def presented_key(headers: Mapping[bytes, bytes]) -> str | None:
    """The key in `Authorization: Bearer` or `X-API-Key`, None when there is neither.

    Raises:
        Unauthenticated: another scheme, or two different keys.
    """
    plain = headers.get(b"x-api-key")
    given = headers.get(b"authorization")
    if given is None:
        return None if plain is None else plain.decode("latin-1").strip()
    scheme, _, token = given.decode("latin-1").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("Authorization is `Bearer` and an API key")
    if plain is not None and plain.decode("latin-1").strip() != token.strip():
        raise Unauthenticated("Authorization and X-API-Key hold different keys")
    return token.strip()


async def current_actor(request: Request) -> Actor:
    """Who asks, as the authentication middleware found it."""
    actor = request.scope.get("assent.actor", ANONYMOUS)
    if not isinstance(actor, Actor):
        raise TypeError("assent.actor is no Actor")
    return actor


def _dao_of_path(request: Request) -> str | None:
    with Session(request.app.state.engine) as session:
        return access.dao_of_path(session, request.path_params)


def acting_as(*roles: Role) -> Callable[..., Awaitable[Actor]]:
    """A dependency: the actor, if it holds one of `roles` for the DAO that the path names (see `api.dependencies.require`)."""

    async def _actor(request: Request) -> Actor:
        actor = await current_actor(request)
        names = " or ".join(role.value for role in roles)
        if actor is ANONYMOUS:
            raise Unauthenticated(f"this needs an API key with the role {names}", role=names)
        if not actor.roles.intersection(roles):
            raise Forbidden(f"this needs the role {names}", role=names)
        if actor.dao_id is not None:
            named = await to_thread.run_sync(_dao_of_path, request)
            if named != actor.dao_id:
                raise OtherDao("this key is for another DAO", role=names)
        return actor

    return _actor
