"""Keeps an attempt to approve or execute that was refused: in a transaction of its own, for the first was undone."""

from datetime import datetime

from sqlmodel import Session

from governance.actors import Actor
from governance.decision_log import EntryKind
from governance.errors import Conflict, Expired, Forbidden, GovernanceError, Paused
from governance.records import decision_log
from governance.records.daos import dao_time
from governance.records.recommendations import Recommendation


def worth_keeping(error: GovernanceError) -> bool:
    """Whether a refusal tells an auditor something: a malformed or misaddressed request, or a busy server, does not."""
    return isinstance(error, (Forbidden, Conflict, Expired, Paused))


def record_refusal(session: Session, recommendation_id: str, error: GovernanceError, *, attempt: str, actor: Actor, now: datetime) -> None:
    """Log that `actor` was refused `attempt` ("approve", "sign" …) on the recommendation, and by which rule.

    Logs:
        refusal.recorded.
    """
    recommendation = session.get(Recommendation, recommendation_id)
    if recommendation is None:
        return
    details = {name: _plain(value) for name, value in error.details.items()}
    decision_log.append(
        session,
        kind=EntryKind.REFUSAL_RECORDED,
        dao_id=recommendation.dao_id,
        actor=actor,
        subject={"recommendation": recommendation.id, "digest": recommendation.digest},
        data={"code": error.code, "attempt": attempt, "message": error.message[:500], "details": details},
        ts=dao_time(session, recommendation.dao_id, now),
        recorded_at=now,
    )


def _plain(value: object) -> object:
    if isinstance(value, list):
        return [str(item)[:200] for item in value[:32]]
    return str(value)[:200]
