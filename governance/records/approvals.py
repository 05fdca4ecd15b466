"""Consents, one per delegate and recommendation, and the approvals they add up to."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, UniqueConstraint
from sqlmodel import Field, SQLModel

from governance.records.columns import UtcDateTime


class Consent(SQLModel, table=True):
    """A delegate's signed word on one exact change: support 0 against, 1 for, 2 abstain. The last one counts."""

    __tablename__ = "consent"
    __table_args__ = (UniqueConstraint("signed_sha256"),)

    id: str = Field(primary_key=True)
    dao_id: str = Field(foreign_key="dao.id", index=True)
    recommendation_id: str = Field(foreign_key="recommendation.id", index=True)
    delegate: str
    support: int
    message: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    signature: str
    signed_sha256: str
    known_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class Approval(SQLModel, table=True):
    """The set of consents that met the threshold; `digest` is over the shared fields and the sorted signers."""

    __tablename__ = "approval"

    id: str = Field(primary_key=True)
    dao_id: str = Field(foreign_key="dao.id", index=True)
    recommendation_id: str = Field(foreign_key="recommendation.id", unique=True)
    digest: str
    electorate_version: int
    tally: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    known_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
