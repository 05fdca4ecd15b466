"""The wording of a title as numbers: its runs of one to four characters, counted in buckets by a fixed hash.

No word is kept: 16,384 buckets are shared by all runs there are, so the weights name nobody's text.
"""

import re
from typing import Final

import numpy as np
from numpy.typing import NDArray

BUCKETS: Final = 1 << 14
LONGEST_RUN: Final = 4
# A title longer than this is read this far: titles of thousands of characters are no titles.
_READ: Final = 400
_DIGIT: Final = re.compile(r"\d")
_SPACE: Final = re.compile(r"\s+")
# FNV-1a's prime, and two odd numbers of MurmurHash3's: any fixed ones would do, but weights hold for these alone.
_PRIME: Final = np.uint32(0x01000193)
_SEED: Final = 0x85EBCA77
_LAST: Final = np.uint32(0x2C1B3C6D)


def plain(text: str) -> str:
    """Lower case, any digit a nought, white space single, and a space at both ends so that words have edges."""
    return f" {_SPACE.sub(' ', _DIGIT.sub('0', text[:_READ].lower())).strip()} "


def buckets(text: str, length: int) -> NDArray[np.uint32]:
    """The bucket of each run of `length` characters of a plain text, in their order."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    count = len(codes) - length + 1
    if count <= 0:
        return np.zeros(0, np.uint32)
    mixed = np.full(count, length * _SEED & 0xFFFFFFFF, dtype=np.uint32)
    for place in range(length):
        mixed = (mixed ^ codes[place : place + count]) * _PRIME
        mixed ^= mixed >> np.uint32(15)
    mixed *= _LAST
    mixed ^= mixed >> np.uint32(13)
    return mixed % np.uint32(BUCKETS)


def wording(title: str | None) -> tuple[NDArray[np.uint32], NDArray[np.float64]]:
    """The buckets of a title and how much each counts: a logarithm of how often, at unit length in all."""
    text = plain(title or "")
    every = np.concatenate([buckets(text, length) for length in range(1, LONGEST_RUN + 1)])
    found, times = np.unique(every, return_counts=True)
    counted = 1 + np.log(times)
    return found, counted / np.linalg.norm(counted) if len(found) else counted
