"""What an executor can do now, read from the states alone; nothing about it is remembered between two looks."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from governance import approvals as rules
from governance.executions import BEFORE_SIGNED, IN_FLIGHT, State
from governance.records import executions
from governance.records.daos import dao_time, get_dao
from governance.records.recommendations import Recommendation
from governance.workflow.recheck import under_way

_ON_THE_WAY = frozenset({State.APPROVED, State.TIMELOCKED, State.READY})


@dataclass(frozen=True, slots=True)
class DueWork:
    """One thing to do, or to wait for.

    `step` is "schedule", "execute" or "expire"; or "wait" (its delay runs, or another change of the same thing is
    under way), or "hold" (the DAO is paused).
    """

    recommendation_id: str
    execution_id: str
    dao_id: str
    state: str
    step: str
    ready_at: datetime | None


def due_work(session: Session, *, now: datetime, dao_id: str | None = None) -> list[DueWork]:
    """Everything an executor could work on at `now` (wall time), oldest recommendation first; at most 200.

    What is BLOCKED is not among it: a person asks for its re-check.
    """
    found = executions.in_states(session, BEFORE_SIGNED | IN_FLIGHT, dao_id=dao_id, limit=10_000)
    due = (_due(session, recommendation, now=now) for recommendation in found)
    return [work for work in due if work is not None][:200]


def _due(session: Session, recommendation: Recommendation, *, now: datetime) -> DueWork | None:
    execution = executions.find_execution(session, recommendation.id)
    ready_at = execution.ready_at if execution else None
    step = _step(session, recommendation, ready_at=ready_at, now=dao_time(session, recommendation.dao_id, now))
    if step is None:
        return None
    execution_id = executions.execution_id(recommendation.id)
    return DueWork(recommendation.id, execution_id, recommendation.dao_id, recommendation.state, step, ready_at)


def _step(session: Session, recommendation: Recommendation, *, ready_at: datetime | None, now: datetime) -> str | None:
    state = State(recommendation.state)
    if state in IN_FLIGHT:
        return "execute"
    if now.timestamp() >= rules.deadline(recommendation.document):
        return "expire"
    if state not in _ON_THE_WAY:
        return None
    if get_dao(session, recommendation.dao_id).paused:
        return "hold"
    if state is State.APPROVED:
        return "schedule"
    delayed = ready_at is not None and now < ready_at
    return "wait" if delayed or under_way(session, recommendation) is not None else "execute"
