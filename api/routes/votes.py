"""Votes: what was cast on a DAO's proposals, ingested and read."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field

from api.dependencies import ClockDep, ReadDep, WriterDep, require
from api.errors import problems
from api.ingest_bodies import TIME_SCHEMA, IngestOut, body_schema, take_body
from api.listing import AsOf, listed, moment
from api.pagination import Page, PageDep
from governance.actors import Actor, Role
from governance.errors import InvalidInput, NotFound
from governance.intake.batches import Kind
from governance.records.as_of import VOTES, Chosen

router = APIRouter(prefix="/daos/{dao_id}/votes", tags=["votes"])

_ID = {"type": "string", "minLength": 1, "maxLength": 512, "pattern": r"^[!-~]([ -~]*[!-~])?$"}
_ROW = {
    "title": "VoteIn",
    "required": ["proposal_id", "voter"],
    "properties": {
        "proposal_id": {**_ID, "description": "The platform's own id of the proposal; it need not be here yet."},
        "voter": {**_ID, "description": "The voter's address; Ethereum addresses in any case."},
        "choice": {
            "type": ["string", "null"],
            "maxLength": 10_000,
            "description": "A number counted from 1, or the JSON of a list or object.",
        },
        "vp": {
            "type": ["string", "null"],
            "pattern": r"^(0|[1-9][0-9]{0,70})(\.[0-9]{1,36})?$",
            "description": "Voting power, exact decimal text; null where it is not known.",
        },
        "created": {**TIME_SCHEMA, "description": "When, in Unix seconds."},
        "reason": {"type": ["string", "null"], "maxLength": 100_000},
        "created_estimated": {"type": ["boolean", "null"], "description": "The time is an estimate."},
        "vote_id": {"type": ["string", "null"], "maxLength": 512, "description": "The platform's own id of the vote."},
        "source": {"type": ["string", "null"], "maxLength": 512},
    },
}
_EXAMPLE = {
    "proposal_id": "0x01",
    "voter": "0x1111111111111111111111111111111111111111",
    "choice": "1",
    "vp": "12.5",
    "created": 1_763_726_400,
}


class VoteOut(BaseModel):
    """One cast vote. Of a voter's several votes on a proposal the last one counts."""

    id: str
    dao_id: str
    proposal_id: str
    source: str
    external_id: str | None
    voter: str
    choice: str | None = Field(examples=["1"])
    power: str | None = Field(description="Decimal text; null where the source has none, which is not zero.", examples=["12.5"])
    power_kind: str | None = Field(description="`exact`, or `float64`: the shortest text that reads back as the double received.")
    reason: str | None
    cast_at: datetime | None
    cast_at_estimated: bool
    revision: int = Field(description="How many different contents it was seen with.")
    known_at: datetime
    recorded_at: datetime


@router.post("", operation_id="ingestVotes", responses=problems(NotFound, InvalidInput), openapi_extra=body_schema(_ROW, _EXAMPLE))
async def ingest(
    dao_id: str, request: Request, writer: WriterDep, clock: ClockDep, actor: Annotated[Actor, Depends(require(Role.INGESTER))]
) -> IngestOut:
    """Take votes in: one, a batch of up to 500, or NDJSON of any length (role ingester)."""
    return await take_body(request, Kind.VOTE, dao_id=dao_id, writer=writer, actor=actor, now=clock())


@router.get("", operation_id="listVotes", responses=problems(NotFound, InvalidInput))
def list_all(
    *,
    dao_id: str,
    session: ReadDep,
    clock: ClockDep,
    page: PageDep,
    proposal_id: Annotated[str | None, Query(max_length=64, description="Only on this proposal.")] = None,
    voter: Annotated[str | None, Query(max_length=512, description="Only by this voter.")] = None,
    source: Annotated[str | None, Query(max_length=512, description="Only from this source.")] = None,
    external_id: Annotated[str | None, Query(max_length=512, description="The platform's own id of the vote.")] = None,
    as_of: AsOf = None,
) -> Page[VoteOut]:
    """The DAO's votes, newest first, as known at a time. Every cast vote is listed, those that no longer count too."""
    address = voter.lower() if voter is not None and voter.startswith(("0x", "0X")) else voter
    chosen = Chosen({"proposal_id": proposal_id, "voter": address, "source": source, "external_id": external_id})
    at = moment(session, dao_id, as_of, clock())
    return listed(session, VOTES, chosen, dao_id=dao_id, at=at, page=page, shown=_shown)


def _shown(row: dict[str, Any]) -> VoteOut:
    return VoteOut.model_validate({**row, "id": row["id"].hex()})
