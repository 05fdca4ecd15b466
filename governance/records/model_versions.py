"""The models a deployment recorded."""

from sqlmodel import Session, col, select

from governance.records.evidence import ModelVersion


def list_models(session: Session) -> list[ModelVersion]:
    """All of them, oldest first."""
    return list(session.exec(select(ModelVersion).order_by(col(ModelVersion.recorded_at), col(ModelVersion.sha256))))
