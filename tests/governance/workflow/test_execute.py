"""From approval to effect: the delay, the checks in the signing transaction, the lease, and what each refusal leaves."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import Session, select

from governance.actors import Actor, ActorKind, Role
from governance.canonical import canonical, digest, timestamp
from governance.electorates import electorate
from governance.errors import Conflict, Expired, IllegalTransition, Paused
from governance.executions import MIN_DELAY, Effect, State
from governance.records import applied_changes, electorates
from governance.records.approvals import Consent
from governance.records.daos import get_dao
from governance.records.decision_log import LogEntry
from governance.records.executions import Execution, get_execution
from governance.records.parameters import Parameter
from governance.records.recommendations import Recommendation
from governance.workflow.due import due_work
from governance.workflow.expire import expire
from governance.workflow.lease import take_lease
from governance.workflow.override import Action, override
from governance.workflow.pause import ask_to_clear, pause
from governance.workflow.schedule import schedule
from governance.workflow.settle import record_executed, record_failed, record_mined, record_sent
from governance.workflow.sign import make_ready, sign
from tests.consent_world import (
    DAO,
    EXECUTOR,
    HOLDER,
    HUMAN,
    approve_by,
    consent,
    delegates_document,
    document,
    electorate_body,
    found_dao,
    guardrail_body,
    propose,
    put_guardrail,
    state_of,
    try_to_sign,
)

GUARDIAN = Actor(ActorKind.HUMAN, "key_guardian", "apikey", frozenset({Role.GUARDIAN}))
OTHER_GUARDIAN = Actor(ActorKind.HUMAN, "key_other_guardian", "apikey", frozenset({Role.GUARDIAN}))


@pytest.fixture
def approved(session: Session, now: datetime) -> str:
    """An approved change of the parameter."""
    found_dao(session, now=now)
    recommendation = propose(session, document(made_at=now), now=now)
    approve_by(session, recommendation, [1, 2], now=now)
    return recommendation


def scheduled(session: Session, recommendation: str, now: datetime) -> Execution:
    return schedule(session, recommendation, actor=HUMAN, now=now)


def settle(session: Session, execution: Execution, now: datetime) -> State:
    """Everything after the signature, with the effect an honest receiver would record."""
    own: dict[str, Any] = {"holder": HOLDER, "fence": execution.fence, "actor": EXECUTOR, "now": now}
    effect = Effect(execution.operation_id, str(execution.signed_bytes), 0)
    record_sent(session, execution.id, **own)
    record_mined(session, execution.id, effect, **own)
    record_executed(session, execution.id, effect, **own)
    return state_of(session, execution.recommendation_id)


def value(session: Session) -> str:
    return applied_changes.live_parameter(session, f"par_{DAO}").value


def kinds(session: Session, recommendation: str) -> list[str]:
    return list(session.exec(select(LogEntry.kind).where(LogEntry.subject == recommendation).order_by("seq")))


def test_an_approved_change_is_applied_once_after_its_delay(session: Session, now: datetime, approved: str) -> None:
    """The whole way: every state in order, the value changed, the history one entry longer."""
    execution = scheduled(session, approved, now)
    assert execution.ready_at == now + MIN_DELAY
    assert try_to_sign(session, execution, now=execution.ready_at) is State.SIGNED
    assert value(session) == "500"
    assert settle(session, execution, execution.ready_at) is State.EXECUTED

    assert value(session) == "550"
    assert [(change.before, change.after) for change in applied_changes.executed_changes(session, f"par_{DAO}")] == [(500, 550)]
    assert kinds(session, approved)[-6:] == [
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


def _pause(session: Session, now: datetime, _approved: str) -> None:
    pause(session, DAO, guardian=GUARDIAN, reason="a test", now=now)


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
    _pause(session, now, approved)

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


def _value_changed(session: Session, _now: datetime) -> None:
    session.execute(update(Parameter).values(value="510"))


def _guardrail_changed(session: Session, now: datetime) -> None:
    put_guardrail(session, f"par_{DAO}", guardrail_body(max_step="101"), version=2, now=now)


def _guardrail_body_edited(session: Session, _now: datetime) -> None:
    row = applied_changes.live_guardrail(session, f"par_{DAO}")
    row.body = guardrail_body(max_step="1000")
    session.add(row)
    session.flush()


def _document_edited(session: Session, _now: datetime) -> None:
    row = session.exec(select(Recommendation)).one()
    row.document = {**row.document, "change": {**row.document["change"], "to": "590"}}
    session.add(row)
    session.flush()


def _document_and_digest_edited(session: Session, now: datetime) -> None:
    _document_edited(session, now)
    row = session.exec(select(Recommendation)).one()
    row.digest = digest(row.document)
    session.add(row)
    session.flush()


def _signature_edited(session: Session, _now: datetime) -> None:
    row = session.exec(select(Consent)).first()
    assert row is not None
    other = session.exec(select(Consent).where(Consent.id != row.id)).first()
    assert other is not None
    row.signature = other.signature
    session.add(row)
    session.flush()


def _consent_removed(session: Session, _now: datetime) -> None:
    session.delete(session.exec(select(Consent)).first())
    session.flush()


def _value_moved_within_the_cooldown(session: Session, now: datetime) -> None:
    parameter = applied_changes.live_parameter(session, f"par_{DAO}")
    for before, after in (("500", "400"), ("400", "500")):
        applied_changes.apply_value(session, parameter, before=before, after=after, set_by="test", ts=now + MIN_DELAY, recorded_at=now)


@pytest.mark.parametrize(
    ("meanwhile", "rule"),
    [
        (_value_changed, "pre_state"),
        (_guardrail_changed, "guardrail_hash"),
        (_guardrail_body_edited, "guardrail_body"),
        (_document_edited, "document"),
        (_document_and_digest_edited, "payload"),
        (_signature_edited, "signature"),
        (_value_moved_within_the_cooldown, "guardrail.cooldown"),
    ],
)
def test_what_changed_since_the_approval_blocks_it(
    session: Session, now: datetime, approved: str, meanwhile: Callable[[Session, datetime], None], rule: str
) -> None:
    """F29 and T9: consent was to that change, from that value, inside that guardrail; anything else needs a new one."""
    execution = scheduled(session, approved, now)
    meanwhile(session, now)

    assert try_to_sign(session, execution, now=execution.ready_at) is State.BLOCKED
    assert execution.blocked is not None
    assert execution.blocked["rule"] == rule
    assert execution.signed_bytes is None
    assert kinds(session, approved)[-1] == "execution.blocked"


def test_an_approval_without_its_consents_is_recounted_and_not_signed(session: Session, now: datetime, approved: str) -> None:
    """The approval row alone is not consent: its consents are counted again in the signing transaction (I9)."""
    execution = scheduled(session, approved, now)
    _consent_removed(session, now)

    assert try_to_sign(session, execution, now=execution.ready_at) is State.VOTING
    assert execution.signed_bytes is None


def test_a_removed_delegate_no_longer_counts_even_when_nobody_recounted(session: Session, now: datetime, approved: str) -> None:
    """The count in the signing transaction does not rely on the one at the change of delegates."""
    execution = scheduled(session, approved, now)
    version = electorates.get_current(session, DAO)[0] + 1
    rules = electorate(electorate_body("20", "30", "40", first=2))
    electorates.add(session, DAO, rules, version=version, set_by="test", ts=now, recorded_at=now)

    assert try_to_sign(session, execution, now=execution.ready_at) is State.VOTING


def test_a_blocked_change_returns_by_a_recheck_that_passes_and_not_by_one_that_fails(
    session: Session, now: datetime, approved: str
) -> None:
    """An override asks for the checks again; it skips none. Both attempts are logged."""
    execution = scheduled(session, approved, now)
    _value_changed(session, now)
    at = execution.ready_at
    try_to_sign(session, execution, now=at)
    override(session, approved, action=Action.RECHECK, reason="look again", guardian=GUARDIAN, now=at)
    assert state_of(session, approved) is State.BLOCKED
    session.execute(update(Parameter).values(value="500"))
    override(session, approved, action=Action.RECHECK, reason="the value is back", guardian=GUARDIAN, now=at)

    assert state_of(session, approved) is State.READY
    assert execution.blocked is None
    logged = session.exec(select(LogEntry.kind).order_by("seq")).all()
    assert logged.count("override.made") == 2
    with pytest.raises(IllegalTransition):
        override(session, approved, action=Action.RECHECK, reason="again", guardian=GUARDIAN, now=at)


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


def test_a_nonce_is_consumed_once(session: Session, now: datetime, approved: str) -> None:
    """I8: two approved changes with one nonce are alternatives; signing one forbids the other."""
    twin = propose(session, document(made_at=now, reason="the twin"), now=now)
    approve_by(session, twin, [1, 2], now=now)
    first, second = scheduled(session, approved, now), scheduled(session, twin, now)
    override(session, approved, action=Action.CANCEL, reason="room in the window", guardian=GUARDIAN, now=now)
    assert try_to_sign(session, second, now=second.ready_at) is State.SIGNED
    settle(session, second, second.ready_at)
    third = propose(session, document(made_at=now, reason="the third", change=_back(), rollback=_there()), now=now)
    approve_by(session, third, [1, 2], now=now)
    execution = scheduled(session, third, now)

    assert try_to_sign(session, execution, now=execution.ready_at + timedelta(hours=2)) is State.BLOCKED
    assert execution.blocked is not None
    assert execution.blocked["rule"] == "nonce"
    assert first.nonce is None


def _back() -> dict[str, str]:
    return {"parameter": "staking_apr", "from": "550", "to": "500", "unit": "bps"}


def _there() -> dict[str, str]:
    return {"parameter": "staking_apr", "from": "500", "to": "550", "unit": "bps"}


def test_two_changes_of_one_parameter_are_never_under_way_together(session: Session, now: datetime, approved: str) -> None:
    """Between signature and effect the live value is about to change; nothing else may start from it."""
    twin = propose(session, document(made_at=now, nonce=2), now=now)
    approve_by(session, twin, [1, 2], now=now)
    first, second = scheduled(session, approved, now), scheduled(session, twin, now)
    assert try_to_sign(session, first, now=first.ready_at) is State.SIGNED

    with pytest.raises(Conflict, match="under way"):
        try_to_sign(session, second, now=second.ready_at)


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


def test_each_step_taken_again_changes_nothing(session: Session, now: datetime, approved: str) -> None:
    """A step whose answer was lost is asked for again; the second time is only an answer."""
    execution = scheduled(session, approved, now)
    try_to_sign(session, execution, now=execution.ready_at)
    signed_bytes = execution.signed_bytes
    settle(session, execution, execution.ready_at)
    size = len(kinds(session, approved))
    own: dict[str, Any] = {"holder": HOLDER, "fence": execution.fence, "actor": EXECUTOR, "now": execution.ready_at}
    make_ready(session, execution.id, **own)
    sign(session, execution.id, **own)
    record_sent(session, execution.id, **own)
    effect = Effect(execution.operation_id, str(signed_bytes), 0)
    record_mined(session, execution.id, effect, **own)
    record_executed(session, execution.id, effect, **own)
    assert scheduled(session, approved, now).id == execution.id

    assert len(kinds(session, approved)) == size
    assert get_execution(session, execution.id).signed_bytes == signed_bytes
    assert value(session) == "550"


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
    assert value(session) == "500"


def test_a_value_changed_by_another_hand_after_the_signature_pauses_the_dao(session: Session, now: datetime, approved: str) -> None:
    """Nothing is written over what nobody approved to be there: people must look."""
    execution = scheduled(session, approved, now)
    try_to_sign(session, execution, now=execution.ready_at)
    _value_changed(session, now)

    assert settle(session, execution, execution.ready_at) is State.MINED
    assert get_dao(session, DAO).paused
    assert value(session) == "510"


def test_delegates_change_by_their_own_consent(session: Session, now: datetime) -> None:
    """The way that is left once they were set: a delegates_change, approved and executed like any other."""
    before, after = electorate_body("10", "20", "30"), electorate_body("1", "2", rule="power", approve="3", first=5)
    found_dao(session, now=now, electorate_=before)
    recommendation = propose(session, delegates_document(now=now, before=before, after=after), now=now)
    approve_by(session, recommendation, [1, 3], now=now)
    execution = scheduled(session, recommendation, now)
    assert try_to_sign(session, execution, now=execution.ready_at) is State.SIGNED
    assert settle(session, execution, execution.ready_at) is State.EXECUTED

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

    assert settle(session, execution, execution.ready_at) is State.EXECUTED
    assert applied_changes.live_guardrail(session, parameter).version == 2
    assert applied_changes.live_guardrail(session, parameter).sha256 == digest(wider)
    assert kinds(session, recommendation)[-1] == "guardrail.set"


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
    settle(session, execution, execution.ready_at)
    assert due(now) is None
