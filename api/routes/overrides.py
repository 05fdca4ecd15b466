"""Overrides: guardians' logged decisions over the machine's. They stop or re-check a change, they never force one."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

from api.dependencies import ClockDep, ReadDep, WriterDep, require
from api.errors import problems
from api.pagination import Page, PageDep
from governance.actors import Actor, Role
from governance.errors import Conflict, Expired, IllegalTransition, InvalidInput, NotFound, Paused
from governance.records import fail_safes
from governance.records.columns import to_microseconds
from governance.records.daos import get_dao
from governance.records.executions import Override
from governance.records.recommendations import get_recommendation
from governance.workflow.override import Action, override

router = APIRouter(tags=["fail-safes"])


class OverrideIn(BaseModel):
    """A decision over the machine's, and why."""

    model_config = ConfigDict(extra="forbid", strict=True)

    action: Annotated[Action, Field(strict=False, description="`cancel` ends it; `recheck` takes it back to READY if it passes now.")]
    reason: str = Field(min_length=1, max_length=2_000, examples=["the cooldown is over"])


class OverrideOut(BaseModel):
    """A recorded override. `state` is where the recommendation stands now."""

    id: str
    dao_id: str
    recommendation_id: str
    action: Action
    reason: str
    actor: str
    state: str
    recorded_at: datetime


@router.post(
    "/recommendations/{recommendation_id}/overrides",
    operation_id="makeOverride",
    status_code=201,
    response_model=OverrideOut,
    responses=problems(NotFound, IllegalTransition, Conflict, Expired, Paused),
)
def make_override(
    recommendation_id: str,
    body: OverrideIn,
    writer: WriterDep,
    clock: ClockDep,
    actor: Annotated[Actor, Depends(require(Role.GUARDIAN))],
) -> OverrideOut:
    """Cancel a change that is not signed yet, or have a blocked one checked again. No check is skipped by it.

    The override is logged with its reason also when the re-check leaves the change blocked.
    """

    def work(session: Session) -> OverrideOut:
        row = override(session, recommendation_id, action=body.action, reason=body.reason, guardian=actor, now=clock())
        return _shown(session, row)

    return writer.run(work)


@router.get(
    "/daos/{dao_id}/overrides", operation_id="listOverrides", response_model=Page[OverrideOut], responses=problems(NotFound, InvalidInput)
)
def list_overrides(dao_id: str, session: ReadDep, clock: ClockDep, page: PageDep) -> dict[str, Any]:
    """Every override of the DAO, oldest first."""
    get_dao(session, dao_id)
    rows = fail_safes.overrides_of(session, dao_id)
    keys = [(to_microseconds(row.recorded_at), row.id) for row in rows]
    start = 0 if page.after is None else next((i + 1 for i, key in enumerate(keys) if key == page.after), len(keys))
    return {
        "items": [_shown(session, row) for row in rows[start : start + page.limit]],
        "next_cursor": page.next_cursor(keys[start : start + page.limit + 1]),
        "as_of": clock(),
        "indexed_to": rows[-1].recorded_at if rows else None,
        "complete": True,
    }


def _shown(session: Session, row: Override) -> OverrideOut:
    if row.recommendation_id is None:
        raise NotFound("recommendation of override", row.id)
    return OverrideOut(
        id=row.id,
        dao_id=row.dao_id,
        recommendation_id=row.recommendation_id,
        action=Action(row.action),
        reason=row.reason,
        actor=row.actor,
        state=get_recommendation(session, row.recommendation_id).state,
        recorded_at=row.recorded_at,
    )
