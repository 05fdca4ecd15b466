"""How far a family follows belief, trees, base rate and open votes is learnt from later answers, and only as far as they tell."""

import numpy as np
import pytest

from nlp.features import NAMES
from nlp.outcome_skill import evidence_for, held_out_skill
from nlp.outcome_stack import BEFORE, DURING, Prior, Stack, fit_stack, stack_key, stack_of


def answers(count: int, *, trees: float, open_votes: float = 0.0, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Rows of (belief, trees, base rate, open votes) and what came of them, where trees and open votes count so many times."""
    chance = np.random.default_rng(seed)
    others = np.random.default_rng(seed + 1).normal(0.0, 1.0, (count, 1))
    parts = np.hstack([chance.normal(0.0, 1.0, (count, 3)), others])
    passed = chance.random(count) < 1.0 / (1.0 + np.exp(-(parts[:, 0] + trees * parts[:, 1] + open_votes * parts[:, 3])))
    return parts, passed.astype(float)


def learnt(count: int, *, trees: float, prior: Prior) -> Stack:
    """Shares from so many answers of DAOs with long histories."""
    parts, passed = answers(count, trees=trees)
    return fit_stack(parts, np.full(count, 1e6), passed, np.ones(count), prior)


@pytest.mark.parametrize(("prior", "counts"), [(DURING, (4_000, 4)), (BEFORE, (20_000, 20))])
@pytest.mark.parametrize("truth", [0.0, 2.0])
def test_the_share_of_the_trees_is_what_later_answers_say(truth: float, prior: Prior, counts: tuple[int, int]) -> None:
    """Many answers move it to the truth, a handful hardly from where it starts; before the vote more are needed, and more are a handful."""
    many, few = (learnt(count, trees=truth, prior=prior) for count in counts)

    assert many.trees == pytest.approx(truth, abs=0.15)
    assert many.belief == pytest.approx(1.0, abs=0.1)
    assert abs(few.trees - prior.trees) < 0.4


@pytest.mark.parametrize("prior", [BEFORE, DURING])
def test_ten_answers_that_are_alike_count_as_three(prior: Prior) -> None:
    """Where the shares come to rest, three tenths of what the answers pull them by is what the prior holds them with."""
    parts, passed = answers(60, trees=2.0)
    found = learnt(60, trees=2.0, prior=prior)
    shares = np.array([found.belief, found.trees, found.base_rate, found.open_votes])

    pulled = parts.T @ (passed - 1.0 / (1.0 + np.exp(-(parts @ shares))))
    held = (shares - [1.0, prior.trees, 0.0, prior.open_votes]) / np.array(prior.spread) ** 2
    rounded = 6e-5 / np.array(prior.spread) ** 2 + 0.01
    assert (np.abs(held - 0.3 * pulled) < rounded).all()
    assert np.abs(pulled).max() > 4.0
    assert found.alone == (prior.trees, prior.open_votes)


def test_before_the_vote_open_votes_count_as_later_answers_say_and_during_it_are_left_to_the_trees() -> None:
    """Where they tell nothing their share goes, where they tell twice as much it grows; a running vote's trees see them themselves."""
    long = np.full(20_000, 1e6)
    for truth in (0.0, 1.5):
        parts, passed = answers(20_000, trees=0.35, open_votes=truth)
        assert fit_stack(parts, long, passed, np.ones(20_000), BEFORE).open_votes == pytest.approx(truth, abs=0.15)
    few = fit_stack(parts[:300], long[:300], passed[:300], np.ones(300), DURING)
    assert abs(few.open_votes) < 0.05


def test_during_the_vote_the_base_rate_is_left_to_the_belief() -> None:
    """Even where answers say that it counted twice over: what one era says of it does not hold in the next."""
    parts, _ = answers(2_000, trees=1.0)
    passed = (parts[:, :3].sum(axis=1) + parts[:, 2] > 0).astype(float)
    long = np.full(2_000, 1e6)

    assert fit_stack(parts, long, passed, np.ones(2_000), BEFORE).base_rate > 0.3
    assert abs(fit_stack(parts, long, passed, np.ones(2_000), DURING).base_rate) < 0.05


def test_answers_without_weight_teach_nothing() -> None:
    """A second look at the same proposal counts less; counted not at all, it must leave everything where it was."""
    parts, passed = answers(500, trees=0.0)

    assert fit_stack(parts, np.full(500, 9.0), passed, np.zeros(500), DURING) == Stack()
    assert fit_stack(parts, np.full(500, 9.0), passed, np.zeros(500), BEFORE) == Stack(1.0, 0.35, 0.0, 0.7, alone=(0.35, 0.7))


def test_shares_count_as_far_as_there_is_a_history() -> None:
    """The first proposal of a DAO is forecast as if there were none; explained and computed shares are the same."""
    shares, parts = Stack(0.8, 0.2, 0.4, 0.9, alone=(0.5, 0.7)), np.array([[1.0, 2.0, 3.0, 4.0]])

    assert shares.after(0) == Stack(1.0, 0.5, 0.0, 0.7, alone=(0.5, 0.7))
    assert shares.log_odds(parts, np.zeros(1))[0] == pytest.approx(1.0 + 0.5 * 2.0 + 0.7 * 4.0)
    for closed in (1, 7, 400):
        now = shares.after(closed)
        explained = now.belief * 1.0 + now.trees * 2.0 + now.base_rate * 3.0 + now.open_votes * 4.0
        assert shares.log_odds(parts, np.array([float(closed)]))[0] == pytest.approx(explained)


def test_a_family_without_shares_takes_those_of_all() -> None:
    """And where nobody has any, belief and trees speak as they are."""
    stacks = {stack_key("moloch", running=False): Stack(0.9, 0.5, 0.1), stack_key("", running=False): Stack(1.1, 1.2, 0.0)}

    assert stack_of(stacks, "moloch", running=False) == Stack(0.9, 0.5, 0.1)
    assert stack_of(stacks, "snapshot", running=False) == Stack(1.1, 1.2, 0.0)
    assert stack_of(stacks, "moloch", running=True) == Stack(1.0, 1.0, 0.0)


@pytest.mark.parametrize(("worse_by", "shown"), [(0.02, True), (2.0, False)])
def test_a_lone_dao_is_judged_by_chance_too(worse_by: float, shown: bool) -> None:
    """A hair's breadth on 300 answers of one DAO is chance, between its stretches of time; much worse all along is not."""
    chance = np.random.default_rng(5)
    base = np.full(300, 0.4)
    passed = (chance.random(300) < 0.6).astype(float)
    rows = np.zeros((300, len(NAMES)))
    rows[:, NAMES.index("author_rate")] = base
    odds = base - worse_by + chance.normal(0.0, 0.2, 300)

    skill = held_out_skill(
        1.0 / (1.0 + np.exp(-odds)),
        rows,
        passed,
        families=np.array(["dcl"] * 300),
        daos=np.array(["lone"] * 300),
        bands=np.zeros(300, dtype=np.int64),
    )
    found = evidence_for(skill, "dcl", voted=False, band=0)
    assert found is not None
    assert found.error > 0
    assert found.shows_skill is shown
