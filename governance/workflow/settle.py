"""Records what became of signed bytes: sent, found with the receiver, read back and applied; or failed."""

import hashlib
from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session

from governance.actors import SYSTEM, Actor
from governance.canonical import digest
from governance.decision_log import EntryKind
from governance.electorates import electorate
from governance.errors import Conflict
from governance.executions import Effect, State
from governance.guardrails import Guardrail
from governance.operations import pre_state
from governance.records import applied_changes, decision_log, electorates, executions
from governance.records.daos import dao_time
from governance.records.executions import Execution
from governance.records.recommendations import Recommendation, get_recommendation, move
from governance.workflow.delegates import CONSENT, put_electorate
from governance.workflow.lease import held
from governance.workflow.pause import pause
from governance.workflow.recheck import live_state

_PAST: Mapping[EntryKind, frozenset[State]] = {
    EntryKind.EXECUTION_SENT: frozenset({State.SENT, State.EXECUTED, State.FAILED}),
    EntryKind.EXECUTION_MINED: frozenset({State.MINED, State.EXECUTED}),
    EntryKind.EXECUTION_EXECUTED: frozenset({State.EXECUTED}),
    EntryKind.EXECUTION_FAILED: frozenset({State.FAILED}),
}


def record_sent(session: Session, execution_id: str, *, holder: str, fence: int, actor: Actor, now: datetime) -> Execution:
    """The stored bytes were handed to the receiver (SIGNED to SENT), or its record lost them (MINED back to SENT).

    A fact, so a pause does not stop it. Recorded already: the execution as it is.
    """
    return _record(session, execution_id, EntryKind.EXECUTION_SENT, {}, holder=holder, fence=fence, actor=actor, now=now)


def record_failed(session: Session, execution_id: str, *, reason: str, holder: str, fence: int, actor: Actor, now: datetime) -> Execution:
    """The receiver refused the effect (SENT to FAILED, final); a new approval is needed."""
    data = {"reason": reason}
    return _record(session, execution_id, EntryKind.EXECUTION_FAILED, data, holder=holder, fence=fence, actor=actor, now=now)


def record_mined(session: Session, execution_id: str, effect: Effect, *, holder: str, fence: int, actor: Actor, now: datetime) -> Execution:
    """The receiver's own record holds the bytes (SENT to MINED). Raises `Conflict` when they are not the signed ones."""
    execution = held(session, execution_id, holder=holder, fence=fence)
    receipt = _receipt(execution, effect)
    if execution.receipt != receipt:
        execution.receipt = receipt
        executions.save(session, execution)
    data = {"receipt": receipt}
    return _record(session, execution_id, EntryKind.EXECUTION_MINED, data, holder=holder, fence=fence, actor=actor, now=now)


def record_executed(
    session: Session, execution_id: str, effect: Effect, *, holder: str, fence: int, actor: Actor, now: datetime
) -> Execution:
    """The effect was read back: apply it to what it changes, once (MINED to EXECUTED, final).

    When the thing changed by another hand after the signature, nothing is applied: the DAO is paused and people look.

    Raises:
        Conflict: the effect is not the signed one, or not the one found before.

    Logs:
        execution.executed, and guardrail.set or delegates.set where that is what changed; or pause.set.
    """
    execution = held(session, execution_id, holder=holder, fence=fence)
    recommendation = get_recommendation(session, execution.recommendation_id)
    if recommendation.state == State.EXECUTED:
        return execution
    if _receipt(execution, effect) != execution.receipt:
        raise Conflict("the receiver's record changed since it was found", execution=execution.id, rule="the same effect twice")
    ts = dao_time(session, recommendation.dao_id, now)
    live, expected = live_state(session, recommendation), pre_state(recommendation.document)
    if live != expected:
        reason = f"{recommendation.id}: applied on {digest(expected)[:16]}, but {digest(live)[:16]} is live"
        pause(session, recommendation.dao_id, guardian=SYSTEM, reason=reason, now=now)
        return execution
    execution.executed_at = ts
    executions.save(session, execution)
    change = recommendation.document["change"]
    before = change.get("from", change.get("from_sha256"))
    after = change["to"] if "from" in change else digest(change["to"])
    data = {"before": before, "after": after, "execution": execution.id}
    move(session, recommendation, EntryKind.EXECUTION_EXECUTED, actor=actor, data=data, ts=ts, recorded_at=now)
    _apply(session, recommendation, execution, ts=ts, now=now)
    return execution


def _record(
    session: Session,
    execution_id: str,
    kind: EntryKind,
    data: Mapping[str, object],
    *,
    holder: str,
    fence: int,
    actor: Actor,
    now: datetime,
) -> Execution:
    execution = held(session, execution_id, holder=holder, fence=fence)
    recommendation = get_recommendation(session, execution.recommendation_id)
    if State(recommendation.state) not in _PAST[kind]:
        ts = dao_time(session, recommendation.dao_id, now)
        move(session, recommendation, kind, actor=actor, data={**data, "execution": execution.id}, ts=ts, recorded_at=now)
    return execution


def _receipt(execution: Execution, effect: Effect) -> dict[str, object]:
    if effect.operation_id != execution.operation_id or effect.payload != execution.signed_bytes:
        rule = "the effect's bytes are the signed bytes"
        raise Conflict("the receiver holds something else", execution=execution.id, operation_id=effect.operation_id, rule=rule)
    sha256 = hashlib.sha256(effect.payload.encode()).hexdigest()
    return {"operation_id": effect.operation_id, "payload_sha256": sha256, "position": effect.position}


def _apply(session: Session, recommendation: Recommendation, execution: Execution, *, ts: datetime, now: datetime) -> None:
    change = recommendation.document["change"]
    if recommendation.parameter_id is None:
        version = electorates.get_current(session, recommendation.dao_id)[0] + 1
        rules = electorate(change["to"])
        put_electorate(session, recommendation.dao_id, rules, version=version, by=CONSENT, actor=SYSTEM, ts=ts, recorded_at=now)
        return
    parameter = applied_changes.live_parameter(session, recommendation.parameter_id)
    if recommendation.kind == "parameter_change":
        applied_changes.apply_value(
            session, parameter, before=change["from"], after=change["to"], set_by=execution.id, ts=ts, recorded_at=now
        )
        return
    body = Guardrail.from_body(change["to"]).body()
    version = applied_changes.live_guardrail(session, parameter.id).version + 1
    sha256 = digest(body)
    applied_changes.add_guardrail(session, parameter, body, sha256=sha256, version=version, set_by=execution.id, ts=ts, recorded_at=now)
    decision_log.append(
        session,
        kind=EntryKind.GUARDRAIL_SET,
        dao_id=recommendation.dao_id,
        actor=SYSTEM,
        subject={"parameter": parameter.id, "recommendation": recommendation.id},
        data={"version": version, "guardrail": body, "sha256": sha256, "by": CONSENT},
        ts=ts,
        recorded_at=now,
    )
