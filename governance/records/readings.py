"""Readings on record: which of a text's several readings counts at a time, and the text that one was made of."""

import hashlib
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, FromClause, and_, exists, or_, tuple_
from sqlmodel import Session, col, select

from governance.errors import NotFound
from governance.evidence import TextToRead
from governance.readings import as_read, target_of
from governance.records.evidence import Reading
from governance.records.posts import Post
from governance.records.proposals import Proposal
from governance.records.votes import Vote


def counts_at(read: FromClause, as_of: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """Whether a row of `read`, the table of readings or an alias of it, counts at `as_of`: of each text and task one does.

    It is the last that was recorded by then; an older one is of former words or by a former model. Where none had been
    recorded yet, as of a past that was imported, it is the first: a model that came later must not change what was said
    of that past. A text is about one proposal at a time, so the proposal is no part of the key, as it may be filed anew.
    """
    other = Reading.__table__.alias("other_reading")  # type: ignore[attr-defined]  # SQLModel makes it
    mine, its = tuple_(read.c.recorded_at, read.c.id), tuple_(other.c.recorded_at, other.c.id)
    better = exists().where(
        other.c.subject_id == read.c.subject_id,
        other.c.task == read.c.task,
        other.c.subject_kind == read.c.subject_kind,
        other.c.known_at <= as_of,
        or_(and_(other.c.recorded_at <= as_of, its > mine), and_(read.c.recorded_at > as_of, its < mine)),
    )
    return and_(read.c.known_at <= as_of, ~better.correlate(read))


def get_reading(session: Session, dao_id: str, reading_id: str) -> Reading:
    """The reading, or `NotFound`."""
    found = session.exec(select(Reading).where(Reading.id == reading_id, Reading.dao_id == dao_id)).first()
    if found is None:
        raise NotFound("reading", reading_id)
    return found


def text_of(session: Session, reading: Reading) -> TextToRead | None:
    """What the reading was made of; None where text or target was changed since, by their digests."""
    said = _said(session, reading)
    about = session.get(Proposal, reading.proposal_id) if reading.proposal_id and reading.subject_kind != "proposal" else None
    target = target_of(about.title, about.body) if about is not None else None
    if said is None or _sha256(said) != reading.text_sha256 or (_sha256(target) if target else "") != reading.target_sha256:
        return None
    return as_read(reading.subject_kind, said, target)


def _said(session: Session, reading: Reading) -> str | None:
    if reading.subject_kind == "post":
        return session.exec(select(Post.text).where(Post.id == reading.subject_id)).first()
    if reading.subject_kind == "vote":
        return session.exec(select(Vote.reason).where(col(Vote.id) == bytes.fromhex(reading.subject_id))).first()
    row: Any = session.exec(select(Proposal.title, Proposal.body).where(Proposal.id == reading.subject_id)).first()
    return None if row is None else "\n".join(part for part in row if part)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
