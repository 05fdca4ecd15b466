"""Makes an approved change ready and signs it: every check and the write of the bytes in one transaction."""

import hashlib
from datetime import datetime

from sqlmodel import Session

from governance.actors import Actor
from governance.decision_log import EntryKind
from governance.executions import State, step
from governance.operations import payload
from governance.records import executions
from governance.records.daos import dao_time
from governance.records.executions import Execution
from governance.records.recommendations import Recommendation, get_recommendation, move
from governance.workflow.lease import held
from governance.workflow.recheck import Block, find_block, refuse_for_now
from governance.workflow.recount import recount, still_holds

SIGNED_OR_LATER = frozenset({State.SIGNED, State.SENT, State.MINED, State.EXECUTED, State.FAILED})


def make_ready(session: Session, execution_id: str, *, holder: str, fence: int, actor: Actor, now: datetime) -> Execution:
    """Take a change whose delay is over to READY, or to BLOCKED (or back to VOTING) when a check refuses it.

    Raises:
        Paused, Expired, Conflict: not now; the state stays.

    Logs:
        execution.ready, execution.blocked or approval.recounted.
    """
    execution = held(session, execution_id, holder=holder, fence=fence)
    recommendation = get_recommendation(session, execution.recommendation_id)
    if State(recommendation.state) in SIGNED_OR_LATER | {State.READY}:
        return execution
    step(State(recommendation.state), EntryKind.EXECUTION_READY)
    return check_ready(session, execution, recommendation, actor=actor, now=now)


def check_ready(session: Session, execution: Execution, recommendation: Recommendation, *, actor: Actor, now: datetime) -> Execution:
    """Run every check; READY when all pass. A change that is BLOCKED already and fails again stays as it is."""
    ts = dao_time(session, recommendation.dao_id, now)
    if _refused(session, execution, recommendation, actor=actor, ts=ts, now=now) is None:
        move(session, recommendation, EntryKind.EXECUTION_READY, actor=actor, data={}, ts=ts, recorded_at=now)
    return execution


def sign(session: Session, execution_id: str, *, holder: str, fence: int, actor: Actor, now: datetime) -> Execution:
    """Store the exact bytes of the effect, before anything is sent; every check is made again in this transaction.

    In this order: fence, state, pause, deadline, delay, electorate and threshold, document and signatures, pre-state,
    guardrail hash, nonce, guardrail on the live value. Signed already: the execution as it is, nothing is signed twice.

    Raises:
        Paused, Expired, Conflict: not now; the state stays.

    Logs:
        execution.signed (READY to SIGNED), execution.blocked or approval.recounted.
    """
    execution = held(session, execution_id, holder=holder, fence=fence)
    recommendation = get_recommendation(session, execution.recommendation_id)
    if State(recommendation.state) in SIGNED_OR_LATER:
        return execution
    step(State(recommendation.state), EntryKind.EXECUTION_SIGNED)
    ts = dao_time(session, recommendation.dao_id, now)
    if _refused(session, execution, recommendation, actor=actor, ts=ts, now=now) is not None:
        return execution
    body = payload(recommendation.document)
    execution.signed_bytes = body.decode()
    execution.nonce = int(recommendation.document["nonce"])
    executions.save(session, execution)
    data = {
        "execution": execution.id,
        "operation_id": execution.operation_id,
        "payload_sha256": hashlib.sha256(body).hexdigest(),
        "nonce": str(execution.nonce),
        "fence": execution.fence,
    }
    move(session, recommendation, EntryKind.EXECUTION_SIGNED, actor=actor, data=data, ts=ts, recorded_at=now)
    return execution


def _refused(
    session: Session, execution: Execution, recommendation: Recommendation, *, actor: Actor, ts: datetime, now: datetime
) -> Block | None:
    """Why not, after moving the recommendation to where that leaves it; None when everything holds."""
    refuse_for_now(session, recommendation, ready_at=execution.ready_at, now=ts)
    if not still_holds(session, recommendation):
        recount(session, recommendation, ts=ts, recorded_at=now)
        return Block("threshold", "met by today's delegates", recommendation.state)
    block = find_block(session, recommendation, now=ts)
    execution.blocked = block.body() if block else None
    executions.save(session, execution)
    if block is not None and recommendation.state != State.BLOCKED:
        data = {**block.body(), "execution": execution.id}
        move(session, recommendation, EntryKind.EXECUTION_BLOCKED, actor=actor, data=data, ts=ts, recorded_at=now)
    return block
