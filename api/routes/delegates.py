"""Delegates: who may consent for a DAO, with what voting power, and how much consent approves."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from api.dependencies import ClockDep, ReadDep, WriterDep, require
from api.errors import problems
from api.pagination import Page, PageDep
from governance.actors import Actor, Role
from governance.electorates import MAX_DELEGATES
from governance.errors import ConsentRequired, InvalidInput, NotFound
from governance.records import electorates
from governance.records.daos import Electorate, get_dao
from governance.workflow.delegates import set_delegates

router = APIRouter(prefix="/daos/{dao_id}/delegates", tags=["delegates"])


class DelegateBody(BaseModel):
    """One who may consent."""

    model_config = ConfigDict(extra="forbid", strict=True)

    address: str = Field(max_length=64, description="EIP-55 checksummed address.", examples=["0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"])
    power: str = Field(max_length=100, description="Voting power, exact decimal text above zero.", examples=["250000"])


class ThresholdBody(BaseModel):
    """How much consent approves."""

    model_config = ConfigDict(extra="forbid", strict=True)

    rule: Literal["head", "power"] = Field(description="Count delegates, or their voting power at `block`.")
    approve: str = Field(max_length=100, description="How much `for` approves; exactly this much is enough.", examples=["2"])
    block: str | None = Field(
        None, max_length=80, description="The past block of the powers; needed when power counts.", examples=["21000000"]
    )


class ElectorateBody(BaseModel):
    """Delegates and their threshold."""

    model_config = ConfigDict(extra="forbid", strict=True)

    delegates: list[DelegateBody] = Field(min_length=1, max_length=MAX_DELEGATES)
    threshold: ThresholdBody


class ElectorateOut(BaseModel):
    """One version of the electorate; `sha256` is what a change of delegates starts from."""

    dao_id: str
    version: int
    electorate: ElectorateBody
    sha256: str
    set_by: str = Field(description="`setup` for the first version, `consent` for every later one.")
    known_at: datetime
    recorded_at: datetime


@router.put("", operation_id="setDelegates", response_model=ElectorateOut, responses=problems(NotFound, InvalidInput, ConsentRequired))
def put_delegates(
    dao_id: str, body: ElectorateBody, writer: WriterDep, clock: ClockDep, actor: Annotated[Actor, Depends(require(Role.ADMIN))]
) -> ElectorateOut:
    """Set the DAO's first delegates and threshold. Ever after they change only by the delegates' own consent.

    The same body again is answered with the standing version.
    """
    return writer.run(lambda session: _shown(set_delegates(session, dao_id, body.model_dump(), actor=actor, now=clock())))


@router.get("", operation_id="getDelegates", response_model=ElectorateOut, responses=problems(NotFound))
def get_delegates(dao_id: str, session: ReadDep) -> ElectorateOut:
    """The delegates, powers and threshold that count now."""
    get_dao(session, dao_id)
    row = electorates.current(session, dao_id)
    if row is None:
        raise NotFound("electorate of DAO", dao_id)
    return _shown(row)


@router.get(
    "/versions", operation_id="listDelegateVersions", response_model=Page[ElectorateOut], responses=problems(NotFound, InvalidInput)
)
def list_delegate_versions(dao_id: str, session: ReadDep, clock: ClockDep, page: PageDep) -> dict[str, Any]:
    """Every version of the electorate, oldest first."""
    get_dao(session, dao_id)
    rows = electorates.versions(session, dao_id)
    after = 0 if page.after is None else int(page.after[0])
    shown = [row for row in rows if row.version > after][: page.limit + 1]
    return {
        "items": [_shown(row) for row in shown[: page.limit]],
        "next_cursor": page.next_cursor([(row.version,) for row in shown]),
        "as_of": clock(),
        "indexed_to": rows[-1].known_at if rows else None,
        "complete": True,
    }


def _shown(row: Electorate) -> ElectorateOut:
    return ElectorateOut(
        dao_id=row.dao_id,
        version=row.version,
        electorate=ElectorateBody.model_validate(row.body),
        sha256=row.sha256,
        set_by=row.set_by,
        known_at=row.known_at,
        recorded_at=row.recorded_at,
    )
