"""The demonstration DAO's clock: so that a delay of days can be watched in a minute."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, StrictInt
from sqlmodel import Session

from api.dependencies import ClockDep, WriterDep, require
from api.errors import problems
from governance.actors import Actor, Role
from governance.errors import Conflict, InvalidInput, NotFound
from governance.records.daos import dao_time
from governance.workflow.advance_clock import MOST_AT_ONCE, advance_clock

router = APIRouter(prefix="/daos/{dao_id}/clock", tags=["daos"])


class AdvanceIn(BaseModel):
    """How much time shall pass."""

    model_config = ConfigDict(extra="forbid")

    by_s: StrictInt = Field(ge=1, le=MOST_AT_ONCE // timedelta(seconds=1), description="Seconds, forward only.", examples=[604_800])


class ClockOut(BaseModel):
    """The DAO's own time."""

    dao_id: str
    now: datetime
    offset_s: int = Field(description="How far it runs ahead of wall time.")


@router.post("", operation_id="advanceClock", response_model=ClockOut, responses=problems(NotFound, Conflict, InvalidInput))
def advance(
    dao_id: str, body: AdvanceIn, writer: WriterDep, clock: ClockDep, actor: Annotated[Actor, Depends(require(Role.ADMIN))]
) -> ClockOut:
    """Let time pass for an invented DAO; refused for every other. Logged."""

    def work(session: Session) -> ClockOut:
        now = clock()
        dao = advance_clock(session, dao_id, by=timedelta(seconds=body.by_s), actor=actor, now=now)
        return ClockOut(dao_id=dao.id, now=dao_time(session, dao.id, now), offset_s=dao.clock_offset_s)

    return writer.run(work)
