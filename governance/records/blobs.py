"""Content-addressed bytes too large for a log entry; an entry names them by SHA-256."""

import hashlib
from datetime import datetime

from sqlalchemy import Column, LargeBinary
from sqlmodel import Field, Session, SQLModel

from governance.errors import NotFound
from governance.records.columns import UtcDateTime


class Blob(SQLModel, table=True):
    """Bytes under their own SHA-256."""

    __tablename__ = "blob"

    sha256: str = Field(primary_key=True)
    dao_id: str | None = None
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


def put(session: Session, body: bytes, *, dao_id: str | None, recorded_at: datetime) -> str:
    """Store `body` unless it is there, and give its SHA-256 (hex)."""
    sha256 = hashlib.sha256(body).hexdigest()
    if session.get(Blob, sha256) is None:
        session.add(Blob(sha256=sha256, dao_id=dao_id, body=body, recorded_at=recorded_at))
        session.flush()
    return sha256


def get(session: Session, sha256: str) -> bytes:
    """The bytes under `sha256`, or `NotFound`."""
    blob = session.get(Blob, sha256)
    if blob is None:
        raise NotFound("blob", sha256)
    return blob.body
