"""What is newer counts more to the trees that speak before a vote; to others less so, or not at all."""

from dataclasses import replace

import numpy as np
import pytest

from nlp.features import NAMES
from nlp.outcome_fitting import Lesson, Sheet, fit_trees
from nlp.outcome_training import taught
from nlp.outcome_weights import VOTING

LINKS = NAMES.index("links")


def habit(place: float, *, links: float, hours: float = 0.0) -> Lesson:
    """Proposals with links passed in the first half of the time, and failed in the second."""
    row = np.zeros(len(NAMES))
    row[LINKS], row[NAMES.index("hours_open")] = links, hours
    passed = float((links > 0) == (place < 0.5))
    nothing, newer = float("nan"), round(400 * (1 - place))
    return Lesson(
        f"{place}/{links}",
        row,
        passed,
        nothing,
        nothing,
        nothing,
        nothing,
        1.0,
        family="snapshot",
        dao="lake",
        newer=newer,
        trained=400,
    )


def said(lessons: list[Lesson], target: str) -> float:
    """Log-odds given to a proposal with links over one without."""
    trees = fit_trees(Sheet.of(lessons), target, seed=1)
    with_links, without = trees.sum(np.stack([lessons[0].row, lessons[1].row]))
    return float(with_links - without)


@pytest.mark.parametrize(("target", "hours"), [("passed", 0.0), (VOTING, 1.0)])
def test_the_newer_habit_is_learnt(target: str, hours: float) -> None:
    """Counted alike, both halves say nothing together; counted by place, the second is heard, most of all before the vote."""
    lessons = [habit(number / 400, links=links, hours=hours) for number in range(400) for links in (1.0, 0.0)]
    alike = [replace(lesson, newer=0) for lesson in lessons]
    assert abs(said(alike, target)) < 0.2
    assert said(lessons, target) < -0.5
    assert said([habit(number / 400, links=links) for number in range(400) for links in (1.0, 0.0)], "passed") < -2.0


def test_a_small_daos_first_proposals_count_nearly_as_much_as_its_last() -> None:
    """What a DAO without history does is told by first proposals alone: halving by a part of five would leave none."""
    lessons = [
        replace(habit(number / 400, links=links), trained=5, newer=5 - number // 80) for number in range(400) for links in (1.0, 0.0)
    ]
    assert abs(said(lessons, "passed")) < 0.3


def test_lessons_are_placed_within_the_part_that_is_taught() -> None:
    """Of ten proposals the first seven are taught: none is newer than the last of these, and the last fifth of them calibrates."""
    parts = {f"p-{number}": number / 10 for number in range(10)}
    learnt = [replace(habit(0.0, links=0.0), proposal_id=key) for key in parts]
    sheet = taught(learnt, parts, 0.7)
    assert sheet.newer.tolist() == [6, 5, 4, 3, 2, 1, 0]
    assert set(sheet.trained.tolist()) == {7}
    assert sheet.late.tolist() == [False] * 6 + [True]
    assert len(taught([*learnt, replace(learnt[0], proposal_id="unknown")], parts).newer) == 10
