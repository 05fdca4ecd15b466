"""Which parts of a text moved its reading, from the numbers of the reading itself: no gradients, no second pass.

The network takes the mean over tokens and then one linear layer, so the logits are exactly the sum of what each token
brings. A part's share is the sum over its tokens; tokens in two windows count by the windows' weights. Parts are
sentences, cut at commas and colons too.
"""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from governance.evidence import Span

# A dash is looked for behind the first space of a run only: behind each of 200,000 it would take hours.
_BREAK = re.compile(r"(?<=[.!?;:,])\s+|(?<!\s)\s+[-–—|]\s+")
# Shorter parts than this ("However,") go with what follows.
_SHORTEST_PART = 16
MOST_SPANS = 3

Floats = NDArray[np.float64]


def parts(text: str) -> list[tuple[int, int]]:
    """(start, end) of each part of `text`, in order; together they cover all but the spaces between them."""
    found: list[tuple[int, int]] = []
    start = 0
    for gap in _BREAK.finditer(text):
        if gap.start() - start >= _SHORTEST_PART:
            found.append((start, gap.start()))
            start = gap.end()
    if start < len(text):
        found.append((start, len(text)))
    return found


def without_repetition(text: str, begins: Sequence[int], logits: Floats, moved: Floats) -> tuple[Floats, Floats]:
    """The logits and the tokens' shares of them with each part counted once, however often it is said.

    What the distinct parts bring is scaled to the whole, as if nothing else had been said. Praise pasted ten times weighs
    as much as praise pasted once. A text that repeats nothing is left as it is, to the last bit.
    """
    cut = parts(text) if begins else []
    first = {text[start:end].casefold(): number for number, (start, end) in reversed(list(enumerate(cut)))}
    if len(first) == len(cut):
        return logits, moved
    once = np.isin(_part_of(cut, begins), list(first.values()))
    scaled = np.where(once[:, None], moved * (len(once) / once.sum()), 0.0)
    return logits - moved.sum(axis=0) + scaled.sum(axis=0), scaled


def _part_of(cut: Sequence[tuple[int, int]], begins: Sequence[int]) -> NDArray[np.int64]:
    """For each token, the number of the part it stands in."""
    found: NDArray[np.int64] = np.searchsorted(np.array([start for start, _ in cut]), np.array(begins), side="right") - 1
    return found


def moving_spans(text: str, begins: Sequence[int], moved: Floats, label: int) -> tuple[Span, ...]:
    """At most `MOST_SPANS` parts that raised `label`, the strongest first.

    `begins` is the character at which each token begins; `moved` has a row per token and a column per label.
    """
    if not begins:
        return ()
    cut = parts(text)
    gained = moved[:, label] - np.delete(moved, label, axis=1).mean(axis=1)
    sums = np.bincount(_part_of(cut, begins), weights=gained, minlength=len(cut))
    strongest = np.argsort(-sums, kind="stable")[:MOST_SPANS]
    return tuple(Span(cut[number][0], cut[number][1], float(sums[number])) for number in strongest if sums[number] > 0)
