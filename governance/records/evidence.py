"""Readings, forecasts, flags and model versions: what the models said, and which model said it."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from governance.records.columns import UtcDateTime


class Reading(SQLModel, table=True):
    """What one model says of one text; cached by (model, text, target) digests. Scores are fixed-point text."""

    __tablename__ = "reading"
    __table_args__ = (
        UniqueConstraint("dao_id", "subject_kind", "subject_id", "task", "model_sha256", "text_sha256", "target_sha256"),
        Index("ix_reading_subject", "subject_id", "task"),
        Index("ix_reading_cache", "model_sha256", "text_sha256", "target_sha256"),
    )

    id: str = Field(primary_key=True)
    dao_id: str = Field(foreign_key="dao.id", index=True)
    subject_kind: str
    subject_id: str
    proposal_id: str | None = Field(default=None, index=True)
    task: str
    label: str
    scores: list[str] = Field(sa_column=Column(JSON, nullable=False))
    windows: int
    model_sha256: str
    text_sha256: str
    target_sha256: str = ""
    known_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class Forecast(SQLModel, table=True):
    """One outcome forecast as given at `as_of`; never changed, so old ones stay readable."""

    __tablename__ = "forecast"
    __table_args__ = (Index("ix_forecast_proposal", "proposal_id", "as_of"),)

    id: str = Field(primary_key=True)
    dao_id: str = Field(foreign_key="dao.id", index=True)
    proposal_id: str = Field(foreign_key="proposal.id")
    as_of: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    body: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    sha256: str
    model_sha256: str
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class Flag(SQLModel, table=True):
    """An anomaly rule's answer on one proposal: fired, clear or unknown, with version, value, threshold and inputs."""

    __tablename__ = "flag"
    __table_args__ = (Index("ix_flag_proposal", "proposal_id", "rule"),)

    id: str = Field(primary_key=True)
    dao_id: str = Field(foreign_key="dao.id", index=True)
    proposal_id: str
    rule: str
    rule_version: int
    status: str
    body: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    as_of: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class ModelVersion(SQLModel, table=True):
    """A model the deployment knows: digest, card figures, and whether it is champion or candidate."""

    __tablename__ = "model_version"

    sha256: str = Field(primary_key=True)
    task: str = Field(index=True)
    name: str
    alias: str | None = None
    body: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
