"""API keys (hashed at rest) and remembered answers to idempotent writes."""

from datetime import datetime

from sqlalchemy import JSON, Column, LargeBinary
from sqlmodel import Field, SQLModel

from governance.records.columns import UtcDateTime


class ApiKey(SQLModel, table=True):
    """A key's hash, its scopes and its DAO (None: all). The key itself is shown once and never stored."""

    __tablename__ = "api_key"

    id: str = Field(primary_key=True)
    dao_id: str | None = None
    name: str
    secret_sha256: str = Field(unique=True)
    scopes: list[str] = Field(sa_column=Column(JSON, nullable=False))
    expires_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    revoked_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class IdempotentAnswer(SQLModel, table=True):
    """The answer once given under (caller, idempotency key), with the digest of the request it answered."""

    __tablename__ = "idempotent_answer"

    caller: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    dao_id: str | None = None
    request_sha256: str
    status: int
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class ImportRefusal(SQLModel, table=True):
    """A row an import refused: file, row number, field and reason. Nothing is lost silently."""

    __tablename__ = "import_refusal"

    id: str = Field(primary_key=True)
    dao_id: str | None = None
    file: str
    row_number: int
    field: str
    reason: str
    value: str | None = None
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
