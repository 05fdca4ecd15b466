"""HEAD wherever there is GET: the same answer without its body (RFC 9110 section 9.3.2)."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Heads:
    """ASGI middleware, outside of all that looks at the method: everything within sees a GET, tags and limits it as one."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a HEAD on as GET and keep the body of its answer back; `Content-Length` says how long it would be."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return
        ended = False

        async def _send(message: Message) -> None:
            nonlocal ended
            if message["type"] == "http.response.start":
                await send(message)
            elif not ended and not message.get("more_body", False):
                ended = True
                await send({**message, "body": b""})

        await self.app({**scope, "method": "GET"}, receive, _send)
