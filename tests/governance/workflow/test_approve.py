"""Consents as they are recorded: who counts, what decides, what is refused, and what is written down."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from governance.approvals import Support
from governance.decision_log import EntryKind
from governance.errors import (
    AlreadyRecorded,
    Conflict,
    ConsentRequired,
    Expired,
    Forbidden,
    GovernanceError,
    IllegalTransition,
    InvalidInput,
    Paused,
    SignatureRefused,
)
from governance.executions import State
from governance.records import approvals, electorates
from governance.records.decision_log import LogEntry
from governance.records.recommendations import get_recommendation
from governance.workflow.approve import approve
from governance.workflow.delegates import put_electorate, set_delegates
from governance.workflow.pause import pause
from governance.workflow.refuse import record_refusal
from tests.consent_world import (
    DAO,
    HUMAN,
    Signed,
    approve_by,
    consent,
    document,
    electorate_body,
    found_dao,
    propose,
    signed,
    state_of,
    wallet,
)


@pytest.fixture
def recommendation(session: Session, now: datetime) -> str:
    """A change put to three delegates, two of whom approve it."""
    found_dao(session, now=now)
    return propose(session, document(made_at=now), now=now)


def kinds(session: Session, recommendation: str) -> list[str]:
    query = select(LogEntry.kind).where(LogEntry.subject == recommendation).order_by("seq")
    return list(session.exec(query))


def test_the_first_consent_opens_the_vote_and_the_threshold_closes_it(session: Session, now: datetime, recommendation: str) -> None:
    """Two of three: VOTING with the first word, APPROVED with the second, each step an entry."""
    consent(session, recommendation, 1, now=now)
    assert state_of(session, recommendation) is State.VOTING
    told = consent(session, recommendation, 2, now=now)

    assert told.outcome["state"] == State.APPROVED
    assert told.outcome["tally"] == {"rule": "head", "for": "2", "against": "0", "abstain": "0", "undecided": "1", "approve": "2"}
    assert kinds(session, recommendation)[2:] == ["voting.opened", "consent.recorded", "consent.recorded", "approval.recorded"]
    assert approvals.get_approval(session, recommendation).tally["signers"] == sorted([wallet(1).address, wallet(2).address], key=str.lower)


def test_the_log_holds_the_whole_struct_and_the_signature(session: Session, now: datetime, recommendation: str) -> None:
    """An offline verifier needs nothing else to check that this delegate signed this change."""
    row = consent(session, recommendation, 1, now=now)
    entry = session.exec(select(LogEntry).where(LogEntry.kind == EntryKind.CONSENT_RECORDED)).one().document()

    assert entry["data"]["consent"] == row.message
    assert len(entry["data"]["consent"]) == 13
    assert all(isinstance(value, str) for value in entry["data"]["consent"].values())
    assert (entry["data"]["signature"], entry["data"]["support"], entry["data"]["power"]) == (row.signature, "1", "10")
    assert entry["actor"] == {"kind": "human", "id": wallet(1).address, "auth": "eip712"}


@pytest.mark.parametrize("support", [Support.AGAINST, Support.ABSTAIN])
def test_a_change_is_rejected_once_it_can_no_longer_be_approved(
    session: Session, now: datetime, recommendation: str, support: Support
) -> None:
    """Two of three did not consent: the third alone cannot reach two, so nobody has to wait for it."""
    consent(session, recommendation, 1, now=now, support=support)
    assert state_of(session, recommendation) is State.VOTING
    consent(session, recommendation, 2, now=now, support=support)

    assert state_of(session, recommendation) is State.REJECTED
    assert kinds(session, recommendation)[-1] == "approval.rejected"
    with pytest.raises(IllegalTransition):
        consent(session, recommendation, 3, now=now)


def test_the_same_consent_again_gives_the_first_answer_whatever_happened_since(
    session: Session, now: datetime, recommendation: str
) -> None:
    """A delivery that is repeated after a lost answer must not fail, nor count twice, nor log twice."""
    first = consent(session, recommendation, 1, now=now)
    answer = first.model_dump()
    consent(session, recommendation, 2, now=now)
    pause(session, DAO, guardian=HUMAN, reason="a test", now=now)
    size = len(kinds(session, recommendation))
    again = consent(session, recommendation, 1, now=now + timedelta(days=30))

    assert again.model_dump() == answer
    assert len(kinds(session, recommendation)) == size


def test_a_delegate_may_take_a_word_back_but_not_make_it_stronger(session: Session, now: datetime, recommendation: str) -> None:
    """Who carries an old "for" cannot deliver it after the "against" that replaced it."""
    consent(session, recommendation, 1, now=now)
    consent(session, recommendation, 1, now=now, support=Support.AGAINST)
    with pytest.raises(AlreadyRecorded):
        consent(session, recommendation, 1, now=now, support=Support.ABSTAIN)
    consent(session, recommendation, 2, now=now)

    assert state_of(session, recommendation) is State.VOTING
    assert len(approvals.consents_of(session, recommendation)) == 3
    assert approvals.words_of(session, recommendation)[wallet(1).address] is Support.AGAINST


def _by_a_stranger(body: dict[str, Any]) -> Signed:
    return signed(body, wallet(9))


def _by_another(body: dict[str, Any]) -> Signed:
    mine, theirs = signed(body, wallet(1)), signed(body, wallet(2))
    return Signed(mine.message, mine.domain, theirs.signature)


def _over_another_digest(body: dict[str, Any]) -> Signed:
    return signed({**body, "reason": "something else"}, wallet(1))


def _over_another_dao(body: dict[str, Any]) -> Signed:
    return signed(document(made_at=NOW_OF(body), dao="meadow"), wallet(1))


def _over_another_chain(body: dict[str, Any]) -> Signed:
    there = signed(document(made_at=NOW_OF(body), chain_id=1), wallet(1))
    return Signed(signed(body, wallet(1)).message, there.domain, there.signature)


def _with_a_field_too_many(body: dict[str, Any]) -> Signed:
    mine = signed(body, wallet(1))
    return Signed({**mine.message, "note": "x"}, mine.domain, mine.signature)


def _with_a_field_missing(body: dict[str, Any]) -> Signed:
    mine = signed(body, wallet(1))
    return Signed({k: v for k, v in mine.message.items() if k != "nonce"}, mine.domain, mine.signature)


def _with_support_of_three(body: dict[str, Any]) -> Signed:
    mine = signed(body, wallet(1))
    return Signed({**mine.message, "support": 3}, mine.domain, mine.signature)


def NOW_OF(body: dict[str, Any]) -> datetime:  # noqa: N802  # reads as a constant of the document
    return datetime.fromisoformat(body["made_at"])


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (_by_a_stranger, Forbidden),
        (_by_another, SignatureRefused),
        (_over_another_digest, SignatureRefused),
        (_over_another_dao, SignatureRefused),
        (_over_another_chain, SignatureRefused),
        (_with_a_field_too_many, InvalidInput),
        (_with_a_field_missing, InvalidInput),
        (_with_support_of_three, InvalidInput),
    ],
)
def test_a_consent_that_is_not_a_delegates_to_exactly_this_is_refused(
    session: Session, now: datetime, recommendation: str, spoil: Callable[[dict[str, Any]], Signed], error: type[GovernanceError]
) -> None:
    """Each leaves the change where it was, with nothing written."""
    word = spoil(get_recommendation(session, recommendation).document)
    size = len(kinds(session, recommendation))

    with pytest.raises(error) as refused:
        approve(session, recommendation, message=word.message, domain=word.domain, signature=word.signature, now=now)
    assert refused.value.details["field"]
    assert refused.value.details["rule"]
    assert state_of(session, recommendation) is State.PROPOSED
    assert len(kinds(session, recommendation)) == size


def test_nothing_is_taken_while_paused_expired_or_too_early(session: Session, now: datetime, recommendation: str) -> None:
    """Pause beats everything; after the deadline a valid signature is worth nothing."""
    with pytest.raises(Conflict):
        consent(session, recommendation, 1, now=now - timedelta(seconds=1))
    with pytest.raises(Expired):
        consent(session, recommendation, 1, now=now + timedelta(days=7))
    pause(session, DAO, guardian=HUMAN, reason="a test", now=now)
    with pytest.raises(Paused):
        consent(session, recommendation, 1, now=now)


def test_delegates_are_set_once_by_a_key_and_never_again(session: Session, now: datetime) -> None:
    """Whoever holds an admin key must not be able to vote in friends."""
    found_dao(session, now=now)
    body = electorate_body("10", "20", "30")

    assert set_delegates(session, DAO, body, actor=HUMAN, now=now).version == 1
    with pytest.raises(ConsentRequired):
        set_delegates(session, DAO, electorate_body("10", "20", "31"), actor=HUMAN, now=now)


def change_electorate(session: Session, body: dict[str, Any], now: datetime) -> None:
    from governance.electorates import electorate  # noqa: PLC0415  # beside its only use

    version = electorates.get_current(session, DAO)[0] + 1
    put_electorate(session, DAO, electorate(body), version=version, by="consent", actor=HUMAN, ts=now, recorded_at=now)


def test_an_approval_falls_when_a_signer_is_removed_and_too_few_are_left(session: Session, now: datetime, recommendation: str) -> None:
    """A delegate removed before execution no longer counts."""
    approve_by(session, recommendation, [1, 2], now=now)
    change_electorate(session, electorate_body("20", "30", "40", first=2), now)

    assert state_of(session, recommendation) is State.VOTING
    assert approvals.approval_of(session, recommendation) is None
    assert kinds(session, recommendation)[-1] == "approval.recounted"


def test_an_approval_is_made_anew_by_the_signers_who_are_left(session: Session, now: datetime, recommendation: str) -> None:
    """Its digest is over who signed, so the removed signer must leave it; the delay starts again."""
    approve_by(session, recommendation, [1, 2], now=now)
    before = approvals.get_approval(session, recommendation).digest
    change_electorate(session, electorate_body("20", "30", approve="1", first=2), now)

    assert state_of(session, recommendation) is State.APPROVED
    assert approvals.get_approval(session, recommendation).digest != before
    assert kinds(session, recommendation)[-2:] == ["approval.recounted", "approval.recorded"]


def test_an_approval_stands_when_its_signers_and_threshold_still_hold(session: Session, now: datetime, recommendation: str) -> None:
    """A new delegate beside the signers changes nothing that was decided."""
    approve_by(session, recommendation, [1, 2], now=now)
    size = len(kinds(session, recommendation))
    change_electorate(session, electorate_body("10", "20", "30", "40"), now)

    assert state_of(session, recommendation) is State.APPROVED
    assert len(kinds(session, recommendation)) == size


def test_a_vote_may_be_decided_by_a_change_of_the_electorate(session: Session, now: datetime, recommendation: str) -> None:
    """Open votes are counted again too: a lower threshold approves, a removed supporter may make it impossible."""
    consent(session, recommendation, 1, now=now)
    change_electorate(session, electorate_body("10", "20", approve="1"), now)
    assert state_of(session, recommendation) is State.APPROVED

    other = propose(session, document(made_at=now, nonce=2), now=now)
    consent(session, other, 2, now=now, support=Support.AGAINST)
    change_electorate(session, electorate_body("20", "30", approve="2", first=2), now)
    assert state_of(session, other) is State.REJECTED


def test_a_refused_attempt_can_be_kept_with_the_values_that_decided(session: Session, now: datetime, recommendation: str) -> None:
    """Refusals are evidence; a key that tries signatures leaves traces."""
    error = SignatureRefused("not yours", field="signature", value=7, expected=["a"])
    record_refusal(session, recommendation, error, attempt="approve", actor=HUMAN, now=now)
    data = session.exec(select(LogEntry).where(LogEntry.kind == EntryKind.REFUSAL_RECORDED)).one().document()["data"]

    assert data["code"] == "signature_refused"
    assert data["details"] == {"field": "signature", "value": "7", "expected": ["a"]}
