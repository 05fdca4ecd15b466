"""What one proposal's page shows, each part in one query, as known at a time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, Integer, Select, and_, bindparam, exists, func, or_, select
from sqlmodel import Session, SQLModel, col

from governance.errors import NotFound
from governance.records.as_of import PROPOSALS, hide_result, read_one
from governance.records.columns import UtcDateTime
from governance.records.daos import Dao
from governance.records.decision_log import LogEntry
from governance.records.evidence import Flag, Forecast, Reading
from governance.records.posts import Post
from governance.records.proposals import ForumLink, Proposal, ProposalRevision, VoteProgress
from governance.records.votes import Vote


def _columns(model: type[SQLModel], *names: str) -> Select[Any]:
    table = model.__table__  # type: ignore[attr-defined]  # SQLModel makes it
    return select(*(table.c[name] for name in names))


# Statements are made once: on a page of small answers, building them would take longer than running them.
_ID: BindParameter[str] = bindparam("proposal")
_AS_OF, _LIMIT = bindparam("as_of", type_=UtcDateTime()), bindparam("limit", type_=Integer())
_PROPOSAL = select(PROPOSALS.table).where(PROPOSALS.table.c.id == _ID, PROPOSALS.table.c.known_at <= _AS_OF)
_VOTES = _columns(
    Vote, "id", "voter", "choice", "power", "power_kind", "reason", "cast_at", "cast_at_estimated", "source", "known_at"
).where(col(Vote.proposal_id) == _ID, col(Vote.known_at) <= _AS_OF)
_NEWEST_VOTES = _VOTES.order_by(col(Vote.known_at).desc(), col(Vote.id).desc()).limit(_LIMIT)
_POSTS = (
    _columns(Post, "id", "forum", "topic_id", "topic_title", "number", "author", "text", "posted_at", "known_at")
    .where(col(Post.proposal_id) == _ID, col(Post.known_at) <= _AS_OF)
    .order_by(col(Post.known_at).desc(), col(Post.id))
    .limit(_LIMIT)
)
_LINKS = (
    _columns(ForumLink, "forum", "topic_id", "source", "known_at")
    .where(col(ForumLink.proposal_id) == _ID, col(ForumLink.known_at) <= _AS_OF)
    .order_by(col(ForumLink.forum), col(ForumLink.topic_id))
    .limit(_LIMIT)
)
_READ = (col(Reading.proposal_id) == _ID, col(Reading.known_at) <= _AS_OF)
_READING_COUNTS = select(col(Reading.task), col(Reading.label), func.count()).where(*_READ).group_by(col(Reading.task), col(Reading.label))
_READINGS = (
    _columns(Reading, "id", "subject_kind", "subject_id", "task", "label", "scores", "model_sha256", "text_sha256", "known_at")
    .where(*_READ)
    .order_by(col(Reading.known_at).desc(), col(Reading.id))
    .limit(_LIMIT)
)
_FORECASTS = (
    _columns(Forecast, "id", "as_of", "body", "sha256", "model_sha256")
    .where(col(Forecast.proposal_id) == _ID, col(Forecast.as_of) <= _AS_OF)
    .order_by(col(Forecast.as_of).desc(), col(Forecast.recorded_at).desc())
    .limit(_LIMIT)
)
_FLAGS = (
    _columns(Flag, "id", "rule", "rule_version", "status", "body", "as_of")
    .where(col(Flag.proposal_id) == _ID, col(Flag.as_of) <= _AS_OF)
    .order_by(col(Flag.rule), col(Flag.as_of))
)
_PROGRESS = (
    _columns(VoteProgress, "seen_at", "status", "power", "votes", "ends_at")
    .where(col(VoteProgress.proposal_id) == _ID, col(VoteProgress.known_at) <= _AS_OF)
    .order_by(col(VoteProgress.seen_at), col(VoteProgress.content_sha256))
    .limit(_LIMIT)
)
_REVISIONS = (
    _columns(ProposalRevision, "content_sha256", "known_at", "recorded_at")
    .where(col(ProposalRevision.proposal_id) == _ID, col(ProposalRevision.known_at) <= _AS_OF)
    .order_by(col(ProposalRevision.recorded_at), col(ProposalRevision.content_sha256))
    .limit(_LIMIT)
)
_OVERVIEW = (
    select(
        col(Dao.id),
        col(Dao.clock_offset_s),
        select(func.max(col(LogEntry.seq))).where(col(LogEntry.dao_id) == col(Dao.id)).scalar_subquery(),
        *(
            exists().where(about == _ID)
            for about in (
                col(Vote.proposal_id),
                col(Post.proposal_id),
                col(ForumLink.proposal_id),
                col(Reading.proposal_id),
                col(Forecast.proposal_id),
                col(Flag.proposal_id),
                col(VoteProgress.proposal_id),
                col(ProposalRevision.proposal_id),
            )
        ),
    )
    .join(Proposal, col(Proposal.dao_id) == col(Dao.id))
    .where(col(Proposal.id) == _ID)
)


@dataclass(frozen=True, slots=True)
class Overview:
    """The proposal's DAO, how far its clock is ahead, its data's version, and which parts have any rows at all."""

    dao_id: str
    clock_ahead: timedelta
    data_version: int
    votes: bool
    posts: bool
    links: bool
    readings: bool
    forecast: bool
    flags: bool
    progress: bool
    revisions: bool


def overview(session: Session, proposal_id: str) -> Overview:
    """What a page must know before it reads its parts; `NotFound` where there is no such proposal."""
    row = session.connection().execute(_OVERVIEW, {"proposal": proposal_id}).first()
    if row is None:
        raise NotFound("proposal", proposal_id)
    dao_id, offset, last, *parts = row
    return Overview(dao_id, timedelta(seconds=offset), 0 if last is None else int(last) + 1, *(bool(part) for part in parts))


@dataclass(frozen=True, slots=True)
class Found:
    """A proposal by its source's id."""

    id: str
    dao_id: str
    source: str
    external_id: str
    title: str | None
    known_at: datetime


def proposal_as_of(session: Session, proposal_id: str, *, as_of: datetime) -> dict[str, Any]:
    """The proposal's columns as known at `as_of`: its content then, and its result only once it was known.

    Raises:
        NotFound: there is no such proposal, or nobody could know of it yet.
    """
    row = session.connection().execute(_PROPOSAL, {"proposal": proposal_id, "as_of": as_of}).mappings().first()
    if row is None or row["revision"] > 1:
        return read_one(session, PROPOSALS, proposal_id, as_of=as_of)
    found = dict(row)
    hide_result(found, as_of)
    return found


def find(session: Session, *, external_id: str, source: str | None, dao_id: str | None, after: str | None, limit: int) -> list[Found]:
    """Proposals that a source calls `external_id`, by our id, from behind `after`."""
    query = (
        _columns(Proposal, "id", "dao_id", "source", "external_id", "title", "known_at")
        .where(col(Proposal.external_id) == external_id)
        .order_by(col(Proposal.id))
        .limit(limit)
    )
    if source is not None:
        query = query.where(col(Proposal.source) == source)
    if dao_id is not None:
        query = query.where(col(Proposal.dao_id) == dao_id)
    if after is not None:
        query = query.where(col(Proposal.id) > after)
    return [Found(*row) for row in session.execute(query)]


def votes_page(
    session: Session, proposal_id: str, *, as_of: datetime, after: tuple[datetime, bytes] | None, limit: int
) -> list[dict[str, Any]]:
    """Votes, newest first, from behind `after`."""
    if after is None:
        return _rows(session, _NEWEST_VOTES, proposal_id, as_of, limit)
    known_at, vote_id = after
    older = or_(col(Vote.known_at) < known_at, and_(col(Vote.known_at) == known_at, col(Vote.id) < vote_id))
    return _rows(session, _NEWEST_VOTES.where(older), proposal_id, as_of, limit)


def posts(session: Session, proposal_id: str, *, as_of: datetime, limit: int) -> list[dict[str, Any]]:
    """The discussion's posts, newest first."""
    return _rows(session, _POSTS, proposal_id, as_of, limit)


def links(session: Session, proposal_id: str, *, as_of: datetime) -> list[dict[str, Any]]:
    """Where the proposal is discussed."""
    return _rows(session, _LINKS, proposal_id, as_of, 100)


def readings(session: Session, proposal_id: str, *, as_of: datetime, limit: int) -> tuple[dict[str, dict[str, int]], list[dict[str, Any]]]:
    """How many readings say what, by task and label, and the newest of them."""
    counts: dict[str, dict[str, int]] = {}
    for task, label, count in session.connection().execute(_READING_COUNTS, {"proposal": proposal_id, "as_of": as_of}):
        counts.setdefault(task, {})[label] = int(count)
    return counts, _rows(session, _READINGS, proposal_id, as_of, limit) if counts else []


def last_forecast(session: Session, proposal_id: str, *, as_of: datetime) -> dict[str, Any] | None:
    """The newest forecast made for a moment up to `as_of`."""
    found = _rows(session, _FORECASTS, proposal_id, as_of, 1)
    return found[0] if found else None


def flags(session: Session, proposal_id: str, *, as_of: datetime) -> list[dict[str, Any]]:
    """The newest answer of every rule."""
    return list({row["rule"]: row for row in _rows(session, _FLAGS, proposal_id, as_of)}.values())


def progress(session: Session, proposal_id: str, *, as_of: datetime, limit: int) -> list[dict[str, Any]]:
    """Cumulative power and votes while it was open, oldest first."""
    return _rows(session, _PROGRESS, proposal_id, as_of, limit)


def revisions(session: Session, proposal_id: str, *, as_of: datetime) -> list[dict[str, Any]]:
    """The contents it was seen with, oldest first; empty when it was only ever seen with one."""
    return _rows(session, _REVISIONS, proposal_id, as_of, 200)


def _rows(session: Session, query: Select[Any], proposal_id: str, as_of: datetime, limit: int | None = None) -> list[dict[str, Any]]:
    found = session.connection().execute(query, {"proposal": proposal_id, "as_of": as_of, "limit": limit})
    names = tuple(found.keys())
    return [dict(zip(names, row, strict=True)) for row in found]
