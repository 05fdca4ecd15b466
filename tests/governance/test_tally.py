"""Votes add up exactly, each way of voting by its own rule, and what is missing stays missing."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.tally import count

_CHOICES = ("For", "Against", "Abstain")


def test_the_last_vote_of_a_voter_counts() -> None:
    """Who changes their mind votes once."""
    found = count([("ann", "1", "5"), ("ann", "2", "5")], kind="basic", choices=_CHOICES)

    assert (found.voters, found.power_of(1), found.power_of(2)) == (1, None, "5")


def test_a_missing_power_is_a_head_without_power_not_a_zero() -> None:
    """A sum that took it for zero would look complete."""
    found = count([("a", "1", None), ("b", "1", "0"), ("c", "2", None)], kind="single-choice", choices=_CHOICES)

    assert (found.choices[1].heads, found.power_of(1), found.choices[2].heads, found.power_of(2)) == (2, "0", 1, None)
    assert found.without_power == 2


@pytest.mark.parametrize(
    "choice", ["0", "4", "-1", "x", "[1, 1]", "[9]", "[]", '{"1": -1}', '{"9": 1}', '{"1": 0}', "true", "1.5", "NaN", "[" * 9_000]
)
def test_a_choice_that_the_proposal_does_not_have_is_counted_as_none(choice: str) -> None:
    """It is neither lost nor given to anybody."""
    found = count([("a", choice, "5")], kind=None, choices=_CHOICES)

    assert (found.voters, found.uncounted, found.choices) == (1, 1, {})


def test_each_way_of_voting_gives_by_its_own_rule() -> None:
    """The same words mean different things under different ways of voting."""
    approval = count([("a", "[1, 2]", "6")], kind="approval", choices=_CHOICES)
    ranked = count([("a", "[2, 1, 3]", "6")], kind="ranked-choice", choices=_CHOICES)
    weighted = count([("a", '{"1": 1, "2": 3}', "6"), ("b", '{"1": 1, "2": 2}', "1")], kind="weighted", choices=_CHOICES)
    quadratic = count([("a", '{"1": 1}', "4"), ("b", '{"1": 1}', "9")], kind="quadratic", choices=_CHOICES)

    assert (approval.power_of(1), approval.power_of(2)) == ("6", "6")
    assert (ranked.power_of(1), ranked.power_of(2)) == (None, "6")
    assert (weighted.power_of(1), weighted.power_of(2)) == ("1.833333333333333333", "5.166666666666666667")
    assert quadratic.power_of(1) == "25"


@given(st.lists(st.tuples(st.integers(1, 3), st.one_of(st.none(), st.decimals(0, 10**20, places=18))), max_size=60))
def test_powers_and_heads_always_add_up(votes: list[tuple[int, Decimal | None]]) -> None:
    """Nothing is lost between the votes and the sums, to the last of 36 digits."""
    found = count([(str(n), str(c), None if p is None else f"{p:f}") for n, (c, p) in enumerate(votes)], kind="basic", choices=_CHOICES)

    assert sum(each.heads for each in found.choices.values()) == len(votes)
    total = sum((each.power or Fraction(0) for each in found.choices.values()), start=Fraction(0))
    assert total == sum((Fraction(p) for _, p in votes if p is not None), start=Fraction(0))
    assert found.without_power == sum(p is None for _, p in votes)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["1", "2", "9", None]), st.integers(0, 2**256 - 1) | st.none())))
def test_sums_are_exact_and_every_voter_is_somewhere(votes: list[tuple[str, str | None, int | None]]) -> None:
    """Powers reach 2^256-1: a float would lose 200 of their bits. A voter who is counted nowhere is a vote that is lost."""
    found = count([(v, c, None if p is None else str(p)) for v, c, p in votes], kind=None, choices=_CHOICES)

    last = {voter: (choice, power) for voter, choice, power in votes}
    known = [power for _, power in last.values() if power is not None]
    assert (found.votes, found.voters) == (len(votes), len(last))
    assert found.power == (sum(known) if known else None)
    assert found.without_power == len(last) - len(known)
    assert found.without_choice + found.uncounted + sum(each.heads for each in found.choices.values()) == len(last)


def test_the_square_of_roots_is_exact_to_eighteen_places_and_of_any_order() -> None:
    """Under quadratic voting two voters with 2 each give (2 * root of 2)^2 = 8, whatever the size and whoever comes first."""
    votes = [("a", '{"1": 1}', "2"), ("b", '{"1": 1}', "2"), ("c", '{"2": 1}', "1" + "0" * 76), ("d", '{"2": 1}', "4" + "0" * 76)]
    there = count(votes, kind="quadratic", choices=_CHOICES)
    back = count(reversed(votes), kind="quadratic", choices=_CHOICES)

    assert (there.power_of(1), there.power_of(2)) == ("8", "9" + "0" * 76)
    assert there.choices == back.choices


def test_a_split_vote_gives_each_choice_its_part_under_quadratic_voting() -> None:
    """The roots are of what each choice was given."""
    found = count([("a", '{"1": 1, "2": 3}', "4"), ("b", '{"1": 1}', "1")], kind="quadratic", choices=_CHOICES)

    assert (found.power_of(1), found.power_of(2)) == ("4", "3")


@pytest.mark.parametrize(
    ("powers", "quorum", "reached"),
    [
        (["60", "40"], "100", True),
        (["60", "39.999999999999999999"], "100", False),
        (["60", None], "100", None),
        (["100", None], "100", True),
        ([None], "100", None),
        ([], "0", None),
        (["60"], None, None),
    ],
)
def test_a_quorum_is_reached_missed_or_not_known(powers: list[str | None], quorum: str | None, reached: bool | None) -> None:
    """A missing power is neither zero nor enough."""
    found = count([(str(n), "1", power) for n, power in enumerate(powers)], kind="basic", choices=_CHOICES)

    assert found.reaches(quorum) is reached
