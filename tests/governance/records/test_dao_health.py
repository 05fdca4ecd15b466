"""Health over time: what is kept, what is counted afresh and a plain computation say the same, at every moment."""

import itertools
import random
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from governance.canonical import fixed
from governance.health.intervals import Interval, number_of, start_of
from governance.intake.batches import Kind
from governance.records import dao_health
from governance.workflow.measure_health import HealthPoint, bring_up_to_date, health_series
from tests.ingest_rows import a_proposal, a_vote, take

DAO = "tide.eth"
OPENS = datetime(2024, 1, 20, tzinfo=UTC)
IMPORTED = datetime(2026, 11, 21, 12, tzinfo=UTC)
VOTERS = [f"0x{number:040x}" for number in range(30)]


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _proposals() -> list[dict[str, Any]]:
    times = [(OPENS + timedelta(days=9 * number), OPENS + timedelta(days=9 * number + 7)) for number in range(8)]
    return [
        a_proposal(
            proposal_id=f"p{number}", created=_seconds(opens), start=_seconds(opens), end=_seconds(ends), quorum=400.5, type="single-choice"
        )
        for number, (opens, ends) in enumerate(times)
    ]


def _votes(seed: int) -> list[dict[str, Any]]:
    """Votes over three months: some without power, some cast again, voters of very different weight and zeal."""
    dice, found = random.Random(seed), []
    for number in range(8):
        for place, voter in enumerate(VOTERS):
            for _ in range(dice.choice((0, 1, 1, 1, 2)) if place < 12 else dice.choice((0, 0, 0, 1))):
                cast = OPENS + timedelta(days=9 * number, seconds=dice.randrange(7 * 86_400))
                power = None if dice.random() < 0.1 else float(dice.choice((0.1, 3.25, 40, 1e12 / 7)) * (1 + place % 4))
                found.append(
                    a_vote(proposal_id=f"p{number}", voter=voter, choice=str(1 + dice.randrange(2)), vp=power, created=_seconds(cast))
                )
    dice.shuffle(found)
    return found


@pytest.fixture
def world(session: Session) -> list[dict[str, Any]]:
    """A DAO with its votes imported in one run; the votes."""
    votes = _votes(seed=1)
    take(session, Kind.PROPOSAL, _proposals(), at=IMPORTED)
    take(session, Kind.VOTE, votes, at=IMPORTED)
    return votes


def _series(session: Session, as_of: datetime, *, kind: Interval = Interval.MONTH, points: int = 4) -> list[HealthPoint]:
    return health_series(session, DAO, kind, as_of=as_of, points=points)


def _plain_gini(powers: Iterable[Fraction]) -> str:
    each = list(powers)
    pairs = sum((abs(one - other) for one in each for other in each), Fraction(0))
    gini = pairs / (2 * len(each) * sum(each))
    return fixed(Decimal(round(gini * 10**6)).scaleb(-6))


def _known(votes: list[dict[str, Any]], start: datetime, end: datetime) -> list[dict[str, Any]]:
    """The votes cast in [start, end), oldest first."""
    found = [vote for vote in votes if _seconds(start) <= vote["created"] < _seconds(end)]
    return sorted(found, key=lambda vote: vote["created"])


def test_the_series_agrees_with_a_plain_computation(session: Session, world: list[dict[str, Any]]) -> None:
    """Votes, voters, participation, Gini of power, and turnout, from the raw rows by definition."""
    for kind, days in itertools.product(Interval, (15, 40, 80, 200)):
        bring_up_to_date(session, [DAO], kind)
        as_of = OPENS + timedelta(days=days)
        for point in _series(session, as_of, kind=kind):
            _agrees(point, world, as_of)


def _agrees(point: HealthPoint, votes: list[dict[str, Any]], as_of: datetime) -> None:
    cast = _known(votes, point.start, min(point.end, as_of + timedelta(seconds=1)))
    powers = {vote["voter"]: Fraction(repr(vote["vp"])) for vote in cast if vote["vp"] is not None}
    pairs = {(vote["voter"], vote["proposal_id"]) for vote in cast}
    voters, proposals = {voter for voter, _ in pairs}, {proposal for _, proposal in pairs}
    shown = point.figures
    assert (shown["votes"], shown["voters"], shown["proposals_voted"]) == (len(cast), len(voters), len(proposals))
    assert (shown["power"] or {}).get("gini") == (_plain_gini(powers.values()) if powers else None)
    if pairs:
        assert float(shown["participation"]) == pytest.approx(len(pairs) / (len(voters) * len(proposals)), abs=1e-6)
    closed = [p for p in _proposals() if _seconds(point.start) <= p["end"] < _seconds(point.end) and p["end"] <= _seconds(as_of)]
    assert shown["closed"] == len(closed)
    turnouts = [len({vote["voter"] for vote in votes if vote["proposal_id"] == p["proposal_id"]}) for p in closed]
    assert shown["turnout"]["mean_voters"] == (fixed(Decimal(sum(turnouts)) / len(turnouts)) if turnouts else None)


def test_quorum_and_contest_count_the_last_vote_of_each_voter(session: Session, world: list[dict[str, Any]]) -> None:
    """Exactly, over decimal text: a voter who voted again counts once, with the later choice and power."""
    bring_up_to_date(session, [DAO], Interval.YEAR)
    point = _series(session, IMPORTED, kind=Interval.YEAR)[1]
    assert point.start.year == 2024
    reached = unknown = contested = 0
    for proposal in _proposals():
        cast = [vote for vote in world if vote["proposal_id"] == proposal["proposal_id"]]
        last = {vote["voter"]: vote for vote in sorted(cast, key=lambda vote: vote["created"])}.values()
        known = sum((Fraction(repr(vote["vp"])) for vote in last if vote["vp"] is not None), Fraction(0))
        missing = any(vote["vp"] is None for vote in last)
        reached += known >= Fraction("400.5")
        unknown += missing and known < Fraction("400.5")
        sides: dict[str, Fraction] = defaultdict(Fraction)
        for vote in last:
            sides[vote["choice"]] += 1 if missing else Fraction(repr(vote["vp"]))
        contested += abs(sides["1"] - sides["2"]) < sum(sides.values()) / 5
    quorum = point.figures["quorum"]
    assert (quorum["reached"], quorum["unknown"], quorum["proposals"]) == (reached, unknown, 8)
    assert point.figures["contest"]["contested"] == contested


def test_batch_by_batch_gives_what_counting_from_nothing_gives(session: Session) -> None:
    """The kept counts follow every batch, corrections included, whatever order batches come in."""
    votes = _votes(seed=2)
    take(session, Kind.PROPOSAL, _proposals(), at=IMPORTED)
    for kind, start in zip(itertools.cycle(Interval), range(0, len(votes), 25), strict=False):
        take(session, Kind.VOTE, votes[start : start + 25], at=IMPORTED)
        assert dao_health.is_outstanding(session, DAO, kind)
        bring_up_to_date(session, [DAO], kind)
        assert not dao_health.is_outstanding(session, DAO, kind)
    corrected = {**votes[0], "choice": "2" if votes[0]["choice"] == "1" else "1", "vp": 77.5}
    take(session, Kind.VOTE, [corrected], at=IMPORTED + timedelta(days=1))
    bring_up_to_date(session, [DAO], Interval.MONTH)
    asked = list(itertools.product(Interval, (OPENS + timedelta(days=30), IMPORTED, IMPORTED + timedelta(days=2))))
    step_by_step = [_series(session, moment, kind=kind, points=40) for kind, moment in asked]

    _forget(session)
    for kind in Interval:
        bring_up_to_date(session, [DAO], kind)

    assert [_series(session, moment, kind=kind, points=40) for kind, moment in asked] == step_by_step
    assert step_by_step[1] != step_by_step[2]


def test_votes_are_added_to_a_large_interval_as_if_all_were_counted_again(session: Session) -> None:
    """Where counting again would take long a batch is added: also by new delegates, on new proposals, and one voting twice."""
    dice = random.Random(4)
    take(session, Kind.PROPOSAL, _proposals(), at=IMPORTED)
    start = _seconds(OPENS)

    def _cast(voters: range, proposals: range, chance: float) -> list[dict[str, Any]]:
        return [
            a_vote(
                proposal_id=f"p{p}", voter=f"0x{v:040x}", vp=None, choice=str(dice.randrange(1, 3)), created=start + dice.randrange(86_400)
            )
            for v in voters
            for p in proposals
            if dice.random() < chance
        ]

    batches = [_cast(range(900), range(3), 0.8), _cast(range(900, 960), range(3), 0.9), _cast(range(20), range(3, 8), 0.9)]
    batches.append([a_vote(proposal_id="p4", voter=f"0x{3:040x}", vp=None, choice="2", created=start + 90_000)])
    batches.append(_cast(range(970, 990), range(8), 1.0))
    seen = []
    for batch in batches:
        take(session, Kind.VOTE, batch, at=IMPORTED)
        for kind in (Interval.MONTH, Interval.YEAR):
            bring_up_to_date(session, [DAO], kind)
        seen.append(_series(session, IMPORTED, kind=Interval.YEAR, points=3))
    asked = [(kind, OPENS + timedelta(days=day)) for kind in (Interval.MONTH, Interval.YEAR) for day in (1, 300)]
    step_by_step = [_series(session, moment, kind=kind) for kind, moment in asked]
    _forget(session)
    for kind in (Interval.MONTH, Interval.YEAR):
        bring_up_to_date(session, [DAO], kind)
    assert [_series(session, moment, kind=kind) for kind, moment in asked] == step_by_step
    assert [points[0].figures["votes"] for points in seen] == [sum(map(len, batches[: number + 1])) for number in range(5)]
    assert seen[1][0].figures["delegates"] != seen[2][0].figures["delegates"]


def test_a_moment_before_a_correction_sees_what_was_said_then(session: Session, world: list[dict[str, Any]]) -> None:
    """A correction must not rewrite yesterday: asked as of then, the answer stays what it was."""
    bring_up_to_date(session, [DAO], Interval.MONTH)
    moments = [OPENS + timedelta(days=day) for day in (20, 60, 100)]
    before = [_series(session, moment) for moment in moments]

    corrected = [{**vote, "vp": 1.0, "choice": "1"} for vote in world[::3]]
    late = [a_vote(proposal_id="p3", voter="0xlate", created=_seconds(OPENS + timedelta(days=300)))]
    take(session, Kind.VOTE, corrected + late, at=IMPORTED + timedelta(days=1))
    bring_up_to_date(session, [DAO], Interval.MONTH)

    assert [_series(session, moment) for moment in moments] == before


def test_several_daos_are_counted_together_as_each_alone(session: Session) -> None:
    """One query groups many DAOs; nothing of one may stray into another."""
    names = ("ebb.eth", "flow.eth", "tide.eth")
    for seed, name in enumerate(names):
        take(session, Kind.PROPOSAL, [{**row, "dao": name} for row in _proposals()], at=IMPORTED)
        take(session, Kind.VOTE, [{**row, "dao": name} for row in _votes(seed=seed)], at=IMPORTED)
    bring_up_to_date(session, names, Interval.MONTH)
    together = [health_series(session, name, Interval.MONTH, as_of=IMPORTED, points=40) for name in names]
    _forget(session)
    for name in names:
        bring_up_to_date(session, [name], Interval.MONTH)
    assert [health_series(session, name, Interval.MONTH, as_of=IMPORTED, points=40) for name in names] == together
    assert together[0] != together[1]


def test_the_database_numbers_intervals_as_the_rule_does(session: Session) -> None:
    """Kept figures are found by number: one off, and every series is shifted. The edges of months, years and weeks matter."""
    edges = [datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 2, 29, tzinfo=UTC), datetime(2025, 7, 7, tzinfo=UTC)]
    casts = [edge + timedelta(seconds=seconds) for edge in edges for seconds in (-1, 0)]
    take(session, Kind.VOTE, [a_vote(created=_seconds(cast)) for cast in casts], at=IMPORTED)
    for kind in Interval:
        bring_up_to_date(session, [DAO], kind)
        found = [point.start for point in _series(session, IMPORTED, kind=kind, points=160) if point.figures["votes"]]
        assert found == sorted({start_of(kind, number_of(kind, cast)) for cast in casts})


def _forget(session: Session) -> None:
    for table in ("counted_proposal", "counted_interval", "counted_dao"):
        session.execute(text(f"DELETE FROM {table}"))
