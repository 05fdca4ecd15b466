"""Health: whether the process lives, whether it can do its work, and which version it is."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from api.dependencies import ReadDep
from api.errors import problems
from api.runtime import Runtime
from governance.records.decision_log import log_size

router = APIRouter(tags=["health"])


class Alive(BaseModel):
    """The process answers."""

    status: Literal["alive"] = "alive"


class Ready(BaseModel):
    """Whether each part can do its work; `models` are loaded when first needed and never make the API unready."""

    status: Literal["ready", "not_ready"]
    database: Literal["ok", "unavailable"]
    writer: Literal["ok", "stopped"]
    models: dict[str, str] = Field(description="Per text model: `loaded`, `not_loaded` or why it cannot load.")


class Version(BaseModel):
    """Which Assent this is."""

    name: Literal["assent"] = "assent"
    version: str = Field(examples=["0.1.0"])
    database: Literal["sqlite", "postgresql"]
    log_size: int = Field(description="Entries in the decision log.", examples=[42])


def _runtime(request: Request) -> Runtime:
    runtime: Runtime = request.app.state.runtime
    return runtime


RuntimeDep = Annotated[Runtime, Depends(_runtime)]


@router.get("/healthz", operation_id="getLiveness", responses=problems())
async def liveness() -> Alive:
    """Whether the process answers. It asks nothing of the database and is never rate limited."""
    return Alive()


@router.get("/readyz", operation_id="getReadiness", responses={503: {"model": Ready, "description": "Some part cannot do its work."}})
def readiness(runtime: RuntimeDep, response: Response) -> Ready:
    """Whether requests can be worked on: the database answers and the writer runs."""
    database: Literal["ok", "unavailable"] = "ok"
    try:
        with runtime.engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except SQLAlchemyError:
        database = "unavailable"
    writer: Literal["ok", "stopped"] = "ok" if runtime.writer.alive else "stopped"
    ready = database == "ok" and writer == "ok"
    response.status_code = 200 if ready else 503
    return Ready(status="ready" if ready else "not_ready", database=database, writer=writer, models=runtime.models.states())


@router.get("/v1/version", operation_id="getVersion", responses=problems())
def version(request: Request, runtime: RuntimeDep, session: ReadDep) -> Version:
    """Which Assent this is, on which kind of database, and how long its decision log is."""
    dialect: Literal["sqlite", "postgresql"] = "sqlite" if runtime.settings.on_sqlite else "postgresql"
    return Version(version=request.app.version, database=dialect, log_size=log_size(session))
