"""How alike two texts are, by the words they use: no model, so that anybody can recompute it."""

import math
import re
from collections import Counter
from functools import lru_cache
from typing import Final

_WORD: Final = re.compile(r"\w+", re.UNICODE)
# The longest text compared: the longest real proposal has 48,088 characters.
_LONGEST: Final = 60_000


@lru_cache(maxsize=2_048)
def counts(text: str) -> Counter[str]:
    """How often each word stands in the text, in lower case; of scripts without spaces each two letters that follow each other."""
    found: Counter[str] = Counter()
    for word in _WORD.findall(text[:_LONGEST].lower()):
        if len(word) > 1 and ord(word[0]) > 0x2E7F:  # CJK and what follows it
            found.update(word[place : place + 2] for place in range(len(word) - 1))
        else:
            found[word] += 1
    return found


@lru_cache(maxsize=2_048)
def _size(text: str) -> int:
    return counts(text).total()


def likeness(one: str, other: str) -> float:
    """The cosine of the two texts' word counts, damped by square roots: 0 no word in common, 1 the same words as often."""
    first, second = counts(one), counts(other)
    if not first or not second:
        return 0.0
    if len(first) > len(second):
        first, second = second, first
    common = math.fsum(math.sqrt(count * second[word]) for word, count in first.items() if word in second)
    return common / math.sqrt(_size(one) * _size(other))
