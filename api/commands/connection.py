"""How a command reaches the API: in this process when nobody else writes the state folder, else over HTTP."""

from contextlib import AbstractContextManager

import anyio
import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal

from api.app import create_app
from api.commands.output import say
from api.runtime import Runtime, open_runtime
from api.settings import Settings
from api.state_folder import StateFolder
from governance.errors import ConfigurationError

# A command may load a model or import a folder within one request.
_TIMEOUT_S = 600.0


class ApiClient(httpx.Client):
    """An `httpx.Client` with the deployment's admin key. `runtime` is what is open in this process, None over HTTP."""

    runtime: Runtime | None = None


class InProcess(httpx.BaseTransport):
    """Runs the app on an event loop in a thread of its own; requests are calls, no socket is opened."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        app = create_app(runtime.settings, runtime=runtime)
        self._asgi = httpx.ASGITransport(app, raise_app_exceptions=False)
        self._portal_manager: AbstractContextManager[BlockingPortal] = start_blocking_portal()
        self._portal = self._portal_manager.__enter__()
        self._lifespan = self._portal.wrap_async_context_manager(app.router.lifespan_context(app))
        self._lifespan.__enter__()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer `request`; its body and the answer's are held in memory."""
        return self._portal.call(self._answer, request.method, request.url, request.headers, request.read())

    async def _answer(self, method: str, url: httpx.URL, headers: httpx.Headers, body: bytes) -> httpx.Response:
        with anyio.fail_after(_TIMEOUT_S):
            answer = await self._asgi.handle_async_request(httpx.Request(method, url, headers=headers, content=body))
            content = await answer.aread()
        # The body is already decoded and whole, so what described its transfer no longer holds.
        kept = [(name, value) for name, value in answer.headers.raw if name.lower() not in {b"content-encoding", b"transfer-encoding"}]
        return httpx.Response(answer.status_code, headers=kept, content=content)

    def close(self) -> None:
        """Stop the app, then finish and close what it had open."""
        self._lifespan.__exit__(None, None, None)
        self._portal_manager.__exit__(None, None, None)
        self._runtime.close()


def open_api(settings: Settings) -> ApiClient:
    """A client of the deployment, to be used with `with`.

    Raises:
        ConfigurationError: another process writes the state folder but says not where it listens.
    """
    state = StateFolder(settings.state_dir)
    if not settings.on_sqlite or state.try_lock():
        state.unlock()
        return _in_process(settings)
    url = state.announced()
    key = settings.admin_key.get_secret_value() if settings.admin_key else state.secret("admin.key")
    if url is None or key is None:
        raise ConfigurationError(
            f"another process writes {settings.state_dir} and is not a server: wait until it is done", value=str(settings.state_dir)
        )
    return ApiClient(base_url=url, headers=_authorised(key), timeout=_TIMEOUT_S, trust_env=False)


def _in_process(settings: Settings) -> ApiClient:
    runtime = open_runtime(settings)
    client = ApiClient(transport=InProcess(runtime), base_url="http://assent.local", headers=_authorised(runtime.admin_key))
    client.runtime = runtime
    if runtime.made_admin_key:
        say(f"admin key, shown this once (also in {runtime.state.keys}/admin.key): {runtime.admin_key}")
    return client


def _authorised(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}
