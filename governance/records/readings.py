"""One reading on record, and the text it was made of."""

import hashlib
from typing import Any

from sqlmodel import Session, col, select

from governance.errors import NotFound
from governance.readings import target_of
from governance.records.evidence import Reading
from governance.records.posts import Post
from governance.records.proposals import Proposal
from governance.records.votes import Vote


def get_reading(session: Session, dao_id: str, reading_id: str) -> Reading:
    """The reading, or `NotFound`."""
    found = session.exec(select(Reading).where(Reading.id == reading_id, Reading.dao_id == dao_id)).first()
    if found is None:
        raise NotFound("reading", reading_id)
    return found


def text_of(session: Session, reading: Reading) -> tuple[str, str | None] | None:
    """(text, target) that the reading was made of; None where either was changed since, by their digests."""
    said = _said(session, reading)
    about = session.get(Proposal, reading.proposal_id) if reading.proposal_id and reading.subject_kind != "proposal" else None
    target = target_of(about.title, about.body) if about is not None else None
    if said is None or _sha256(said) != reading.text_sha256 or (_sha256(target) if target else "") != reading.target_sha256:
        return None
    return said, target


def _said(session: Session, reading: Reading) -> str | None:
    if reading.subject_kind == "post":
        return session.exec(select(Post.text).where(Post.id == reading.subject_id)).first()
    if reading.subject_kind == "vote":
        return session.exec(select(Vote.reason).where(col(Vote.id) == bytes.fromhex(reading.subject_id))).first()
    row: Any = session.exec(select(Proposal.title, Proposal.body).where(Proposal.id == reading.subject_id)).first()
    return None if row is None else "\n".join(part for part in row if part)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
