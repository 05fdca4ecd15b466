"""Votes are read by side, once per voter, and only when cast by then."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from governance.evidence import KnownVote
from nlp.votes_so_far import count_votes, sides
from tests.outcome_world import BEGIN


def vote(voter: str, choice: str | None, *, minute: int = 0, power: str | None = "1.5") -> KnownVote:
    """One vote, `minute` minutes after the beginning."""
    return KnownVote(voter, choice, power, BEGIN + timedelta(minutes=minute))


@pytest.mark.parametrize(
    ("choices", "expected"),
    [
        (("yes", "no"), (1, -1)),
        (("Abstain", "Yes (Greenlight)", "No (Defer)"), (0, 1, -1)),
        (("For", "Against", "Abstain"), (1, -1, 0)),
        (("Against", "For"), (-1, 1)),
        (("Red", "Blue", "Green"), (1, -1, 0)),
        ((), (1, -1)),
    ],
)
def test_sides_are_read_from_the_words_first(choices: tuple[str, ...], expected: tuple[int, ...]) -> None:
    """Platforms order choices differently; where words say nothing, the first is for and the second against."""
    assert sides(choices) == expected


def test_only_each_voters_last_vote_by_then_counts() -> None:
    """Someone who changed their mind is counted once, as they stood at the moment asked about."""
    cast = [vote("0xA", "1", minute=1), vote("0xa", "2", minute=5), vote("0xb", "1", minute=9), vote("0xc", "3", minute=2)]

    early = count_votes(cast, ("yes", "no"), as_of=BEGIN + timedelta(minutes=4))
    late = count_votes(cast, ("yes", "no"), as_of=BEGIN + timedelta(minutes=9))
    assert (early.heads_for, early.heads_against, early.heads_other) == (1, 0, 1)
    assert (late.heads_for, late.heads_against, late.heads_other) == (1, 1, 1)


def test_power_is_missing_when_one_voters_is() -> None:
    """A sum over those who happen to have a power would look like a result and be none."""
    whole = [vote("0xa", "1"), vote("0xb", "2")]
    torn = [*whole, vote("0xc", "1", power=None)]

    assert count_votes(whole, ("yes", "no"), as_of=BEGIN).power_for == 1.5
    assert count_votes(torn, ("yes", "no"), as_of=BEGIN).power_for is None
    assert count_votes([], ("yes", "no"), as_of=BEGIN).power_for is None


def test_counts_do_not_depend_on_the_order_of_rows() -> None:
    """Sums of doubles do depend on order unless they are made exact."""
    rng = random.Random(2)
    cast = [vote(f"0x{n}", rng.choice(["1", "2", "3", "[1]", None]), power=repr(rng.random() * 10**9)) for n in range(300)]
    shuffled = cast[:]
    rng.shuffle(shuffled)

    as_of = BEGIN
    assert count_votes(cast, ("yes", "no"), as_of=as_of) == count_votes(shuffled, ("yes", "no"), as_of=as_of)
    assert count_votes([replace(one, choice="1") for one in cast], (), as_of=as_of).heads_for == 300
