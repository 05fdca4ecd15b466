"""Finds out who is asking and how much they may ask, before anything is read or done for them."""

from anyio import to_thread
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.authentication import ANONYMOUS, Keyring, presented_key
from api.problem_handlers import problem_response
from api.rate_limits import Allowance, RateLimits
from api.settings import Settings
from governance.actors import Actor
from governance.errors import GovernanceError

# Whether the process lives must be visible however much is asked of it.
_UNLIMITED = frozenset({"/healthz", "/readyz"})


class Callers:
    """ASGI middleware: an unknown, expired or revoked key is answered 401, a spent rate 429."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self._limits = RateLimits(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with `assent.actor` in its scope, or answer why not."""
        if scope["type"] != "http" or scope["path"] in _UNLIMITED:
            await self.app(scope, receive, send)
            return
        client = scope.get("client")
        address = f"address {client[0] if client else 'in-process'}"
        try:
            actor = await self._actor(scope, address)
            left = self._limits.spend(address if actor is ANONYMOUS else actor.id, scope["method"])
        except GovernanceError as refusal:
            await problem_response(refusal, scope)(scope, receive, send)
            return
        scope["assent.actor"] = actor
        await self.app(scope, receive, _with_allowance(send, left))

    async def _actor(self, scope: Scope, address: str) -> Actor:
        key = None
        try:
            key = presented_key(dict(scope["headers"]))
            if key is None:
                return ANONYMOUS
            keyring: Keyring = scope["app"].state.keyring
            known = keyring.remembered(key)
            return known if known is not None else await to_thread.run_sync(keyring.look_up, key)
        except GovernanceError:
            # Guessing keys costs the guesser's address, not the key's owner.
            self._limits.spend(address, scope["method"])
            raise


def _with_allowance(send: Send, left: Allowance) -> Send:
    headers = left.headers()

    async def _send(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).raw.extend(headers)
        await send(message)

    return _send
