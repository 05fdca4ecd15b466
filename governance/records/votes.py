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
        Index("ix_vote_dao", "dao_id", "known_at"),
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
    revision: int = 1
    known_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class VoteRevision(SQLModel, table=True):
    """Every content of a vote that was seen with more than one (same voter, proposal and time; another choice, power or reason).

    Ordered by (recorded_at, content), the last is current.
    """

    __tablename__ = "vote_revision"

    vote_id: bytes = Field(sa_column=Column(LargeBinary(16), primary_key=True))
    content: bytes = Field(sa_column=Column(LargeBinary(8), primary_key=True))
    dao_id: str
    proposal_id: str = Field(index=True)
    source: str
    external_id: str | None = None
    choice: str | None = None
    power: str | None = None
    power_kind: str | None = None
    reason: str | None = None
    cast_at_estimated: bool = False
    known_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
