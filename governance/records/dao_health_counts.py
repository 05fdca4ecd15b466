"""Counts a DAO's votes per proposal and per interval, by grouped queries; single votes are read only where they must be."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlmodel import Session

from governance.concentration import exact_sum
from governance.health import activity
from governance.health.activity import IntervalVotes
from governance.health.intervals import Interval, number_of, start_of
from governance.records import as_of as known
from governance.records.dao_health_sql import Active, HealthQueries, Place, Said, Span, moment

_PROPOSALS_PER_QUERY: Final = 2_000

_LARGE: Final = 2_000

Alike = list[list[Any]]


def count_proposals(queries: HealthQueries, dao_of: Mapping[str, str]) -> list[dict[str, Any]]:
    """Rows of `CountedProposal` for those of the proposals (id to DAO) that have votes, by all that is known."""
    ids = sorted(dao_of)
    found: list[dict[str, Any]] = []
    for start in range(0, len(ids), _PROPOSALS_PER_QUERY):
        found += _count_part(queries, ids[start : start + _PROPOSALS_PER_QUERY], dao_of)
    return found


def _count_part(queries: HealthQueries, ids: list[str], dao_of: Mapping[str, str]) -> list[dict[str, Any]]:
    alike: dict[str, dict[str | None, list[Any]]] = defaultdict(dict)
    changed: dict[str, datetime] = {}
    powered, corrected = set(), set()
    for proposal, choice, heads, with_power, known_at, revision in queries.votes_by_choice(ids):
        alike[proposal][choice] = [choice, heads, with_power, None]
        changed[proposal] = max(known_at, changed.get(proposal, known_at))
        if with_power:
            powered.add(proposal)
        if revision > 1:
            corrected.add(proposal)
    for proposal, corrected_at in queries.corrections_of(sorted(corrected)).items() if corrected else ():
        changed[proposal] = max(corrected_at, changed[proposal])
    sums: dict[tuple[str, str | None], list[str]] = defaultdict(list)
    for proposal, choice, power in queries.powers_by_choice(sorted(powered)) if powered else ():
        sums[proposal, choice].append(power)
    for (proposal, choice), powers in sums.items():
        alike[proposal][choice][3] = _text(powers)
    again = queries.voted_again(ids)
    return [
        {
            "proposal_id": proposal,
            "dao_id": dao_of[proposal],
            "alike": count_votes(queries.session, proposal, as_of=changed[proposal]) if proposal in again else list(said.values()),
            "changed_at": changed[proposal],
        }
        for proposal, said in alike.items()
    ]


def count_votes(session: Session, proposal_id: str, *, as_of: datetime) -> Alike:
    """The same count from the single votes known at `as_of`: of one voter the last."""
    last = {voter: (choice, power) for voter, choice, power in known.votes_cast(session, proposal_id, as_of=as_of)}
    powers: dict[str | None, list[str | None]] = defaultdict(list)
    for choice, power in last.values():
        powers[choice].append(power)
    found: Alike = []
    for choice, each in powers.items():
        told = [power for power in each if power is not None]
        found.append([choice, len(each), len(told), _text(told) if told else None])
    return found


def count_intervals(queries: HealthQueries, span: Span) -> list[dict[str, Any]]:
    """Rows of `CountedInterval` for the span's intervals in which votes became known."""
    voted: dict[Place, list[Said]] = defaultdict(list)
    for each in queries.votes_said(span):
        voted[each.dao_id, each.number].append(each)
    if not voted:
        return []
    again = queries.voted_again({each.proposal_id for told in voted.values() for each in told})
    active = queries.voters(span, again)
    powered = _powered(queries, span, voted)
    busy = _busiest(queries, span, {place: each for place, each in active.items() if place not in powered})
    corrected = queries.corrections_in(span) if any(map(_is_corrected, voted.values())) else {}
    found = []
    for place, who in active.items():
        said = voted[place]
        changed = moment(max(each.known_at for each in said))
        seen = IntervalVotes(
            votes=who.votes,
            proposals=len({each.proposal_id for each in said}),
            per_voter={count: len(voters) for count, voters in who.voters.items()},
            powers=powered[place].powers if place in powered else {},
            delegates=powered[place].delegates if place in powered else busy[place],
        )
        found.append(
            {
                "dao_id": place[0],
                "kind": span.kind.value,
                "number": place[1],
                "figures": activity.figures(seen),
                "tally": _tally(who, said, seen),
                "changed_at": max(changed, corrected.get(place, changed)),
            }
        )
    return found


def _is_corrected(said: Sequence[Said]) -> bool:
    return any(each.revision > 1 for each in said)


def _tally(active: Active, said: Sequence[Said], seen: IntervalVotes) -> dict[str, Any] | None:
    """What adding votes to an interval needs; only of large ones, since small ones are counted again as fast.

    Where powers or corrections are, adding would have to know the order of votes: those are counted again.
    """
    if seen.votes < _LARGE or seen.powers or _is_corrected(said):
        return None
    return {
        "votes": seen.votes,
        "voters": {voter: count for count, voters in active.voters.items() for voter in voters},
        "proposals": sorted({each.proposal_id for each in said}),
        "delegates": {voter: dict(choices) for voter, choices in seen.delegates.items()},
    }


def measure_interval(session: Session, dao_id: str, *, start: datetime, end: datetime, as_of: datetime) -> dict[str, object] | None:
    """The same figures from the single votes of [start, end), each as known at `as_of`; None where there are none."""
    table = known.VOTES.table
    query = (
        select(*(table.c[name] for name in ("id", "proposal_id", "voter", "choice", "power", "revision", "known_at")))
        .where(table.c.dao_id == dao_id, table.c.known_at >= start, table.c.known_at < end)
        .order_by(table.c.cast_at.is_not(None), table.c.cast_at, table.c.id)
    )
    rows = known.as_known(session, known.VOTES, query, as_of=as_of)
    if not rows:
        return None
    return activity.figures(activity.from_rows([(row["proposal_id"], row["voter"], row["choice"], row["power"]) for row in rows]))


def spans(kind: Interval, dao_ids: Sequence[str], moments: Iterable[datetime]) -> list[Span]:
    """The intervals that the moments lie in, adjacent ones together."""
    found: list[Span] = []
    numbers = sorted({number_of(kind, each) for each in moments})
    for number in numbers:
        start, end = start_of(kind, number), start_of(kind, number + 1)
        if found and found[-1].end == start:
            found[-1] = Span(kind, dao_ids, found[-1].start, end)
        else:
            found.append(Span(kind, dao_ids, start, end))
    return found


def _powered(queries: HealthQueries, span: Span, voted: Mapping[Place, Sequence[Said]]) -> dict[Place, IntervalVotes]:
    """What the votes with a power say, of the intervals that have any."""
    daos = sorted({dao for (dao, _), told in voted.items() if any(each.powers for each in told)})
    if not daos:
        return {}
    rows: dict[Place, list[tuple[str, str, str | None, str | None]]] = defaultdict(list)
    for dao, number, proposal, voter, choice, power in queries.votes_with_power(Span(span.kind, daos, span.start, span.end)):
        rows[dao, number].append((proposal, voter, choice, power))
    return {place: activity.from_rows(votes) for place, votes in rows.items()}


def _busiest(queries: HealthQueries, span: Span, active: Mapping[Place, Active]) -> dict[Place, dict[str, dict[str, str | None]]]:
    """The votes of each interval's busiest voters."""
    found: dict[Place, dict[str, dict[str, str | None]]] = {}
    for place, each in active.items():
        found[place] = {voter: {} for voter in activity.busiest_of(each.voters)}
    wanted = sorted({(dao, voter) for (dao, _), delegates in found.items() for voter in delegates})
    for dao, number, proposal, voter, choice in queries.votes_of(span, wanted) if wanted else ():
        delegates = found.get((dao, number))
        if delegates is not None and voter in delegates:
            delegates[voter][proposal] = choice
    return found


def _text(powers: Sequence[str]) -> str:
    return f"{exact_sum(powers):f}"
