"""DAOs: register, list and read."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictStr
from sqlmodel import Session

from api.dependencies import ClockDep, ReadDep, WriterDep, require
from api.errors import problems
from api.pagination import Page, PageDep
from governance.actors import Actor, Role
from governance.errors import AlreadyRecorded, NotFound
from governance.intake.daos import DaoReceived, receive
from governance.records import dao_reads
from governance.records.daos import Dao, get_dao
from governance.workflow.register_dao import register_dao

router = APIRouter(prefix="/daos", tags=["daos"])


class SourceName(BaseModel):
    """What a source calls the DAO."""

    source: str = Field(examples=["snapshot"])
    external_id: str = Field(examples=["demo.assent"])


class DaoIn(BaseModel):
    """A DAO to register."""

    model_config = ConfigDict(extra="forbid")

    name: StrictStr = Field(
        description="The source's own word for it, in any script.", min_length=1, max_length=512, examples=["demo.assent"]
    )
    about: StrictStr | None = Field(None, description="What it is, in a sentence.", max_length=10_000)
    source: StrictStr | None = Field(None, description="Where the name comes from.", min_length=1, max_length=64, examples=["snapshot"])
    invented: StrictBool = Field(False, description="A demonstration DAO: labelled as invented everywhere, with a clock that can be moved.")


class DaoOut(BaseModel):
    """A DAO under governance."""

    id: str = Field(description="Its id in URLs.", examples=["demo.assent"])
    name: str = Field(description="The source's own word.", examples=["demo.assent"])
    about: str | None
    invented: bool = Field(description="Whether it is a demonstration.")
    paused: bool = Field(description="Whether its guardians stopped recommendations, consent and execution.")
    sources: list[SourceName]
    now: datetime = Field(description="The time on the DAO's own clock; wall time but for a demonstration.")
    known_at: datetime
    data_version: int = Field(description="Grows with everything a reader could see.", examples=[17])


_KNOWN: dict[int | str, dict[str, Any]] = {200: {"model": DaoOut, "description": "It was registered before, with the same content."}}


@router.post("", operation_id="registerDao", status_code=201, responses={**problems(AlreadyRecorded), **_KNOWN})
def register(
    body: DaoIn, response: Response, writer: WriterDep, clock: ClockDep, actor: Annotated[Actor, Depends(require(Role.ADMIN))]
) -> DaoOut:
    """Bring a DAO under governance (role admin). The same one again is answered 200 and changes nothing."""
    now = clock()
    received = receive(body.model_dump(include={"name", "about", "source"}))
    known, out = writer.run(lambda session: _register(session, received, invented=body.invented, actor=actor, now=now))
    response.status_code = 200 if known else 201
    response.headers["Location"] = f"/v1/daos/{out.id}"
    return out


@router.get("", operation_id="listDaos", responses=problems())
def list_all(
    session: ReadDep,
    page: PageDep,
    clock: ClockDep,
    source: Annotated[str | None, Query(max_length=512, description="Only DAOs that this source names.")] = None,
    external_id: Annotated[str | None, Query(max_length=512, description="Only DAOs that a source names so.")] = None,
) -> Page[DaoOut]:
    """All DAOs, by id; `?source=&external_id=` finds one by what its source calls it."""
    after = None if page.after is None else str(page.after[0])
    rows = dao_reads.list_daos(session, after=after, limit=page.limit + 1, source=source, external_id=external_id)
    now = clock()
    shown = rows[: page.limit]
    names = dao_reads.sources_of(session, [dao.id for dao in shown])
    return Page(
        items=[_out(dao, names[dao.id], dao_reads.data_version(session, dao.id), now) for dao in shown],
        next_cursor=page.next_cursor([(dao.id,) for dao in rows]),
        as_of=now,
        indexed_to=max((dao.known_at for dao in shown), default=None),
        complete=True,
    )


@router.get("/{dao_id}", operation_id="getDao", responses=problems(NotFound))
def read(dao_id: str, session: ReadDep, clock: ClockDep) -> DaoOut:
    """One DAO."""
    dao = get_dao(session, dao_id)
    return _out(dao, dao_reads.sources_of(session, [dao.id])[dao.id], dao_reads.data_version(session, dao.id), clock())


def _register(session: Session, received: DaoReceived, *, invented: bool, actor: Actor, now: datetime) -> tuple[bool, DaoOut]:
    known = session.get(Dao, received.id) is not None
    dao = register_dao(session, received, actor=actor, now=now, invented=invented)
    return known, _out(dao, dao_reads.sources_of(session, [dao.id])[dao.id], dao_reads.data_version(session, dao.id), now)


def _out(dao: Dao, sources: list[tuple[str, str]], data_version: int, now: datetime) -> DaoOut:
    return DaoOut(
        id=dao.id,
        name=dao.name,
        about=dao.about,
        invented=dao.invented,
        paused=dao.paused,
        sources=[SourceName(source=source, external_id=external) for source, external in sources],
        now=now + timedelta(seconds=dao.clock_offset_s),
        known_at=dao.known_at,
        data_version=data_version,
    )
