"""From approval to signature: the delay, the deadline, the pause, and the bytes that are stored."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlmodel import Session

from governance.actors import Actor, ActorKind, Role
from governance.canonical import canonical, timestamp
from governance.errors import Conflict, Expired, IllegalTransition, Paused
from governance.executions import MIN_DELAY, State
from governance.records import applied_changes
from governance.records.executions import Execution
from governance.workflow.expire import expire
from governance.workflow.lease import take_lease
from governance.workflow.pause import pause
from governance.workflow.sign import make_ready, sign
from tests.consent_world import (
    DAO,
    EXECUTOR,
    HOLDER,
    applied_value,
    approve_by,
    consent,
    document,
    found_dao,
    guardrail_body,
    log_kinds,
    propose,
    put_guardrail,
    scheduled,
    settled,
    state_of,
    try_to_sign,
)

GUARDIAN = Actor(ActorKind.HUMAN, "key_guardian", "apikey", frozenset({Role.GUARDIAN}))
OTHER_GUARDIAN = Actor(ActorKind.HUMAN, "key_other_guardian", "apikey", frozenset({Role.GUARDIAN}))


def test_an_approved_change_is_applied_once_after_its_delay(session: Session, now: datetime, approved: str) -> None:
    """The whole way: every state in order, the value changed, the history one entry longer."""
    execution = scheduled(session, approved, now)
    assert execution.ready_at == now + MIN_DELAY
    assert try_to_sign(session, execution, now=execution.ready_at) is State.SIGNED
    assert applied_value(session) == "500"
    assert settled(session, execution, execution.ready_at) is State.EXECUTED

    assert applied_value(session) == "550"
    assert [(change.before, change.after) for change in applied_changes.executed_changes(session, f"par_{DAO}")] == [(500, 550)]
    assert log_kinds(session, approved)[-6:] == [
        "execution.scheduled",
        "execution.ready",
        "execution.signed",
        "execution.sent",
        "execution.mined",
        "execution.executed",
    ]


def test_the_signed_bytes_are_the_approved_payload(session: Session, now: datetime, approved: str) -> None:
    """I2: what will be sent is what the wallets saw, byte for byte, and it stands in the database before it is sent."""
    execution = scheduled(session, approved, now)
    try_to_sign(session, execution, now=execution.ready_at)
    change = document(made_at=now)["change"]

    expected = {"operation": "dry_run", "target": "harbour/staking_apr", "change": change, "order": 0}
    assert str(execution.signed_bytes).encode() == canonical(expected)
    assert execution.nonce == 1


def test_nothing_is_signed_one_microsecond_before_the_delay_is_over(session: Session, now: datetime, approved: str) -> None:
    """The delay is when people can object; it cannot be shortened."""
    execution = scheduled(session, approved, now)
    with pytest.raises(Conflict, match="delay"):
        try_to_sign(session, execution, now=execution.ready_at - timedelta(microseconds=1))

    assert state_of(session, approved) is State.TIMELOCKED


def test_the_guardrails_longer_delay_holds(session: Session, now: datetime) -> None:
    """A DAO may want more time than the house's least; never less."""
    parameter = found_dao(session, now=now)
    sha256 = put_guardrail(session, parameter, guardrail_body(min_delay_s=7_200), version=2, now=now)
    body = document(made_at=now, guardrail={"version": 2, "sha256": sha256})
    recommendation = propose(session, body, now=now)
    approve_by(session, recommendation, [1, 2], now=now)

    assert scheduled(session, recommendation, now).ready_at == now + timedelta(hours=2)


def test_what_would_become_ready_after_its_deadline_is_not_scheduled(session: Session, now: datetime) -> None:
    """It could only expire; better said at once."""
    found_dao(session, now=now)
    recommendation = propose(session, document(made_at=now, expires_at=timestamp(now + MIN_DELAY)), now=now)
    approve_by(session, recommendation, [1, 2], now=now)

    with pytest.raises(Conflict, match="expires"):
        scheduled(session, recommendation, now)


def test_only_an_approved_change_is_scheduled(session: Session, now: datetime) -> None:
    """No path skips the vote."""
    found_dao(session, now=now)
    recommendation = propose(session, document(made_at=now), now=now)
    consent(session, recommendation, 1, now=now)

    with pytest.raises(IllegalTransition):
        scheduled(session, recommendation, now)


@pytest.mark.parametrize("ready_first", [False, True])
def test_nothing_is_signed_while_paused_and_the_state_stays(session: Session, now: datetime, approved: str, ready_first: bool) -> None:
    """I4: the flag is read in the signing transaction, so no order of pause and sign gets past it."""
    execution = scheduled(session, approved, now)
    fence = take_lease(session, execution.id, holder=HOLDER, now=now).fence
    step: Callable[..., Execution] = make_ready
    if ready_first:
        make_ready(session, execution.id, holder=HOLDER, fence=fence, actor=EXECUTOR, now=execution.ready_at)
        step = sign
    before = state_of(session, approved)
    pause(session, DAO, guardian=GUARDIAN, reason="a test", now=now)

    with pytest.raises(Paused):
        step(session, execution.id, holder=HOLDER, fence=fence, actor=EXECUTOR, now=execution.ready_at)
    assert state_of(session, approved) is before


def test_nothing_is_signed_from_the_deadline_on(session: Session, now: datetime, approved: str) -> None:
    """An old approval is consent to an old world."""
    execution = scheduled(session, approved, now)
    with pytest.raises(Expired):
        try_to_sign(session, execution, now=now + timedelta(days=7))
    expire(session, approved, actor=EXECUTOR, now=now + timedelta(days=7))

    assert state_of(session, approved) is State.EXPIRED
    with pytest.raises(IllegalTransition):
        try_to_sign(session, execution, now=now + timedelta(days=7))


def test_nothing_expires_before_its_deadline_or_after_its_signature(session: Session, now: datetime, approved: str) -> None:
    """Bytes that may be out cannot be called back by a clock."""
    with pytest.raises(Conflict):
        expire(session, approved, actor=EXECUTOR, now=now + timedelta(days=7) - timedelta(microseconds=1))
    execution = scheduled(session, approved, now)
    try_to_sign(session, execution, now=execution.ready_at)
    with pytest.raises(IllegalTransition):
        expire(session, approved, actor=EXECUTOR, now=now + timedelta(days=8))
