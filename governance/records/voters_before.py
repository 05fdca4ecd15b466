"""What those who have voted on a proposal did on the DAO's earlier ones, and what running totals said of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import String, bindparam, select
from sqlmodel import Session, col

from governance.evidence import ClosedProposal, KnownProgress, KnownVote, PastVote
from governance.past_votes import MOST_VOTES_EACH, first_voters
from governance.records import as_of as known
from governance.records.columns import UtcDateTime
from governance.records.prepared import Prepared
from governance.records.proposals import VoteProgress


def past_votes(
    session: Session, dao_id: str, votes: Sequence[KnownVote], history: Sequence[ClosedProposal], *, as_of: datetime
) -> tuple[PastVote, ...]:
    """The last votes of the first voters of `votes` on proposals of `history` that closed before `as_of`.

    Of each voter those on the latest proposals, as they were known at `as_of`; votes without a time, or with an estimated
    one, are left out.
    """
    voters = set(first_voters(votes))
    if not voters or not history:
        return ()
    closed = {row.proposal.proposal_id: row.closed_at for row in history if row.closed_at < as_of}
    latest: dict[str, dict[str, PastVote]] = {voter: {} for voter in first_voters(votes)}
    for voter, proposal_id, choice in _cast(session, dao_id, sorted({vote.voter for vote in votes if vote.voter.lower() in voters}), as_of):
        if proposal_id in closed:
            latest[voter.lower()][proposal_id] = PastVote(voter.lower(), proposal_id, choice)
    found: list[PastVote] = []
    for each in latest.values():
        ordered = sorted(each, key=lambda proposal_id: (closed[proposal_id], proposal_id))
        found += [each[proposal_id] for proposal_id in ordered[-MOST_VOTES_EACH:]]
    return tuple(found)


def known_progress(session: Session, proposal_id: str, *, as_of: datetime) -> tuple[KnownProgress, ...]:
    """The running totals of the proposal seen by `as_of`, oldest first."""
    return tuple(KnownProgress(*row) for row in _PROGRESS.tuples(session, proposal=proposal_id, as_of=as_of))


_PROGRESS: Final = Prepared(
    select(col(VoteProgress.seen_at), col(VoteProgress.votes), col(VoteProgress.power))
    .where(
        col(VoteProgress.proposal_id) == bindparam("proposal", type_=String()),
        col(VoteProgress.seen_at) <= bindparam("as_of", type_=UtcDateTime()),
    )
    .order_by(col(VoteProgress.seen_at), col(VoteProgress.content_sha256))
)


def _cast(session: Session, dao_id: str, voters: Sequence[str], as_of: datetime) -> list[tuple[str, str, str | None]]:
    """(voter, proposal, choice) of the voters' votes in the DAO known at `as_of`, in the order in which they were cast."""
    table = known.VOTES.table.c
    query = (
        select(table.id, table.voter, table.proposal_id, table.choice, table.revision)
        .where(table.dao_id == dao_id, table.voter.in_(voters), table.known_at <= as_of)
        .where(table.cast_at.is_not(None), table.cast_at_estimated.is_(False))
        .order_by(table.cast_at, table.id)
    )
    rows = [tuple(row) for row in session.execute(query)]
    if not any(revision > 1 for *_, revision in rows):
        return [(voter, proposal_id, choice) for _, voter, proposal_id, choice, _ in rows]
    names = ("id", "voter", "proposal_id", "choice", "revision")
    then = known.as_then(session, known.VOTES, [dict(zip(names, row, strict=True)) for row in rows], as_of=as_of)
    return [(row["voter"], row["proposal_id"], row["choice"]) for row in then]
