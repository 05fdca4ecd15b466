"""Objective versions: what the DAO wants of a parameter, now and before."""

from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from governance.identity import derived
from governance.records.daos import Objective


def objective_versions(session: Session, dao_id: str, name: str, *, known_by: datetime | None = None) -> list[Objective]:
    """Every version of one objective (known by `known_by`), oldest first; the last one counts."""
    query = select(Objective).where(Objective.dao_id == dao_id, Objective.name == name)
    if known_by is not None:
        query = query.where(col(Objective.known_at) <= known_by)
    return list(session.exec(query.order_by(col(Objective.version))))


def current_objectives(session: Session, dao_id: str, *, known_by: datetime | None = None) -> list[Objective]:
    """The version that counts (or counted at `known_by`) of each of the DAO's objectives, by name."""
    query = select(Objective).where(Objective.dao_id == dao_id)
    if known_by is not None:
        query = query.where(col(Objective.known_at) <= known_by)
    latest = {row.name: row for row in session.exec(query.order_by(col(Objective.version)))}
    return [latest[name] for name in sorted(latest)]


def objective_of(session: Session, dao_id: str, parameter: str) -> Objective | None:
    """The objective that steers `parameter` now, None where none does."""
    return next((row for row in current_objectives(session, dao_id) if row.body.get("parameter") == parameter), None)


def add_objective(
    session: Session, dao_id: str, body: dict[str, Any], *, name: str, version: int, ts: datetime, recorded_at: datetime
) -> Objective:
    """Store a new version; versions are never changed."""
    row = Objective(
        id=derived("obj", "objective", dao_id, name, str(version)),
        dao_id=dao_id,
        name=name,
        version=version,
        body=body,
        known_at=ts,
        recorded_at=recorded_at,
    )
    session.add(row)
    session.flush()
    return row
