"""Governed parameters, their guardrail versions and the history of their values."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, UniqueConstraint
from sqlmodel import Field, Session, SQLModel, col, select

from governance.errors import NotFound
from governance.identity import derived
from governance.parameters import TokenParameter
from governance.records.columns import UtcDateTime


class Parameter(SQLModel, table=True):
    """A governed number of the token economy. `value` is integer text in `unit`; `place` says where it lives."""

    __tablename__ = "parameter"
    __table_args__ = (UniqueConstraint("dao_id", "name"),)

    id: str = Field(primary_key=True)
    dao_id: str = Field(foreign_key="dao.id", index=True)
    name: str
    kind: str
    unit: str
    value: str
    version: int = 1
    place: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    last_changed_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    known_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class ParameterValue(SQLModel, table=True):
    """One value a parameter had, and what set it."""

    __tablename__ = "parameter_value"

    parameter_id: str = Field(foreign_key="parameter.id", primary_key=True)
    version: int = Field(primary_key=True)
    dao_id: str = Field(foreign_key="dao.id")
    value: str
    set_by: str
    known_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class GuardrailVersion(SQLModel, table=True):
    """A version of a parameter's guardrail; `sha256` is what an approval binds to."""

    __tablename__ = "guardrail_version"

    parameter_id: str = Field(foreign_key="parameter.id", primary_key=True)
    version: int = Field(primary_key=True)
    dao_id: str = Field(foreign_key="dao.id")
    body: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    sha256: str
    set_by: str
    known_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


def parameter_id(dao_id: str, name: str) -> str:
    """Our id of a DAO's parameter."""
    return derived("par", "parameter", dao_id, name)


def find_parameter(session: Session, dao_id: str, name: str) -> Parameter | None:
    """The DAO's parameter of that name, None where there is none."""
    return session.get(Parameter, parameter_id(dao_id, name))


def get_parameter(session: Session, dao_id: str, name: str) -> Parameter:
    """The DAO's parameter of that name, or `NotFound`."""
    row = find_parameter(session, dao_id, name)
    if row is None:
        raise NotFound("parameter", name)
    return row


def parameters_of(session: Session, dao_id: str, *, known_by: datetime, after: str = "", limit: int = 200) -> list[Parameter]:
    """The DAO's parameters known by `known_by`, by name, after the name `after`; at most `limit`."""
    query = select(Parameter).where(Parameter.dao_id == dao_id, col(Parameter.name) > after, col(Parameter.known_at) <= known_by)
    return list(session.exec(query.order_by(col(Parameter.name)).limit(limit)))


def values_of(session: Session, parameter_id: str, *, known_by: datetime | None = None) -> list[ParameterValue]:
    """Every value the parameter had, oldest first; with `known_by` (the DAO's time), those known then."""
    query = select(ParameterValue).where(ParameterValue.parameter_id == parameter_id)
    if known_by is not None:
        query = query.where(col(ParameterValue.known_at) <= known_by)
    return list(session.exec(query.order_by(col(ParameterValue.version))))


def add_parameter(
    session: Session, dao_id: str, rules: TokenParameter, *, place: dict[str, Any], set_by: str, ts: datetime, recorded_at: datetime
) -> Parameter:
    """Store a new parameter with its first value."""
    row = Parameter(
        id=parameter_id(dao_id, rules.name),
        dao_id=dao_id,
        name=rules.name,
        kind=rules.kind.value,
        unit=rules.unit.value,
        value=str(rules.value),
        place=place,
        known_at=ts,
        recorded_at=recorded_at,
    )
    session.add(row)
    session.flush()
    first = ParameterValue(
        parameter_id=row.id, version=1, dao_id=dao_id, value=row.value, set_by=set_by, known_at=ts, recorded_at=recorded_at
    )
    session.add(first)
    session.flush()
    return row


def guardrail_versions(session: Session, parameter_id: str, *, known_by: datetime | None = None) -> list[GuardrailVersion]:
    """Every version of the parameter's guardrail (known by `known_by`), oldest first; the last one counts."""
    query = select(GuardrailVersion).where(GuardrailVersion.parameter_id == parameter_id)
    if known_by is not None:
        query = query.where(col(GuardrailVersion.known_at) <= known_by)
    return list(session.exec(query.order_by(col(GuardrailVersion.version))))
