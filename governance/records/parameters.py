"""Governed parameters, their guardrail versions and the history of their values."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, UniqueConstraint
from sqlmodel import Field, SQLModel

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
