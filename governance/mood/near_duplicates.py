"""Texts that say the same in nearly the same words, found by MinHash (Broder 1997) with datasketch."""

import re
import unicodedata
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from threading import Lock
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datasketch import MinHash

# Two texts that share six of ten runs of three words are one text with changes.
ALIKE: Final = 0.6
_WORDS_IN_A_ROW: Final = 3
_PERMUTATIONS: Final = 64
# Bands and rows of the index: what is alike by `ALIKE` is nearly always found, and every find is compared again.
_BANDS: Final = (12, 5)
_SEED: Final = 20261121
# Signatures one process keeps, half a kilobyte each.
_KEPT: Final = 50_000
_WORD: Final = re.compile(r"\w+")

_signatures: "OrderedDict[str, MinHash]" = OrderedDict()
_lock = Lock()


def clusters(texts: Sequence[tuple[str, str]]) -> list[int]:
    """A number for each (digest, text), the same for near-duplicates.

    Texts are taken in the order given, the earliest first: one is put to the first text it is alike, and texts are
    compared with first texts only, so that no chain of small changes joins what has nothing in common.
    """
    from datasketch import MinHashLSH  # noqa: PLC0415  # loads scipy, which a server need not wait for at start

    index = MinHashLSH(num_perm=_PERMUTATIONS, params=_BANDS)
    known = _signatures_of(dict(texts))
    places: dict[str, int] = {}
    for digest, _ in texts:
        if digest in places:
            continue
        signature = known[digest]
        alike = [first for first in index.query(signature) if known[first].jaccard(signature) >= ALIKE]
        places[digest] = places[min(alike, key=places.__getitem__)] if alike else len(places)
        if not alike:
            index.insert(digest, signature)
    return [places[digest] for digest, _ in texts]


def shingles(text: str) -> list[bytes]:
    """The runs of three words of a text, without case, marks and accents; a shorter text is one run."""
    folded = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    words = _WORD.findall(folded)
    runs = range(max(len(words) - _WORDS_IN_A_ROW + 1, 1))
    return [" ".join(words[start : start + _WORDS_IN_A_ROW]).encode("utf-8", "replace") for start in runs]


def _signatures_of(texts: Mapping[str, str]) -> "dict[str, MinHash]":
    from datasketch import MinHash  # noqa: PLC0415  # as above

    with _lock:
        found = {digest: _signatures[digest] for digest in texts if digest in _signatures}
        fresh = [digest for digest in texts if digest not in found]
        made = MinHash.bulk([shingles(texts[digest]) for digest in fresh], num_perm=_PERMUTATIONS, seed=_SEED, hashfunc=_hash)
        for digest, signature in zip(fresh, made, strict=True):
            found[digest] = _signatures[digest] = signature
            if len(_signatures) > _KEPT:
                _signatures.popitem(last=False)
    return found


def _hash(run: bytes) -> int:
    return int.from_bytes(blake2b(run, digest_size=4).digest(), "little")
