"""Executions: the operation that applies an approved change, its lease and its receipts."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, UniqueConstraint, tuple_
from sqlmodel import Field, Session, SQLModel, col, select

from governance.errors import NotFound
from governance.executions import State
from governance.identity import derived
from governance.records.columns import UtcDateTime
from governance.records.recommendations import Recommendation


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
    blocked: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
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


def execution_id(recommendation_id: str) -> str:
    """The id of a recommendation's one execution."""
    return derived("exe", recommendation_id)


def get_execution(session: Session, id_: str) -> Execution:
    """The execution, or `NotFound`."""
    row = session.get(Execution, id_)
    if row is None:
        raise NotFound("execution", id_)
    return row


def find_execution(session: Session, recommendation_id: str) -> Execution | None:
    """The recommendation's execution; None before it was first scheduled."""
    return session.get(Execution, execution_id(recommendation_id))


def put_execution(
    session: Session, recommendation: Recommendation, *, operation_id: str, executor: str, ready_at: datetime, recorded_at: datetime
) -> Execution:
    """Store the operation of a scheduled recommendation.

    A recommendation that was approved anew after a recount keeps its row and its fence and gets the new approval's
    operation id and time; nothing was signed for the old one.
    """
    row = find_execution(session, recommendation.id) or Execution(
        id=execution_id(recommendation.id),
        dao_id=recommendation.dao_id,
        recommendation_id=recommendation.id,
        operation_id=operation_id,
        executor=executor,
        ready_at=ready_at,
        recorded_at=recorded_at,
    )
    row.operation_id, row.ready_at, row.recorded_at = operation_id, ready_at, recorded_at
    return save(session, row)


def save(session: Session, execution: Execution) -> Execution:
    """Write the row's fields."""
    session.add(execution)
    session.flush()
    return execution


def nonce_consumed(session: Session, dao_id: str, nonce: int) -> bool:
    """Whether an operation of the DAO was signed with `nonce`."""
    return session.exec(select(Execution.id).where(Execution.dao_id == dao_id, Execution.nonce == nonce)).first() is not None


def of_dao(
    session: Session, dao_id: str, *, before: tuple[datetime, str] | None = None, limit: int = 50
) -> list[tuple[Execution, Recommendation]]:
    """The DAO's executions with their recommendations, newest first, before the position (recorded_at, id)."""
    query = select(Execution, Recommendation).join(Recommendation).where(Execution.dao_id == dao_id)
    if before is not None:
        query = query.where(tuple_(col(Execution.recorded_at), col(Execution.id)) < before)
    return list(session.exec(query.order_by(col(Execution.recorded_at).desc(), col(Execution.id).desc()).limit(limit)))


def in_states(session: Session, states: Iterable[State], *, dao_id: str | None = None, limit: int = 200) -> list[Recommendation]:
    """Recommendations of all DAOs (or one) that stand in one of `states`, oldest first."""
    query = select(Recommendation).where(col(Recommendation.state).in_([state.value for state in states]))
    if dao_id is not None:
        query = query.where(Recommendation.dao_id == dao_id)
    return list(session.exec(query.order_by(col(Recommendation.known_at), col(Recommendation.id)).limit(limit)))
