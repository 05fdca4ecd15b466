"""API keys (hashed at rest) and remembered answers to idempotent writes."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import JSON, Column, LargeBinary, delete
from sqlmodel import Field, Session, SQLModel, col, select

from governance.canonical import digest, timestamp
from governance.errors import NotFound
from governance.records.columns import UtcDateTime
from governance.records.executions import Execution
from governance.records.proposals import Proposal
from governance.records.recommendations import Recommendation

# The deployment's own key, which has every role; it comes from the state folder or the settings, not from a log entry.
OWN_KEY_ID = "key_admin"


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


def usable_key(session: Session, secret_sha256: str, *, now: datetime) -> ApiKey | None:
    """The key with this hash, unless it is revoked or expired at `now` (its expiry is exclusive)."""
    key = session.exec(select(ApiKey).where(ApiKey.secret_sha256 == secret_sha256)).first()
    if key is None or key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now):
        return None
    return key


def key_digest(key: ApiKey) -> str:
    """What the log keeps of a key: a digest of all that decides who may do what with it. Its secret cannot be guessed from it."""
    return digest(
        {
            "id": key.id,
            "dao": key.dao_id,
            "name": key.name,
            "secret_sha256": key.secret_sha256,
            "scopes": list(key.scopes),
            "expires_at": None if key.expires_at is None else timestamp(key.expires_at),
        }
    )


def list_keys(session: Session) -> list[ApiKey]:
    """All keys ever issued, oldest first; none of them can be recovered from its row."""
    return list(session.exec(select(ApiKey).order_by(col(ApiKey.recorded_at), col(ApiKey.id))))


def get_key(session: Session, key_id: str) -> ApiKey:
    """The key's row, or `NotFound`."""
    key = session.get(ApiKey, key_id)
    if key is None:
        raise NotFound("API key", key_id)
    return key


def dao_of_path(session: Session, params: Mapping[str, object]) -> str | None:
    """The DAO that a route's path parameters name, directly or through one of its rows; None when they name none."""
    if "dao_id" in params:
        return str(params["dao_id"])
    for name, column, id_column in (
        ("proposal_id", Proposal.dao_id, Proposal.id),
        ("recommendation_id", Recommendation.dao_id, Recommendation.id),
        ("execution_id", Execution.dao_id, Execution.id),
    ):
        if name in params:
            return session.exec(select(column).where(id_column == str(params[name]))).first()
    return None


def answer_to(session: Session, *, caller: str, key: str) -> IdempotentAnswer | None:
    """What was answered (or begun: status 0) under this caller's idempotency key."""
    return session.get(IdempotentAnswer, (caller, key))


def forget_answers(session: Session, *, before: datetime, kept_prefix: str) -> int:
    """Drop answers recorded before `before`, except those whose key starts with `kept_prefix`; how many went."""
    old = delete(IdempotentAnswer).where(
        col(IdempotentAnswer.recorded_at) < before, ~col(IdempotentAnswer.key).startswith(kept_prefix, autoescape=True)
    )
    return int(session.execute(old).rowcount)  # type: ignore[attr-defined]  # a DELETE gives a CursorResult
