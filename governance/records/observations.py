"""Observations: one value of one metric at one time, with source and freshness."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index
from sqlmodel import Field, SQLModel

from governance.records.columns import UtcDateTime


class Observation(SQLModel, table=True):
    """A value as decimal text with its unit. `observed_at` is the metric's time, `known_at` when the world could know it."""

    __tablename__ = "observation"
    __table_args__ = (
        Index("ix_observation_metric", "dao_id", "metric", "observed_at"),
        Index("ix_observation_known", "dao_id", "known_at", "id"),
    )

    id: str = Field(primary_key=True)
    dao_id: str = Field(foreign_key="dao.id")
    metric: str
    source: str
    observed_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    value: str
    unit: str
    content_sha256: str
    revision: int = 1
    known_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class ObservationRevision(SQLModel, table=True):
    """Every value of an observation that was seen with more than one; ordered by (recorded_at, content_sha256), the last is current."""

    __tablename__ = "observation_revision"

    observation_id: str = Field(foreign_key="observation.id", primary_key=True)
    content_sha256: str = Field(primary_key=True)
    dao_id: str
    content: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    known_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
