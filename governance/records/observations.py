"""Observations: one value of one metric at one time, with source and freshness."""

from datetime import datetime

from sqlalchemy import Column, Index
from sqlmodel import Field, SQLModel

from governance.records.columns import UtcDateTime


class Observation(SQLModel, table=True):
    """A value as decimal text with its unit. `observed_at` is the metric's time, `known_at` when the world could know it."""

    __tablename__ = "observation"
    __table_args__ = (Index("ix_observation_metric", "dao_id", "metric", "observed_at"),)

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
    """Every value an observation was ever seen with."""

    __tablename__ = "observation_revision"

    observation_id: str = Field(foreign_key="observation.id", primary_key=True)
    content_sha256: str = Field(primary_key=True)
    dao_id: str
    revision: int
    value: str
    unit: str
    known_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
