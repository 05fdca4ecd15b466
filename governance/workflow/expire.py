"""Ends a recommendation whose time has passed before anything was signed."""

from datetime import datetime

from sqlmodel import Session

from governance import approvals as rules
from governance.actors import Actor
from governance.decision_log import EntryKind
from governance.errors import Conflict
from governance.executions import State
from governance.records.daos import dao_time
from governance.records.recommendations import Recommendation, get_recommendation, move


def expire(session: Session, recommendation_id: str, *, actor: Actor, now: datetime) -> Recommendation:
    """Move a recommendation past its deadline to EXPIRED; expired already, it is given as it is.

    Raises:
        Conflict: its deadline has not come.
        IllegalTransition: it is signed or final.

    Logs:
        recommendation.expired.
    """
    recommendation = get_recommendation(session, recommendation_id)
    if recommendation.state == State.EXPIRED:
        return recommendation
    ts = dao_time(session, recommendation.dao_id, now)
    if ts.timestamp() < rules.deadline(recommendation.document):
        raise Conflict("it has not expired", field="expires_at", value=recommendation.document["expires_at"], rule="now >= expires_at")
    move(session, recommendation, EntryKind.RECOMMENDATION_EXPIRED, actor=actor, data={}, ts=ts, recorded_at=now)
    return recommendation
