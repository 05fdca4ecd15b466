"""Consents, one per delegate and recommendation, and the approvals they add up to."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, UniqueConstraint
from sqlmodel import Field, Session, SQLModel, col, select

from governance.approvals import Support
from governance.counting import Tally, most_cautious
from governance.errors import NotFound
from governance.identity import derived
from governance.records.columns import UtcDateTime
from governance.records.recommendations import Recommendation


class Consent(SQLModel, table=True):
    """A delegate's signed word on one exact change: support 0 against, 1 for, 2 abstain. The most cautious one counts.

    `outcome` is what the delegate was told then: the state and tally after this word.
    """

    __tablename__ = "consent"
    __table_args__ = (UniqueConstraint("signed_sha256"),)

    id: str = Field(primary_key=True)
    dao_id: str = Field(foreign_key="dao.id", index=True)
    recommendation_id: str = Field(foreign_key="recommendation.id", index=True)
    delegate: str
    support: int
    power: str
    message: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    signature: str
    outcome: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    signed_sha256: str
    known_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class Approval(SQLModel, table=True):
    """The set of consents that met the threshold; `digest` is over the shared fields and the sorted signers."""

    __tablename__ = "approval"

    id: str = Field(primary_key=True)
    dao_id: str = Field(foreign_key="dao.id", index=True)
    recommendation_id: str = Field(foreign_key="recommendation.id", unique=True)
    digest: str
    electorate_version: int
    tally: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    known_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


def recorded_consent(session: Session, signed_sha256: str) -> Consent | None:
    """The consent that came in before with exactly this message and signature."""
    return session.exec(select(Consent).where(Consent.signed_sha256 == signed_sha256)).one_or_none()


def consents_of(session: Session, recommendation_id: str) -> list[Consent]:
    """All signed words on the recommendation, oldest first; words that were taken back are among them."""
    query = select(Consent).where(Consent.recommendation_id == recommendation_id)
    return list(session.exec(query.order_by(col(Consent.known_at), col(Consent.id))))


def words_of(session: Session, recommendation_id: str) -> dict[str, Support]:
    """Each delegate's word that counts, by address; delegates who were removed since are among them."""
    words: dict[str, Support] = {}
    for consent in consents_of(session, recommendation_id):
        words[consent.delegate] = most_cautious(words.get(consent.delegate), Support(consent.support))
    return words


def approval_of(session: Session, recommendation_id: str) -> Approval | None:
    """The recommendation's approval, None while there is none."""
    return session.exec(select(Approval).where(Approval.recommendation_id == recommendation_id)).one_or_none()


def get_approval(session: Session, recommendation_id: str) -> Approval:
    """The recommendation's approval, or `NotFound`."""
    approval = approval_of(session, recommendation_id)
    if approval is None:
        raise NotFound("approval of recommendation", recommendation_id)
    return approval


def put_approval(
    session: Session,
    recommendation: Recommendation,
    *,
    digest: bytes,
    tally: Tally,
    electorate_version: int,
    ts: datetime,
    recorded_at: datetime,
) -> Approval:
    """Store the approval in place of an earlier one of the same recommendation that a recount undid."""
    body: Mapping[str, object] = {**tally.body(), "signers": list(tally.signers)}
    approval = approval_of(session, recommendation.id) or Approval(
        id=derived("apr", recommendation.id),
        dao_id=recommendation.dao_id,
        recommendation_id=recommendation.id,
        digest="",
        electorate_version=0,
        tally={},
        known_at=ts,
        recorded_at=recorded_at,
    )
    approval.digest = "0x" + digest.hex()
    approval.electorate_version = electorate_version
    approval.tally = dict(body)
    approval.known_at, approval.recorded_at = ts, recorded_at
    session.add(approval)
    session.flush()
    return approval


def drop_approval(session: Session, recommendation_id: str) -> None:
    """Take the approval back: a recount found that it no longer holds. The log keeps that it was there."""
    approval = approval_of(session, recommendation_id)
    if approval is not None:
        session.delete(approval)
        session.flush()
