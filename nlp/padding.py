"""Windows as the tensors of one batch. Imports torch."""

from collections.abc import Sequence

import torch
from torch import Tensor

from nlp.windows import Window


def padded(windows: Sequence[Window], length: int | None = None) -> tuple[Tensor, Tensor, Tensor]:
    """(ids, types, mask) of one batch, padded on the right to its longest window, or to `length`."""
    longest = length or max(len(window.ids) for window in windows)
    ids = torch.zeros(len(windows), longest, dtype=torch.long)
    types = torch.zeros_like(ids)
    mask = torch.zeros_like(ids)
    for row, window in enumerate(windows):
        length = len(window.ids)
        ids[row, :length] = torch.tensor(window.ids)
        types[row, :length] = torch.tensor(window.types)
        mask[row, :length] = 1
    return ids, types, mask
