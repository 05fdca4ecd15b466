"""The models a deployment recorded, and which of them serve."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlmodel import Session, col, select

from governance.records import blobs
from governance.records.evidence import ModelVersion
from governance.records.recommendations import Verification

CHAMPION: Final = "champion"
CANDIDATE: Final = "candidate"
OUTCOME: Final = "outcome"
TEXT: Final = "text"


def list_models(session: Session) -> list[ModelVersion]:
    """All of them, oldest first."""
    return list(session.exec(select(ModelVersion).order_by(col(ModelVersion.recorded_at), col(ModelVersion.sha256))))


def champion(session: Session, task: str) -> ModelVersion | None:
    """The deployment's own model that serves `task`; None while the one that ships does."""
    return session.exec(select(ModelVersion).where(ModelVersion.task == task, ModelVersion.alias == CHAMPION)).first()


def weights(session: Session, model: ModelVersion) -> bytes:
    """The model's weights, or `NotFound`."""
    return blobs.get(session, model.sha256)


def add(session: Session, data: bytes, *, task: str, name: str, alias: str, body: Mapping[str, Any], recorded_at: datetime) -> ModelVersion:
    """Store weights under their digest, with `alias`, which its last holder of the same task loses.

    A model that serves already is not made a candidate again.
    """
    sha256 = blobs.put(session, data, dao_id=None, recorded_at=recorded_at)
    model = session.get(ModelVersion, sha256)
    if model is not None and model.alias == CHAMPION:
        return model
    for former in session.exec(select(ModelVersion).where(ModelVersion.task == task, ModelVersion.alias == alias)):
        former.alias = None
        session.add(former)
    if model is None:
        model = ModelVersion(sha256=sha256, task=task, name=name, body=dict(body), recorded_at=recorded_at)
    model.alias, model.body = alias, dict(body)
    session.add(model)
    session.flush()
    return model


def verdict_counts(session: Session, dao_id: str | None) -> dict[str, int]:
    """How many verifications ended in each verdict, of one DAO or of all."""
    query = select(Verification.verdict)
    if dao_id is not None:
        query = query.where(Verification.dao_id == dao_id)
    return dict(sorted(Counter(session.exec(query)).items()))
