"""What becomes of signed bytes: recorded as facts, applied once, or failed."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import Session, select

from governance.canonical import digest
from governance.electorates import electorate
from governance.errors import Conflict
from governance.executions import Effect, State
from governance.records import applied_changes, electorates
from governance.records.daos import get_dao
from governance.records.decision_log import LogEntry
from governance.records.executions import get_execution
from governance.records.parameters import Parameter
from governance.workflow.settle import record_executed, record_failed, record_mined, record_sent
from governance.workflow.sign import make_ready, sign
from tests.consent_world import (
    DAO,
    EXECUTOR,
    HOLDER,
    applied_value,
    approve_by,
    delegates_document,
    document,
    electorate_body,
    found_dao,
    guardrail_body,
    log_kinds,
    propose,
    scheduled,
    settled,
    state_of,
    try_to_sign,
)


def test_each_step_taken_again_changes_nothing(session: Session, now: datetime, approved: str) -> None:
    """A step whose answer was lost is asked for again; the second time is only an answer."""
    execution = scheduled(session, approved, now)
    try_to_sign(session, execution, now=execution.ready_at)
    signed_bytes = execution.signed_bytes
    settled(session, execution, execution.ready_at)
    size = len(log_kinds(session, approved))
    own: dict[str, Any] = {"holder": HOLDER, "fence": execution.fence, "actor": EXECUTOR, "now": execution.ready_at}
    make_ready(session, execution.id, **own)
    sign(session, execution.id, **own)
    record_sent(session, execution.id, **own)
    effect = Effect(execution.operation_id, str(signed_bytes), 0)
    record_mined(session, execution.id, effect, **own)
    record_executed(session, execution.id, effect, **own)
    assert scheduled(session, approved, now).id == execution.id

    assert len(log_kinds(session, approved)) == size
    assert get_execution(session, execution.id).signed_bytes == signed_bytes
    assert applied_value(session) == "550"


def test_an_effect_that_is_not_the_signed_one_is_not_recorded(session: Session, now: datetime, approved: str) -> None:
    """I2 and I3 at the far end: another payload or operation id, or a record that changed, never becomes EXECUTED."""
    execution = scheduled(session, approved, now)
    try_to_sign(session, execution, now=execution.ready_at)
    own: dict[str, Any] = {"holder": HOLDER, "fence": execution.fence, "actor": EXECUTOR, "now": now}
    good = Effect(execution.operation_id, str(execution.signed_bytes), 0)
    record_sent(session, execution.id, **own)
    for bad in (replace(good, payload="{}"), replace(good, operation_id="0x" + "1" * 64)):
        with pytest.raises(Conflict):
            record_mined(session, execution.id, bad, **own)
    record_mined(session, execution.id, good, **own)
    with pytest.raises(Conflict):
        record_executed(session, execution.id, replace(good, position=1), **own)

    assert state_of(session, approved) is State.MINED


def test_a_lost_effect_goes_back_to_sent_and_a_foreign_one_fails(session: Session, now: datetime, approved: str) -> None:
    """MINED → SENT with the same bytes when the receiver lost them; SENT → FAILED, final, when it holds others."""
    execution = scheduled(session, approved, now)
    try_to_sign(session, execution, now=execution.ready_at)
    own: dict[str, Any] = {"holder": HOLDER, "fence": execution.fence, "actor": EXECUTOR, "now": now}
    good = Effect(execution.operation_id, str(execution.signed_bytes), 0)
    record_sent(session, execution.id, **own)
    record_mined(session, execution.id, good, **own)
    record_sent(session, execution.id, **own)
    assert state_of(session, approved) is State.SENT
    record_failed(session, execution.id, reason="other bytes", **own)

    assert state_of(session, approved) is State.FAILED
    assert applied_value(session) == "500"


def test_a_value_changed_by_another_hand_after_the_signature_pauses_the_dao(session: Session, now: datetime, approved: str) -> None:
    """Nothing is written over what nobody approved to be there: people must look."""
    execution = scheduled(session, approved, now)
    try_to_sign(session, execution, now=execution.ready_at)
    session.execute(update(Parameter).values(value="510"))

    assert settled(session, execution, execution.ready_at) is State.MINED
    assert get_dao(session, DAO).paused
    assert applied_value(session) == "510"


def test_delegates_change_by_their_own_consent(session: Session, now: datetime) -> None:
    """The way that is left once they were set: a delegates_change, approved and executed like any other."""
    before, after = electorate_body("10", "20", "30"), electorate_body("1", "2", rule="power", approve="3", first=5)
    found_dao(session, now=now, electorate_=before)
    recommendation = propose(session, delegates_document(now=now, before=before, after=after), now=now)
    approve_by(session, recommendation, [1, 3], now=now)
    execution = scheduled(session, recommendation, now)
    assert try_to_sign(session, execution, now=execution.ready_at) is State.SIGNED
    assert settled(session, execution, execution.ready_at) is State.EXECUTED

    version, rules = electorates.get_current(session, DAO)
    assert (version, rules.sha256()) == (2, electorate(after).sha256())
    logged = session.exec(select(LogEntry).where(LogEntry.kind == "delegates.set").order_by("seq")).all()
    assert [entry.document()["data"]["by"] for entry in logged] == ["setup", "consent"]


def test_a_guardrail_changes_by_the_same_consent(session: Session, now: datetime) -> None:
    """Its own hash is what the consent binds to; a new version is stored and logged."""
    parameter = found_dao(session, now=now)
    live = applied_changes.live_guardrail(session, parameter)
    wider = guardrail_body(max_step="150")
    change = {"parameter": "staking_apr", "from_sha256": live.sha256, "to": wider}
    rollback = {"parameter": "staking_apr", "from_sha256": digest(wider), "to": guardrail_body()}
    body = document(made_at=now, kind="guardrail_change", change=change, rollback=rollback)
    recommendation = propose(session, body, now=now)
    approve_by(session, recommendation, [1, 2], now=now)
    execution = scheduled(session, recommendation, now)
    try_to_sign(session, execution, now=execution.ready_at)

    assert settled(session, execution, execution.ready_at) is State.EXECUTED
    assert applied_changes.live_guardrail(session, parameter).version == 2
    assert applied_changes.live_guardrail(session, parameter).sha256 == digest(wider)
    assert log_kinds(session, recommendation)[-1] == "guardrail.set"
