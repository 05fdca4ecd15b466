"""What was known at a time of a delegate and of the proposals open to them."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import String, bindparam, case, func, or_, select
from sqlmodel import Session, col

from governance.delegate_queue import DaoRecord, OpenProposal, PastBallot
from governance.evidence import Stance
from governance.intake.fields import BELIEVABLE_FROM
from governance.records import as_of as known
from governance.records.as_of import Chosen, Phase
from governance.records.columns import UtcDateTime
from governance.records.daos import Dao, Electorate
from governance.records.discussion import SaidText
from governance.records.evidence import Reading
from governance.records.prepared import Prepared
from governance.records.proposals import ProposalRevision
from governance.records.readings import counts_at
from governance.records.voter_history import OVER_AFTER, PAST
from governance.records.votes import Vote

# Who is an ally is read from so many of the proposals that the delegate voted on last.
_COMPARED: Final = 12
# Of a proposal's texts that take a side the newest so many are looked at, and the strongest so many of a side are given.
_READ, _STRONGEST = 200, 5
_SIDES: Final = (Stance.FOR, Stance.AGAINST)
_PROPOSAL: Final = (
    "id", "dao_id", "title", "author", "choices", "created_at", "starts_at", "ends_at", "end_fixed", "state", "outcome",
    "outcome_rule", "result_known_at", "known_at", "revision",
)  # fmt: skip
_VOTE: Final = ("id", "dao_id", "proposal_id", "voter", "choice", "power", "cast_at", "revision", "known_at")

_LATEST_VOTE: Final = Prepared(
    select(func.max(known.VOTES.table.c.known_at, type_=UtcDateTime())).where(
        known.VOTES.table.c.proposal_id == bindparam("proposal", type_=String()),
        known.VOTES.table.c.known_at <= bindparam("as_of", type_=UtcDateTime()),
    )
)
_READING: Final = Reading.__table__  # type: ignore[attr-defined]  # SQLModel makes it
_TAKES_SIDE: Final = Prepared(
    select(*(_READING.c[name] for name in ("subject_kind", "subject_id", "label", "scores", "text_sha256")))
    .where(
        _READING.c.proposal_id == bindparam("proposal", type_=String()),
        _READING.c.task == "stance",
        or_(*(_READING.c.subject_kind == kind for kind in ("post", "vote"))),
        or_(*(_READING.c.label == side.value for side in _SIDES)),
        counts_at(_READING, bindparam("as_of", type_=UtcDateTime())),
    )
    .order_by(_READING.c.known_at.desc(), _READING.c.id)
    .limit(_READ)
)


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


def open_proposals(session: Session, dao_ids: Sequence[str], voter: str, *, as_of: datetime, most: int) -> list[OpenProposal]:
    """The DAOs' proposals open at `as_of` on which `voter` had not voted, what closes first first.

    Last come, of the last 30 days, those nobody tells an end of.
    """
    table = known.PROPOSALS.table
    voted = select(col(Vote.id)).where(col(Vote.proposal_id) == table.c.id, col(Vote.voter) == voter, col(Vote.known_at) <= as_of).exists()
    opened = func.coalesce(table.c.starts_at, table.c.created_at)
    # A real close is no end that anybody could know: it may not decide who is among the first `most`.
    end = case((table.c.end_fixed, table.c.ends_at))
    query = (
        select(*(table.c[name] for name in _PROPOSAL))
        .where(
            table.c.dao_id.in_(dao_ids),
            ~voted,
            *Chosen(phase=Phase.ACTIVE).conditions(known.PROPOSALS, as_of=as_of),
            or_(opened > as_of - OVER_AFTER, table.c.end_fixed & (table.c.ends_at > as_of)),
        )
        .order_by(end.is_(None), end, opened.desc(), table.c.id)  # databases differ in where they put NULL
        .limit(most)
    )
    rows = known.as_known(session, known.PROPOSALS, query, as_of=as_of)
    return [
        OpenProposal(
            proposal_id=row["id"],
            dao_id=row["dao_id"],
            title=row["title"],
            author=row["author"],
            choices=tuple(row["choices"] or ()),
            opened_at=row["starts_at"] or row["created_at"],
            ends_at=row["ends_at"] if row["end_fixed"] else None,
            votes=known.votes_cast(session, row["id"], as_of=as_of),
            latest_vote_at=_LATEST_VOTE.tuples(session, proposal=row["id"], as_of=as_of)[0][0],
            revised_at=_revised_at(session, row["id"], as_of=as_of) if row["revision"] > 1 else None,
        )
        for row in rows
    ]


def _revised_at(session: Session, proposal_id: str, *, as_of: datetime) -> datetime | None:
    told = select(func.max(col(ProposalRevision.known_at))).where(col(ProposalRevision.proposal_id) == proposal_id)
    found: datetime | None = session.execute(told.where(col(ProposalRevision.known_at) <= as_of)).scalar()
    return found


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
    cast = {proposal: known.votes_cast(session, proposal, as_of=as_of) for proposal in compared}
    others = {proposal: [ballot for ballot in found if ballot.voter != address] for proposal, found in cast.items()}
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


def texts_of_sides(session: Session, proposal_ids: Sequence[str], *, as_of: datetime) -> dict[str, dict[Stance, tuple[SaidText, ...]]]:
    """By proposal and side, the posts and vote reasons that take it most surely, the surest first, as known at `as_of`.

    By the readings on record; a text that has no longer the words that were read is left out.
    """
    strongest = {proposal: _strongest(session, proposal, as_of=as_of) for proposal in proposal_ids}
    said = _texts_read(session, [row for rows in strongest.values() for row in rows], as_of=as_of)
    return {
        proposal: {
            side: tuple(said[key] for row in rows if row["label"] == side and (key := (row["subject_kind"], row["subject_id"])) in said)
            for side in _SIDES
        }
        for proposal, rows in strongest.items()
    }


def _strongest(session: Session, proposal_id: str, *, as_of: datetime) -> list[dict[str, Any]]:
    """The readings that take either side most surely, the surest first."""
    rows = _TAKES_SIDE.rows(session, proposal=proposal_id, as_of=as_of)
    rows.sort(key=lambda row: max(map(Decimal, row["scores"]), default=Decimal(0)), reverse=True)
    return [row for side in _SIDES for row in [each for each in rows if each["label"] == side][:_STRONGEST]]


def _texts_read(session: Session, rows: Sequence[Mapping[str, Any]], *, as_of: datetime) -> dict[tuple[str, str], SaidText]:
    """By kind and id, the texts as worded at `as_of`, where those are the words that were read."""
    ids = {kind: [row["subject_id"] for row in rows if row["subject_kind"] == kind] for kind in ("post", "vote")}
    posts, votes = known.POSTS.table, known.VOTES.table
    wrote = select(*(posts.c[name] for name in ("id", "author", "text", "known_at", "revision"))).where(posts.c.id.in_(ids["post"]))
    reasoned = select(*(votes.c[name] for name in ("id", "voter", "reason", "known_at", "revision")))
    reasoned = reasoned.where(votes.c.id.in_([bytes.fromhex(each) for each in ids["vote"]]))
    said = [
        SaidText("post", row["id"], row["author"], row["text"], row["known_at"])
        for row in (known.as_known(session, known.POSTS, wrote, as_of=as_of) if ids["post"] else [])
    ]
    said += [
        SaidText("vote", row["id"].hex(), row["voter"], row["reason"] or "", row["known_at"])
        for row in (known.as_known(session, known.VOTES, reasoned, as_of=as_of) if ids["vote"] else [])
    ]
    words = {(row["subject_kind"], row["subject_id"]): row["text_sha256"] for row in rows}
    return {
        (each.kind, each.id): each for each in said if hashlib.sha256(each.text.encode()).hexdigest() == words.get((each.kind, each.id))
    }
