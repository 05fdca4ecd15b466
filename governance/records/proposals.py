"""Proposals with their revisions, vote progress and forum links."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from governance.records.columns import UtcDateTime


class Proposal(SQLModel, table=True):
    """A proposal as last seen. What is missing in the source is None, never zero or empty.

    `state` and `outcome` are the source's words; `end_fixed` says whether the end was known at the start
    (in some sources the recorded end depends on the outcome).
    """

    __tablename__ = "proposal"
    __table_args__ = (
        UniqueConstraint("dao_id", "external_id"),
        Index("ix_proposal_dao_known", "dao_id", "known_at", "id"),
        Index("ix_proposal_external", "external_id"),
    )

    id: str = Field(primary_key=True)
    dao_id: str = Field(foreign_key="dao.id")
    source: str
    external_id: str
    title: str | None = None
    body: str | None = None
    choices: list[str] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    kind: str | None = None
    author: str | None = None
    created_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    starts_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    ends_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    end_fixed: bool = False
    quorum: str | None = None
    state: str | None = None
    outcome: str | None = None
    outcome_rule: str | None = None
    result: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    facts: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    forum_topic: str | None = None
    content_sha256: str
    revision: int = 1
    result_known_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    known_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class ProposalRevision(SQLModel, table=True):
    """Every content of a proposal that was seen with more than one; ordered by (recorded_at, content_sha256), the last is current."""

    __tablename__ = "proposal_revision"

    proposal_id: str = Field(foreign_key="proposal.id", primary_key=True)
    content_sha256: str = Field(primary_key=True)
    dao_id: str
    content: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    result_known_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    known_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class VoteProgress(SQLModel, table=True):
    """Cumulative voting power and vote count of an open proposal at one moment; what differs at one moment is kept side by side."""

    __tablename__ = "vote_progress"

    external_id: str = Field(primary_key=True)
    seen_at: datetime = Field(sa_column=Column(UtcDateTime, primary_key=True))
    dao_id: str
    proposal_id: str | None = Field(default=None, index=True)
    status: str | None = None
    power: str | None = None
    votes: int | None = None
    ends_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    content_sha256: str = Field(primary_key=True)
    known_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class ForumLink(SQLModel, table=True):
    """A proposal's discussion: forum host and topic id. Told by several sources, it bears the first name in the alphabet."""

    __tablename__ = "forum_link"
    __table_args__ = (Index("ix_forum_link_topic", "forum", "topic_id"),)

    proposal_id: str = Field(primary_key=True)
    forum: str = Field(primary_key=True)
    topic_id: int = Field(primary_key=True)
    dao_id: str = Field(index=True)
    source: str
    known_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
