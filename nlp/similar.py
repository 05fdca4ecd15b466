"""Which texts are most alike, by their vectors."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def nearest(asked: Floats, known: Floats, most: int) -> list[tuple[int, float]]:
    """(row, cosine) of the rows of `known` most like `asked`, the likest first, ties to the later row; no zero vectors.

    Vectors are of unit length; a zero vector stands for a text without words and is like nothing.
    """
    if not len(known) or not asked.any():
        return []
    likeness = np.where(known.any(axis=1), known @ asked, -1.0)
    order = np.lexsort((-np.arange(len(likeness)), -likeness))[:most]
    return [(int(row), float(min(likeness[row], 1.0))) for row in order if likeness[row] > 0]
