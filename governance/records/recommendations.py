"""Recommendations, abstentions and the one row that carries a change's state."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, tuple_, update
from sqlmodel import Field, Session, SQLModel, col, select

from governance.actors import Actor
from governance.decision_log import EntryKind
from governance.errors import Conflict, NotFound
from governance.executions import State, step
from governance.records import decision_log
from governance.records.columns import UtcDateTime
from governance.records.decision_log import Appended


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


def get_recommendation(session: Session, recommendation_id: str) -> Recommendation:
    """The recommendation, or `NotFound`."""
    row = session.get(Recommendation, recommendation_id)
    if row is None:
        raise NotFound("recommendation", recommendation_id)
    return row


def get_abstention(session: Session, abstention_id: str) -> Abstention:
    """The abstention, or `NotFound`."""
    row = session.get(Abstention, abstention_id)
    if row is None:
        raise NotFound("abstention", abstention_id)
    return row


def move(
    session: Session,
    recommendation: Recommendation,
    kind: EntryKind,
    *,
    actor: Actor,
    data: Mapping[str, object],
    ts: datetime,
    recorded_at: datetime,
) -> Appended:
    """Take `recommendation` one step of the state machine and write the entry that says so: both or neither.

    The row changes by compare-and-set on (state, version), so of two writers one gets `Conflict`. `ts` is the DAO's
    time, `recorded_at` wall time. `data` must not hold `from`, `to` or `version`: they are written here.

    Raises:
        IllegalTransition: the table of `governance.executions` has no such step.
        Conflict: the row moved since `recommendation` was read.
    """
    was, version = State(recommendation.state), recommendation.version
    to = step(was, kind)
    changed = session.execute(
        update(Recommendation)
        .where(col(Recommendation.id) == recommendation.id, col(Recommendation.state) == was.value, col(Recommendation.version) == version)
        .values(state=to.value, version=version + 1)
        .execution_options(synchronize_session=False)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE gives a CursorResult
        raise Conflict("the recommendation has moved meanwhile", recommendation=recommendation.id, state=was.value, version=version)
    session.refresh(recommendation)
    return decision_log.append(
        session,
        kind=kind,
        dao_id=recommendation.dao_id,
        actor=actor,
        subject={"recommendation": recommendation.id, "digest": recommendation.digest},
        data={**data, "from": was.value, "to": to.value, "version": version + 1},
        ts=ts,
        recorded_at=recorded_at,
    )


def mark_superseded(session: Session, recommendation: Recommendation, *, by: str) -> None:
    """Note which recommendation takes its place; `move` takes the step."""
    recommendation.superseded_by = by
    session.add(recommendation)
    session.flush()


def in_states(session: Session, *, parameter_id: str, states: Iterable[State]) -> list[Recommendation]:
    """The parameter's recommendations that stand in one of `states`, oldest first."""
    wanted = [state.value for state in states]
    query = select(Recommendation).where(Recommendation.parameter_id == parameter_id, col(Recommendation.state).in_(wanted))
    return list(session.exec(query.order_by(col(Recommendation.known_at), col(Recommendation.id))))


def of_dao(
    session: Session,
    dao_id: str,
    *,
    states: Sequence[str] = (),
    parameter_id: str | None = None,
    known_by: datetime,
    before: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> list[Recommendation]:
    """The DAO's recommendations known by `known_by`, newest first, before the position (known_at, id); at most `limit`."""
    query = select(Recommendation).where(Recommendation.dao_id == dao_id, col(Recommendation.known_at) <= known_by)
    if states:
        query = query.where(col(Recommendation.state).in_(list(states)))
    if parameter_id is not None:
        query = query.where(Recommendation.parameter_id == parameter_id)
    if before is not None:
        query = query.where(tuple_(col(Recommendation.known_at), col(Recommendation.id)) < before)
    return list(session.exec(query.order_by(col(Recommendation.known_at).desc(), col(Recommendation.id).desc()).limit(limit)))


def abstentions_of_dao(
    session: Session, dao_id: str, *, known_by: datetime, before: tuple[datetime, str] | None = None, limit: int = 50
) -> list[Abstention]:
    """The DAO's abstentions known by `known_by`, newest first, before the position (known_at, id); at most `limit`."""
    query = select(Abstention).where(Abstention.dao_id == dao_id, col(Abstention.known_at) <= known_by)
    if before is not None:
        query = query.where(tuple_(col(Abstention.known_at), col(Abstention.id)) < before)
    return list(session.exec(query.order_by(col(Abstention.known_at).desc(), col(Abstention.id).desc()).limit(limit)))


def verifications_of(session: Session, recommendation_id: str) -> list[Verification]:
    """What was measured after the change, in the order of their numbers; empty before the horizon."""
    found = session.exec(select(Verification).where(Verification.recommendation_id == recommendation_id))
    return sorted(found, key=lambda row: int(row.body["number"]))
