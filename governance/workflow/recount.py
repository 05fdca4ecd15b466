"""Counts the consents to a recommendation against today's electorate, and moves it where the count says."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from governance.actors import SYSTEM
from governance.approvals import approval_digest
from governance.counting import Tally, count
from governance.decision_log import EntryKind
from governance.executions import ACCEPTED, State
from governance.records import approvals, electorates
from governance.records.executions import in_states
from governance.records.recommendations import Recommendation, move


@dataclass(frozen=True, slots=True)
class Count:
    """A tally and the version of the electorate it was made against."""

    tally: Tally
    electorate_version: int

    def body(self) -> dict[str, object]:
        """As it is logged."""
        return {"tally": self.tally.body(), "electorate_version": self.electorate_version}


def count_consents(session: Session, recommendation: Recommendation) -> Count:
    """The tally now. A delegate who was removed no longer counts; one who was added is undecided."""
    version, electorate = electorates.get_current(session, recommendation.dao_id)
    return Count(count(electorate, approvals.words_of(session, recommendation.id)), version)


def conclude(session: Session, recommendation: Recommendation, *, ts: datetime, recorded_at: datetime) -> Count:
    """Approve or reject a recommendation in VOTING if its count decides so; else leave it there.

    Logs:
        approval.recorded or approval.rejected.
    """
    counted = count_consents(session, recommendation)
    if counted.tally.met:
        digest = approval_digest(recommendation.document, counted.tally.signers)
        approvals.put_approval(
            session,
            recommendation,
            digest=digest,
            tally=counted.tally,
            electorate_version=counted.electorate_version,
            ts=ts,
            recorded_at=recorded_at,
        )
        data = {**counted.body(), "approval_digest": "0x" + digest.hex(), "signers": list(counted.tally.signers)}
        move(session, recommendation, EntryKind.APPROVAL_RECORDED, actor=SYSTEM, data=data, ts=ts, recorded_at=recorded_at)
    elif counted.tally.out_of_reach:
        move(session, recommendation, EntryKind.APPROVAL_REJECTED, actor=SYSTEM, data=counted.body(), ts=ts, recorded_at=recorded_at)
    return counted


def still_holds(session: Session, recommendation: Recommendation) -> bool:
    """Whether the recorded approval stands today: every signer is still a delegate and the threshold is still met."""
    approval = approvals.get_approval(session, recommendation.id)
    tally = count_consents(session, recommendation).tally
    return tally.met and set(approval.tally["signers"]) <= set(tally.signers)


def recount(session: Session, recommendation: Recommendation, *, ts: datetime, recorded_at: datetime) -> None:
    """Count again what is voted on or approved and not yet signed; an approval that no longer stands is taken back.

    It is then made anew from the signers who are left, if they suffice: its digest, and with it the operation's id,
    is over who signed, and its delay starts again.

    Logs:
        approval.recounted, then what `conclude` logs.
    """
    if State(recommendation.state) in ACCEPTED and not still_holds(session, recommendation):
        counted = count_consents(session, recommendation)
        approvals.drop_approval(session, recommendation.id)
        move(session, recommendation, EntryKind.APPROVAL_RECOUNTED, actor=SYSTEM, data=counted.body(), ts=ts, recorded_at=recorded_at)
    if recommendation.state == State.VOTING:
        conclude(session, recommendation, ts=ts, recorded_at=recorded_at)


def recount_open(session: Session, dao_id: str, *, ts: datetime, recorded_at: datetime) -> None:
    """Recount everything open of the DAO, after its electorate changed and in the same transaction."""
    for recommendation in in_states(session, ACCEPTED | {State.VOTING}, dao_id=dao_id, limit=10_000):
        recount(session, recommendation, ts=ts, recorded_at=recorded_at)
