"""Texts that say the same in nearly the same words, found by MinHash (Broder 1997) with datasketch."""

import re
import unicodedata
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from threading import Lock
from typing import Final

import numpy as np
from numpy.typing import NDArray

from governance.combining_marks import normal_form

Signature = NDArray[np.uint64]

# Two texts that share six of ten runs of three words are one text with changes.
ALIKE: Final = 0.6
_WORDS_IN_A_ROW: Final = 3
_PERMUTATIONS: Final = 64
_SEED: Final = 20261121
# Signatures one process keeps, half a kilobyte each.
_KEPT: Final = 50_000
_WORD: Final = re.compile(r"\w+")
# No text that is taken in is longer; written out, a character can stand for eighteen (U+FDFA).
_LONGEST: Final = 200_000

_signatures: "OrderedDict[str, Signature]" = OrderedDict()
_lock = Lock()


def clusters(texts: Sequence[tuple[str, str]]) -> list[int]:
    """A number for each (digest, text), the same for near-duplicates.

    Texts are taken in the order given, the earliest first: one is put to the first text it is alike, and texts are
    compared with first texts only, so that no chain of small changes joins what has nothing in common. Takes time in
    proportion to texts times clusters: a second for some thousands.
    """
    if len({digest for digest, _ in texts}) < 2:
        return [0] * len(texts)
    known = _signatures_of(dict(texts))
    firsts = np.zeros((len(known), _PERMUTATIONS), dtype=np.uint64)
    places: dict[str, int] = {}
    count = 0
    for digest, _ in texts:
        if digest in places:
            continue
        same = (firsts[:count] == known[digest]).sum(axis=1) >= ALIKE * _PERMUTATIONS
        first = int(same.argmax()) if same.any() else count
        if first == count:
            firsts[count] = known[digest]
            count += 1
        places[digest] = first
    return [places[digest] for digest, _ in texts]


def shingles(text: str) -> list[bytes]:
    """The runs of three words of a text, without case, marks and accents; a shorter text is one run."""
    folded = "".join(c for c in normal_form("NFKD", text.casefold())[:_LONGEST] if not unicodedata.combining(c))
    words = _WORD.findall(folded)
    runs = range(max(len(words) - _WORDS_IN_A_ROW + 1, 1))
    return [" ".join(words[start : start + _WORDS_IN_A_ROW]).encode("utf-8", "replace") for start in runs]


def _signatures_of(texts: Mapping[str, str]) -> dict[str, Signature]:
    from datasketch import MinHash  # noqa: PLC0415  # loads scipy, which a server need not wait for at start

    with _lock:
        found = {digest: _signatures[digest] for digest in texts if digest in _signatures}
        fresh = [digest for digest in texts if digest not in found]
        made = MinHash.bulk([shingles(texts[digest]) for digest in fresh], num_perm=_PERMUTATIONS, seed=_SEED, hashfunc=_hash)
        for digest, signature in zip(fresh, made, strict=True):
            found[digest] = _signatures[digest] = signature.hashvalues.astype(np.uint64)
            if len(_signatures) > _KEPT:
                _signatures.popitem(last=False)
    return found


def _hash(run: bytes) -> int:
    return int.from_bytes(blake2b(run, digest_size=4).digest(), "little")
