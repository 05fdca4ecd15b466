"""Measures a DAO's governance over time: keeps the counts of its votes up to date, and gives the series as of a moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any, Final

from sqlmodel import Session

from governance.health import proposals
from governance.health.activity import shown
from governance.health.intervals import Interval, number_of, start_of
from governance.readings import UNREAD
from governance.records import dao_health, dao_health_additions, dao_health_counts, dao_health_reads
from governance.records.dao_health import PROPOSALS, Outstanding
from governance.records.dao_health_sql import HealthQueries, Span

# Every vote lies between these; the intake refuses times outside.
_FROM: Final = datetime(1970, 1, 5, tzinfo=UTC)
_TO: Final = datetime(9990, 1, 1, tzinfo=UTC)
# So many DAOs are counted by one query when all are counted from nothing.
_DAOS_AT_ONCE: Final = 100
_MOMENT: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class HealthPoint:
    """One interval: [start, end), and whether it had ended by the moment asked about. `figures` as they are shown."""

    start: datetime
    end: datetime
    complete: bool
    figures: Mapping[str, Any]


def bring_up_to_date(session: Session, dao_ids: Sequence[str], kind: Interval) -> None:
    """Count what the kept counts of these DAOs lack, and keep it: all of it the first time, later what batches concern.

    Counts follow from the votes alone; they are kept for speed and are no part of the record, so nothing is logged.
    """
    for start in range(0, len(dao_ids), _DAOS_AT_ONCE):
        part = dao_health.outstanding(session, dao_ids[start : start + _DAOS_AT_ONCE])
        whole = {dao: dao_id_counts for dao, dao_id_counts in part.items() if PROPOSALS not in dao_id_counts.counted}
        wanted = dao_health_reads.proposals_of(session, sorted(whole)) if whole else {}
        for dao, lacking in part.items():
            wanted |= dict.fromkeys(lacking.proposals, dao)
        queries = HealthQueries(session)
        added, spans = _due(queries, part, kind)
        # First, since what is read of whole DAOs by interval tells of their proposals too.
        intervals = [*added, *(row for span in spans for row in dao_health_counts.count_intervals(queries, span))]
        dao_health.keep(
            session,
            proposals=dao_health_counts.count_proposals(queries, wanted) if wanted else [],
            intervals=intervals,
            counted=[(dao, each) for dao in part for each in (PROPOSALS, kind.value)],
            batches=[batch for lacking in part.values() for batch in lacking.batches],
        )


def health_series(session: Session, dao_id: str, kind: Interval, *, as_of: datetime, points: int) -> list[HealthPoint]:
    """The last `points` intervals up to the one `as_of` lies in, oldest first, as known at `as_of`.

    The kept counts must be up to date.
    """
    last = number_of(kind, as_of)
    numbers = range(last - points + 1, last + 1)
    known = dao_health_reads.proposal_facts(session, dao_id, as_of=as_of)
    votes = dao_health_reads.interval_votes(session, dao_id, kind, numbers, as_of=as_of)
    read = dao_health_reads.readings_by_interval(session, dao_id, kind, numbers, as_of=as_of)
    found = []
    for number in numbers:
        start, end = start_of(kind, number), start_of(kind, number + 1)
        until = min(end, as_of + _MOMENT)
        figures = {
            **votes[number],
            **proposals.interval_figures(known, start=start, end=until),
            "dissatisfaction": _dissatisfaction(read.get(number, {})),
        }
        found.append(HealthPoint(start, end, end <= as_of, figures))
    return found


def _due(queries: HealthQueries, part: Mapping[str, Outstanding], kind: Interval) -> tuple[list[dict[str, Any]], list[Span]]:
    """Intervals to which new votes were added, and what must be counted.

    Counted is every interval of DAOs never counted by this kind, and of the others what batches concern that could not be added.
    """
    fresh = [dao for dao, lacking in part.items() if kind.value not in lacking.counted]
    spans = [Span(kind, fresh, _FROM, _TO, whole=True)] if fresh else []
    added: list[dict[str, Any]] = []
    for dao, lacking in part.items():
        kinds = [each for each in Interval if each.value in lacking.counted]
        if lacking.votes is None:
            spans += [span for each in kinds for span in dao_health_counts.spans(each, [dao], lacking.moments)]
        elif kinds and lacking.votes:
            rows, left = dao_health_additions.add_votes(queries, dao, kinds, lacking.votes)
            added += rows
            spans += [span for each, number in left for span in dao_health_counts.spans(each, [dao], [start_of(each, number)])]
    return added, spans


def _dissatisfaction(read: Mapping[str, Mapping[str, int]]) -> dict[str, object] | None:
    """The share of texts that felt negative and of those that stood against; None where none was read."""
    if not read:
        return None
    sentiment, stance = read.get("sentiment", {}), read.get("stance", {})
    texts, stances = _known(sentiment), _known(stance)
    return {
        "texts": texts,
        "negative": shown(Fraction(sentiment.get("negative", 0), texts)) if texts else None,
        "stances": stances,
        "against": shown(Fraction(stance.get("against", 0), stances)) if stances else None,
    }


def _known(labels: Mapping[str, int]) -> int:
    return sum(count for label, count in labels.items() if label not in UNREAD)
