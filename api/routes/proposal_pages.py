"""Proposals as a frontend shows them: one call per page, and look-ups by the source's own id."""

import hashlib
from datetime import datetime, timedelta
from typing import Annotated, cast

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field
from pydantic_core import to_json
from sqlmodel import Session

from api.dependencies import ClockDep, ReadDep
from api.errors import problems
from api.listing import AsOf
from api.pagination import Page, PageDep, read_cursor
from api.proposal_pages import PageQuestion, RememberedPage, build_page
from api.proposal_parts import Part, ProposalPage
from api.runtime import Runtime
from governance.errors import InvalidInput, NotFound
from governance.records import dao_reads, proposal_page

router = APIRouter(prefix="/proposals", tags=["proposals"])

_MOST_VOTES = 200
# Building a page is work for the processor: more threads at it than processors only wait for each other.
_BUILDERS = CapacityLimiter(2)


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
    votes_limit: Annotated[int, Query(ge=1, le=_MOST_VOTES, description="Most votes to give.")] = 50,
    votes_cursor: Annotated[str | None, Query(max_length=600, description="`votes.next_cursor` of the page before.")] = None,
) -> Response:
    """One proposal with everything a page shows, in one call. Unchanged data is answered from memory, with the same ETag."""
    runtime: Runtime = request.app.state.runtime
    key = (request.url.path, request.scope["query_string"])
    known = runtime.pages.get(key, now=runtime.clock())
    if known is None or not await _still_good(runtime, known):
        parts, secret = _parts(include), runtime.cursor_secret
        after = None if votes_cursor is None else read_cursor(votes_cursor, scope=f"votes of {proposal_id}", secret=secret)

        def _build() -> RememberedPage:
            asked = PageQuestion(proposal_id, parts, as_of, votes_limit, cast("tuple[int, str] | None", after), secret)
            with Session(runtime.engine) as session:
                return _built(runtime, session, asked)

        known = await to_thread.run_sync(_build, limiter=_BUILDERS)
        runtime.pages.put(key, known)
    return Response(known.body, media_type="application/json", headers={"ETag": known.tag})


def _built(runtime: Runtime, session: Session, asked: PageQuestion) -> RememberedPage:
    # What the page depends on is noted before it is read: a write in between makes it outdated, never wrong.
    generation = runtime.writer.generation
    now = runtime.clock()
    overview = proposal_page.overview(session, asked.proposal_id)
    dao_now = now + overview.clock_ahead
    page = build_page(session, asked, overview=overview, as_of=asked.as_of or dao_now)
    body = to_json(page)
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    good_until = None if asked.as_of else _changes_at(page, dao_now, overview.clock_ahead)
    return RememberedPage(body, tag, overview.dao_id, overview.data_version, generation, good_until)


async def _still_good(runtime: Runtime, page: RememberedPage) -> bool:
    generation = runtime.writer.generation
    if runtime.settings.on_sqlite and page.generation == generation:
        return True  # this process is the only writer, and it has written nothing since

    def _version() -> int:
        with Session(runtime.engine) as session:
            return dao_reads.data_version(session, page.dao_id)

    if await to_thread.run_sync(_version) != page.data_version:
        return False
    page.generation = generation
    return True


def _changes_at(page: dict[str, object], dao_now: datetime, ahead: timedelta) -> datetime | None:
    """The next moment (wall time) at which the page would read differently though nothing was written."""
    times = [page["created_at"], page["starts_at"], page["ends_at"]]
    return min((time - ahead for time in times if isinstance(time, datetime) and time > dao_now), default=None)


def _parts(include: str) -> tuple[Part, ...]:
    named = [name.strip() for name in include.split(",") if name.strip()]
    for name in named:
        if name not in set(Part):
            raise InvalidInput("query.include", name, "parts are " + ", ".join(Part))
    return tuple(part for part in Part if part.value in named)
