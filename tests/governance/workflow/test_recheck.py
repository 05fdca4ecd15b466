"""What is checked again in the transaction that signs, and what each refusal leaves behind."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import update
from sqlmodel import Session, select

from governance.actors import Actor, ActorKind, Role
from governance.canonical import digest
from governance.electorates import electorate
from governance.errors import Conflict, IllegalTransition
from governance.executions import MIN_DELAY, State
from governance.records import applied_changes, electorates
from governance.records.approvals import Consent
from governance.records.decision_log import LogEntry
from governance.records.parameters import Parameter
from governance.records.recommendations import Recommendation
from governance.workflow.override import Action, override
from tests.consent_world import (
    DAO,
    approve_by,
    document,
    electorate_body,
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
    assert log_kinds(session, approved)[-1] == "execution.blocked"


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


def _back() -> dict[str, str]:
    return {"parameter": "staking_apr", "from": "550", "to": "500", "unit": "bps"}


def _there() -> dict[str, str]:
    return {"parameter": "staking_apr", "from": "500", "to": "550", "unit": "bps"}


def test_a_nonce_is_consumed_once(session: Session, now: datetime, approved: str) -> None:
    """I8: two approved changes with one nonce are alternatives; signing one forbids the other."""
    twin = propose(session, document(made_at=now, reason="the twin"), now=now)
    approve_by(session, twin, [1, 2], now=now)
    first, second = scheduled(session, approved, now), scheduled(session, twin, now)
    override(session, approved, action=Action.CANCEL, reason="room in the window", guardian=GUARDIAN, now=now)
    assert try_to_sign(session, second, now=second.ready_at) is State.SIGNED
    settled(session, second, second.ready_at)
    third = propose(session, document(made_at=now, reason="the third", change=_back(), rollback=_there()), now=now)
    approve_by(session, third, [1, 2], now=now)
    execution = scheduled(session, third, now)

    assert try_to_sign(session, execution, now=execution.ready_at + timedelta(hours=2)) is State.BLOCKED
    assert execution.blocked is not None
    assert execution.blocked["rule"] == "nonce"
    assert first.nonce is None


def test_two_changes_of_one_parameter_are_never_under_way_together(session: Session, now: datetime, approved: str) -> None:
    """Between signature and effect the live value is about to change; nothing else may start from it."""
    twin = propose(session, document(made_at=now, nonce=2), now=now)
    approve_by(session, twin, [1, 2], now=now)
    first, second = scheduled(session, approved, now), scheduled(session, twin, now)
    assert try_to_sign(session, first, now=first.ready_at) is State.SIGNED

    with pytest.raises(Conflict, match="under way"):
        try_to_sign(session, second, now=second.ready_at)
