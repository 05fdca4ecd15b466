"""Proposals as the belief compares them: closed ones of a record, and ones that are asked about or still open."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from governance.evidence import KnownProposal
from nlp.outcome_record import Codes, DaoRecord, Floats, Singles, worded
from nlp.outcome_words import word_vectors


@dataclass(frozen=True, slots=True)
class Sight:
    """A proposal that may be in no record: when it was published (days since 1970), and the vector of its text."""

    proposal: KnownProposal
    published: float
    vector: Floats


@dataclass(frozen=True, slots=True)
class Points:
    """Proposals as the kernel (`nlp.outcome_belief`) sees them; vectors and words in single precision."""

    published: Floats
    kinds: Codes
    authors: Codes
    vectors: Singles
    worded: Singles
    words: Singles

    @classmethod
    def of(cls, record: DaoRecord, rows: NDArray[np.int64], *, words: bool) -> "Points":
        """Some rows of a record, in order; not copied where they follow one another, as they do where no number is missing.

        Without `words` where the kernel does not ask for them: they are most of the memory.
        """
        chosen = slice(rows[0], rows[-1] + 1) if len(rows) and rows[-1] - rows[0] + 1 == len(rows) else rows
        return cls(
            published=record.published[chosen],
            kinds=record.kinds[chosen],
            authors=record.authors[chosen],
            vectors=record.narrow[chosen],
            worded=record.worded[chosen],
            words=record.words[chosen] if words else record.words[:0],
        )

    @classmethod
    def seen(cls, record: DaoRecord, sights: Sequence[Sight]) -> "Points":
        """Proposals (one at least) beside a record, in order, with codes of its kinds and authors."""
        proposals, vectors = [each.proposal for each in sights], np.stack([each.vector for each in sights])
        return cls(
            published=np.array([each.published for each in sights]),
            kinds=record.kinds_of(proposals),
            authors=record.authors_of(proposals),
            vectors=vectors.astype(np.float32),
            worded=worded(vectors),
            words=word_vectors(proposals),
        )

    @property
    def first(self) -> "Points":
        """The first of them alone."""
        return Points(self.published[:1], self.kinds[:1], self.authors[:1], self.vectors[:1], self.worded[:1], self.words[:1])
