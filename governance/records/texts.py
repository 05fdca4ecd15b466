"""A DAO's texts, and the readings made of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, Row, Select, and_, func, insert, or_, select, type_coerce
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col

from governance.readings import Subject, target_of
from governance.records.evidence import Reading
from governance.records.posts import Post
from governance.records.proposals import Proposal
from governance.records.readings import counts_at
from governance.records.votes import Vote

_PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class Place:
    """Where one text stands among the texts of a DAO."""

    kind: str
    known_at: datetime
    id: str


def texts(
    session: Session, dao_id: str, *, as_of: datetime, proposal_id: str | None = None, after: Place | None = None
) -> Iterator[list[Subject]]:
    """The DAO's texts known at `as_of`, some hundred at a time: posts, vote reasons, and proposals, each kind by time.

    With `proposal_id` only those about it, whichever DAO a post is filed under; with `after` only those behind that place.
    """
    kinds = {"post": _posts, "vote": _reasons, "proposal": _proposals}
    names = list(kinds)
    for kind in names if after is None else names[names.index(after.kind) :]:
        behind = after if after is not None and after.kind == kind else None
        yield from kinds[kind](session, dao_id, as_of, proposal_id, behind)


def known_pairs(session: Session, subject_ids: Iterable[str], *, task: str, model: str) -> set[tuple[str, str, str]]:
    """(subject, text digest, target digest) of the readings of `task` that `model` made of these subjects."""
    query = select(col(Reading.subject_id), col(Reading.text_sha256), col(Reading.target_sha256), col(Reading.model_sha256))
    rows = session.execute(query.where(col(Reading.subject_id).in_(list(subject_ids)), col(Reading.task) == task))
    # Asked for the model too, SQLite goes through all it ever read: of the two indexes that fit it takes the one by model.
    return {(subject, text, target) for subject, text, target, made_by in rows if made_by == model}


def remembered(
    session: Session, asked: Sequence[tuple[str, str, bool]], *, task: str, model: str
) -> dict[tuple[str, str, bool], Mapping[str, Any]]:
    """What `model` said before of the same (text digest, target digest, whether it is part of a vote), whoever wrote it."""
    table = Reading.__table__  # type: ignore[attr-defined]  # SQLModel makes it
    query = select(table.c.label, table.c.scores, table.c.windows).where(table.c.model_sha256 == model, table.c.task == task).limit(1)
    # Reasons were once asked whether they speak of their vote, as posts are.
    of_vote = (table.c.subject_kind == "vote") & (table.c.label != "off_target")
    found: dict[tuple[str, str, bool], Mapping[str, Any]] = {}
    # One by one: a text may have been copied ten thousand times, and SQLite enters no index by pairs.
    for text, target, part in asked:
        same = query.where(table.c.text_sha256 == text, table.c.target_sha256 == target)
        row = session.execute(same.where(of_vote if part else table.c.subject_kind != "vote")).mappings().first()
        if row is not None:
            found[text, target, part] = {"label": row["label"], "scores": row["scores"], "windows": row["windows"]}
    return found


def store_readings(session: Session, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Store the readings whose ids are not there yet, and give them back."""
    ids = [row["id"] for row in rows]
    there: set[str] = set()
    for start in range(0, len(ids), _PAGE):
        there.update(session.execute(select(col(Reading.id)).where(col(Reading.id).in_(ids[start : start + _PAGE]))).scalars())
    fresh = list({row["id"]: dict(row) for row in rows if row["id"] not in there}.values())
    if fresh:
        session.execute(insert(Reading), fresh)
    return fresh


def reading_counts(
    session: Session, *, task: str, since: datetime | None, as_of: datetime, dao_id: str | None = None, proposal_id: str | None = None
) -> list[tuple[str, str, str, int]]:
    """(day as text, model, label, how many) of the texts known in (since, as_of], by day, each by the reading that counts then."""
    table = Reading.__table__  # type: ignore[attr-defined]  # SQLModel makes it
    moment = table.c.known_at
    if session.get_bind().dialect.name == "postgresql":
        day = func.to_char(func.timezone("UTC", moment), "YYYY-MM-DD")
    else:
        day = func.date(type_coerce(moment, BigInteger) // 1_000_000, "unixepoch")
    where = [table.c.task == task, counts_at(table, as_of)]
    where += [] if since is None else [moment > since]
    where += [] if dao_id is None else [table.c.dao_id == dao_id]
    where += [] if proposal_id is None else [table.c.proposal_id == proposal_id]
    query = select(day, table.c.model_sha256, table.c.label, func.count()).where(*where).group_by(day, table.c.model_sha256, table.c.label)
    return sorted((str(d), str(model), str(label), int(count)) for d, model, label, count in session.execute(query))


def _posts(session: Session, dao_id: str, as_of: datetime, proposal_id: str | None, after: Place | None) -> Iterator[list[Subject]]:
    query = select(col(Post.id), col(Post.proposal_id), col(Post.text), col(Post.known_at), col(Proposal.title), col(Proposal.body))
    query = query.outerjoin(Proposal, and_(col(Proposal.id) == col(Post.proposal_id), col(Proposal.known_at) <= as_of))
    query = query.where(col(Post.dao_id) == dao_id if proposal_id is None else col(Post.proposal_id) == proposal_id)
    behind = None if after is None else (after.known_at, after.id)
    for rows in _pages(session, query, col(Post.known_at), col(Post.id), as_of=as_of, behind=behind):
        yield [Subject("post", id_, dao_id, about, text, target_of(title, body), at) for id_, about, text, at, title, body in rows]


def _reasons(session: Session, dao_id: str, as_of: datetime, proposal_id: str | None, after: Place | None) -> Iterator[list[Subject]]:
    query = select(col(Vote.id), col(Vote.proposal_id), col(Vote.reason), col(Vote.known_at), col(Proposal.title), col(Proposal.body))
    query = query.outerjoin(Proposal, and_(col(Proposal.id) == col(Vote.proposal_id), col(Proposal.known_at) <= as_of))
    scope = col(Vote.dao_id) == dao_id if proposal_id is None else col(Vote.proposal_id) == proposal_id
    query = query.where(scope, col(Vote.reason).is_not(None))
    behind = None if after is None else (after.known_at, bytes.fromhex(after.id))
    for rows in _pages(session, query, col(Vote.known_at), col(Vote.id), as_of=as_of, behind=behind):
        yield [Subject("vote", id_.hex(), dao_id, about, text, target_of(title, body), at) for id_, about, text, at, title, body in rows]


def _proposals(session: Session, dao_id: str, as_of: datetime, proposal_id: str | None, after: Place | None) -> Iterator[list[Subject]]:
    query = select(col(Proposal.id), col(Proposal.title), col(Proposal.body), col(Proposal.known_at)).where(col(Proposal.dao_id) == dao_id)
    if proposal_id is not None:
        query = query.where(col(Proposal.id) == proposal_id)
    behind = None if after is None else (after.known_at, after.id)
    for rows in _pages(session, query, col(Proposal.known_at), col(Proposal.id), as_of=as_of, behind=behind):
        said = [(id_, "\n".join(part for part in (title, body) if part), at) for id_, title, body, at in rows]
        yield [Subject("proposal", id_, dao_id, id_, text, None, at) for id_, text, at in said if text]


def _pages(
    session: Session,
    query: Select[*tuple[Any, ...]],
    moment: Mapped[datetime],
    key: Mapped[Any],
    *,
    as_of: datetime,
    behind: tuple[datetime, Any] | None,
) -> Iterator[Sequence[Row[*tuple[Any, ...]]]]:
    """The rows of `query` known at `as_of`, page by page: in the order of the index by time, so that no page sorts all rows anew."""
    query = query.where(moment <= as_of).order_by(moment, key).limit(_PAGE)
    while True:
        # The first of the two conditions says nothing new; it is what the index is entered by.
        page = query if behind is None else query.where(moment >= behind[0], or_(moment > behind[0], key > behind[1]))
        rows = session.execute(page).all()
        if not rows:
            return
        behind = (rows[-1].known_at, rows[-1].id)
        yield rows
