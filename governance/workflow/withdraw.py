"""Takes back a recommendation that the DAO has not decided yet."""

from datetime import datetime

from sqlmodel import Session

from governance.actors import Actor
from governance.decision_log import EntryKind
from governance.errors import IllegalTransition, InvalidInput
from governance.executions import State
from governance.records.daos import dao_time
from governance.records.recommendations import Recommendation, get_recommendation, move

_UNDECIDED = frozenset({State.DRAFT, State.PROPOSED, State.VOTING})


def withdraw(session: Session, recommendation_id: str, *, reason: str, actor: Actor, now: datetime) -> Recommendation:
    """Cancel a recommendation before it is approved; withdrawn already, it is given as it is.

    What the DAO approved is not a proposer's to take back: a guardian cancels it by an override.

    Raises:
        IllegalTransition: it is approved, under way or final.

    Logs:
        recommendation.cancelled.
    """
    if not 0 < len(reason) <= 1_000:
        raise InvalidInput("reason", reason, "must be 1 to 1000 characters")
    row = get_recommendation(session, recommendation_id)
    if row.state == State.CANCELLED:
        return row
    if State(row.state) not in _UNDECIDED:
        kind = EntryKind.RECOMMENDATION_CANCELLED.value
        expected = sorted(state.value for state in _UNDECIDED)
        raise IllegalTransition(
            f"a proposer withdraws before the approval; this is {row.state}", state=row.state, step=kind, expected=expected
        )
    ts = dao_time(session, row.dao_id, now)
    move(session, row, EntryKind.RECOMMENDATION_CANCELLED, actor=actor, data={"reason": reason}, ts=ts, recorded_at=now)
    return row
