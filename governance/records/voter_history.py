"""What was known at a time of who votes in a DAO: the votes on a proposal and on those before it, and nothing later."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select
from sqlmodel import Session

from governance.errors import NotFound
from governance.evidence import KnownVote
from governance.intake.fields import BELIEVABLE_FROM
from governance.records import as_of as known
from governance.records.known_proposals import known_proposal
from governance.voting_records import PastProposal, VoterQuestion

# So many proposals back a voter's record reaches: more moved no held-out figure (benchmarks/voters.py).
PAST: Final = 60
# Where nobody tells that a proposal closed, its voting counts as over after this time.
OVER_AFTER: Final = timedelta(days=30)
_VOTE: Final = ("id", "proposal_id", "voter", "choice", "power", "cast_at", "revision")


def voter_question(session: Session, proposal_id: str, *, as_of: datetime) -> VoterQuestion:
    """What can be known at `as_of` of who will vote on the proposal, and how.

    Raises:
        NotFound: nobody could know of the proposal at `as_of`, or nobody tells when it opened.
    """
    row = known.read_one(session, known.PROPOSALS, proposal_id, as_of=as_of)
    opened_at = _opened(row)
    if opened_at is None:
        raise NotFound("opening of proposal", proposal_id)
    before = _before(session, row["dao_id"], opened_at=opened_at, as_of=as_of, besides=proposal_id)
    votes = known_votes_of(session, [proposal_id, *(each["id"] for each in before)], as_of=as_of)
    return VoterQuestion(
        proposal=known_proposal(row),
        opened_at=opened_at,
        as_of=as_of,
        votes=votes.get(proposal_id, ()),
        past=tuple(_past(each, votes[each["id"]], as_of) for each in before if each["id"] in votes),
    )


def known_votes_of(session: Session, proposal_ids: Sequence[str], *, as_of: datetime) -> dict[str, tuple[KnownVote, ...]]:
    """The votes cast on the proposals by `as_of`, oldest first; those whose time is missing or estimated are left out."""
    table = known.VOTES.table
    query = (
        select(*(table.c[name] for name in _VOTE))
        .where(table.c.proposal_id.in_(proposal_ids), table.c.cast_at <= as_of, table.c.cast_at_estimated.is_(False))
        .order_by(table.c.cast_at, table.c.id)
    )
    found: dict[str, list[KnownVote]] = defaultdict(list)
    for row in known.as_known(session, known.VOTES, query, as_of=as_of):
        found[row["proposal_id"]].append(KnownVote(row["voter"], row["choice"], row["power"], row["cast_at"]))
    return {proposal: tuple(votes) for proposal, votes in found.items()}


def _before(session: Session, dao_id: str, *, opened_at: datetime, as_of: datetime, besides: str) -> list[dict[str, Any]]:
    table = known.PROPOSALS.table
    opened = func.coalesce(table.c.starts_at, table.c.created_at)
    names = ("id", "choices", "created_at", "starts_at", "ends_at", "end_fixed", "outcome", "result_known_at", "known_at", "revision")
    query = (
        select(*(table.c[name] for name in names))
        .where(table.c.dao_id == dao_id, opened < opened_at, opened >= BELIEVABLE_FROM, table.c.id != besides)
        .order_by(opened.desc(), table.c.id)
        .limit(PAST)
    )
    rows = known.as_known(session, known.PROPOSALS, query, as_of=as_of)
    return [row for row in rows if (moment := _opened(row)) is not None and moment < opened_at]


def _opened(row: dict[str, Any]) -> datetime | None:
    return next((time for time in (row["starts_at"], row["created_at"]) if time is not None and time >= BELIEVABLE_FROM), None)


def _past(row: dict[str, Any], votes: tuple[KnownVote, ...], as_of: datetime) -> PastProposal:
    opened_at = _opened(row)
    assert opened_at is not None, "read by its opening"  # noqa: S101
    over = (row["ends_at"] is not None and row["ends_at"] <= as_of) or row["outcome"] is not None or opened_at + OVER_AFTER <= as_of
    return PastProposal(row["id"], opened_at, over, tuple(row["choices"] or ()), votes)
