"""Turnout, contest, quorum and backlog: what is not known is said, never counted as zero."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

from governance.health.proposals import ProposalFacts, WrittenAlike, interval_figures, lead, quorum_margin

NOON = datetime(2024, 3, 10, 12, tzinfo=UTC)
START, END = datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 4, 1, tzinfo=UTC)


def _proposal(*counted: tuple[str | None, int, int, str | None], **changes: Any) -> ProposalFacts:
    facts: dict[str, Any] = {
        "id": "p",
        "kind": "basic",
        "choices": 2,
        "quorum": None,
        "opens_at": NOON - timedelta(days=7),
        "closed_at": NOON,
        "ends_at": None,
        "counted": [WrittenAlike(*each) for each in counted],
    }
    return ProposalFacts(**{**facts, **changes})


def test_the_lead_is_by_power_where_every_vote_has_one() -> None:
    """Two heads of 1 against one of 8: by power the one leads by six tenths; with a power missing, heads decide."""
    assert lead(_proposal(("1", 2, 2, "2"), ("2", 1, 1, "8"))) == Fraction(6, 10)
    assert lead(_proposal(("1", 2, 1, "2"), ("2", 1, 1, "8"))) == Fraction(1, 3)
    assert lead(_proposal((None, 4, 0, None))) is None


def test_a_weighted_vote_counts_in_parts() -> None:
    """Three quarters of four are three."""
    assert lead(_proposal(('{"1": 3, "2": 1}', 1, 1, "4"), kind="weighted")) == Fraction(2, 4)


def test_quorum_is_unknown_while_missing_powers_could_reach_it() -> None:
    """Ten of a quorum of twenty with one voter's power unknown may be met or missed; thirty of twenty is met anyway."""
    assert quorum_margin(_proposal(("1", 2, 2, "10"), quorum="20")) == Fraction(-1, 2)
    assert quorum_margin(_proposal(("1", 2, 1, "10"), quorum="20")) is None
    assert quorum_margin(_proposal(("1", 2, 1, "30"), quorum="20")) == Fraction(1, 2)
    assert quorum_margin(_proposal(("1", 2, 2, "30"), quorum="0")) is None


def test_an_interval_counts_what_closed_in_it_and_what_waited_at_its_end() -> None:
    """What closes at the first moment of the next interval still waited."""
    figures: dict[str, Any] = interval_figures(
        [
            _proposal(("1", 3, 0, None), ("2", 1, 0, None)),
            _proposal(("1", 2, 2, "5"), closed_at=START, quorum="4"),
            _proposal(closed_at=END),
            _proposal(closed_at=None, ends_at=END + timedelta(days=2), opens_at=END - timedelta(days=1)),
            _proposal(closed_at=None),
            _proposal(closed_at=START - timedelta(microseconds=1)),
        ],
        start=START,
        end=END,
    )
    assert figures["closed"] == 2
    assert figures["turnout"] == {
        "proposals": 2,
        "median_voters": "3.000000",
        "mean_voters": "3.000000",
        "median_power": "5",
        "without_power": 1,
    }
    assert figures["contest"] == {"proposals": 2, "median_lead": "0.750000", "contested": 0, "unanimous": 1}
    assert figures["quorum"] == {"proposals": 1, "reached": 1, "missed": 0, "unknown": 0, "median_margin": "0.250000"}
    assert (figures["backlog"]["open"], figures["backlog"]["without_end"]) == (2, 1)
