"""What counts as an earlier attempt at the same thing."""

import numpy as np
import pytest

from nlp.similar import Alike, nearest_texts


def vectors(*angles: float) -> np.ndarray:
    """Unit vectors at these angles, in degrees, single precision."""
    turned = np.radians(np.array(angles))
    return np.stack([np.cos(turned), np.sin(turned)], axis=1).astype(np.float32)


def test_the_same_words_beat_a_slightly_nearer_meaning() -> None:
    """Two grants mean much the same; the one for the same festival is the earlier attempt."""
    texts = ["fund the spring festival in Lisbon", "fund the autumn regatta in Porto", "fund the spring festival in Lisbon again"]

    first, second = nearest_texts(texts, vectors(0, 15, 20), 2)

    assert (first.row, second.row) == (1, 0)
    assert first.vectors < second.vectors
    assert first.words > second.words


def test_both_cosines_are_told() -> None:
    """A reader may look at either: without a word in common the vectors' is left."""
    (found,) = nearest_texts(["lower fees", "raise rewards"], vectors(0, 60), 5)

    assert (found.row, found.words) == (0, 0.0)
    assert found.vectors == pytest.approx(0.5, abs=1e-6)


def test_equal_texts_are_ordered_by_the_later_one() -> None:
    """Of two equal attempts the last says most."""
    assert [one.row for one in nearest_texts(["a fee cut", "a fee cut", "a fee cut"], vectors(0, 0, 0), 2)] == [1, 0]


def test_texts_without_words_are_like_nothing() -> None:
    """An empty body has the zero vector; marks alone have no words to compare."""
    blank = np.zeros((2, 2), dtype=np.float32)

    assert nearest_texts(["", "a fee cut"], blank, 5) == []
    assert nearest_texts(["!!", "??"], vectors(0, 0), 5) == [Alike(0, 1.0, 0.0)]
