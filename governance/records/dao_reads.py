"""Lists of DAOs, and the figures of a DAO's health."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from governance.records.daos import Dao, DaoSource
from governance.records.decision_log import LogEntry
from governance.records.evidence import Flag
from governance.records.proposals import Proposal
from governance.records.votes import Vote


@dataclass(frozen=True, slots=True)
class VoteSample:
    """The votes of a DAO's most recent proposals: how many voted on each, and each voter's last power as decimal text."""

    voters_per_proposal: tuple[int, ...]
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
    """The last votes of each voter on the DAO's `proposals` most recently known proposals that have votes."""
    recent = session.exec(
        select(Proposal.id)
        .where(Proposal.dao_id == dao_id, Proposal.known_at <= as_of)
        .order_by(col(Proposal.known_at).desc())
        .limit(proposals)
    )
    counts: list[int] = []
    powers: dict[str, str] = {}
    for proposal_id in recent:
        query = select(Vote.voter, Vote.power).where(Vote.proposal_id == proposal_id, Vote.known_at <= as_of)
        last = dict(session.exec(query.order_by(col(Vote.known_at))).all())
        if last:
            counts.append(len(last))
        for voter, power in last.items():
            if power is not None:
                powers.setdefault(voter, power)
    return VoteSample(tuple(counts), powers)


def open_flags(session: Session, dao_id: str) -> int:
    """How many flags stand fired: of each rule's answers on a proposal the last one counts."""
    last = select(Flag.proposal_id, Flag.rule, func.max(Flag.as_of).label("as_of")).where(Flag.dao_id == dao_id)
    newest = last.group_by(col(Flag.proposal_id), col(Flag.rule)).subquery()
    same = (col(Flag.proposal_id) == newest.c.proposal_id) & (col(Flag.rule) == newest.c.rule) & (col(Flag.as_of) == newest.c.as_of)
    query = select(func.count()).select_from(Flag).join(newest, same).where(Flag.dao_id == dao_id, Flag.status == "fired")
    return int(session.exec(query).one())
