"""Proposals as a frontend shows them: one call per page, and look-ups by the source's own id."""

from datetime import datetime
from typing import Annotated, cast

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from api.dependencies import ClockDep, ReadDep
from api.errors import problems
from api.listing import AsOf
from api.pagination import Page, PageDep, read_cursor
from api.proposal_pages import VOTES_SHOWN, PageQuestion
from api.proposal_parts import Part, ProposalPage
from api.runtime import Runtime
from governance.errors import InvalidInput, NotFound
from governance.records import proposal_page

router = APIRouter(prefix="/proposals", tags=["proposals"])

_MOST_VOTES = 200


class ProposalFound(BaseModel):
    """A proposal, found by its source's id."""

    id: str = Field(examples=["prop_abcdefghijklmnopqrstuvwxyz"])
    dao_id: str
    source: str
    external_id: str
    title: str | None
    known_at: datetime


@router.get("", operation_id="findProposals", responses=problems())
def find(
    *,
    session: ReadDep,
    page: PageDep,
    clock: ClockDep,
    external_id: Annotated[str, Query(max_length=512, description="The platform's own id of the proposal.")],
    source: Annotated[str | None, Query(max_length=512, description="Only rows taken from this source.")] = None,
    dao_id: Annotated[str | None, Query(max_length=128, description="Only this DAO's.")] = None,
) -> Page[ProposalFound]:
    """Find proposals by what their platform calls them."""
    after = None if page.after is None else str(page.after[0])
    rows = proposal_page.find(session, external_id=external_id, source=source, dao_id=dao_id, after=after, limit=page.limit + 1)
    shown = rows[: page.limit]
    return Page(
        items=[
            ProposalFound(
                id=row.id, dao_id=row.dao_id, source=row.source, external_id=row.external_id, title=row.title, known_at=row.known_at
            )
            for row in shown
        ],
        next_cursor=page.next_cursor([(row.id,) for row in rows]),
        as_of=clock(),
        indexed_to=max((row.known_at for row in shown), default=None),
        complete=True,
    )


@router.get("/{proposal_id}", operation_id="getProposal", response_model=ProposalPage, responses=problems(NotFound))
async def read(
    *,
    request: Request,
    proposal_id: str,
    include: Annotated[
        str, Query(max_length=200, description="Parts, separated by commas: " + ", ".join(Part), examples=["tally,votes,forecast"])
    ] = "",
    as_of: AsOf = None,
    votes_limit: Annotated[int, Query(ge=1, le=_MOST_VOTES, description="Most votes to give.")] = VOTES_SHOWN,
    votes_cursor: Annotated[str | None, Query(max_length=600, description="`votes.next_cursor` of the page before.")] = None,
) -> Response:
    """One proposal with everything a page shows, in one call. Unchanged data is answered from memory, with the same ETag."""
    # Most pages never come here: `api/page_shortcut.py` answers what is asked in the plain form.
    runtime: Runtime = request.app.state.runtime
    parts, secret = _parts(include), runtime.cursor_secret
    after = None if votes_cursor is None else read_cursor(votes_cursor, scope=f"votes of {proposal_id}", secret=secret)
    asked = PageQuestion(proposal_id, parts, as_of, votes_limit, cast("tuple[int, str] | None", after), secret)
    page = await runtime.pages.answer((request.url.path, request.scope["query_string"]), asked)
    return Response(page.body, media_type="application/json", headers={"ETag": page.tag})


def _parts(include: str) -> tuple[Part, ...]:
    named = [name.strip() for name in include.split(",") if name.strip()]
    for name in named:
        if name not in set(Part):
            raise InvalidInput("query.include", name, "parts are " + ", ".join(Part))
    return tuple(part for part in Part if part.value in named)
