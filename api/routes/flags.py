"""Flags: what is odd about a proposal, by rules that say what they looked at and what they could not see."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from api.dependencies import ClockDep, ModelsDep, ReadDep, WriterDep, require
from api.errors import problems
from api.flag_parts import ProposalFlagsOut, flags_part
from api.kept_readings import READINGS
from api.listing import AsOf, moment
from governance.actors import Actor, Role
from governance.errors import InvalidInput, NotFound
from governance.workflow.flag import judge, record_flags

router = APIRouter(prefix="/daos/{dao_id}/proposals/{proposal_id}/flags", tags=["flags"])


class FlagsRecordedOut(BaseModel):
    """What was put on record."""

    recorded: int = Field(description="Answers that differ from the last ones on record.")
    flags: ProposalFlagsOut


@router.get("", operation_id="getFlags", responses=problems(NotFound, InvalidInput))
def get(*, dao_id: str, proposal_id: str, session: ReadDep, clock: ClockDep, models: ModelsDep, as_of: AsOf = None) -> ProposalFlagsOut:
    """Every rule's answer on the proposal as known at a time, each in one plain line, and its calls in words.

    Nothing is recorded, and nothing that the proposal's text says is ever done. See docs/flags.md for the rules.
    """
    at = moment(session, dao_id, as_of, clock())
    return flags_part(judge(session, dao_id, proposal_id, as_of=at, reader=lambda: READINGS.before(models.reader())))


@router.post("", operation_id="recordFlags", status_code=201, responses=problems(NotFound, InvalidInput))
def record(
    *,
    dao_id: str,
    proposal_id: str,
    session: ReadDep,
    writer: WriterDep,
    clock: ClockDep,
    models: ModelsDep,
    actor: Annotated[Actor, Depends(require(Role.INGESTER))],
) -> FlagsRecordedOut:
    """Judge the proposal as of now and put what changed on record, where its page and the DAO's health find it (role ingester)."""
    now = clock()
    judged = judge(session, dao_id, proposal_id, as_of=moment(session, dao_id, None, now), reader=lambda: READINGS.before(models.reader()))
    recorded = writer.run(lambda unit: record_flags(unit, judged, actor=actor, now=now))
    return FlagsRecordedOut(recorded=recorded, flags=flags_part(judged))
