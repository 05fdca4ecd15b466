"""Forum and social posts with their revisions."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index
from sqlmodel import Field, SQLModel

from governance.records.columns import UtcDateTime


class Post(SQLModel, table=True):
    """A post as last seen; its author is a forum account, which is not a voter's address.

    `dao_inferred`: its source named no DAO, so DAO and proposal follow the forum's links (`intake.posts.dao_of_post`).
    """

    __tablename__ = "post"
    __table_args__ = (
        Index("ix_post_dao_known", "dao_id", "known_at", "id"),
        Index("ix_post_topic", "forum", "topic_id"),
    )

    id: str = Field(primary_key=True)
    dao_id: str = Field(foreign_key="dao.id")
    source: str
    forum: str
    external_id: str
    topic_id: int | None = None
    topic_title: str | None = None
    number: int | None = None
    reply_to: int | None = None
    linked_proposal: str | None = None
    proposal_id: str | None = Field(default=None, index=True)
    dao_inferred: bool = False
    author: str | None = None
    text: str
    posted_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    facts: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    content_sha256: str
    revision: int = 1
    known_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class PostRevision(SQLModel, table=True):
    """Every content of a post that was seen with more than one; ordered by (recorded_at, content_sha256), the last is current."""

    __tablename__ = "post_revision"

    post_id: str = Field(foreign_key="post.id", primary_key=True)
    content_sha256: str = Field(primary_key=True)
    dao_id: str
    content: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    known_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
