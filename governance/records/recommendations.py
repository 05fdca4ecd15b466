"""Recommendations, abstentions and the one row that carries a change's state."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index
from sqlmodel import Field, SQLModel

from governance.records.columns import UtcDateTime


class Recommendation(SQLModel, table=True):
    """One exact change put to the DAO. `document` is canonical and never changes; `state` and `version` move."""

    __tablename__ = "recommendation"
    __table_args__ = (Index("ix_recommendation_dao", "dao_id", "known_at", "id"),)

    id: str = Field(primary_key=True)
    dao_id: str = Field(foreign_key="dao.id")
    kind: str
    parameter_id: str | None = Field(default=None, foreign_key="parameter.id", index=True)
    digest: str = Field(unique=True)
    document: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    inputs_sha256: str
    state: str = Field(index=True)
    version: int = 1
    nonce: int | None = None
    author: str
    superseded_by: str | None = None
    expires_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    known_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class Abstention(SQLModel, table=True):
    """Assent was asked and recommends nothing; the document says why."""

    __tablename__ = "abstention"

    id: str = Field(primary_key=True)
    dao_id: str = Field(foreign_key="dao.id", index=True)
    parameter_id: str = Field(foreign_key="parameter.id", index=True)
    digest: str
    document: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    inputs_sha256: str
    known_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class Verification(SQLModel, table=True):
    """What the KPIs did after a change, against what the recommendation expected."""

    __tablename__ = "verification"

    id: str = Field(primary_key=True)
    dao_id: str = Field(foreign_key="dao.id", index=True)
    recommendation_id: str = Field(foreign_key="recommendation.id", index=True)
    verdict: str
    body: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    known_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
