"""P(each choice leads) under every way of voting: right where it can be counted, even-handed where nothing is known."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.evidence import KnownVote, OutcomeQuestion
from governance.tally import count
from nlp.outcome_choices import leading, read_ballots
from tests.outcome_world import question

KINDS = ("basic", "single-choice", "approval", "weighted", "quadratic", "ranked-choice")


def asked(kind: str, ballots: list[tuple[object, float]], choices: tuple[str, ...] = ("Red", "Green", "Blue")) -> OutcomeQuestion:
    """A proposal of `kind` on which these (choice, power) were cast."""
    plain = question(30, after=timedelta(days=3))
    votes = tuple(
        KnownVote(f"0x{place}", json.dumps(choice), str(power), plain.as_of - timedelta(hours=1 + place))
        for place, (choice, power) in enumerate(ballots)
    )
    return replace(plain, proposal=replace(plain.proposal, kind=kind, choices=choices), votes=votes)


def leads(given: OutcomeQuestion, expected: float | None) -> list[float]:
    """The probabilities in the order of the choices."""
    return [each.leads for each in leading(given, expected_heads=expected, favoured=None)[0]]


@pytest.mark.parametrize(
    ("kind", "ballots", "winner"),
    [
        ("basic", [(1, 5.0), (2, 4.0), (2, 4.0)], 2),
        ("single-choice", [(3, 5.0), (2, 4.0)], 3),
        ("approval", [([1, 2], 3.0), ([2, 3], 3.0), ([3], 1.0)], 2),
        ("weighted", [({"1": 1, "3": 3}, 8.0), ({"2": 1}, 5.0)], 3),
        # Three voters of four outweigh one of sixteen: six roots against four.
        ("quadratic", [(1, 16.0), (2, 4.0), (2, 4.0), (2, 4.0)], 2),
        # Blue has the fewest first preferences; its voter's next is Green, which then beats Red.
        ("ranked-choice", [([1, 2, 3], 4.0), ([2, 1, 3], 3.0), ([3, 2, 1], 2.0)], 2),
    ],
)
def test_with_nobody_left_to_vote_the_counted_winner_leads_for_certain(kind: str, ballots: list[tuple[object, float]], winner: int) -> None:
    """At the end the forecast is the count; each way of voting has a case that another way would decide differently."""
    found = leads(asked(kind, ballots), expected=float(len(ballots)))

    assert found[winner - 1] == 1.0
    assert sum(found) == 1.0


def test_a_vote_without_power_leaves_the_count_by_power() -> None:
    """It counts nothing; heads would let nine newcomers outvote a million."""
    ballots = [(1, 1_000_000.0), *((2, 1.0) for _ in range(9))]
    choices, by = leading(asked("basic", [*ballots, (2, 0.0)]), expected_heads=11.0, favoured=None)

    assert (choices[0].leads, by) == (1.0, "power")
    assert leading(asked("basic", [(1, 0.0), (2, 0.0), (2, 0.0)]), expected_heads=3.0, favoured=None)[1] == "heads"


@pytest.mark.timeout(60)
def test_hundreds_of_different_rankings_of_fifty_choices_are_counted_in_bounded_time() -> None:
    """Each choice is the first of as many ballots, so none may lead much more often than another."""
    names = tuple(f"c{place}" for place in range(50))
    ballots = [([1 + (first + step) % 50 for step in range(2 + copy)], 1.0) for first in range(50) for copy in range(8)]
    found = leads(asked("ranked-choice", list(ballots), names), expected=800.0)

    assert sum(found) == pytest.approx(1.0, abs=1e-4)
    assert max(found) < 0.2


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "ranked-choice"])
def test_the_final_count_is_that_of_the_tally(kind: str) -> None:
    """Scores follow the rule that counts votes elsewhere in the house, so the two can never name different leaders."""
    single: list[tuple[object, float]] = [(1, 3.5), (2, 8.25), (3, 2.0), (2, 1.0), (1, 6.0)]
    many: list[tuple[object, float]] = [({"1": 2, "2": 1}, 3.5), ({"3": 1}, 8.25), ({"2": 5, "3": 1}, 4.0)]
    approving: list[tuple[object, float]] = [([1, 3], 3.5), ([2], 8.25), ([3], 6.0)]
    ballots = {"approval": approving, "weighted": many, "quadratic": many}.get(kind, single)
    given_ = asked(kind, ballots)
    counted = count([(vote.voter, vote.choice, vote.power) for vote in given_.votes], kind=kind, choices=given_.proposal.choices)

    best = max(counted.choices, key=lambda place: counted.choices[place].power or 0)
    found = leads(given_, expected=float(len(ballots)))
    assert found[best - 1] == 1.0


@pytest.mark.parametrize("kind", KINDS)
def test_before_any_vote_no_choice_is_favoured(kind: str) -> None:
    """Nothing is known, so nothing is claimed: alike for all within what 400 draws tell."""
    found = leads(asked(kind, []), expected=None)

    assert sum(found) == pytest.approx(1.0, abs=1e-5)
    assert all(abs(each - 1 / 3) < 0.12 for each in found)


@settings(max_examples=40, deadline=None)
@given(
    kind=st.sampled_from(KINDS),
    ballots=st.lists(st.tuples(st.integers(1, 3), st.integers(1, 9)), max_size=12),
    expected=st.one_of(st.none(), st.floats(0, 60)),
)
def test_probabilities_are_probabilities(kind: str, ballots: list[tuple[int, int]], expected: float | None) -> None:
    """Between 0 and 1, one for each choice, adding up to one, the same when asked again."""
    given_ = asked(kind, [([choice] if kind in ("approval", "ranked-choice") else choice, float(power)) for choice, power in ballots])
    found = leads(given_, expected)

    assert len(found) == 3
    assert all(0 <= each <= 1 for each in found)
    assert sum(found) == pytest.approx(1.0, abs=1e-5)
    assert found == leads(replace(given_, votes=given_.votes[::-1]), expected)


def test_the_more_are_still_to_vote_the_less_sure_is_the_lead() -> None:
    """A lead of two votes decides when two are left and says little when two hundred are."""
    given_ = asked("basic", [(1, 1.0), (1, 1.0), (1, 1.0), (2, 1.0)], ("For", "Against"))

    few, many = leads(given_, expected=5.0)[0], leads(given_, expected=200.0)[0]
    assert 0.5 < many < few <= 1.0


def test_without_power_heads_decide_and_later_votes_are_unseen() -> None:
    """The answer says by what it counts; a vote cast after `as_of` changes nothing."""
    given_ = asked("basic", [(1, 1.0), (2, 2.0), (2, 2.0)], ("For", "Against"))
    bare = replace(given_, votes=tuple(replace(vote, power=None) for vote in given_.votes))
    late = KnownVote("0xlate", "1", "999", given_.as_of + timedelta(seconds=1))

    assert leading(given_, expected_heads=3.0, favoured=None)[1] == "power"
    assert leading(bare, expected_heads=3.0, favoured=None)[1] == "heads"
    assert leading(replace(given_, votes=(*given_.votes, late)), expected_heads=3.0, favoured=None) == leading(
        given_, expected_heads=3.0, favoured=None
    )


def test_ballots_that_name_no_choice_count_for_none() -> None:
    """Choice 9 of 3, words and empty lists are no ballots; of one voter the last vote counts."""
    votes = [
        KnownVote("0xA", choice, "2", question(30).as_of + timedelta(hours=place))
        for place, choice in enumerate(["9", "yes", "[]", None, "2"])
    ]
    ballots = read_ballots(votes, "single-choice", 3)

    assert ballots.heads.tolist() == [1.0]
    assert ballots.gives.tolist() == [[0.0, 1.0, 0.0]]
    assert len(read_ballots(votes[:4], "single-choice", 3).heads) == 0


def test_a_single_choice_has_no_rival() -> None:
    """With one choice, or none known, there is nothing to lead."""
    assert leading(asked("basic", [(1, 1.0)], ("Only",)), expected_heads=None, favoured=None) == ((), None)
