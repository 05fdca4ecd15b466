"""How far a family follows belief, trees and base rate is learnt from later answers, and only as far as they tell."""

import numpy as np
import pytest

from nlp.features import NAMES
from nlp.outcome_skill import evidence_for, held_out_skill
from nlp.outcome_stack import Stack, fit_stack, stack_key, stack_of


def answers(count: int, *, trees: float, base_rate: float = 0.0, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Rows of (begin, correction, way to the base rate) and what came of them, where the two count so much."""
    chance = np.random.default_rng(seed)
    parts = chance.normal(0.0, 1.0, (count, 3))
    passed = chance.random(count) < 1.0 / (1.0 + np.exp(-(parts[:, 0] + trees * parts[:, 1] + base_rate * parts[:, 2])))
    return parts, passed.astype(float)


@pytest.mark.parametrize(("trees", "base_rate"), [(0.0, 0.4), (2.0, -0.3)])
def test_shares_are_what_later_answers_say(trees: float, base_rate: float) -> None:
    """Many answers move them to the truth, a handful hardly from where they start."""
    many, few = (fit_stack(*answers(count, trees=trees, base_rate=base_rate), np.ones(count)) for count in (4_000, 4))

    assert many.trees == pytest.approx(trees, abs=0.15)
    assert many.base_rate == pytest.approx(base_rate, abs=0.15)
    assert abs(few.trees - 1.0) < 0.4
    assert abs(few.base_rate) < 0.3


def test_without_a_history_the_shares_leave_the_level_alone() -> None:
    """Belief and base rate are then one; whatever a family's share is, a first proposal starts from the pooled rate."""
    first = np.array([[1.8, 0.0, 0.0]])

    assert Stack(0.2, 0.9).log_odds(first) == Stack().log_odds(first) == [1.8]


def test_answers_without_weight_teach_nothing() -> None:
    """A second look at the same proposal counts less; counted not at all, it must leave everything where it was."""
    parts, passed = answers(500, trees=0.0)

    assert fit_stack(parts, passed, np.zeros(500)) == Stack()


def test_a_family_without_shares_takes_those_of_all() -> None:
    """And where nobody has any, the trees speak as they are."""
    stacks = {stack_key("moloch", running=False): Stack(0.5, 0.1), stack_key("", running=False): Stack(1.2, 0.0)}

    assert stack_of(stacks, "moloch", running=False) == Stack(0.5, 0.1)
    assert stack_of(stacks, "snapshot", running=False) == Stack(1.2, 0.0)
    assert stack_of(stacks, "moloch", running=True) == Stack(1.0, 0.0)


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
