"""Writes the first entry of a log, and the entry by which its key changes."""

from datetime import datetime

from sqlmodel import Session

from governance.actors import SYSTEM, Actor
from governance.checkpoint import SignerKey, rotation_data
from governance.decision_log import EntryKind
from governance.records import decision_log
from governance.records.decision_log import Appended


def open_log(session: Session, *, origin: str, vkey: str, now: datetime) -> Appended | None:
    """Write `log.opened` as the log's first entry; None when the log was opened before."""
    if decision_log.log_size(session):
        return None
    return decision_log.append(
        session,
        kind=EntryKind.LOG_OPENED,
        dao_id=None,
        actor=SYSTEM,
        subject={"log": origin},
        data={"deployment": origin, "vkey": vkey},
        ts=now,
        recorded_at=now,
    )


def rotate_key(session: Session, *, origin: str, old: SignerKey, new: SignerKey, actor: Actor, now: datetime) -> Appended:
    """Write `key.rotated`, signed by both keys: heads that contain it are signed by `new`."""
    return decision_log.append(
        session,
        kind=EntryKind.KEY_ROTATED,
        dao_id=None,
        actor=actor,
        subject={"log": origin, "key": new.verifier.text()},
        data=rotation_data(origin=origin, old=old, new=new),
        ts=now,
        recorded_at=now,
    )


def record_export(session: Session, *, size: int, actor: Actor, now: datetime) -> Appended:
    """Write `export.made`: who took the log away as files, at which size."""
    return decision_log.append(
        session, kind=EntryKind.EXPORT_MADE, dao_id=None, actor=actor, subject={}, data={"size": size}, ts=now, recorded_at=now
    )
