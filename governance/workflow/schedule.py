"""Schedules an approved change: from here its delay runs, in which people can still object, pause or cancel."""

from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from governance import approvals as rules
from governance.actors import Actor
from governance.canonical import timestamp
from governance.decision_log import EntryKind
from governance.errors import Conflict, Expired, Paused
from governance.executions import MIN_DELAY, State, operation_id, ready_at, step
from governance.guardrails import Guardrail
from governance.records import applied_changes, approvals, executions
from governance.records.daos import dao_time, get_dao
from governance.records.executions import Execution
from governance.records.recommendations import Recommendation, get_recommendation, move


def schedule(session: Session, recommendation_id: str, *, actor: Actor, now: datetime) -> Execution:
    """Put the approved change under its delay: the guardrail's `min_delay`, counted from the approval.

    A recommendation that is scheduled already gives the execution it has.

    Raises:
        IllegalTransition: it is not approved.
        Conflict: its delay would end after it expires.
        Paused, Expired: not now; not any more.

    Logs:
        execution.scheduled (APPROVED to TIMELOCKED).
    """
    recommendation = get_recommendation(session, recommendation_id)
    known = executions.find_execution(session, recommendation_id)
    if known is not None and recommendation.state not in {State.APPROVED, State.VOTING}:
        return known
    step(State(recommendation.state), EntryKind.EXECUTION_SCHEDULED)
    if get_dao(session, recommendation.dao_id).paused:
        raise Paused("the DAO is paused: nothing is scheduled", dao=recommendation.dao_id)
    ts = dao_time(session, recommendation.dao_id, now)
    approval = approvals.get_approval(session, recommendation_id)
    ready = _ready_at(session, recommendation, approved_at=approval.known_at, now=ts)
    execution = executions.put_execution(
        session,
        recommendation,
        operation_id="0x" + operation_id(bytes.fromhex(approval.digest[2:])).hex(),
        executor=recommendation.document["executor"]["kind"],
        ready_at=ready,
        recorded_at=now,
    )
    data = {"ready_at": timestamp(ready), "operation_id": execution.operation_id, "execution": execution.id}
    move(session, recommendation, EntryKind.EXECUTION_SCHEDULED, actor=actor, data=data, ts=ts, recorded_at=now)
    return execution


def _ready_at(session: Session, recommendation: Recommendation, *, approved_at: datetime, now: datetime) -> datetime:
    document = recommendation.document
    deadline = datetime.fromtimestamp(rules.deadline(document), tz=UTC)
    not_before = datetime.fromtimestamp(rules.not_before(document), tz=UTC)
    if now >= deadline:
        raise Expired("the recommendation has expired", field="expires_at", value=timestamp(deadline), rule="now < expires_at")
    ready = ready_at(approved_at=approved_at, not_before=not_before, min_delay=_min_delay(session, recommendation))
    if ready >= deadline:
        raise Conflict("it expires before its delay is over", ready_at=timestamp(ready), expires_at=timestamp(deadline))
    return ready


def _min_delay(session: Session, recommendation: Recommendation) -> timedelta:
    if recommendation.parameter_id is None:
        return MIN_DELAY
    return Guardrail.from_body(applied_changes.live_guardrail(session, recommendation.parameter_id).body).min_delay
