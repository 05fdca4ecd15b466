"""What is argued, as the texts' own sentences: where sentences begin and end, and which of them say the same."""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlp.plain_text import own_voice

# A break of lines is found from the first space of a run only: from each of 40,000 spaces without one, it would take seconds.
_END = re.compile(r"(?<=[.!?])[)\"'\u201d]*\s+|(?<!\s)\s*\n\s*")
_FEWEST_WORDS, _LONGEST = 4, 400
# Sentences nearer than this (1 - cosine, average linkage) are one argument.
SAME_ARGUMENT = 0.45

Floats = NDArray[np.float32]


def sentences(text: str) -> list[tuple[int, int]]:
    """(start, end) of the author's own sentences in `text` itself, in order: of four words or more, and 400 characters at most.

    Quotes of others and code hold none; a longer sentence is no sentence but a list or a table, and is left out.
    """
    own = own_voice(text)
    found: list[tuple[int, int]] = []
    start = 0
    for end, following in [*((gap.start(), gap.end()) for gap in _END.finditer(own)), (len(own), len(own))]:
        said = own[start:end]
        first = start + len(said) - len(said.lstrip())
        last = first + len(said.strip())
        if last - first <= _LONGEST and len(said.split()) >= _FEWEST_WORDS:
            found.append((first, last))
        start = following
    return found


@dataclass(frozen=True, slots=True)
class Group:
    """Sentences that say the same, by their numbers: `centre` is the one most like the others; `members` with the likest first."""

    centre: int
    members: tuple[int, ...]


def grouped(vectors: Floats) -> list[Group]:
    """Groups of like sentences, the largest first, ties to the earlier; every sentence is in exactly one.

    Agglomerative clustering with average linkage on cosine distance, cut at `SAME_ARGUMENT`.
    """
    if not len(vectors):
        return []
    labels = clusters(vectors, apart=SAME_ARGUMENT)
    groups: list[Group] = []
    for label in range(int(labels.max()) + 1):
        members = np.flatnonzero(labels == label)
        likeness = vectors[members] @ vectors[members].mean(axis=0)
        order = [int(members[place]) for place in np.argsort(-likeness, kind="stable")]
        groups.append(Group(order[0], tuple(order)))
    return sorted(groups, key=lambda group: (-len(group.members), group.centre))


def clusters(vectors: Floats, *, apart: float) -> NDArray[np.int64]:
    """A cluster number per row (unit vectors): average linkage on cosine distance, cut at `apart`."""
    from sklearn.cluster import AgglomerativeClustering  # noqa: PLC0415  # half a second to import; only this asks for it

    if len(vectors) < 2:
        return np.zeros(len(vectors), dtype=np.int64)
    model = AgglomerativeClustering(n_clusters=None, metric="cosine", linkage="average", distance_threshold=apart)
    found: NDArray[np.int64] = model.fit_predict(vectors.astype(np.float64))
    return found
