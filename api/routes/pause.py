"""The pause switch of a DAO: one guardian stops the machine, two start it again."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

from api.dependencies import ClockDep, ReadDep, WriterDep, require
from api.errors import problems
from governance.actors import Actor, Role
from governance.errors import Conflict, NotFound
from governance.records import fail_safes
from governance.records.daos import get_dao
from governance.workflow.pause import GUARDIANS_TO_CLEAR, ask_to_clear, pause

router = APIRouter(prefix="/daos/{dao_id}/pause", tags=["fail-safes"])
GuardianDep = Annotated[Actor, Depends(require(Role.GUARDIAN))]


class ReasonIn(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reason: str = Field(min_length=1, max_length=2_000, examples=["the price feed looks wrong"])


class PauseStep(BaseModel):
    """One step of the switch."""

    action: Literal["set", "clear_asked", "cleared"]
    guardian: str
    reason: str
    recorded_at: datetime


class PauseOut(BaseModel):
    """Whether the DAO is paused, and how it came to be so."""

    dao_id: str
    paused: bool
    still_needed: int = Field(description="How many more guardians must ask to clear it; 0 when it is not paused.")
    steps: list[PauseStep] = Field(description="Every step of the switch, oldest first.")


@router.get("", operation_id="getPause", response_model=PauseOut, responses=problems(NotFound))
def get_pause(dao_id: str, session: ReadDep) -> PauseOut:
    """Whether the DAO is paused, since when, by whom and why."""
    return _shown(session, dao_id)


@router.post("", operation_id="setPause", status_code=201, response_model=PauseOut, responses=problems(NotFound))
def set_pause(dao_id: str, body: ReasonIn, writer: WriterDep, clock: ClockDep, actor: GuardianDep) -> PauseOut:
    """Stop recommending, consenting and signing for this DAO at once; one guardian is enough.

    After the answer nothing more is signed. What was signed before is held back if it was not sent yet; what was sent
    cannot be recalled. Ingesting, cancelling and verifying go on.
    """

    def work(session: Session) -> PauseOut:
        pause(session, dao_id, guardian=actor, reason=body.reason, now=clock())
        return _shown(session, dao_id)

    return writer.run(work)


@router.post("/clearance", operation_id="askToClearPause", response_model=PauseOut, responses=problems(NotFound, Conflict))
def ask_to_clear_pause(dao_id: str, body: ReasonIn, writer: WriterDep, clock: ClockDep, actor: GuardianDep) -> PauseOut:
    """One guardian's word to go on. The pause ends when two different guardians (API keys) have asked since it was set."""

    def work(session: Session) -> PauseOut:
        ask_to_clear(session, dao_id, guardian=actor, reason=body.reason, now=clock())
        return _shown(session, dao_id)

    return writer.run(work)


def _shown(session: Session, dao_id: str) -> PauseOut:
    dao = get_dao(session, dao_id)
    asked = len(fail_safes.asked_to_clear(session, dao_id))
    steps = [PauseStep.model_validate(event, from_attributes=True) for event in fail_safes.pause_events(session, dao_id)]
    return PauseOut(dao_id=dao_id, paused=dao.paused, still_needed=GUARDIANS_TO_CLEAR - asked if dao.paused else 0, steps=steps)
