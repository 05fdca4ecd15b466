"""Adds a batch of new votes to the kept figures of large intervals, where counting all their votes again would take long."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from governance.health import activity
from governance.health.activity import IntervalVotes
from governance.health.intervals import Interval, start_of
from governance.records.dao_health import CountedInterval
from governance.records.dao_health_sql import HealthQueries, Span, moment


def add_votes(
    queries: HealthQueries, dao_id: str, kinds: Sequence[Interval], votes: Sequence[bytes]
) -> tuple[list[dict[str, Any]], list[tuple[Interval, int]]]:
    """Rows of `CountedInterval` with the votes added, and the (kind, number) of intervals that must be counted again instead.

    Added is where the interval's tally is kept, no vote has a power, and nobody voted on one of the proposals twice.
    """
    rows = queries.votes_by_id(kinds, votes)
    again = queries.voted_again(sorted({row[0] for row in rows}))
    added: list[dict[str, Any]] = []
    left: list[tuple[Interval, int]] = []
    for place, kind in enumerate(kinds, start=5):
        grouped: dict[int, list[Any]] = defaultdict(list)
        for row in rows:
            grouped[row[place]].append(row)
        for number, found in grouped.items():
            plain = all(row[3] is None and row[0] not in again for row in found)
            kept = _kept(queries.session, dao_id, kind, number) if plain else None
            if kept is None:
                left.append((kind, number))
            else:
                added.append(_added(queries, Span(kind, [dao_id], start_of(kind, number), start_of(kind, number + 1)), number, kept, found))
    return added, left


def _kept(session: Session, dao_id: str, kind: Interval, number: int) -> Any:  # noqa: ANN401  # a row of two columns
    query = select(col(CountedInterval.tally), col(CountedInterval.changed_at)).where(
        col(CountedInterval.dao_id) == dao_id, col(CountedInterval.kind) == kind.value, col(CountedInterval.number) == number
    )
    found = session.execute(query).first()
    return None if found is None or found.tally is None else found


def _added(queries: HealthQueries, span: Span, number: int, kept: Any, rows: Sequence[Any]) -> dict[str, Any]:  # noqa: ANN401
    dao_id = span.dao_ids[0]
    tally = kept.tally
    voters: Counter[str] = Counter(tally["voters"])
    voters.update(row[1] for row in rows)
    proposals = sorted({*tally["proposals"], *(row[0] for row in rows)})
    before: dict[str, dict[str, str | None]] = tally["delegates"]
    busiest = activity.busiest(voters)
    delegates = {voter: dict(before.get(voter, {})) for voter in busiest}
    for proposal, voter, choice, *_ in rows:
        if voter in before and voter in delegates:
            delegates[voter][proposal] = choice
    risen = [(dao_id, voter) for voter in busiest if voter not in before]
    for _, _, proposal, voter, choice in queries.votes_of(span, risen) if risen else ():
        delegates[voter][proposal] = choice
    count = tally["votes"] + len(rows)
    seen = IntervalVotes(votes=count, proposals=len(proposals), per_voter=Counter(voters.values()), powers={}, delegates=delegates)
    return {
        "dao_id": dao_id,
        "kind": span.kind.value,
        "number": number,
        "figures": activity.figures(seen),
        "tally": {"votes": count, "voters": dict(voters), "proposals": proposals, "delegates": delegates},
        "changed_at": max(kept.changed_at, moment(max(row[4] for row in rows))),
    }
