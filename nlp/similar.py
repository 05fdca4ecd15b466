"""Which texts are most alike: by their vectors, and among those nearest by their words, too.

Vectors find what means the same in other words; a second attempt at the same thing mostly says it in the same words, which
vectors tell less surely apart from the same kind of thing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
# How many of the nearest by vector are compared by words, too.
COMPARED_BY_WORDS = 100
# How much words count beside vectors in the order.
WORDS_SHARE = 0.7


@dataclass(frozen=True, slots=True)
class Alike:
    """A text like another: its row, and the cosines (0 to 1) of their vectors and of their words (TF-IDF)."""

    row: int
    vectors: float
    words: float

    @property
    def both(self) -> float:
        """What they are ordered by."""
        return WORDS_SHARE * self.words + (1 - WORDS_SHARE) * self.vectors


def nearest(asked: Floats, known: Floats, most: int) -> list[tuple[int, float]]:
    """(row, cosine) of the rows of `known` most like `asked`, the likest first, ties to the later row; no zero vectors.

    Vectors are of unit length; a zero vector stands for a text without words and is like nothing.
    """
    if not len(known) or not asked.any():
        return []
    likeness = np.where(known.any(axis=1), known @ asked, -1.0)
    order = np.lexsort((-np.arange(len(likeness)), -likeness))[:most]
    return [(int(row), float(min(likeness[row], 1.0))) for row in order if likeness[row] > 0]


def nearest_texts(texts: Sequence[str], vectors: Floats, most: int) -> list[Alike]:
    """The texts behind the first that are most like it, the likest first, ties to the later; `vectors` has one row per text.

    Rows count from the second text.
    """
    found = nearest(vectors[0], vectors[1:], COMPARED_BY_WORDS)
    if not found:
        return []
    words = _words_alike([texts[0], *(texts[1 + row] for row, _ in found)])
    alike = [Alike(row, cosine, same) for (row, cosine), same in zip(found, words, strict=True)]
    return sorted(alike, key=lambda each: (-each.both, -each.row))[:most]


def _words_alike(texts: Sequence[str]) -> list[float]:
    """Cosine of the first text's words and pairs of words to those of each other text."""
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415  # half a second to import; only this asks for it

    try:
        words = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2)).fit_transform(texts)
    except ValueError:  # not one word among them
        return [0.0] * (len(texts) - 1)
    return [min(float(cosine), 1.0) for cosine in (words[1:] @ words[0].T).toarray()[:, 0]]
