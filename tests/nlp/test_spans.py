"""Parts of a text, and how much each moved a reading."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.spans import moving_spans, parts, without_repetition


@given(st.text(alphabet="ab .,;:!?-", max_size=200).map(lambda text: " ".join(text.split())))
def test_parts_cover_the_text_in_order(text: str) -> None:
    """No word belongs to no part, or to two."""
    found = parts(text)

    assert sum(len(text[start:end].replace(" ", "")) for start, end in found) >= len(text.replace(" ", "")) - text.count("-")
    assert all(first[1] <= second[0] for first, second in pairwise(found))


def test_the_strongest_part_comes_first_and_what_pulled_the_other_way_is_left_out() -> None:
    """Three tokens, three parts, one for, one strongly for, one against: two are named."""
    text = "I rather like this idea. It is the very best thing! But it costs too much."
    begins = [0, 25, 52]
    moved = np.array([[0.0, 0.0, 0.3], [0.0, 0.0, 0.9], [0.6, 0.0, 0.0]])

    spans = moving_spans(text, begins, moved, label=2)

    assert [text[span.start : span.end] for span in spans] == ["It is the very best thing!", "I rather like this idea."]
    assert [span.moved for span in spans] == [0.9, 0.3]
    assert moving_spans(text, begins, moved, label=0)[0].start == 52
    assert moving_spans("", [], np.zeros((0, 3)), label=0) == ()


def test_a_sentence_said_again_adds_nothing() -> None:
    """Two parts, the second said three times: the logits are those of both said once, scaled to the whole."""
    text = "It costs too much. What a great idea! What a great idea! What a GREAT idea!"
    begins = [0, 19, 38, 57]
    moved = np.array([[0.2, 0.0, 0.0], [0.0, 0.0, 0.2], [0.0, 0.0, 0.2], [0.0, 0.0, 0.2]])
    logits = np.array([0.3, 0.1, 0.7])

    counted, shares = without_repetition(text, begins, logits, moved)

    assert counted.round(6).tolist() == [0.5, 0.1, 0.5]
    assert shares.sum(axis=0).round(6).tolist() == [0.4, 0.0, 0.4]
    untouched, same = without_repetition(text[:37], begins[:2], logits, moved[:2])
    assert untouched is logits
    assert same is not shares


@pytest.mark.timeout(60)
def test_a_run_of_spaces_is_looked_through_once() -> None:
    """No dash follows: to look for one behind each of 200,000 would take an hour."""
    said, reason = "I am firmly against it", "- it costs too much"

    assert parts(f"{said}{' ' * 200_000}{reason}") == [(0, 22), (200_024, 200_041)]
    assert parts(f"{said}{' ' * 200_000}") == [(0, 200_022)]
