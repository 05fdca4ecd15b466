"""The application: routers, error handlers, middleware and what is opened while it runs."""

import importlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from anyio import to_thread
from fastapi import Depends, FastAPI
from starlette.middleware.cors import CORSMiddleware

from api.body_limits import BodyLimits
from api.callers import Callers
from api.conditional import Conditional
from api.documentation import describe
from api.heads import Heads
from api.idempotency import Idempotency
from api.page_shortcut import PageShortcut
from api.pages import proposal as pages
from api.problem_handlers import add_problem_handlers
from api.query_parameters import only_known_parameters
from api.request_context import RequestContext
from api.runtime import Runtime, open_runtime, wall_clock
from api.settings import Settings

# Every resource of the house, in the order the documentation shows them.
ROUTES = (
    "health",
    "daos",
    "dao_health",
    "clock",
    "delegates",
    "delegate_queue",
    "objectives",
    "proposals",
    "proposal_pages",
    "similar",
    "votes",
    "tallies",
    "posts",
    "observations",
    "imports",
    "sentiment",
    "mood",
    "readings",
    "arguments",
    "topics",
    "forecasts",
    "voters",
    "flags",
    "text_vectors",
    "parameters",
    "guardrails",
    "recommendations",
    "changes",
    "approvals",
    "executions",
    "pause",
    "overrides",
    "decision_log",
    "retraining",
    "text_retraining",
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
        redirect_slashes=False,  # a redirect would be built from the caller's own Host header
        openapi_url="/v1/openapi.json",
        docs_url="/docs",
        redoc_url=None,
        telemetry={"tracing": False, "metrics": False},
    )
    add_problem_handlers(app)
    for name in ROUTES:
        router = importlib.import_module(f"api.routes.{name}").router
        app.include_router(router, prefix="" if name == "health" else "/v1", dependencies=[Depends(only_known_parameters)])
    app.include_router(pages.router, dependencies=[Depends(only_known_parameters)])
    _surround(app, settings)
    describe(app)
    return app


def _surround(app: FastAPI, settings: Settings) -> None:
    """What every request passes on its way in; the last added comes first."""
    app.add_middleware(Conditional)
    app.add_middleware(Idempotency)
    app.add_middleware(BodyLimits)
    app.add_middleware(PageShortcut)
    app.add_middleware(Callers, settings=settings)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors_origins),
            allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "Last-Event-ID", "X-API-Key"],
            expose_headers=[
                "ETag",
                "Idempotent-Replayed",
                "Location",
                "RateLimit-Limit",
                "RateLimit-Remaining",
                "RateLimit-Reset",
                "Retry-After",
                "X-Request-Id",
            ],
            max_age=3600,
        )
    app.add_middleware(RequestContext)
    app.add_middleware(Heads)


def _hand_over(app: FastAPI, runtime: Runtime) -> None:
    app.state.runtime = runtime
    app.state.settings = runtime.settings
    app.state.engine = runtime.engine
    app.state.writer = runtime.writer
    app.state.keyring = runtime.keyring
    app.state.clock = runtime.clock
    app.state.models = runtime.models
    app.state.signer = runtime.signer
    app.state.cursor_secret = runtime.cursor_secret
