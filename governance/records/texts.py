"""A DAO's texts, and the readings made of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, and_, func, insert, select, tuple_, type_coerce
from sqlmodel import Session, col

from governance.readings import Subject, target_of
from governance.records.evidence import Reading
from governance.records.posts import Post
from governance.records.proposals import Proposal
from governance.records.readings import counts_at
from governance.records.votes import Vote

_PAGE: Final = 500


def texts(session: Session, dao_id: str, *, as_of: datetime, proposal_id: str | None = None) -> Iterator[list[Subject]]:
    """The DAO's texts known at `as_of`, some hundred at a time: posts, vote reasons, and proposals themselves.

    With `proposal_id` only those about it, whichever DAO a post is filed under.
    """
    yield from _posts(session, dao_id, as_of, proposal_id)
    yield from _reasons(session, dao_id, as_of, proposal_id)
    yield from _proposals(session, dao_id, as_of, proposal_id)


def known_pairs(session: Session, subject_ids: Iterable[str], *, task: str, model: str) -> set[tuple[str, str, str]]:
    """(subject, text digest, target digest) of the readings of `task` that `model` made of these subjects."""
    query = select(col(Reading.subject_id), col(Reading.text_sha256), col(Reading.target_sha256))
    rows = session.execute(
        query.where(col(Reading.subject_id).in_(list(subject_ids)), col(Reading.task) == task, col(Reading.model_sha256) == model)
    )
    return {(subject, text, target) for subject, text, target in rows}


def remembered(session: Session, pairs: Sequence[tuple[str, str]], *, task: str, model: str) -> dict[tuple[str, str], Mapping[str, Any]]:
    """What `model` said before of the same (text digest, target digest), whoever wrote it."""
    table = Reading.__table__  # type: ignore[attr-defined]  # SQLModel makes it
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for start in range(0, len(pairs), _PAGE):
        part = list(pairs[start : start + _PAGE])
        same = tuple_(table.c.text_sha256, table.c.target_sha256).in_(part)
        query = select(table.c.text_sha256, table.c.target_sha256, table.c.label, table.c.scores, table.c.windows)
        for row in session.execute(query.where(table.c.model_sha256 == model, table.c.task == task, same)).mappings():
            found[row["text_sha256"], row["target_sha256"]] = dict(row.items())  # type: ignore[arg-type]  # keys are column names
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


def _posts(session: Session, dao_id: str, as_of: datetime, proposal_id: str | None) -> Iterator[list[Subject]]:
    columns = (col(Post.id), col(Post.proposal_id), col(Post.text), col(Post.known_at), col(Proposal.title), col(Proposal.body))
    query = select(*columns).outerjoin(Proposal, and_(col(Proposal.id) == col(Post.proposal_id), col(Proposal.known_at) <= as_of))
    scope = col(Post.dao_id) == dao_id if proposal_id is None else col(Post.proposal_id) == proposal_id
    after = ""
    while True:
        rows = session.execute(
            query.where(scope, col(Post.known_at) <= as_of, col(Post.id) > after).order_by(col(Post.id)).limit(_PAGE)
        ).all()
        if not rows:
            return
        after = rows[-1][0]
        yield [Subject("post", id_, dao_id, about, text, target_of(title, body), at) for id_, about, text, at, title, body in rows]


def _reasons(session: Session, dao_id: str, as_of: datetime, proposal_id: str | None) -> Iterator[list[Subject]]:
    columns = (col(Vote.id), col(Vote.proposal_id), col(Vote.reason), col(Vote.known_at), col(Proposal.title), col(Proposal.body))
    query = select(*columns).outerjoin(Proposal, and_(col(Proposal.id) == col(Vote.proposal_id), col(Proposal.known_at) <= as_of))
    scope = col(Vote.dao_id) == dao_id if proposal_id is None else col(Vote.proposal_id) == proposal_id
    after = b""
    while True:
        said = query.where(scope, col(Vote.reason).is_not(None), col(Vote.known_at) <= as_of, col(Vote.id) > after)
        rows = session.execute(said.order_by(col(Vote.id)).limit(_PAGE)).all()
        if not rows:
            return
        after = rows[-1][0]
        yield [Subject("vote", id_.hex(), dao_id, about, text, target_of(title, body), at) for id_, about, text, at, title, body in rows]


def _proposals(session: Session, dao_id: str, as_of: datetime, proposal_id: str | None) -> Iterator[list[Subject]]:
    query = select(col(Proposal.id), col(Proposal.title), col(Proposal.body), col(Proposal.known_at)).where(col(Proposal.dao_id) == dao_id)
    if proposal_id is not None:
        query = query.where(col(Proposal.id) == proposal_id)
    after = ""
    while True:
        rows = session.execute(
            query.where(col(Proposal.known_at) <= as_of, col(Proposal.id) > after).order_by(col(Proposal.id)).limit(_PAGE)
        ).all()
        if not rows:
            return
        after = rows[-1][0]
        said = [(id_, "\n".join(part for part in (title, body) if part), at) for id_, title, body, at in rows]
        yield [Subject("proposal", id_, dao_id, id_, text, None, at) for id_, text, at in said if text]
