"""Windows and rows of tokens as the tensors of one batch. Imports torch."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from nlp.windows import Window


def padded(windows: Sequence[Window], length: int | None = None) -> tuple[Tensor, Tensor, Tensor]:
    """(ids, types, mask) of one batch, padded on the right to its longest window, or to `length`."""
    ids = torch.zeros(len(windows), length or max(len(window.ids) for window in windows), dtype=torch.long)
    types = torch.zeros_like(ids)
    mask = torch.zeros_like(ids)
    for row, window in enumerate(windows):
        tokens = len(window.ids)
        ids[row, :tokens] = torch.tensor(window.ids)
        types[row, :tokens] = torch.tensor(window.types)
        mask[row, :tokens] = 1
    return ids, types, mask


def padded_rows(rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """(ids, mask) of rows of tokens, padded on the right to the longest."""
    ids = pad_sequence([torch.tensor(tokens, dtype=torch.long) for tokens in rows], batch_first=True)
    return ids, torch.arange(ids.shape[1]) < torch.tensor([len(tokens) for tokens in rows])[:, None]
