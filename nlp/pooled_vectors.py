"""What the heads of a text model see: one vector per text, read whole beside its target. Imports torch."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from nlp.base_weights import base_folder
from nlp.packing import unpack
from nlp.padding import padded
from nlp.text_network import TextNetwork
from nlp.windows import Tokens, WindowCut

# Windows of one batch: like lengths stand together, so that little is padding.
_BATCH = 16


def pooled_vectors(weights: bytes, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
    """One row per (plain text, plain target): the mean of its windows' vectors, each weighted by its fresh tokens, in fp32.

    A head applied to the row gives the logits that a reader gives. Raises `ModelUnavailable` when weights do not fit.
    """
    tensors, rules = unpack(weights, base_folder())
    network = TextNetwork.of(tensors, base_folder())
    tokens, cut = Tokens(base_folder() / "tokenizer.json"), WindowCut(rules.window_tokens)
    targets = {target: tokens.target(target, summary_read=rules.summary_read)[0] for target in {target for _, target in pairs}}
    windows = [tokens.windows(tokens.encode([text])[0], targets[target], cut) for text, target in pairs]
    owners = [(row, window) for row, each in enumerate(windows) for window in each]
    owners.sort(key=lambda each: len(each[1].ids))
    sums, totals = np.zeros((len(pairs), network.width)), np.zeros((len(pairs), 1))
    with torch.inference_mode():
        for start in range(0, len(owners), _BATCH):
            batch = owners[start : start + _BATCH]
            found = network.pooled(*padded([window for _, window in batch])).double().numpy()
            for (row, window), vector in zip(batch, found, strict=True):
                sums[row] += max(window.fresh, 1) * vector
                totals[row] += max(window.fresh, 1)
    vectors: NDArray[np.float64] = sums / np.maximum(totals, 1)
    return vectors
