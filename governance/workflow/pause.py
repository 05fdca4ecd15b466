"""The pause switch: one guardian sets it at once, two different guardians clear it."""

from datetime import datetime

from sqlmodel import Session

from governance.actors import Actor
from governance.decision_log import EntryKind
from governance.errors import Conflict
from governance.records import decision_log, fail_safes
from governance.records.daos import Dao, PauseEvent, dao_time, get_dao

GUARDIANS_TO_CLEAR = 2


def pause(session: Session, dao_id: str, *, guardian: Actor, reason: str, now: datetime) -> PauseEvent:
    """Stop recommending, approving and signing for the DAO, from this transaction on.

    A second pause is kept and logged too, and takes back every request to clear the first. What was signed before
    cannot be recalled: its effect, once out, is still recorded.

    Logs:
        pause.set.
    """
    dao = get_dao(session, dao_id)
    fail_safes.set_paused(session, dao, paused=True)
    event = fail_safes.add_pause_event(session, dao, action=fail_safes.SET, guardian=guardian.id, reason=reason, recorded_at=now)
    _log(session, dao, EntryKind.PAUSE_SET, actor=guardian, data={"reason": reason}, now=now)
    return event


def ask_to_clear(session: Session, dao_id: str, *, guardian: Actor, reason: str, now: datetime) -> PauseEvent:
    """One guardian's word to go on; with the second guardian's the pause ends.

    Raises:
        Conflict: the DAO is not paused, or this guardian has asked before.

    Logs:
        pause.cleared, once two have asked; the first request is named in it.
    """
    dao = get_dao(session, dao_id)
    if not dao.paused:
        raise Conflict("the DAO is not paused", dao=dao_id)
    asked = fail_safes.asked_to_clear(session, dao_id)
    if any(event.guardian == guardian.id for event in asked):
        raise Conflict("this guardian has asked; another one must", dao=dao_id, guardian=guardian.id, rule="two different guardians")
    event = fail_safes.add_pause_event(session, dao, action=fail_safes.ASKED, guardian=guardian.id, reason=reason, recorded_at=now)
    asked = [*asked, event]
    if len(asked) < GUARDIANS_TO_CLEAR:
        return event
    fail_safes.set_paused(session, dao, paused=False)
    cleared = fail_safes.add_pause_event(session, dao, action=fail_safes.CLEARED, guardian=guardian.id, reason=reason, recorded_at=now)
    guardians = [{"guardian": word.guardian, "reason": word.reason} for word in asked]
    _log(session, dao, EntryKind.PAUSE_CLEARED, actor=guardian, data={"reason": reason, "guardians": guardians}, now=now)
    return cleared


def _log(session: Session, dao: Dao, kind: EntryKind, *, actor: Actor, data: dict[str, object], now: datetime) -> None:
    decision_log.append(
        session,
        kind=kind,
        dao_id=dao.id,
        actor=actor,
        subject={"dao": dao.id},
        data=data,
        ts=dao_time(session, dao.id, now),
        recorded_at=now,
    )
