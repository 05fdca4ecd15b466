"""Votes: every cast vote is kept; of a voter's several votes on one proposal the last one counts."""

from datetime import datetime

from sqlalchemy import Column, Index, LargeBinary
from sqlmodel import Field, SQLModel

from governance.records.columns import UtcDateTime


class Vote(SQLModel, table=True):
    """One cast vote. `power` is decimal text as received; `power_kind` says "exact" or "float64"."""

    __tablename__ = "vote"
    __table_args__ = (
        Index("ix_vote_proposal", "proposal_id", "known_at"),
        Index("ix_vote_voter", "dao_id", "voter"),
    )

    id: bytes = Field(sa_column=Column(LargeBinary(16), primary_key=True))
    dao_id: str
    proposal_id: str
    source: str
    external_id: str | None = None
    voter: str
    choice: str | None = None
    power: str | None = None
    power_kind: str | None = None
    reason: str | None = None
    cast_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    cast_at_estimated: bool = False
    content: bytes = Field(sa_column=Column(LargeBinary(8), nullable=False))
    known_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class VoteRevision(SQLModel, table=True):
    """A content of a vote that was superseded (same voter, proposal and time; another choice, power or reason)."""

    __tablename__ = "vote_revision"

    vote_id: bytes = Field(sa_column=Column(LargeBinary(16), primary_key=True))
    content: bytes = Field(sa_column=Column(LargeBinary(8), primary_key=True))
    dao_id: str
    source: str
    choice: str | None = None
    power: str | None = None
    power_kind: str | None = None
    reason: str | None = None
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
