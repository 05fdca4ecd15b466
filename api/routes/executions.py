"""Executions: schedule an approved change, cancel it, read it; and the steps that only an executor takes."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

from api.authentication import acting_as
from api.dependencies import ClockDep, ReadDep, WriterDep, require
from api.errors import problems
from api.execution_steps import Step, StepIn, take
from api.pagination import Page, PageDep
from api.refusal_log import refusals_logged
from governance.actors import Actor, Role
from governance.errors import Conflict, Expired, IllegalTransition, InvalidInput, NotFound, Paused
from governance.records import executions as records
from governance.records.columns import from_microseconds, to_microseconds
from governance.records.daos import get_dao
from governance.records.recommendations import Recommendation, get_recommendation
from governance.workflow.due import due_work
from governance.workflow.expire import expire
from governance.workflow.override import Action, override
from governance.workflow.schedule import schedule

router = APIRouter(tags=["executions"])
ExecutorDep = Annotated[Actor, Depends(require(Role.EXECUTOR))]


class BlockOut(BaseModel):
    """The rule that forbids signing now, its limit and the value that broke it."""

    rule: str = Field(examples=["guardrail.cooldown"])
    limit: str
    value: str


class ExecutionOut(BaseModel):
    """One operation, and where it stands."""

    id: str
    dao_id: str
    recommendation_id: str
    state: str = Field(description="The recommendation's state.", examples=["TIMELOCKED"])
    operation_id: str = Field(description="keccak256(abi.encode(approvalDigest)): the receiver refuses a second effect under it.")
    executor: str = Field(examples=["dry_run"])
    ready_at: datetime = Field(description="When its delay is over, on the DAO's clock.")
    nonce: int | None = Field(description="Consumed when it was signed.")
    fence: int
    lease_holder: str | None
    lease_until: datetime | None
    signed_bytes: str | None = Field(description="Exactly what is sent, stored before it is.")
    receipt: dict[str, Any] | None = Field(description="What the executor's own record holds.")
    blocked: BlockOut | None
    held: bool = Field(description="The DAO is paused: nothing is signed, and signed bytes are not sent.")
    executed_at: datetime | None


class DueOut(BaseModel):
    """One thing an executor can do now."""

    recommendation_id: str
    execution_id: str
    dao_id: str
    state: str
    step: Literal["schedule", "execute", "expire", "wait", "hold"]
    ready_at: datetime | None


class DueListOut(BaseModel):
    """Everything that is due, oldest first; at most 200."""

    items: list[DueOut]
    as_of: datetime


class CancelIn(BaseModel):
    """Why a change is cancelled."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reason: str = Field(min_length=1, max_length=2_000, examples=["the liquidity pool it relies on was drained"])


class ExpiredOut(BaseModel):
    """A recommendation whose time has passed."""

    recommendation_id: str
    state: str


@router.post(
    "/recommendations/{recommendation_id}/execution",
    operation_id="scheduleExecution",
    status_code=201,
    response_model=ExecutionOut,
    responses=problems(NotFound, IllegalTransition, Conflict, Expired, Paused),
)
def schedule_execution(
    recommendation_id: str, writer: WriterDep, clock: ClockDep, actor: Annotated[Actor, Depends(acting_as(Role.PROPOSER, Role.EXECUTOR))]
) -> ExecutionOut:
    """Start the delay of an approved change. Nothing is executed; `assent execute` does that once the delay is over.

    Scheduled already: the execution it has.
    """
    return writer.run(lambda session: shown(session, schedule(session, recommendation_id, actor=actor, now=clock())))


@router.get(
    "/recommendations/{recommendation_id}/execution",
    operation_id="getExecutionOfRecommendation",
    response_model=ExecutionOut,
    responses=problems(NotFound),
)
def get_execution_of_recommendation(recommendation_id: str, session: ReadDep) -> ExecutionOut:
    """The recommendation's execution; 404 before it was scheduled."""
    get_recommendation(session, recommendation_id)
    return shown(session, records.get_execution(session, records.execution_id(recommendation_id)))


@router.post(
    "/recommendations/{recommendation_id}/expiry",
    operation_id="expireRecommendation",
    response_model=ExpiredOut,
    responses=problems(NotFound, IllegalTransition, Conflict),
)
def expire_recommendation(recommendation_id: str, writer: WriterDep, clock: ClockDep, actor: ExecutorDep) -> ExpiredOut:
    """Record that a recommendation's time has passed with nothing signed (EXPIRED, final)."""

    def work(session: Session) -> ExpiredOut:
        row = expire(session, recommendation_id, actor=actor, now=clock())
        return ExpiredOut(recommendation_id=row.id, state=row.state)

    return writer.run(work)


@router.get("/executions/due", operation_id="listDueWork", response_model=DueListOut, responses=problems(InvalidInput))
def list_due_work(
    session: ReadDep, clock: ClockDep, dao_id: Annotated[str | None, Query(max_length=200, description="Of this DAO only.")] = None
) -> DueListOut:
    """What an executor can work on now. Read from the states alone, so a restarted executor finds what it left."""
    now = clock()
    work = due_work(session, now=now, dao_id=dao_id)
    return DueListOut(items=[DueOut.model_validate(item, from_attributes=True) for item in work], as_of=now)


@router.get("/executions/{execution_id}", operation_id="getExecution", response_model=ExecutionOut, responses=problems(NotFound))
def get_execution(execution_id: str, session: ReadDep) -> ExecutionOut:
    """One execution."""
    return shown(session, records.get_execution(session, execution_id))


@router.get(
    "/daos/{dao_id}/executions",
    operation_id="listExecutions",
    response_model=Page[ExecutionOut],
    responses=problems(NotFound, InvalidInput),
)
def list_executions(dao_id: str, session: ReadDep, clock: ClockDep, page: PageDep) -> dict[str, Any]:
    """The DAO's executions, newest first."""
    get_dao(session, dao_id)
    before = None if page.after is None else (from_microseconds(int(page.after[0])), str(page.after[1]))
    rows = records.of_dao(session, dao_id, before=before, limit=page.limit + 1)
    return {
        "items": [shown(session, row, recommendation) for row, recommendation in rows[: page.limit]],
        "next_cursor": page.next_cursor([(to_microseconds(row.recorded_at), row.id) for row, _ in rows]),
        "as_of": clock(),
        "indexed_to": rows[0][0].recorded_at if rows else None,
        "complete": True,
    }


@router.post(
    "/executions/{execution_id}/cancel",
    operation_id="cancelExecution",
    response_model=ExecutionOut,
    responses=problems(NotFound, IllegalTransition),
)
def cancel_execution(
    execution_id: str, body: CancelIn, writer: WriterDep, clock: ClockDep, actor: Annotated[Actor, Depends(require(Role.GUARDIAN))]
) -> ExecutionOut:
    """Cancel a change before it is signed: an override, logged with its reason. It cannot be taken back."""

    def work(session: Session) -> ExecutionOut:
        execution = records.get_execution(session, execution_id)
        override(session, execution.recommendation_id, action=Action.CANCEL, reason=body.reason, guardian=actor, now=clock())
        return shown(session, execution)

    return writer.run(work)


@router.post(
    "/executions/{execution_id}/steps",
    operation_id="takeExecutionStep",
    response_model=ExecutionOut,
    responses=problems(NotFound, IllegalTransition, Conflict, Expired, Paused),
)
def take_execution_step(
    *, execution_id: str, body: StepIn, session: ReadDep, writer: WriterDep, clock: ClockDep, actor: ExecutorDep
) -> ExecutionOut:
    """One step of the executor, each a transaction of its own: lease, ready, sign, sent, mined, executed, failed.

    `sign` makes every check again and stores the bytes; nothing may be sent before it. A step that was taken already
    gives the execution as it is. A check that refuses leaves the change BLOCKED, and says by which rule.
    """

    def work(own: Session) -> ExecutionOut:
        return shown(own, take(own, execution_id, body, actor=actor, now=clock()))

    if body.step not in {Step.READY, Step.SIGN}:
        return writer.run(work)
    recommendation_id = records.get_execution(session, execution_id).recommendation_id
    with refusals_logged(writer, recommendation_id, attempt=body.step.value, actor=actor, clock=clock):
        return writer.run(work)


def shown(session: Session, row: records.Execution, recommendation: Recommendation | None = None) -> ExecutionOut:
    """The execution as clients see it."""
    recommendation = recommendation or get_recommendation(session, row.recommendation_id)
    fields = {name: getattr(row, name) for name in ExecutionOut.model_fields if name not in {"state", "held", "blocked"}}
    blocked = None if row.blocked is None else BlockOut.model_validate(row.blocked)
    return ExecutionOut(**fields, state=recommendation.state, held=get_dao(session, row.dao_id).paused, blocked=blocked)
