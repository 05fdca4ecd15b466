"""What one proposal's page shows, each part in one statement made beforehand, as known at a time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, Integer, LargeBinary, Select, String, and_, bindparam, exists, func, or_, select
from sqlmodel import Session, SQLModel, col

from governance.errors import NotFound
from governance.records.as_of import POSTS, VOTES, Noun, as_then
from governance.records.columns import UtcDateTime
from governance.records.daos import Dao
from governance.records.decision_log import LogEntry
from governance.records.evidence import Flag, Forecast, Reading
from governance.records.posts import Post
from governance.records.prepared import Prepared, Reads
from governance.records.proposals import ForumLink, Proposal, ProposalRevision, VoteProgress
from governance.records.readings import counts_at
from governance.records.votes import Vote


def _columns(model: type[SQLModel], *names: str) -> Select[Any]:
    table = model.__table__  # type: ignore[attr-defined]  # SQLModel makes it
    return select(*(table.c[name] for name in names))


_ID: BindParameter[str] = bindparam("proposal", type_=String())
_AS_OF, _LIMIT = bindparam("as_of", type_=UtcDateTime()), bindparam("limit", type_=Integer())
_VOTES = (
    _columns(
        Vote, "id", "voter", "choice", "power", "power_kind", "reason", "cast_at", "cast_at_estimated", "source", "known_at", "revision"
    )
    .where(col(Vote.proposal_id) == _ID, col(Vote.known_at) <= _AS_OF)
    .order_by(col(Vote.known_at).desc(), col(Vote.id).desc())
    .limit(_LIMIT)
)
_NEWEST_VOTES = Prepared(_VOTES)
_AFTER, _AFTER_ID = bindparam("after", type_=UtcDateTime()), bindparam("after_id", type_=LargeBinary())
_OLDER_VOTES = Prepared(_VOTES.where(or_(col(Vote.known_at) < _AFTER, and_(col(Vote.known_at) == _AFTER, col(Vote.id) < _AFTER_ID))))
_POSTS = Prepared(
    _columns(Post, "id", "forum", "topic_id", "topic_title", "number", "author", "text", "posted_at", "known_at", "revision")
    .where(col(Post.proposal_id) == _ID, col(Post.known_at) <= _AS_OF)
    .order_by(col(Post.known_at).desc(), col(Post.id))
    .limit(_LIMIT)
)
_LINKS = Prepared(
    _columns(ForumLink, "forum", "topic_id", "source", "known_at")
    .where(col(ForumLink.proposal_id) == _ID, col(ForumLink.known_at) <= _AS_OF)
    .order_by(col(ForumLink.forum), col(ForumLink.topic_id))
    .limit(_LIMIT)
)
_READ = (col(Reading.proposal_id) == _ID, counts_at(Reading.__table__, _AS_OF))  # type: ignore[attr-defined]  # SQLModel makes it
_READING_COUNTS = Prepared(
    select(col(Reading.task), col(Reading.label), func.count()).where(*_READ).group_by(col(Reading.task), col(Reading.label))
)
_READINGS = Prepared(
    _columns(Reading, "id", "subject_kind", "subject_id", "task", "label", "scores", "model_sha256", "text_sha256", "known_at")
    .where(*_READ)
    .order_by(col(Reading.known_at).desc(), col(Reading.id))
    .limit(_LIMIT)
)
_FORECASTS = Prepared(
    _columns(Forecast, "id", "as_of", "body", "sha256", "model_sha256")
    .where(col(Forecast.proposal_id) == _ID, col(Forecast.as_of) <= _AS_OF)
    .order_by(col(Forecast.as_of).desc(), col(Forecast.recorded_at).desc())
    .limit(_LIMIT)
)
_FLAGS = Prepared(
    _columns(Flag, "id", "rule", "rule_version", "status", "body", "as_of")
    .where(col(Flag.proposal_id) == _ID, col(Flag.as_of) <= _AS_OF)
    .order_by(col(Flag.rule), col(Flag.as_of))
)
_PROGRESS = Prepared(
    _columns(VoteProgress, "seen_at", "status", "power", "votes", "ends_at")
    .where(col(VoteProgress.proposal_id) == _ID, col(VoteProgress.known_at) <= _AS_OF)
    .order_by(col(VoteProgress.seen_at), col(VoteProgress.content_sha256))
    .limit(_LIMIT)
)
_REVISIONS = Prepared(
    _columns(ProposalRevision, "content_sha256", "known_at", "recorded_at")
    .where(col(ProposalRevision.proposal_id) == _ID, col(ProposalRevision.known_at) <= _AS_OF)
    .order_by(col(ProposalRevision.recorded_at), col(ProposalRevision.content_sha256))
    .limit(_LIMIT)
)
_LAST_ENTRY = select(func.max(col(LogEntry.seq))).where(col(LogEntry.dao_id) == col(Dao.id)).scalar_subquery()
_VERSION = Prepared(select(col(Dao.data_version), _LAST_ENTRY).where(col(Dao.id) == bindparam("dao", type_=String())))
# So many votes are counted before a page is begun; more are only "many".
MANY_VOTES = 300
_OVERVIEW = Prepared(
    select(
        col(Dao.id),
        col(Dao.clock_offset_s),
        col(Dao.data_version),
        select(func.count())
        .select_from(select(col(Vote.known_at)).where(col(Vote.proposal_id) == _ID).limit(MANY_VOTES).subquery())
        .scalar_subquery(),
        _LAST_ENTRY,
        *(
            exists().where(about == _ID)
            for about in (
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
    """The proposal's DAO, how far its clock is ahead, its data's version, and which parts have any rows at all.

    `votes` are counted up to `MANY_VOTES`. `data_version` is that of `dao_reads.data_version`.
    """

    dao_id: str
    clock_ahead: timedelta
    data_version: int
    votes: int
    posts: bool
    links: bool
    readings: bool
    forecast: bool
    flags: bool
    progress: bool
    revisions: bool


def overview(reads: Reads, proposal_id: str) -> Overview:
    """What a page must know before it reads its parts; `NotFound` where there is no such proposal."""
    found = _OVERVIEW.tuples(reads, proposal=proposal_id)
    if not found:
        raise NotFound("proposal", proposal_id)
    dao_id, offset, batches, votes, last, *parts = found[0]
    return Overview(dao_id, timedelta(seconds=offset), _version(batches, last), votes, *(bool(part) for part in parts))


def version_of(reads: Reads, dao_id: str) -> int:
    """`dao_reads.data_version` of one DAO, in one statement."""
    found = _VERSION.tuples(reads, dao=dao_id)
    return _version(*found[0]) if found else 0


def _version(batches: int, last: int | None) -> int:
    return batches + (0 if last is None else last + 1)


@dataclass(frozen=True, slots=True)
class Found:
    """A proposal by its source's id."""

    id: str
    dao_id: str
    source: str
    external_id: str
    title: str | None
    known_at: datetime


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
    reads: Reads, proposal_id: str, *, as_of: datetime, after: tuple[datetime, bytes] | None, limit: int
) -> list[dict[str, Any]]:
    """Votes as known then, newest first, from behind `after`."""
    if after is None:
        rows = _NEWEST_VOTES.rows(reads, proposal=proposal_id, as_of=as_of, limit=limit)
    else:
        rows = _OLDER_VOTES.rows(reads, proposal=proposal_id, as_of=as_of, limit=limit, after=after[0], after_id=after[1])
    return _then(reads, VOTES, rows, as_of)


def posts(reads: Reads, proposal_id: str, *, as_of: datetime, limit: int) -> list[dict[str, Any]]:
    """The discussion's posts as known then, newest first."""
    return _then(reads, POSTS, _POSTS.rows(reads, proposal=proposal_id, as_of=as_of, limit=limit), as_of)


def links(reads: Reads, proposal_id: str, *, as_of: datetime) -> list[dict[str, Any]]:
    """Where the proposal is discussed."""
    return _LINKS.rows(reads, proposal=proposal_id, as_of=as_of, limit=100)


def readings(reads: Reads, proposal_id: str, *, as_of: datetime, limit: int) -> tuple[dict[str, dict[str, int]], list[dict[str, Any]]]:
    """How many texts were read how, by task and label, each text once per task, and the readings of the newest texts."""
    counts: dict[str, dict[str, int]] = {}
    for task, label, count in _READING_COUNTS.tuples(reads, proposal=proposal_id, as_of=as_of):
        counts.setdefault(task, {})[label] = int(count)
    return counts, _READINGS.rows(reads, proposal=proposal_id, as_of=as_of, limit=limit) if counts else []


def last_forecast(reads: Reads, proposal_id: str, *, as_of: datetime) -> dict[str, Any] | None:
    """The newest forecast made for a moment up to `as_of`."""
    found = _FORECASTS.rows(reads, proposal=proposal_id, as_of=as_of, limit=1)
    return found[0] if found else None


def flags(reads: Reads, proposal_id: str, *, as_of: datetime) -> list[dict[str, Any]]:
    """The newest answer of every rule."""
    return list({row["rule"]: row for row in _FLAGS.rows(reads, proposal=proposal_id, as_of=as_of)}.values())


def progress(reads: Reads, proposal_id: str, *, as_of: datetime, limit: int) -> list[dict[str, Any]]:
    """Cumulative power and votes while it was open, oldest first."""
    return _PROGRESS.rows(reads, proposal=proposal_id, as_of=as_of, limit=limit)


def revisions(reads: Reads, proposal_id: str, *, as_of: datetime) -> list[dict[str, Any]]:
    """The contents it was seen with, oldest first; empty when it was only ever seen with one."""
    return _REVISIONS.rows(reads, proposal=proposal_id, as_of=as_of, limit=200)


def _then(reads: Reads, noun: Noun, rows: list[dict[str, Any]], as_of: datetime) -> list[dict[str, Any]]:
    """`rows` with the content known at `as_of`; only the columns asked for, without the revision that told."""
    if not any(row["revision"] > 1 for row in rows):
        for row in rows:
            del row["revision"]
        return rows
    shown = [name for name in rows[0] if name != "revision"]
    return [{name: row[name] for name in shown} for row in as_then(reads, noun, rows, as_of=as_of)]
