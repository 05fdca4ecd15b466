"""The delegate's queue: what is at stake comes first, and every part of the order says what it claims."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from governance.delegate_queue import WEIGHTS, DaoRecord, OpenProposal, PastBallot, find_allies, likeness, queue
from governance.flags.verdicts import Severity
from governance.tally import Ballot

NOON = datetime(2024, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def _open(name: str, *votes: tuple[str, str, str | None], **changes: Any) -> OpenProposal:
    cast = tuple(Ballot(*vote) for vote in votes)
    facts: dict[str, Any] = {
        "proposal_id": name, "dao_id": "d", "title": "Fund the harbour", "author": "ann", "choices": ("For", "Against"),
        "opened_at": NOON - 2 * DAY, "ends_at": NOON + DAY, "votes": cast,
        "latest_vote_at": NOON - DAY if cast else None,
    }  # fmt: skip
    return OpenProposal(**{**facts, **changes})


def _past(name: str, *, choice: str | None = "1", title: str = "Lower the fee", voted: bool = True) -> PastBallot:
    return PastBallot(name, title, "ann", voted, choice if voted else None, NOON - 9 * DAY if voted else None)


def _record(*past: PastBallot, weight: str | None = "10", others: dict[str, tuple[Ballot, ...]] | None = None) -> DaoRecord:
    return DaoRecord(past, others or {}, weight)


def _parts(proposal: OpenProposal, record: DaoRecord, **passes: float) -> dict[str, float]:
    return dict(queue([proposal], {"d": record}, as_of=NOON, passes=passes)[0].parts)


def test_an_undecided_vote_comes_before_a_decided_one() -> None:
    """All else alike, closeness decides: the forecast's where there is one, else that of the votes so far."""
    close = _open("close", ("a", "1", "51"), ("b", "2", "49"))
    clear = _open("clear", ("a", "1", "99"), ("b", "2", "1"))
    found = queue([clear, close], {"d": _record()}, as_of=NOON, passes={})
    assert [each.proposal.proposal_id for each in found] == ["close", "clear"]
    assert _parts(clear, _record(), clear=0.5)["closeness"] == 1.0


def test_leverage_is_the_delegates_weight_against_the_lead() -> None:
    """Ten against a lead of forty is a quarter; by head everybody weighs one; more than the lead is no more than all."""
    votes = (("a", "1", "45"), ("b", "2", "5"))
    assert _parts(_open("p", *votes), _record())["leverage"] == 0.25
    assert _parts(_open("p", *votes), _record(weight="1000"))["leverage"] == 1.0
    assert _parts(_open("p", ("a", "1", None), ("b", "1", None)), _record())["leverage"] == 0.5


def test_likeness_and_habit_come_from_what_they_voted_on() -> None:
    """A title in the same words counts; proposals they left out do not make one like them."""
    same, other = _past("x", title="Fund the harbour"), _past("y", title="Elect a council")
    assert likeness(_open("p"), same) == 1.0
    assert likeness(_open("p", author=None), other) == 0.0
    voted = _parts(_open("p"), _record(same, same, same))
    left_out = _parts(_open("p"), _record(*(_past("x", title="Fund the harbour", voted=False) for _ in range(3))))
    assert (voted["likeness"], left_out["likeness"]) == (1.0, 0.0)
    assert voted["habit"] > left_out["habit"]


def test_allies_are_those_who_vote_on_the_same_and_what_they_chose_is_shown() -> None:
    """Two proposals in common make an ally; agreeing is counted apart, since one may follow an opponent too."""
    others: dict[str, tuple[Ballot, ...]] = {name: (Ballot("bea", "1", None), Ballot("cid", "2", None)) for name in ("x", "y")}
    others["y"] += (Ballot("dan", "1", None),)
    record = _record(_past("x"), _past("y"), others=others)
    assert [(ally.voter, ally.common, ally.agreed) for ally in find_allies(record)] == [("bea", 2, 2), ("cid", 2, 0)]
    entry = queue([_open("p", ("cid", "2", None))], {"d": record}, as_of=NOON, passes={})[0]
    assert [(ally.voter, choice) for ally, choice in entry.allies_voted] == [("cid", "2")]
    assert entry.parts["allies"] == 0.5


def test_what_closes_sooner_is_more_urgent() -> None:
    """A day left is a half; where nobody tells the end it counts like three days."""
    assert _parts(_open("p"), _record())["urgency"] == 0.5
    assert _parts(_open("p", ends_at=None), _record())["urgency"] == _parts(_open("p", ends_at=NOON + 3 * DAY), _record())["urgency"]


def test_of_two_alike_the_flagged_comes_first() -> None:
    """By the gravest of its flags, not by how many there are; a flag alone does not lift a settled vote over an undecided one."""
    fired = {"many": [Severity.NOTICE] * 9, "grave": [Severity.CRITICAL, Severity.NOTICE]}
    proposals = [_open(name, ("a", "1", "99"), ("b", "2", "1")) for name in ("clear", "grave", "many", "unjudged")]
    found = queue(proposals, {"d": _record()}, as_of=NOON, passes={}, fired={**fired, "clear": []})
    assert [(each.proposal.proposal_id, each.parts["flags"]) for each in found] == [
        ("grave", 1.0),
        ("many", 0.25),
        ("clear", 0.0),
        ("unjudged", 0.0),
    ]
    assert WEIGHTS["flags"] == min(WEIGHTS.values())


@given(st.permutations(range(6)))
def test_the_order_does_not_depend_on_the_order_of_rows(order: list[int]) -> None:
    """Equal stakes are ordered by close and id, never by luck."""
    proposals = [_open(f"p{number}", ends_at=NOON + (1 + number // 2) * DAY) for number in range(6)]
    found = queue([proposals[place] for place in order], {"d": _record()}, as_of=NOON, passes={})
    assert [each.proposal.proposal_id for each in found] == ["p0", "p1", "p2", "p3", "p4", "p5"]


def test_every_part_counts_and_stays_between_nothing_and_all() -> None:
    """A stake is the weighted mean of parts of 0 to 1, so that it can be read."""
    entry = queue([_open("p", ("a", "1", "3"))], {"d": _record(_past("x"))}, as_of=NOON, passes={})[0]
    assert set(entry.parts) == set(WEIGHTS)
    assert all(0 <= part <= 1 for part in entry.parts.values())
    assert entry.stake == sum(WEIGHTS[name] * part for name, part in entry.parts.items()) / sum(WEIGHTS.values())
