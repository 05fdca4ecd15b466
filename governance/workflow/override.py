"""A guardian's decision over the machine's. It can stop a change or ask for its checks again, never skip one."""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Session

from governance.actors import Actor
from governance.decision_log import EntryKind
from governance.errors import IllegalTransition
from governance.executions import State, step
from governance.identity import derived
from governance.records import decision_log, executions, fail_safes
from governance.records.daos import dao_time
from governance.records.executions import Override
from governance.records.recommendations import Recommendation, get_recommendation, move
from governance.workflow.sign import check_ready


class Action(StrEnum):
    """What a guardian may do by a word of their own."""

    CANCEL = "cancel"
    RECHECK = "recheck"


def override(session: Session, recommendation_id: str, *, action: Action, reason: str, guardian: Actor, now: datetime) -> Override:
    """`cancel` ends a change that is not signed yet; `recheck` takes a blocked one back to READY if every check passes now.

    A cancelled change cannot come back, and its nonce is never used: it needs a new recommendation. The override
    itself is kept also when the re-check leaves the change blocked.

    Raises:
        IllegalTransition: it is signed, final, or not blocked.
        Paused, Expired, Conflict: a re-check cannot pass now.

    Logs:
        override.made, then recommendation.cancelled or execution.ready.
    """
    recommendation = get_recommendation(session, recommendation_id)
    _refuse_impossible(State(recommendation.state), action)
    row = _log(session, recommendation, action=action, reason=reason, guardian=guardian, now=now)
    if action is Action.CANCEL:
        ts = dao_time(session, recommendation.dao_id, now)
        data = {"reason": reason, "override": row.id}
        move(session, recommendation, EntryKind.RECOMMENDATION_CANCELLED, actor=guardian, data=data, ts=ts, recorded_at=now)
        return row
    execution = executions.get_execution(session, executions.execution_id(recommendation.id))
    check_ready(session, execution, recommendation, actor=guardian, now=now)
    return row


def _refuse_impossible(state: State, action: Action) -> None:
    if action is Action.CANCEL:
        step(state, EntryKind.RECOMMENDATION_CANCELLED)
    elif state is not State.BLOCKED:
        raise IllegalTransition(f"only what is BLOCKED is checked again; it is {state.value}", state=state.value, step=action.value)


def _log(session: Session, recommendation: Recommendation, *, action: Action, reason: str, guardian: Actor, now: datetime) -> Override:
    count = len(fail_safes.overrides_of(session, recommendation.dao_id))
    row = fail_safes.add_override(
        session,
        id_=derived("ovr", recommendation.dao_id, str(count)),
        dao_id=recommendation.dao_id,
        recommendation_id=recommendation.id,
        action=action.value,
        reason=reason,
        actor=guardian.id,
        recorded_at=now,
    )
    decision_log.append(
        session,
        kind=EntryKind.OVERRIDE_MADE,
        dao_id=recommendation.dao_id,
        actor=guardian,
        subject={"recommendation": recommendation.id, "digest": recommendation.digest, "override": row.id},
        data={"action": action.value, "reason": reason},
        ts=dao_time(session, recommendation.dao_id, now),
        recorded_at=now,
    )
    return row
