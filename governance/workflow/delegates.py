"""Sets who may consent: by the DAO's setup the first time, by its own consent ever after."""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session

from governance.actors import Actor
from governance.decision_log import EntryKind
from governance.electorates import Electorate as Rules
from governance.electorates import electorate as read_electorate
from governance.errors import ConsentRequired
from governance.records import decision_log, electorates
from governance.records.daos import Electorate, dao_time, get_dao
from governance.workflow.recount import recount_open

SETUP, CONSENT = "setup", "consent"


def set_delegates(session: Session, dao_id: str, body: Mapping[str, object], *, actor: Actor, now: datetime) -> Electorate:
    """Set the DAO's first electorate. The same one again is answered with the first; another one needs consent.

    Raises:
        InvalidInput: the electorate breaks a rule (`governance.electorates`).
        ConsentRequired: the DAO has delegates; they change by a recommendation of kind `delegates_change`.

    Logs:
        delegates.set.
    """
    get_dao(session, dao_id)
    rules = read_electorate(body)
    standing = electorates.current(session, dao_id)
    if standing is None:
        ts = dao_time(session, dao_id, now)
        return put_electorate(session, dao_id, rules, version=1, by=SETUP, actor=actor, ts=ts, recorded_at=now)
    if standing.sha256 == rules.sha256():
        return standing
    raise ConsentRequired(
        "the delegates were set; they change by the delegates' own consent",
        dao=dao_id,
        version=standing.version,
        rule="put a recommendation of kind delegates_change to the DAO",
    )


def put_electorate(
    session: Session, dao_id: str, rules: Rules, *, version: int, by: str, actor: Actor, ts: datetime, recorded_at: datetime
) -> Electorate:
    """Store and log one version, and recount what is open: who was removed counts no more.

    Logs:
        delegates.set, and what the recount logs.
    """
    row = electorates.add(session, dao_id, rules, version=version, set_by=by, ts=ts, recorded_at=recorded_at)
    decision_log.append(
        session,
        kind=EntryKind.DELEGATES_SET,
        dao_id=dao_id,
        actor=actor,
        subject={"dao": dao_id},
        data={"version": version, "electorate": rules.body(), "sha256": row.sha256, "by": by},
        ts=ts,
        recorded_at=recorded_at,
    )
    recount_open(session, dao_id, ts=ts, recorded_at=recorded_at)
    return row
