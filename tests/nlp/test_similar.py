"""What counts as an earlier attempt at the same thing."""

import numpy as np
import pytest

from nlp.similar import WORDS, nearest_texts


def vectors(*angles: float) -> np.ndarray:
    """Unit vectors at these angles, in degrees, single precision."""
    turned = np.radians(np.array(angles))
    return np.stack([np.cos(turned), np.sin(turned)], axis=1).astype(np.float32)


def test_the_same_words_beat_a_slightly_nearer_meaning() -> None:
    """Two grants mean much the same; the one for the same festival is the earlier attempt."""
    texts = ["fund the spring festival in Lisbon", "fund the autumn regatta in Porto", "fund the spring festival in Lisbon again"]

    found = nearest_texts(texts, vectors(0, 15, 20), 2)

    assert [row for row, _ in found] == [1, 0]
    assert found[0][1] > found[1][1]


def test_likeness_is_a_mean_of_both_cosines() -> None:
    """A reader may take it apart: without a word in common the vectors' part is left."""
    ((row, likeness),) = nearest_texts(["lower fees", "raise rewards"], vectors(0, 60), 5)

    assert row == 0
    assert likeness == pytest.approx(0.5 * (1 - WORDS), abs=1e-6)


def test_equal_texts_are_ordered_by_the_later_one() -> None:
    """Of two equal attempts the last says most."""
    assert [row for row, _ in nearest_texts(["a fee cut", "a fee cut", "a fee cut"], vectors(0, 0, 0), 2)] == [1, 0]


def test_texts_without_words_are_like_nothing() -> None:
    """An empty body has the zero vector; marks alone have no words to compare."""
    blank = np.zeros((2, 2), dtype=np.float32)

    assert nearest_texts(["", "a fee cut"], blank, 5) == []
    assert nearest_texts(["!!", "??"], vectors(0, 0), 5) == [(0, pytest.approx(1 - WORDS))]
