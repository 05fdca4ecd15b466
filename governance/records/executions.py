"""Executions: the operation that applies an approved change, its lease and its receipts."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, UniqueConstraint
from sqlmodel import Field, SQLModel

from governance.records.columns import UtcDateTime


class Execution(SQLModel, table=True):
    """One operation. `operation_id` derives from the approval, so that the receiver itself refuses a second one.

    The state lives on the recommendation's row; here are the bytes, the fence and what the executor answered.
    """

    __tablename__ = "execution"
    __table_args__ = (UniqueConstraint("operation_id"), UniqueConstraint("dao_id", "nonce"))

    id: str = Field(primary_key=True)
    dao_id: str = Field(foreign_key="dao.id", index=True)
    recommendation_id: str = Field(foreign_key="recommendation.id", unique=True)
    operation_id: str
    executor: str
    nonce: int | None = None
    ready_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    fence: int = 0
    lease_holder: str | None = None
    lease_until: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    signed_bytes: str | None = None
    receipt: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    executed_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class Override(SQLModel, table=True):
    """A person's logged decision over the machine's: who, what, why."""

    __tablename__ = "override"

    id: str = Field(primary_key=True)
    dao_id: str = Field(foreign_key="dao.id", index=True)
    recommendation_id: str | None = Field(default=None, foreign_key="recommendation.id")
    action: str
    reason: str
    actor: str
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
