"""Issues and revokes API keys."""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session

from governance.actors import Actor, Role
from governance.decision_log import EntryKind
from governance.errors import InvalidInput
from governance.identity import of_digest
from governance.records import decision_log
from governance.records.access import ApiKey, get_key, key_digest
from governance.records.daos import get_dao


def issue_key(
    session: Session,
    *,
    name: str,
    secret_sha256: str,
    scopes: Iterable[Role],
    dao_id: str | None,
    expires_at: datetime | None,
    actor: Actor,
    now: datetime,
) -> ApiKey:
    """Record a new key by its hash; the key itself never comes here.

    Raises:
        InvalidInput: no scope, or an expiry that is not ahead.
        NotFound: there is no such DAO.

    Logs:
        key.issued.
    """
    granted = sorted({role.value for role in scopes})
    if not granted:
        raise InvalidInput("scopes", [], "at least one role")
    if expires_at is not None and expires_at <= now:
        raise InvalidInput("expires_at", expires_at.isoformat(), "must be in the future")
    if dao_id is not None:
        get_dao(session, dao_id)
    key = ApiKey(
        id=of_digest("key", secret_sha256),
        dao_id=dao_id,
        name=name,
        secret_sha256=secret_sha256,
        scopes=granted,
        expires_at=expires_at,
        recorded_at=now,
    )
    session.add(key)
    session.flush()
    _log(session, EntryKind.KEY_ISSUED, key, actor=actor, now=now)
    return key


def revoke_key(session: Session, key_id: str, *, actor: Actor, now: datetime) -> ApiKey:
    """Make a key useless from now on; a revoked one stays as it is.

    Raises:
        NotFound: there is no such key.

    Logs:
        key.revoked.
    """
    key = get_key(session, key_id)
    if key.revoked_at is None:
        key.revoked_at = now
        session.add(key)
        _log(session, EntryKind.KEY_REVOKED, key, actor=actor, now=now)
    return key


def _log(session: Session, kind: EntryKind, key: ApiKey, *, actor: Actor, now: datetime) -> None:
    decision_log.append(
        session,
        kind=kind,
        dao_id=key.dao_id,
        actor=actor,
        subject={"key": key.id},
        data={"key": key.id, "scopes": list(key.scopes), "sha256": key_digest(key)},
        ts=now,
        recorded_at=now,
    )
