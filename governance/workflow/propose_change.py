"""Puts a change that a person wrote to the DAO: of a parameter's guardrail, or of the delegates and their threshold."""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session

from governance.actors import Actor
from governance.canonical import canonical, timestamp
from governance.errors import Conflict, Paused
from governance.operations import dry_run_target
from governance.proposed_changes import written_change
from governance.recommendation_inputs import RULES
from governance.records import blobs, decision_log, electorates, parameters
from governance.records.daos import Dao, dao_time, get_dao
from governance.records.recommendations import Recommendation
from governance.workflow.put_to_dao import put_to_dao


def propose_guardrail(
    session: Session, dao_id: str, parameter: str, wanted: Mapping[str, object], *, reason: str, actor: Actor, chain_id: int, now: datetime
) -> Recommendation:
    """Put another guardrail for `parameter` to the DAO. It takes effect when the delegates' consent to it is executed.

    Raises:
        NotFound: the parameter is not registered.
        InvalidInput: the guardrail breaks a rule of form.
        Conflict: none was set yet (set the first one directly), or this one stands already.
        Paused: the DAO is paused.

    Logs:
        recommendation.made, recommendation.proposed.
    """
    dao, row = _open_dao(session, dao_id), parameters.get_parameter(session, dao_id, parameter)
    rails = parameters.guardrail_versions(session, row.id)
    if not rails:
        raise Conflict(f"{parameter} has no guardrail yet", parameter=parameter, rule="the first one is set directly")
    change = {"kind": "guardrail_change", "parameter": parameter, "wanted": dict(wanted), "reason": reason}
    standing = {"version": rails[-1].version, "body": rails[-1].body}
    return _put(session, dao, change, standing, parameter_id=row.id, actor=actor, chain_id=chain_id, now=now)


def propose_delegates(
    session: Session, dao_id: str, wanted: Mapping[str, object], *, reason: str, actor: Actor, chain_id: int, now: datetime
) -> Recommendation:
    """Put another set of delegates, powers and threshold to the DAO's present delegates.

    Raises:
        InvalidInput: the electorate breaks a rule of form.
        Conflict: none was set yet, or this one stands already.
        Paused: the DAO is paused.

    Logs:
        recommendation.made, recommendation.proposed.
    """
    dao, row = _open_dao(session, dao_id), electorates.current(session, dao_id)
    if row is None:
        raise Conflict("the DAO has no delegates yet", dao=dao_id, rule="the first ones are set directly")
    change = {"kind": "delegates_change", "parameter": None, "wanted": dict(wanted), "reason": reason}
    standing = {"version": row.version, "body": row.body}
    return _put(session, dao, change, standing, parameter_id=None, actor=actor, chain_id=chain_id, now=now)


def _open_dao(session: Session, dao_id: str) -> Dao:
    dao = get_dao(session, dao_id)
    if dao.paused:
        raise Paused("the DAO is paused: no change is put to it", dao=dao_id)
    return dao


def _put(
    session: Session,
    dao: Dao,
    change: Mapping[str, object],
    standing: Mapping[str, object],
    *,
    parameter_id: str | None,
    actor: Actor,
    chain_id: int,
    now: datetime,
) -> Recommendation:
    ts = dao_time(session, dao.id, now)
    inputs = {
        "v": 1,
        "rules": RULES,
        "dao": dao.id,
        "now": timestamp(ts),
        **change,
        "standing": standing,
        "executor": dry_run_target(dao.id, chain_id=chain_id),
        "nonce": str(dao.next_nonce),
        "evidence_root": "0x" + decision_log.tree_head(session).root.hex(),
    }
    document = written_change(inputs)
    blobs.put(session, canonical(inputs), dao_id=dao.id, recorded_at=now)
    return put_to_dao(session, dao, document, parameter_id=parameter_id, author=actor, asked_by=actor, ts=ts, now=now)
