"""What was known at a time of a delegate and of the proposals open to them."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, or_, select
from sqlmodel import Session, col

from governance.delegate_queue import DaoRecord, OpenProposal, PastBallot
from governance.intake.fields import BELIEVABLE_FROM
from governance.records import as_of as known
from governance.records.as_of import Chosen, Phase
from governance.records.daos import Dao, Electorate
from governance.records.voter_history import OVER_AFTER, PAST, known_votes_of
from governance.records.votes import Vote

# Who is an ally is read from so many of the proposals that the delegate voted on last.
_COMPARED: Final = 12
_PROPOSAL: Final = (
    "id", "dao_id", "title", "author", "choices", "created_at", "starts_at", "ends_at", "end_fixed", "state", "outcome",
    "outcome_rule", "result_known_at", "known_at", "revision",
)  # fmt: skip
_VOTE: Final = ("id", "dao_id", "proposal_id", "voter", "choice", "power", "cast_at", "revision", "known_at")


def daos_of(session: Session, address: str, *, as_of: datetime) -> list[str]:
    """The DAOs in which the address had voted by `as_of`, or may consent, by id."""
    # DAO by DAO: votes are indexed by DAO and voter.
    voted = select(col(Vote.id)).where(col(Vote.dao_id) == col(Dao.id), col(Vote.voter) == address, col(Vote.known_at) <= as_of).exists()
    found = set(session.execute(select(col(Dao.id)).where(voted)).scalars())
    electorates: dict[str, Electorate] = {}
    query = select(Electorate).where(col(Electorate.known_at) <= as_of).order_by(col(Electorate.dao_id), col(Electorate.version))
    for row in session.execute(query).scalars():
        electorates[row.dao_id] = row
    found |= {dao for dao, row in electorates.items() if any(each["address"].lower() == address for each in row.body["delegates"])}
    return sorted(found)


def open_proposals(session: Session, dao_ids: Sequence[str], *, as_of: datetime, most: int) -> list[OpenProposal]:
    """The DAOs' proposals open at `as_of`, what closes first first; where nobody tells an end, only those of the last 30 days."""
    table = known.PROPOSALS.table
    opened = func.coalesce(table.c.starts_at, table.c.created_at)
    query = (
        select(*(table.c[name] for name in _PROPOSAL))
        .where(
            table.c.dao_id.in_(dao_ids),
            *Chosen(phase=Phase.ACTIVE).conditions(known.PROPOSALS, as_of=as_of),
            or_(opened > as_of - OVER_AFTER, table.c.end_fixed & (table.c.ends_at > as_of)),
        )
        .order_by(table.c.ends_at, opened.desc(), table.c.id)
        .limit(most)
    )
    rows = known.as_known(session, known.PROPOSALS, query, as_of=as_of)
    votes = known_votes_of(session, [row["id"] for row in rows], as_of=as_of)
    return [
        OpenProposal(
            proposal_id=row["id"],
            dao_id=row["dao_id"],
            title=row["title"],
            author=row["author"],
            choices=tuple(row["choices"] or ()),
            opened_at=row["starts_at"] or row["created_at"],
            ends_at=row["ends_at"] if row["end_fixed"] else None,
            votes=votes.get(row["id"], ()),
        )
        for row in rows
    ]


def records_of(session: Session, address: str, dao_ids: Sequence[str], *, as_of: datetime) -> dict[str, DaoRecord]:
    """By DAO, what the delegate did there up to `as_of`, and who voted beside them."""
    own = _votes_of(session, address, dao_ids, as_of=as_of)
    return {dao: _record(session, dao, own[dao], address, as_of=as_of) for dao in dao_ids}


def _record(session: Session, dao_id: str, own: dict[str, dict[str, Any]], address: str, *, as_of: datetime) -> DaoRecord:
    table = known.PROPOSALS.table
    opened = func.coalesce(table.c.starts_at, table.c.created_at)
    query = (
        select(*(table.c[name] for name in _PROPOSAL))
        .where(table.c.dao_id == dao_id, opened <= as_of, opened >= BELIEVABLE_FROM)
        .order_by(opened.desc(), table.c.id)
        .limit(PAST)
    )
    past = []
    for row in known.as_known(session, known.PROPOSALS, query, as_of=as_of):
        over = row["outcome"] is not None or (row["ends_at"] is not None and row["ends_at"] <= as_of)
        vote = own.get(row["id"])
        # What is still open and not voted on is no sign of what they leave out.
        if vote is not None or over or (row["starts_at"] or row["created_at"]) + OVER_AFTER <= as_of:
            told = (None, None) if vote is None else (vote["choice"], vote["cast_at"])
            past.append(PastBallot(row["id"], row["title"], row["author"], vote is not None, *told))
    compared = [each.proposal_id for each in past if each.voted][:_COMPARED]
    votes = known_votes_of(session, compared, as_of=as_of) if compared else {}
    others = {proposal: tuple(vote for vote in found if vote.voter != address) for proposal, found in votes.items()}
    weights = [vote["power"] for vote in own.values() if vote["power"] is not None]
    return DaoRecord(tuple(past), others, weights[-1] if weights else None)


def _votes_of(session: Session, address: str, dao_ids: Sequence[str], *, as_of: datetime) -> dict[str, dict[str, dict[str, Any]]]:
    """The delegate's own votes by DAO and proposal, oldest first."""
    table = known.VOTES.table
    query = (
        select(*(table.c[name] for name in _VOTE))
        .where(table.c.dao_id.in_(dao_ids), table.c.voter == address)
        .order_by(table.c.known_at, table.c.id)
    )
    found: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for row in known.as_known(session, known.VOTES, query, as_of=as_of):
        found[row["dao_id"]][row["proposal_id"]] = row
    return found
