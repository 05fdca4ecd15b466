"""Proposals of a DAO: ingested and listed. One proposal with everything a page shows is `GET /proposals/{id}`."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field

from api.dependencies import ClockDep, ReadDep, WriterDep, require
from api.errors import problems
from api.ingest_bodies import AMOUNT_SCHEMA, TIME_SCHEMA, IngestOut, body_schema, take_body
from api.instants import Instant
from api.listing import AsOf, listed, moment
from api.pagination import Page, PageDep
from api.routes.chain_schema import ACTIONS, CHAIN
from governance.actors import Actor, Role
from governance.errors import InvalidInput, NotFound
from governance.intake.batches import Kind
from governance.intake.proposals import OFFICIAL_RULES
from governance.records.as_of import PROPOSALS, Chosen, Phase

router = APIRouter(prefix="/daos/{dao_id}/proposals", tags=["proposals"])

_TIME = TIME_SCHEMA
_WORD = {"type": ["string", "null"], "maxLength": 512}
_AMOUNT = AMOUNT_SCHEMA
_OFFICIAL = ", ".join(f"`{rule}`" for rule in sorted(OFFICIAL_RULES))
_ROW = {
    "title": "ProposalIn",
    "required": ["proposal_id"],
    "properties": {
        "proposal_id": {"type": "string", "minLength": 1, "maxLength": 512, "pattern": r"^[!-~]([ -~]*[!-~])?$"},
        "source": {**_WORD, "description": "Where the row comes from; `snapshot` and `snapshot:…` fix a proposal's end at its start."},
        "title": {"type": ["string", "null"], "maxLength": 10_000},
        "body": {"type": ["string", "null"], "maxLength": 200_000},
        "choices": {"type": ["array", "null"], "maxItems": 1_000, "items": {"type": "string", "maxLength": 10_000}},
        "type": {**_WORD, "description": "The platform's word for the kind of vote: `basic`, `single-choice`, `weighted` …"},
        "created": {**_TIME, "description": "Unix seconds; RFC 3339 with a zone is taken too."},
        "start": _TIME,
        "end": _TIME,
        "end_fixed": {"type": ["boolean", "null"], "description": "Whether the end stood when voting started; default by source."},
        "quorum": _AMOUNT,
        "scores": {"type": ["array", "null"], "maxItems": 1_000, "items": {**_AMOUNT, "type": "string"}},
        "scores_total": _AMOUNT,
        "votes_count": {"type": ["integer", "null"], "minimum": 0, "maximum": 2_147_483_647},
        "state": _WORD,
        "author": _WORD,
        "outcome": {"type": ["string", "null"], "enum": ["pass", "fail", None]},
        "outcome_rule": {**_WORD, "description": f"How the outcome was told. Official, and learned from: {_OFFICIAL}."},
        "approval_share": {
            "type": ["string", "null"],
            "pattern": r"^(0|1|0\.[0-9]{1,36})$",
            "description": "For, of for and against together; not made from `scores`. Where none is told, no share is expected.",
        },
        "is_binary": {"type": ["boolean", "null"]},
        "text_source": _WORD,
        "forum_topic": _WORD,
        "actions": ACTIONS,
        "chain": CHAIN,
    },
}  # fmt: skip
_EXAMPLE = {
    "proposal_id": "0x01",
    "source": "snapshot",
    "title": "Lower the fee",
    "choices": ["For", "Against"],
    "type": "basic",
    "created": 1_763_726_400,
    "start": 1_763_730_000,
    "end": 1_764_331_200,
}


class ProposalListed(BaseModel):
    """A proposal in a list: without its body, and without its result while that was not known."""

    id: str
    dao_id: str
    source: str
    external_id: str
    title: str | None
    choices: list[str] | None
    kind: str | None
    author: str | None
    created_at: datetime | None
    starts_at: datetime | None
    ends_at: datetime | None = Field(description="Null while it was open where the source tells only when it really closed.")
    end_fixed: bool
    quorum: str | None
    state: str | None = Field(description="The source's own word.")
    outcome: str | None = Field(examples=["pass"])
    outcome_rule: str | None = Field(description="How the outcome was told; some are guesses and no official result.")
    result: dict[str, Any] | None = Field(description="Figures after the fact, as decimal text.")
    revision: int = Field(description="How many different contents it was seen with.")
    known_at: datetime
    recorded_at: datetime


@router.post("", operation_id="ingestProposals", responses=problems(NotFound, InvalidInput), openapi_extra=body_schema(_ROW, _EXAMPLE))
async def ingest(
    dao_id: str, request: Request, writer: WriterDep, clock: ClockDep, actor: Annotated[Actor, Depends(require(Role.INGESTER))]
) -> IngestOut:
    """Take proposals in: one, a batch of up to 500, or NDJSON of any length (role ingester).

    A proposal is known by the platform's id within the DAO. The same content again changes nothing; another content is a
    revision, and the earlier ones stay readable with `as_of`.
    """
    return await take_body(request, Kind.PROPOSAL, dao_id=dao_id, writer=writer, actor=actor, now=clock())


@router.get("", operation_id="listProposals", responses=problems(NotFound, InvalidInput))
def list_all(
    *,
    dao_id: str,
    session: ReadDep,
    clock: ClockDep,
    page: PageDep,
    phase: Annotated[Phase | None, Query(description="Only pending, active or closed at that time.")] = None,
    author: Annotated[str | None, Query(max_length=512, description="Only by this author.")] = None,
    source: Annotated[str | None, Query(max_length=512, description="Only from this source.")] = None,
    external_id: Annotated[str | None, Query(max_length=512, description="The platform's own id.")] = None,
    created_from: Annotated[Instant | None, Query(description="Known at or after this time.")] = None,
    created_to: Annotated[Instant | None, Query(description="Known before this time.")] = None,
    as_of: AsOf = None,
) -> Page[ProposalListed]:
    """The DAO's proposals, newest first, as known at a time."""
    equal = {"author": author.lower() if author and author.startswith("0x") else author, "source": source, "external_id": external_id}
    chosen = Chosen(equal, least={"known_at": created_from}, below={"known_at": created_to}, phase=phase)
    at = moment(session, dao_id, as_of, clock())
    return listed(session, PROPOSALS, chosen, dao_id=dao_id, at=at, page=page, shown=ProposalListed.model_validate)
