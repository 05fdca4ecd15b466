"""Lists of DAOs, and the figures of a DAO's health."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from governance.records.as_of import votes_cast
from governance.records.daos import Dao, DaoSource
from governance.records.decision_log import LogEntry
from governance.records.evidence import Flag
from governance.records.proposals import Proposal
from governance.records.votes import Vote


@dataclass(frozen=True, slots=True)
class VoteSample:
    """The votes of a DAO's most recent proposals: how many voted on each, on any, and each voter's last power as decimal text.

    A voter whose power nobody tells is one of the `voters`, without a power.
    """

    voters_per_proposal: tuple[int, ...]
    voters: int
    power_by_voter: dict[str, str]


def list_daos(session: Session, *, after: str | None, limit: int, source: str | None = None, external_id: str | None = None) -> list[Dao]:
    """DAOs by id, from behind `after`; only those that `source` calls `external_id`, when these are given."""
    query = select(Dao).order_by(col(Dao.id)).limit(limit)
    if after is not None:
        query = query.where(col(Dao.id) > after)
    if source is not None or external_id is not None:
        named = select(DaoSource.dao_id)
        if source is not None:
            named = named.where(DaoSource.source == source)
        if external_id is not None:
            named = named.where(DaoSource.external_id == external_id)
        query = query.where(col(Dao.id).in_(named))
    return list(session.exec(query))


def sources_of(session: Session, dao_ids: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    """By DAO, the (source, external id) pairs that name it."""
    found: dict[str, list[tuple[str, str]]] = {dao_id: [] for dao_id in dao_ids}
    query = select(DaoSource).where(col(DaoSource.dao_id).in_(dao_ids)).order_by(col(DaoSource.source), col(DaoSource.external_id))
    for row in session.exec(query):
        found[row.dao_id].append((row.source, row.external_id))
    return found


def data_version(session: Session, dao_id: str | None) -> int:
    """Grows with everything a reader of the DAO could see: each such write appends to the log. 0 before the first.

    A batch with rows of several DAOs is one entry of none of them; it grows each DAO's own count instead.
    """
    query = select(func.max(LogEntry.seq))
    query = query if dao_id is None else query.where(LogEntry.dao_id == dao_id)
    last = session.exec(query).one()
    batches = session.exec(select(Dao.data_version).where(Dao.id == dao_id)).first()
    return (0 if last is None else int(last) + 1) + (batches or 0)


def indexed_to(session: Session, dao_id: str, *, as_of: datetime) -> datetime | None:
    """The newest moment at which anything the DAO said or voted was known, up to `as_of`."""
    newest = [
        session.exec(select(func.max(column)).where(dao_column == dao_id, column <= as_of)).one()
        for column, dao_column in ((col(Proposal.known_at), Proposal.dao_id), (col(Vote.known_at), Vote.dao_id))
    ]
    known = [moment for moment in newest if moment is not None]
    return max(known) if known else None


def vote_sample(session: Session, dao_id: str, *, as_of: datetime, proposals: int) -> VoteSample:
    """The last votes of each voter on those of the DAO's `proposals` most recently known proposals that have votes.

    All as known at `as_of`: a power that was corrected later has the value it had then.
    """
    recent = session.exec(
        select(Proposal.id)
        .where(Proposal.dao_id == dao_id, Proposal.known_at <= as_of)
        .order_by(col(Proposal.known_at).desc(), col(Proposal.id))
        .limit(proposals)
    )
    counts: list[int] = []
    voters: set[str] = set()
    powers: dict[str, str] = {}
    for proposal_id in recent:
        last = {voter: power for voter, _, power in votes_cast(session, proposal_id, as_of=as_of)}
        if last:
            counts.append(len(last))
        voters.update(last)
        for voter, power in last.items():
            if power is not None:
                powers.setdefault(voter, power)
    return VoteSample(tuple(counts), len(voters), powers)


def open_flags(session: Session, dao_id: str, *, as_of: datetime) -> int:
    """How many flags stood fired at `as_of`: of each rule's answers on a proposal up to then the last one counts."""
    # Of two answers for one moment the later recorded is the last; by id where even that is the same.
    place = func.row_number().over(
        partition_by=(col(Flag.proposal_id), col(Flag.rule)),
        order_by=(col(Flag.as_of).desc(), col(Flag.recorded_at).desc(), col(Flag.id).desc()),
    )
    answers = select(col(Flag.status), place.label("place")).where(Flag.dao_id == dao_id, Flag.as_of <= as_of).subquery()
    query = select(func.count()).select_from(answers).where(answers.c.place == 1, answers.c.status == "fired")
    return int(session.exec(query).one())
