"""`assent serve`: the API on a port, until it is told to stop."""

import errno
import gc
import os
import signal
import socket
import sys
import threading
from types import FrameType
from typing import Annotated

import typer
import uvicorn
from fastapi import FastAPI

from api.app import create_app
from api.bounded_heads import BoundedHeads
from api.commands.output import CommandFailed, say
from api.log_lines import configure_logs
from api.runtime import Runtime, open_runtime
from api.settings import Settings

_BACKLOG = 2048
# How long threads may go on once no request is waited for any more.
_PATIENCE_S = 0.5


def register(app: typer.Typer) -> None:
    """Add `serve`."""
    app.command("serve")(serve)


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on (ASSENT_HOST).")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on (ASSENT_PORT).")] = None,
) -> None:
    """Serve the API until SIGINT or SIGTERM; requests under way are finished first.

    Example: assent serve --port 8080
    """
    chosen = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    serve_until_stopped(Settings(**chosen))


def serve_until_stopped(settings: Settings) -> None:
    """Open the deployment, answer requests, and leave nothing half done on the way out."""
    settings.require_secrets()
    configure_logs(settings)
    signal.signal(signal.SIGTERM, _leave)
    with _listen(settings) as listener:
        runtime = open_runtime(settings)
        try:
            config = server_config(settings, create_app(settings, runtime=runtime))
            runtime.models.after_load = _settle_memory
            _settle_memory()
            _Announced(config, runtime, _url(settings)).run(sockets=[listener])
        except KeyboardInterrupt:
            say("assent: stopped")
        finally:
            runtime.state.withdraw()
            runtime.close()


def _settle_memory() -> None:
    """Keep what was made up to now out of every later search for garbage.

    A quarter of a million objects of modules, tables and routes live as long as the server, and as many again come with
    the first model: looking through them, in the middle of requests, stopped all of these for 160 ms.
    """
    gc.collect()
    gc.freeze()


def server_config(settings: Settings, app: FastAPI) -> uvicorn.Config:
    """How `app` is served. uvloop also sends small answers at once (TCP_NODELAY), which a kept-alive connection needs."""
    return uvicorn.Config(
        app,
        loop="uvloop",
        http=BoundedHeads,
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_graceful_shutdown=settings.shutdown_seconds,
        backlog=_BACKLOG,
    )


class _Announced(uvicorn.Server):
    """Says where it listens once it does: to people on standard error, to other commands in the state folder."""

    def __init__(self, config: uvicorn.Config, runtime: Runtime, url: str) -> None:
        super().__init__(config)
        self._runtime = runtime
        self._url = url

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start listening, then announce."""
        await super().startup(sockets=sockets)
        if not self.started:
            return
        self._runtime.state.announce(self._url)
        if self._runtime.made_admin_key:
            say(f"admin key, shown this once (also in {self._runtime.state.keys}/admin.key): {self._runtime.admin_key}")
        say(f"assent listens on {self._url}")
        say(f"  documentation  {self._url}/docs")
        say(f"  health         {self._url}/readyz")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop as the server does; then no work of a thread, which nothing can interrupt, holds the process up."""
        await super().shutdown(sockets=sockets)
        waiting = threading.Timer(_PATIENCE_S, self._leave_work_behind)
        waiting.daemon = True
        waiting.start()

    def _leave_work_behind(self) -> None:
        """End the process although a model still reads: what was answered for is durable, and nothing else was promised."""
        say("assent: stopped; a computation under way was left behind")
        self._runtime.state.withdraw()
        self._runtime.writer.close()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        what = f"port {settings.port} on {settings.host}"
        if error.errno == errno.EADDRINUSE:
            raise CommandFailed(f"{what} is in use: stop what listens there, or choose another with ASSENT_PORT") from None
        raise CommandFailed(f"cannot listen on {what}: {error.strerror}") from None
    return listener


def _url(settings: Settings) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    if settings.host in {"0.0.0.0", "::"}:  # noqa: S104  # compared with, not listened on
        host = "127.0.0.1"
    return f"http://{host}:{settings.port}"


def _leave(_signal: int, _frame: FrameType | None) -> None:
    # uvicorn stops gracefully first, then raises the signal again for us: leave by the front door.
    sys.exit(0)
