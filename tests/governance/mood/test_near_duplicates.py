"""What is compared of two texts, and that no text makes much of it."""

import pytest

from governance.mood.near_duplicates import clusters, shingles


def test_case_marks_and_accents_make_no_other_text() -> None:
    """Nor do forms of letters that only look different."""
    assert shingles("Ｃafé au lait") == shingles("cafe\u0301\u0316 AU LAIT") == [b"cafe au lait"]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("repeated", ["\u0301\u0316", "\ufdfa", "a\u05b0\u0591 "])
def test_a_text_that_grows_is_compared_as_far_as_a_text_may_be_long(repeated: str) -> None:
    """Marks take the square of their number to be put in order, and one letter can stand for four words."""
    text = repeated * (200_000 // len(repeated))

    assert len(shingles(text)) <= 100_000
    assert clusters([("a", text), ("b", "I am against it")]) == [0, 1]
