"""Sets a parameter's first guardrail; every later one needs the DAO's consent."""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session

from governance.actors import Actor
from governance.decision_log import EntryKind
from governance.errors import ConsentRequired
from governance.guardrails import Guardrail
from governance.parameters import ParameterKind, TokenParameter
from governance.records import applied_changes, decision_log, parameters
from governance.records.daos import dao_time
from governance.records.parameters import GuardrailVersion

SETUP = "setup"


def set_guardrail(
    session: Session, dao_id: str, parameter: str, body: Mapping[str, object], *, actor: Actor, now: datetime
) -> GuardrailVersion:
    """Set the first guardrail of a parameter. The same one again is answered with the version that stands.

    Raises:
        NotFound: the parameter is not registered.
        InvalidInput: the guardrail breaks a rule of form, or is for another parameter or unit.
        ConsentRequired: a guardrail stands; it changes by a recommendation of kind `guardrail_change`.

    Logs:
        guardrail.set.
    """
    row = parameters.get_parameter(session, dao_id, parameter)
    rules = Guardrail.from_body(body)
    rules.must_fit(TokenParameter(row.name, ParameterKind(row.kind), int(row.value)))
    standing = parameters.guardrail_versions(session, row.id)
    if standing and standing[-1].sha256 == rules.sha256():
        return standing[-1]
    if standing:
        raise ConsentRequired(
            "the guardrail was set; it changes by the delegates' consent",
            parameter=parameter,
            version=standing[-1].version,
            rule="put a recommendation of kind guardrail_change to the DAO",
        )
    ts = dao_time(session, dao_id, now)
    sha256 = rules.sha256()
    version = applied_changes.add_guardrail(session, row, rules.body(), sha256=sha256, version=1, set_by=actor.id, ts=ts, recorded_at=now)
    decision_log.append(
        session,
        kind=EntryKind.GUARDRAIL_SET,
        dao_id=dao_id,
        actor=actor,
        subject={"parameter": row.id},
        data={"version": version.version, "guardrail": version.body, "sha256": version.sha256, "by": SETUP},
        ts=ts,
        recorded_at=now,
    )
    return version
