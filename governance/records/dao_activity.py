"""What else goes on in a DAO beside one of its proposals, as it was known at a time."""

from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import Session

from governance.evidence import OPEN_AT_MOST, KnownActivity
from governance.records import as_of as known

_NEEDED = ("id", "revision", "known_at", "end_fixed", "ends_at", "result_known_at", "outcome")


def dao_activity(
    session: Session, dao_id: str, proposal_id: str, *, published_at: datetime, as_of: datetime, votes_known: bool
) -> KnownActivity:
    """The DAO's other open proposals and its votes; a proposal is open until its fixed end, or until its result was known."""
    table = known.PROPOSALS.table.c
    lately = select(*(table[name] for name in _NEEDED)).where(table.dao_id == dao_id, table.known_at > as_of - OPEN_AT_MOST)
    rows = [row for row in known.as_known(session, known.PROPOSALS, lately, as_of=as_of) if row["id"] != proposal_id]
    running = sum(row["outcome"] is None and (row["ends_at"] is None or row["ends_at"] > as_of) for row in rows)
    if not votes_known:
        return KnownActivity(running)
    votes = known.VOTES.table.c
    timed = (votes.dao_id == dao_id, votes.known_at <= as_of, votes.cast_at.is_not(None), votes.cast_at_estimated.is_(False))
    elsewhere = select(func.count()).where(*timed, votes.known_at >= published_at, votes.proposal_id != proposal_id)
    last = select(votes.known_at).where(*timed).order_by(votes.known_at.desc()).limit(1)
    return KnownActivity(running, session.execute(elsewhere).scalar_one(), session.execute(last).scalar_one_or_none())
