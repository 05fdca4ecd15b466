"""Sets what the DAO wants of a parameter; each change is a new version."""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session

from governance.actors import Actor
from governance.canonical import digest
from governance.decision_log import EntryKind
from governance.errors import Conflict
from governance.parameters import ParameterKind
from governance.records import decision_log, objectives, parameters
from governance.records.daos import Objective, dao_time, get_dao
from governance.tokenomics.objectives import GrowthObjective


def set_objective(session: Session, dao_id: str, body: Mapping[str, object], *, actor: Actor, now: datetime) -> Objective:
    """Set an objective; the same one again is answered with the version that stands. It binds nobody: consent does.

    Raises:
        InvalidInput: the objective breaks a rule, or does not suit its parameter's kind.
        NotFound: its parameter is not registered.
        Conflict: another objective steers the parameter already.

    Logs:
        objective.set.
    """
    get_dao(session, dao_id)
    goal = GrowthObjective.from_body(body)
    parameter = parameters.get_parameter(session, dao_id, goal.parameter)
    goal.must_fit(ParameterKind(parameter.kind))
    other = objectives.objective_of(session, dao_id, goal.parameter)
    if other is not None and other.name != goal.name:
        rule = "one objective for each parameter"
        raise Conflict(
            f"{goal.parameter} is steered by {other.name}", field="parameter", value=goal.parameter, recorded=other.name, rule=rule
        )
    standing = objectives.objective_versions(session, dao_id, goal.name)
    if standing and digest(standing[-1].body) == digest(body):
        return standing[-1]
    ts = dao_time(session, dao_id, now)
    version = standing[-1].version + 1 if standing else 1
    row = objectives.add_objective(session, dao_id, dict(body), name=goal.name, version=version, ts=ts, recorded_at=now)
    decision_log.append(
        session,
        kind=EntryKind.OBJECTIVE_SET,
        dao_id=dao_id,
        actor=actor,
        subject={"objective": row.id, "parameter": parameter.id},
        data={"name": row.name, "version": version, "objective": row.body, "sha256": digest(row.body)},
        ts=ts,
        recorded_at=now,
    )
    return row
