"""What is live now, and what an executed change writes: parameter values and guardrail versions."""

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction
from itertools import pairwise
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from governance.errors import Conflict, NotFound
from governance.input_limits import ObservedValue
from governance.parameters import ExecutedChange
from governance.records.observations import Observation
from governance.records.parameters import GuardrailVersion, Parameter, ParameterValue


def live_parameter(session: Session, parameter_id: str) -> Parameter:
    """The parameter with the value it has now, or `NotFound`."""
    row = session.get(Parameter, parameter_id, populate_existing=True)
    if row is None:
        raise NotFound("parameter", parameter_id)
    return row


def live_guardrail(session: Session, parameter_id: str) -> GuardrailVersion:
    """The guardrail version that counts now, or `NotFound`."""
    query = select(GuardrailVersion).where(GuardrailVersion.parameter_id == parameter_id)
    row = session.exec(query.order_by(col(GuardrailVersion.version).desc()).limit(1)).one_or_none()
    if row is None:
        raise NotFound("guardrail of parameter", parameter_id)
    return row


def executed_changes(session: Session, parameter_id: str) -> list[ExecutedChange]:
    """Every change of the parameter's value so far, oldest first, on the DAO's time."""
    query = select(ParameterValue).where(ParameterValue.parameter_id == parameter_id).order_by(col(ParameterValue.version))
    return [ExecutedChange(int(old.value), int(new.value), new.known_at) for old, new in pairwise(session.exec(query).all())]


def observed_values(session: Session, dao_id: str, metrics: Sequence[str], *, since: datetime, now: datetime) -> list[ObservedValue]:
    """What was observed of `metrics` from `since` to `now` and known by then."""
    query = (
        select(Observation)
        .where(Observation.dao_id == dao_id, col(Observation.metric).in_(list(metrics)))
        .where(col(Observation.observed_at) >= since, col(Observation.observed_at) <= now, col(Observation.known_at) <= now)
    )
    rows = session.exec(query.order_by(col(Observation.observed_at), col(Observation.id)))
    return [ObservedValue(row.metric, row.source, row.observed_at, Fraction(row.value)) for row in rows]


def apply_value(
    session: Session, parameter: Parameter, *, before: str, after: str, set_by: str, ts: datetime, recorded_at: datetime
) -> None:
    """Move the parameter from `before` to `after`, once: compare-and-set on value and version.

    Raises:
        Conflict: the value is no longer `before`.
    """
    version = parameter.version + 1
    changed = session.execute(
        update(Parameter)
        .where(col(Parameter.id) == parameter.id, col(Parameter.value) == before, col(Parameter.version) == parameter.version)
        .values(value=after, version=version, last_changed_at=ts)
        .execution_options(synchronize_session=False)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE gives a CursorResult
        raise Conflict("the parameter's value changed meanwhile", parameter=parameter.name, expected=before)
    session.add(
        ParameterValue(
            parameter_id=parameter.id,
            version=version,
            dao_id=parameter.dao_id,
            value=after,
            set_by=set_by,
            known_at=ts,
            recorded_at=recorded_at,
        )
    )
    session.flush()
    session.refresh(parameter)


def add_guardrail(
    session: Session,
    parameter: Parameter,
    body: dict[str, Any],
    *,
    sha256: str,
    version: int,
    set_by: str,
    ts: datetime,
    recorded_at: datetime,
) -> GuardrailVersion:
    """Store a new version; versions are never changed."""
    row = GuardrailVersion(
        parameter_id=parameter.id,
        version=version,
        dao_id=parameter.dao_id,
        body=body,
        sha256=sha256,
        set_by=set_by,
        known_at=ts,
        recorded_at=recorded_at,
    )
    session.add(row)
    session.flush()
    return row
