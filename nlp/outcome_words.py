"""Which words a proposal uses, as one vector: likeness of wording, beside the likeness of meaning (`nlp.outcome_text`). Imports no torch.

The meaning of two requests for a grant is much the same; who passed before and who did not is also told by what they name.
"""

from collections.abc import Iterable
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from governance.evidence import KnownProposal

if TYPE_CHECKING:
    from sklearn.feature_extraction.text import HashingVectorizer

WORDS = 1024
# Few bodies are longer; a bound keeps the work on a text at the size limit small.
WORDS_CHARS = 40_000
# A text of so many different words counts half of one without end: titles alone are alike too easily.
HALF_COUNTED = 30.0
# Texts whose words are kept, 4 kB each: a DAO's record is built again with each result.
KEPT = 4096

WordVectors = NDArray[np.float32]


def word_vectors(proposals: Iterable[KnownProposal]) -> WordVectors:
    """One row of `WORDS` numbers per proposal; zeros where it has no text.

    Signed feature hashing (Weinberger et al. 2009) of the logarithm of each word's count, of length d / (d + 30) with d
    places its words fall to. No word is weighed by its rarity: rarity would have to be known at `as_of`, and it gained nothing.
    """
    rows = [_words(proposal.title, proposal.body) for proposal in proposals]
    return np.stack(rows) if rows else np.zeros((0, WORDS), dtype=np.float32)


@lru_cache(maxsize=KEPT)
def _words(title: str | None, body: str | None) -> WordVectors:
    text = f"{title or ''}\n{body or ''}"[:WORDS_CHARS]
    counts = _hashing().transform([text])
    different = counts.nnz
    row = counts.toarray()[0]
    row = np.sign(row) * np.log1p(np.abs(row))
    length = float(np.linalg.norm(row))
    if length > 0.0:
        row *= different / (different + HALF_COUNTED) / length
    found: WordVectors = row.astype(np.float32)
    found.flags.writeable = False
    return found


@cache
def _hashing() -> "HashingVectorizer":
    from sklearn.feature_extraction.text import HashingVectorizer  # noqa: PLC0415  # half a second to import; only a forecast asks for it

    return HashingVectorizer(n_features=WORDS, norm=None)
