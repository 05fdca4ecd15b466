"""Reads a DAO's counts and proposals as they were known at a time: kept counts where they hold, single votes where not."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlmodel import Session, col

from governance.health.activity import IntervalVotes, figures
from governance.health.intervals import Interval, start_of
from governance.health.proposals import ProposalFacts, WrittenAlike
from governance.records import as_of as known
from governance.records.dao_health import CountedInterval, CountedProposal
from governance.records.dao_health_counts import Alike, count_votes, measure_interval
from governance.records.dao_health_sql import HealthQueries
from governance.records.proposals import Proposal
from governance.records.votes import Vote
from governance.tally import VotingType, count, voting_type

_COLUMNS: Final = (
    "id", "dao_id", "kind", "choices", "created_at", "starts_at", "ends_at", "end_fixed", "quorum", "state", "outcome",
    "outcome_rule", "result_known_at", "known_at", "revision",
)  # fmt: skip
_NOTHING: Final = figures(IntervalVotes(0, 0, {}, {}, {}))


def proposals_of(session: Session, dao_ids: list[str]) -> dict[str, str]:
    """The DAOs' proposals, each with its DAO."""
    found = session.execute(select(col(Proposal.id), col(Proposal.dao_id)).where(col(Proposal.dao_id).in_(dao_ids)))
    return {row.id: row.dao_id for row in found}


def proposal_facts(session: Session, dao_id: str, *, as_of: datetime) -> list[ProposalFacts]:
    """The DAO's proposals as known at `as_of`, with the votes known then."""
    table = known.PROPOSALS.table
    rows = known.as_known(
        session, known.PROPOSALS, select(*(table.c[name] for name in _COLUMNS)).where(table.c.dao_id == dao_id), as_of=as_of
    )
    counts = _counts(session, dao_id, as_of)
    return [_facts(session, row, counts.get(row["id"], []), as_of) for row in rows]


def interval_votes(session: Session, dao_id: str, kind: Interval, numbers: range, *, as_of: datetime) -> dict[int, dict[str, Any]]:
    """The figures of the votes of each interval that were known at `as_of`."""
    query = select(col(CountedInterval.number), col(CountedInterval.figures), col(CountedInterval.changed_at)).where(
        col(CountedInterval.dao_id) == dao_id,
        col(CountedInterval.kind) == kind.value,
        col(CountedInterval.number) >= numbers.start,
        col(CountedInterval.number) < numbers.stop,
    )
    found: dict[int, dict[str, Any]] = dict.fromkeys(numbers, _NOTHING)
    for number, kept, changed_at in session.execute(query):
        if changed_at <= as_of:
            found[number] = kept
            continue
        start, end = start_of(kind, number), start_of(kind, number + 1)
        if start <= as_of:
            found[number] = measure_interval(session, dao_id, start=start, end=end, as_of=as_of) or _NOTHING
    return found


def readings_by_interval(
    session: Session, dao_id: str, kind: Interval, numbers: range, *, as_of: datetime
) -> dict[int, dict[str, dict[str, int]]]:
    """How many texts were read how, by interval, task and label."""
    found: dict[int, dict[str, dict[str, int]]] = {}
    for number, task, label, texts in HealthQueries(session).readings(kind, dao_id, start=start_of(kind, numbers.start), as_of=as_of):
        found.setdefault(number, {}).setdefault(task, {})[label] = texts
    return found


def _counts(session: Session, dao_id: str, as_of: datetime) -> dict[str, Alike]:
    """The counts of the DAO's proposals: kept ones where nothing changed after `as_of`."""
    query = select(col(CountedProposal.proposal_id), col(CountedProposal.alike), col(CountedProposal.changed_at)).where(
        col(CountedProposal.dao_id) == dao_id
    )
    found: dict[str, Alike] = {}
    changed: list[str] = []
    for proposal, alike, changed_at in session.execute(query):
        if changed_at <= as_of:
            found[proposal] = alike
        else:
            changed.append(proposal)
    voted = _voted_by(session, dao_id, as_of) if changed else set()
    found.update({proposal: count_votes(session, proposal, as_of=as_of) for proposal in changed if proposal in voted})
    return found


def _voted_by(session: Session, dao_id: str, as_of: datetime) -> set[str]:
    """The proposals on which votes were known at `as_of`."""
    query = select(col(Vote.proposal_id)).where(col(Vote.dao_id) == dao_id, col(Vote.known_at) <= as_of).distinct()
    return set(session.execute(query).scalars())


def _facts(session: Session, row: dict[str, Any], counted: Alike, as_of: datetime) -> ProposalFacts:
    ends_at, told = row["ends_at"], row["outcome"] is not None
    closed_at = None
    if ends_at is not None and ends_at <= as_of:
        closed_at = ends_at
    elif told:
        closed_at = row["result_known_at"]
    by_choice = None
    if counted and voting_type(row["kind"]) is VotingType.QUADRATIC:
        votes = count(known.votes_cast(session, row["id"], as_of=as_of), kind=row["kind"], choices=row["choices"])
        by_choice = {place: found.power for place, found in votes.choices.items() if found.power is not None}
    return ProposalFacts(
        id=row["id"],
        kind=row["kind"],
        choices=len(row["choices"]) if row["choices"] else None,
        quorum=row["quorum"],
        opens_at=row["starts_at"] or row["created_at"] or row["known_at"],
        closed_at=closed_at,
        ends_at=ends_at if closed_at is None else None,
        counted=[WrittenAlike(*each) for each in counted],
        power_by_choice=by_choice,
    )
