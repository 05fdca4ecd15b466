"""API keys: issued with scopes, shown once, listed without their secret, revoked."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, StrictStr

from api.authentication import hash_key, new_key
from api.dependencies import ClockDep, ReadDep, WriterDep, require
from api.errors import problems
from api.instants import Instant
from governance.actors import Actor, Role
from governance.errors import Forbidden, NotFound
from governance.records import access
from governance.workflow.issue_key import issue_key, revoke_key

router = APIRouter(prefix="/keys", tags=["keys"])

AdminDep = Annotated[Actor, Depends(require(Role.ADMIN))]


class KeyIn(BaseModel):
    """A key to issue."""

    model_config = ConfigDict(extra="forbid")

    name: StrictStr = Field(description="Who will use it.", min_length=1, max_length=200, examples=["forum importer"])
    scopes: list[Role] = Field(description="What it may do.", min_length=1, max_length=len(Role), examples=[["ingester"]])
    dao_id: StrictStr | None = Field(None, description="For this DAO only; null for all.", max_length=128)
    expires_at: Instant | None = Field(None, description="When it stops working; null for never.", examples=["2027-01-01T00:00:00Z"])


class KeyOut(BaseModel):
    """A key, without its secret."""

    id: str = Field(examples=["key_abcdefghijklmnopqrstuvwxyz"])
    name: str
    scopes: list[Role]
    dao_id: str | None
    expires_at: datetime | None
    revoked_at: datetime | None
    recorded_at: datetime


class IssuedKey(KeyOut):
    """A fresh key with its secret, which is shown this once and stored nowhere."""

    key: str = Field(description="Give it as `Authorization: Bearer …` or `X-API-Key`.", examples=["assent_…"])


class Keys(BaseModel):
    """All keys ever issued."""

    items: list[KeyOut]


@router.post("", operation_id="issueKey", status_code=201, responses=problems(NotFound, Forbidden))
def issue(body: KeyIn, writer: WriterDep, clock: ClockDep, actor: AdminDep) -> IssuedKey:
    """Issue a key (role admin). It is shown in this answer and never again; therefore no Idempotency-Key is taken."""
    key, now = new_key(), clock()
    row = writer.run(
        lambda session: issue_key(
            session,
            name=body.name,
            secret_sha256=hash_key(key),
            scopes=body.scopes,
            dao_id=body.dao_id,
            expires_at=body.expires_at,
            actor=actor,
            now=now,
        )
    )
    return IssuedKey(key=key, **_out(row).model_dump())


@router.get("", operation_id="listKeys", responses=problems(Forbidden))
def list_all(session: ReadDep, _actor: AdminDep) -> Keys:
    """All keys ever issued, oldest first, without their secrets (role admin)."""
    return Keys(items=[_out(row) for row in access.list_keys(session)])


@router.delete("/{key_id}", operation_id="revokeKey", responses=problems(NotFound, Forbidden))
def revoke(key_id: str, writer: WriterDep, clock: ClockDep, actor: AdminDep) -> KeyOut:
    """Revoke a key (role admin): within five seconds it is refused everywhere."""
    now = clock()
    return _out(writer.run(lambda session: revoke_key(session, key_id, actor=actor, now=now)))


def _out(row: access.ApiKey) -> KeyOut:
    return KeyOut(
        id=row.id,
        name=row.name,
        scopes=[Role(scope) for scope in row.scopes],
        dao_id=row.dao_id,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        recorded_at=row.recorded_at,
    )
