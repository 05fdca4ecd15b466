"""The application: routers, error handlers, middleware and what is opened while it runs."""

import importlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from importlib.util import find_spec

from anyio import to_thread
from fastapi import FastAPI

from api.problem_handlers import add_problem_handlers
from api.runtime import Runtime, open_runtime, wall_clock
from api.settings import Settings

# Every resource of the house, in the order the documentation shows them.
ROUTES = (
    "health",
    "daos",
    "delegates",
    "objectives",
    "proposals",
    "proposal_pages",
    "votes",
    "posts",
    "observations",
    "sentiment",
    "forecasts",
    "parameters",
    "recommendations",
    "approvals",
    "executions",
    "pause",
    "overrides",
    "decision_log",
    "models",
    "keys",
)


def create_app(settings: Settings, *, clock: Callable[[], datetime] = wall_clock, runtime: Runtime | None = None) -> FastAPI:
    """The API over the deployment that `settings` names. Nothing is opened before the app starts.

    `clock` is the wall clock. `runtime`, when given, is used as it is and not closed.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if runtime is not None:
            _hand_over(app, runtime)
            yield
            return
        opened = await to_thread.run_sync(lambda: open_runtime(settings, clock=clock))
        _hand_over(app, opened)
        try:
            yield
        finally:
            await to_thread.run_sync(opened.close)

    app = FastAPI(
        title="Assent",
        version="0.1.0",
        lifespan=lifespan,
        openapi_url="/v1/openapi.json",
        docs_url="/docs",
        redoc_url=None,
        telemetry={"tracing": False, "metrics": False},
    )
    add_problem_handlers(app)
    for name in ROUTES:
        if find_spec(f"api.routes.{name}") is not None:
            app.include_router(importlib.import_module(f"api.routes.{name}").router, prefix="/v1")
    return app


def _hand_over(app: FastAPI, runtime: Runtime) -> None:
    app.state.runtime = runtime
    app.state.settings = runtime.settings
    app.state.engine = runtime.engine
    app.state.writer = runtime.writer
    app.state.keyring = runtime.keyring
    app.state.clock = runtime.clock
    app.state.models = runtime.models
    app.state.cursor_secret = runtime.cursor_secret
