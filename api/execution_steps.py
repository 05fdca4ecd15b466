"""The steps an executor reports over the API, and the workflow each one is."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

from governance.actors import Actor
from governance.errors import InvalidInput
from governance.executions import Effect
from governance.records.executions import Execution
from governance.workflow import lease, settle, sign

T = TypeVar("T")


class Step(StrEnum):
    """What an executor can do, in the order it does it."""

    LEASE = "lease"
    READY = "ready"
    SIGN = "sign"
    SENT = "sent"
    MINED = "mined"
    EXECUTED = "executed"
    FAILED = "failed"


class EffectIn(BaseModel):
    """An effect as the executor's own record tells it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    operation_id: str = Field(pattern=r"^0x[0-9a-f]{64}$", examples=["0x" + "5f" * 32])
    payload: str = Field(max_length=200_000, description="The bytes that were applied.")
    position: int = Field(ge=0, le=2**53 - 1, description="Its place in the record, from 0.")


class StepIn(BaseModel):
    """One step. Every step but `lease` names the fence that the lease gave."""

    model_config = ConfigDict(extra="forbid", strict=True)

    step: Annotated[Step, Field(strict=False, description="The step to take.", examples=["lease"])]
    holder: str = Field(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$", description="Who executes.", examples=["executor@host"])
    fence: int | None = Field(None, ge=1, le=2**53 - 1, description="From the lease.")
    effect: EffectIn | None = Field(None, description="With `mined` and `executed`.")
    reason: str | None = Field(None, min_length=1, max_length=2_000, description="With `failed`.")


def take(session: Session, execution_id: str, body: StepIn, *, actor: Actor, now: datetime) -> Execution:
    """Take one step; the execution after it.

    Raises:
        InvalidInput: the step lacks its fence, effect or reason.
        NotFound, IllegalTransition, Conflict, Expired, Paused: from the step's workflow.
    """
    if body.step is Step.LEASE:
        return lease.take_lease(session, execution_id, holder=body.holder, now=now)
    fence = _needed(body.fence, "fence", body.step)
    match body.step:
        case Step.READY:
            return sign.make_ready(session, execution_id, holder=body.holder, fence=fence, actor=actor, now=now)
        case Step.SIGN:
            return sign.sign(session, execution_id, holder=body.holder, fence=fence, actor=actor, now=now)
        case Step.SENT:
            return settle.record_sent(session, execution_id, holder=body.holder, fence=fence, actor=actor, now=now)
        case Step.FAILED:
            reason = _needed(body.reason, "reason", body.step)
            return settle.record_failed(session, execution_id, reason=reason, holder=body.holder, fence=fence, actor=actor, now=now)
    effect = Effect(**_needed(body.effect, "effect", body.step).model_dump())
    record = settle.record_mined if body.step is Step.MINED else settle.record_executed
    return record(session, execution_id, effect, holder=body.holder, fence=fence, actor=actor, now=now)


def _needed(value: T | None, field: str, step: Step) -> T:
    if value is None:
        raise InvalidInput(field, None, f"needed with {step.value}")
    return value
