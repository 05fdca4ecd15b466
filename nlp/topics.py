"""What a DAO talks about: texts in clusters of like vectors, each named by the words that set it apart."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlp.arguments import clusters

# Wider than one argument: texts about one thing. A topic has at least so many texts; the rest are about things of their own.
SAME_TOPIC, FEWEST_TEXTS = 0.6, 3
MOST_WORDS = 5

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Topic:
    """Texts about one thing, by their numbers, and the words that name it; `centre` is the most typical text."""

    words: tuple[str, ...]
    centre: int
    members: tuple[int, ...]


def topics(texts: Sequence[str], vectors: Floats) -> list[Topic]:
    """Topics of the texts (from `plain_text`; vectors of unit length), the largest first.

    Named by the words frequent within and rare without: TF-IDF with each cluster as one document. Words are the texts' own.
    """
    labels = clusters(vectors, apart=SAME_TOPIC)
    found = [np.flatnonzero(labels == label) for label in range(int(labels.max(initial=-1)) + 1)]
    large = sorted((members for members in found if len(members) >= FEWEST_TEXTS), key=lambda members: (-len(members), int(members[0])))
    names = _names([" ".join(texts[int(member)] for member in members) for members in large])
    return [
        Topic(words, int(members[np.argmax(vectors[members] @ vectors[members].mean(axis=0))]), tuple(map(int, members)))
        for words, members in zip(names, large, strict=True)
    ]


def _names(documents: Sequence[str]) -> list[tuple[str, ...]]:
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415  # as in `clusters`

    if not documents:
        return []
    words_only = r"(?u)\b[^\W\d_]{3,}\b"
    counted = TfidfVectorizer(stop_words="english", sublinear_tf=True, token_pattern=words_only, max_features=20_000)
    try:
        weights = counted.fit_transform(documents).toarray()
    except ValueError:  # no word in any of them, as where all is written in signs
        return [() for _ in documents]
    words = counted.get_feature_names_out()
    return [tuple(str(words[place]) for place in np.argsort(-row, kind="stable")[:MOST_WORDS] if row[place] > 0) for row in weights]
