"""Parts of a text, and how much each moved a reading."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nlp.spans import moving_spans, parts


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
