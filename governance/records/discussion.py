"""What people said about a proposal or a DAO, newest first and bounded, each text as it was worded at a time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlmodel import Session

from governance.records.as_of import POSTS, PROPOSALS, VOTES, Noun, as_known


@dataclass(frozen=True, slots=True)
class SaidText:
    """A post, a vote's reason or a proposal, and who wrote it."""

    kind: str
    id: str
    author: str | None
    text: str
    known_at: datetime


def said_about(session: Session, proposal_id: str, *, as_of: datetime, most: int) -> list[SaidText]:
    """Posts about the proposal and reasons of its votes that were known at `as_of`: at most `most` of each, the newest first."""
    posts = _newest(session, POSTS, POSTS.table.c.proposal_id == proposal_id, as_of=as_of, most=most)
    reasoned = (VOTES.table.c.proposal_id == proposal_id) & VOTES.table.c.reason.is_not(None)
    votes = _newest(session, VOTES, reasoned, as_of=as_of, most=most)
    said = [SaidText("post", row["id"], row["author"], row["text"], row["known_at"]) for row in posts]
    return said + [SaidText("vote", row["id"].hex(), row["voter"], row["reason"], row["known_at"]) for row in votes if row["reason"]]


def posts_and_proposals(session: Session, dao_id: str, *, since: datetime, as_of: datetime, most: int) -> list[SaidText]:
    """The DAO's posts and proposals known in (since, as_of]: at most `most` of each, the newest first."""
    said: list[SaidText] = []
    for noun in (PROPOSALS, POSTS):
        columns = noun.table.c
        for row in _newest(session, noun, (columns.dao_id == dao_id) & (columns.known_at > since), as_of=as_of, most=most):
            parts = (row["topic_title"], row["text"]) if noun is POSTS else (row["title"], row["body"])
            text = "\n".join(part.strip() for part in parts if part and part.strip())
            said.append(SaidText(noun.name, row["id"], row["author"], text, row["known_at"]))
    return said


def proposals_before(session: Session, row: dict[str, Any], *, as_of: datetime) -> list[dict[str, Any]]:
    """The DAO's proposals that were known before `row` was, with what was known of them at `as_of`; the latest first."""
    table = PROPOSALS.table
    query = select(table).where(table.c.dao_id == row["dao_id"], table.c.known_at <= row["known_at"], table.c.id != row["id"])
    return as_known(session, PROPOSALS, query.order_by(table.c.known_at.desc(), table.c.id), as_of=as_of)


def _newest(session: Session, noun: Noun, where: ColumnElement[bool], *, as_of: datetime, most: int) -> list[dict[str, Any]]:
    columns = noun.table.c
    query = select(noun.table).where(where).order_by(columns.known_at.desc(), columns.id).limit(most)
    return as_known(session, noun, query, as_of=as_of)
