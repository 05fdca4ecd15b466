"""Pause, cancel, leases and the list of due work: how people and executors keep out of each other's way."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import Session, select

from governance.actors import Actor, ActorKind, Role
from governance.errors import Conflict, IllegalTransition
from governance.executions import State
from governance.records.daos import get_dao
from governance.records.decision_log import LogEntry
from governance.workflow.due import due_work
from governance.workflow.lease import take_lease
from governance.workflow.override import Action, override
from governance.workflow.pause import ask_to_clear, pause
from governance.workflow.settle import record_sent
from governance.workflow.sign import make_ready, sign
from tests.consent_world import (
    DAO,
    EXECUTOR,
    HOLDER,
    approve_by,
    document,
    found_dao,
    propose,
    scheduled,
    settled,
    state_of,
    try_to_sign,
)

GUARDIAN = Actor(ActorKind.HUMAN, "key_guardian", "apikey", frozenset({Role.GUARDIAN}))
OTHER_GUARDIAN = Actor(ActorKind.HUMAN, "key_other_guardian", "apikey", frozenset({Role.GUARDIAN}))


def test_a_cancelled_change_is_final_and_a_signed_one_cannot_be_cancelled(session: Session, now: datetime, approved: str) -> None:
    """Before the signature a guardian's word is enough; after it only the receiver could stop the effect."""
    execution = scheduled(session, approved, now)
    override(session, approved, action=Action.CANCEL, reason="a mistake", guardian=GUARDIAN, now=now)
    assert state_of(session, approved) is State.CANCELLED
    with pytest.raises(IllegalTransition):
        try_to_sign(session, execution, now=execution.ready_at)

    other = propose(session, document(made_at=now, nonce=2), now=now)
    approve_by(session, other, [1, 2], now=now)
    execution = scheduled(session, other, now)
    try_to_sign(session, execution, now=execution.ready_at)
    with pytest.raises(IllegalTransition):
        override(session, other, action=Action.CANCEL, reason="too late", guardian=GUARDIAN, now=now)


def test_a_stale_fence_can_write_nothing(session: Session, now: datetime, approved: str) -> None:
    """Two executors on one database: who took the lease last is the only one who is heard, whatever the clocks say."""
    execution = scheduled(session, approved, now)
    old = take_lease(session, execution.id, holder=HOLDER, now=now).fence
    with pytest.raises(Conflict, match="another executor"):
        take_lease(session, execution.id, holder="other", now=now)
    new = take_lease(session, execution.id, holder="other", now=now + timedelta(hours=1)).fence

    assert new == old + 1
    for step in (make_ready, sign):
        with pytest.raises(Conflict, match="taken over"):
            step(session, execution.id, holder=HOLDER, fence=old, actor=EXECUTOR, now=execution.ready_at)
    with pytest.raises(Conflict, match="taken over"):
        record_sent(session, execution.id, holder="other", fence=old, actor=EXECUTOR, now=now)


def test_two_different_guardians_clear_a_pause(session: Session, now: datetime) -> None:
    """One stolen key can stop the machine and cannot start it; a new pause takes earlier requests back."""
    found_dao(session, now=now)
    with pytest.raises(Conflict):
        ask_to_clear(session, DAO, guardian=GUARDIAN, reason="not paused", now=now)
    pause(session, DAO, guardian=GUARDIAN, reason="stop", now=now)
    ask_to_clear(session, DAO, guardian=GUARDIAN, reason="go", now=now)
    with pytest.raises(Conflict, match="another one"):
        ask_to_clear(session, DAO, guardian=GUARDIAN, reason="go", now=now)
    pause(session, DAO, guardian=GUARDIAN, reason="stop again", now=now)
    ask_to_clear(session, DAO, guardian=OTHER_GUARDIAN, reason="go", now=now)
    assert get_dao(session, DAO).paused
    ask_to_clear(session, DAO, guardian=GUARDIAN, reason="go", now=now)

    assert not get_dao(session, DAO).paused
    entry = session.exec(select(LogEntry).where(LogEntry.kind == "pause.cleared")).one().document()
    assert [word["guardian"] for word in entry["data"]["guardians"]] == ["key_other_guardian", "key_guardian"]


def test_due_work_follows_the_state_alone(session: Session, now: datetime, approved: str) -> None:
    """A restarted executor remembers nothing and finds everything."""

    def due(at: datetime) -> str | None:
        work = due_work(session, now=at)
        return work[0].step if work else None

    assert due(now) == "schedule"
    execution = scheduled(session, approved, now)
    assert (due(now), due(execution.ready_at), due(now + timedelta(days=7))) == ("wait", "execute", "expire")
    pause(session, DAO, guardian=GUARDIAN, reason="a test", now=now)
    assert due(execution.ready_at) == "hold"
    for guardian in (GUARDIAN, OTHER_GUARDIAN):
        ask_to_clear(session, DAO, guardian=guardian, reason="go", now=now)
    try_to_sign(session, execution, now=execution.ready_at)
    assert due(now + timedelta(days=30)) == "execute"
    settled(session, execution, execution.ready_at)
    assert due(now) is None
