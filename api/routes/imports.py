"""Imports: rows of any kind and DAO from a dump, and the report of what was refused."""

import asyncio
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel

from api.dependencies import ClockDep, ReadDep, WriterDep, require
from api.errors import problems
from api.ingest_bodies import IngestOut, Taker
from api.instants import Instant
from api.ndjson import BODY_SCHEMA, MEDIA_TYPE, read_lines
from api.pagination import Page, PageDep
from api.refusals import UnsupportedMedia
from governance.actors import Actor, Role
from governance.errors import InvalidInput
from governance.intake.batches import Kind
from governance.records.import_refusals import refusals
from governance.workflow.attribute import attribute
from governance.workflow.ingest import IngestRun

router = APIRouter(prefix="/imports", tags=["imports"])

_LONGEST = timedelta(days=1)
_BODY = {"requestBody": {"required": True, "content": {MEDIA_TYPE: {"schema": BODY_SCHEMA}}}}


class RefusalOut(BaseModel):
    """A row that an import refused. Row 0 is the file as a whole."""

    id: str
    file: str
    row_number: int
    field: str
    reason: str
    value: str | None
    recorded_at: datetime


@router.post("", operation_id="importRows", responses=problems(InvalidInput, UnsupportedMedia), openapi_extra=_BODY)
async def take(
    *,
    request: Request,
    writer: WriterDep,
    clock: ClockDep,
    actor: Annotated[Actor, Depends(require(Role.INGESTER))],
    file: Annotated[str, Query(min_length=1, max_length=512, description="What reports call the rows' origin.")],
    kind: Annotated[Kind | None, Query(description="What every row is; by default each row's fields tell.")] = None,
    started_at: Annotated[
        Instant | None, Query(description="When the import began; what one import brings is one run. Default now.")
    ] = None,
) -> IngestOut:
    """Take rows of any documented shape in, as NDJSON; each names its DAO, and DAOs not known yet are registered (role ingester).

    Rows are answered one by one; refused ones are kept in the report. `assent import` uses this while a server runs.
    """
    now = clock()
    if started_at is not None and not now - _LONGEST <= started_at <= now:
        raise InvalidInput("query.started_at", started_at.isoformat(), "within the last 24 hours")
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != MEDIA_TYPE:
        raise UnsupportedMedia("Content-Type", request.headers.get("content-type"), MEDIA_TYPE)
    taker = Taker(kind, IngestRun(actor, started_at or now), writer, file=file)
    async for line in read_lines(request.stream()):
        await taker.add(line)
    await taker.flush()
    await asyncio.wrap_future(writer.submit(lambda session: attribute(session, now=now)))
    return taker.answer


@router.get("/refusals", operation_id="listImportRefusals", responses=problems(InvalidInput))
def list_refusals(
    *,
    session: ReadDep,
    clock: ClockDep,
    page: PageDep,
    actor: Annotated[Actor, Depends(require(Role.INGESTER))],  # noqa: ARG001  # being let in is all
    file: Annotated[str | None, Query(max_length=512, description="Only of this file.")] = None,
) -> Page[RefusalOut]:
    """What imports refused: file, row, field, reason and value, by file and row (role ingester)."""
    after = None if page.after is None else (str(page.after[0]), int(page.after[1]), str(page.after[2]))
    rows = refusals(session, file=file, after=after, limit=page.limit + 1)
    return Page(
        items=[RefusalOut.model_validate(row.model_dump()) for row in rows[: page.limit]],
        next_cursor=page.next_cursor([(row.file, row.row_number, row.id) for row in rows]),
        as_of=clock(),
        indexed_to=max((row.recorded_at for row in rows[: page.limit]), default=None),
        complete=True,
    )
