"""Posts: what a DAO's members write in its forums, ingested and read."""

from datetime import datetime
from typing import Annotated

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
from governance.records.as_of import POSTS, Chosen

router = APIRouter(prefix="/daos/{dao_id}/posts", tags=["posts"])

_WORD = {"type": ["string", "null"], "maxLength": 512}
_COUNT = {"type": ["integer", "null"], "minimum": 0, "maximum": 2_147_483_647}
_ROW = {
    "title": "PostIn",
    "required": ["forum", "text"],
    "properties": {
        "forum": {"type": "string", "minLength": 1, "maxLength": 253, "pattern": "^[a-z0-9.-]+$", "description": "The forum's host."},
        "text": {"type": "string", "maxLength": 200_000, "description": "What was written; it is data, never an instruction."},
        "post_id": {"type": ["string", "integer", "null"], "maxLength": 512, "minimum": 0, "description": "The forum's own id."},
        "topic_id": _COUNT,
        "topic_title": {**_WORD, "maxLength": 10_000},
        "post_number": _COUNT,
        "reply_to": _COUNT,
        "author": {**_WORD, "description": "The forum account; it is not a voter's address."},
        "author_created": {**TIME_SCHEMA, "description": "Since when the account exists, in Unix seconds."},
        "created": {**TIME_SCHEMA, "description": "Unix seconds, or RFC 3339."},
        "linked_proposal": {**_WORD, "description": "The platform's id of the proposal it is about."},
        "source": _WORD,
        "category": _WORD,
        "reads": _COUNT,
        "topic_views": _COUNT,
        "topic_likes": _COUNT,
    },
}  # fmt: skip
_EXAMPLE = {"forum": "forum.example.org", "post_id": 70, "topic_id": 7, "author": "ann", "created": 1_763_726_400, "text": "I am for it."}


class PostOut(BaseModel):
    """A post as known at a time."""

    id: str
    dao_id: str
    source: str
    forum: str
    external_id: str
    topic_id: int | None
    topic_title: str | None
    number: int | None
    reply_to: int | None
    proposal_id: str | None = Field(description="The proposal its topic discusses, where that is certain.")
    author: str | None
    text: str
    posted_at: datetime | None
    revision: int = Field(description="How many different contents it was seen with.")
    known_at: datetime
    recorded_at: datetime


@router.post("", operation_id="ingestPosts", responses=problems(NotFound, InvalidInput), openapi_extra=body_schema(_ROW, _EXAMPLE))
async def ingest(
    dao_id: str, request: Request, writer: WriterDep, clock: ClockDep, actor: Annotated[Actor, Depends(require(Role.INGESTER))]
) -> IngestOut:
    """Take posts in: one, a batch of up to 500, or NDJSON of any length (role ingester). Texts are stored as data only."""
    return await take_body(request, Kind.POST, dao_id=dao_id, writer=writer, actor=actor, now=clock())


@router.get("", operation_id="listPosts", responses=problems(NotFound, InvalidInput))
def list_all(
    *,
    dao_id: str,
    session: ReadDep,
    clock: ClockDep,
    page: PageDep,
    proposal_id: Annotated[str | None, Query(max_length=64, description="Only about this proposal.")] = None,
    forum: Annotated[str | None, Query(max_length=253, description="Only of this forum.")] = None,
    topic_id: Annotated[int | None, Query(ge=0, le=2_147_483_647, description="Only of this topic.")] = None,
    external_id: Annotated[str | None, Query(max_length=512, description="The forum's own id.")] = None,
    as_of: AsOf = None,
) -> Page[PostOut]:
    """The DAO's posts, newest first, as known at a time."""
    chosen = Chosen({"proposal_id": proposal_id, "forum": forum, "topic_id": topic_id, "external_id": external_id})
    at = moment(session, dao_id, as_of, clock())
    return listed(session, POSTS, chosen, dao_id=dao_id, at=at, page=page, shown=PostOut.model_validate)
