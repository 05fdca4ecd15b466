"""Observations: the figures of a DAO's token, ingested and read."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field

from api.dependencies import ClockDep, ReadDep, WriterDep, require
from api.errors import problems
from api.ingest_bodies import IngestOut, body_schema, take_body
from api.instants import Instant
from api.listing import AsOf, listed, moment
from api.pagination import Page, PageDep
from governance.actors import Actor, Role
from governance.errors import InvalidInput, NotFound
from governance.intake.batches import Kind
from governance.records.as_of import OBSERVATIONS, Chosen

router = APIRouter(prefix="/daos/{dao_id}/observations", tags=["observations"])

_NAME = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": r"^[!-~]([ -~]*[!-~])?$"}
_ROW = {
    "title": "ObservationIn",
    "required": ["metric", "time", "value", "unit", "source"],
    "properties": {
        "metric": {"type": "string", "pattern": "^[a-z][a-z0-9_.:/-]{0,127}$", "description": "What was measured."},
        "time": {"type": "string", "format": "date-time", "pattern": r"^(19[7-9][0-9]|20[0-9]{2})-.*(Z|\+00:00)$", "description": "When."},
        "value": {"type": "string", "pattern": r"^-?(0|[1-9][0-9]{0,70})(\.[0-9]{1,36})?$", "description": "Exact decimal text."},
        "unit": {**_NAME, "description": "The unit of the value."},
        "source": {**_NAME, "description": "Who measured it."},
    },
}
_EXAMPLE = {"metric": "price", "time": "2026-11-21T12:00:00Z", "value": "1.25", "unit": "USD", "source": "dex"}


class ObservationOut(BaseModel):
    """One value of one metric at one time."""

    id: str
    dao_id: str
    metric: str = Field(examples=["price"])
    source: str
    observed_at: datetime
    value: str = Field(description="Exact decimal text.", examples=["1.25"])
    unit: str
    revision: int = Field(description="How many different values it was seen with.")
    known_at: datetime
    recorded_at: datetime


@router.post("", operation_id="ingestObservations", responses=problems(NotFound, InvalidInput), openapi_extra=body_schema(_ROW, _EXAMPLE))
async def ingest(
    dao_id: str, request: Request, writer: WriterDep, clock: ClockDep, actor: Annotated[Actor, Depends(require(Role.INGESTER))]
) -> IngestOut:
    """Take observations in: one, a batch of up to 500, or NDJSON of any length (role ingester).

    The answer comes once they are durable and logged. The same observation again changes nothing; another value for the
    same metric, source and time is a revision.
    """
    return await take_body(request, Kind.OBSERVATION, dao_id=dao_id, writer=writer, actor=actor, now=clock())


@router.get("", operation_id="listObservations", responses=problems(NotFound, InvalidInput))
def list_all(
    *,
    dao_id: str,
    session: ReadDep,
    clock: ClockDep,
    page: PageDep,
    metric: Annotated[str | None, Query(max_length=128, description="Only this metric.")] = None,
    source: Annotated[str | None, Query(max_length=512, description="Only from this source.")] = None,
    observed_from: Annotated[Instant | None, Query(description="Observed at or after this time.")] = None,
    observed_to: Annotated[Instant | None, Query(description="Observed before this time.")] = None,
    as_of: AsOf = None,
) -> Page[ObservationOut]:
    """The DAO's observations, newest first, as known at a time."""
    equal = {"metric": metric, "source": source}
    chosen = Chosen(equal, least={"observed_at": observed_from}, below={"observed_at": observed_to})
    at = moment(session, dao_id, as_of, clock())
    return listed(session, OBSERVATIONS, chosen, dao_id=dao_id, at=at, page=page, shown=ObservationOut.model_validate)
