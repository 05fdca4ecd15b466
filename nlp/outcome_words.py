"""Which words a proposal uses, as one vector: likeness of wording, beside the likeness of meaning (`nlp.outcome_text`). Imports no torch.

The meaning of two requests for a grant is much the same; who passed before and who did not is also told by what they name.
"""

from collections import OrderedDict
from collections.abc import Iterable
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from governance.evidence import KnownProposal
from nlp.outcome_text import Vectors, text_key

if TYPE_CHECKING:
    from sklearn.feature_extraction.text import HashingVectorizer

WORDS = 1024
# Few bodies are longer; a bound keeps the work on a text at the size limit small.
WORDS_CHARS = 40_000
# A text of so many different words counts half of one without end: titles alone are alike too easily.
HALF_COUNTED = 30.0
# Texts whose words one process keeps, 4 kB each: a DAO's record is built again with each result.
KEPT = 4096

_kept: Final["OrderedDict[str, Vectors]"] = OrderedDict()
_lock = Lock()


def word_vectors(proposals: Iterable[KnownProposal]) -> Vectors:
    """One row of `WORDS` numbers per proposal; zeros where it has no text.

    Signed feature hashing (Weinberger et al. 2009) of the logarithm of each word's count, of length d / (d + 30) with d
    places its words fall to. No word is weighed by its rarity: rarity would have to be known at `as_of`, and it gained nothing.
    """
    texts = [f"{proposal.title or ''}\n{proposal.body or ''}"[:WORDS_CHARS] for proposal in proposals]
    keys = [text_key(text) for text in texts]
    found: dict[str, Vectors] = {}
    with _lock:
        for key, text in zip(keys, texts, strict=True):
            if key not in _kept:
                _kept[key] = _words(text)
            found[key] = _kept[key]
            if len(_kept) > KEPT:
                _kept.popitem(last=False)
    return np.stack([found[key] for key in keys]) if keys else np.zeros((0, WORDS), dtype=np.float32)


def _words(text: str) -> Vectors:
    counts = _hashing().transform([text])
    row: NDArray[np.float64] = counts.toarray()[0]
    row = np.sign(row) * np.log1p(np.abs(row))
    length = float(np.linalg.norm(row))
    if length > 0.0:
        row *= counts.nnz / (counts.nnz + HALF_COUNTED) / length
    return row.astype(np.float32)


@cache
def _hashing() -> "HashingVectorizer":
    from sklearn.feature_extraction.text import HashingVectorizer  # noqa: PLC0415  # half a second to import; only a forecast asks for it

    return HashingVectorizer(n_features=WORDS, norm=None)
