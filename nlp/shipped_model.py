"""The model that ships: packed weights as probabilities per task, one encoder pass for all heads. Imports torch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlp.base_weights import base_folder
from nlp.encoder import Encoder, Precision
from nlp.packing import unpack
from nlp.tasks import LABELS, columns
from nlp.temperature import softmax


@dataclass(frozen=True, slots=True)
class ScoredTexts:
    """Probabilities over one task's labels, one row per text, and how many windows each text took."""

    scores: NDArray[np.float64]
    windows: tuple[int, ...]


class ShippedModel:
    """Encoder, heads and temperatures of one weight file; `digest` is the SHA-256 of that file."""

    def __init__(self, weights: bytes, digest: str, precision: Precision | None = None) -> None:
        base = base_folder()
        network, rules = unpack(weights, base)
        self.encoder = Encoder(network, base, rules.window_tokens, precision)
        self.digest = digest
        self._temperatures = rules.temperatures

    def score(self, pairs: Sequence[tuple[str, str]]) -> Mapping[str, ScoredTexts]:
        """Calibrated probabilities of each (text, target or "") for every task."""
        encoded = self.encoder.logits(pairs)
        return {task: ScoredTexts(softmax(encoded.values[:, columns(task)], self._temperatures[task]), encoded.windows) for task in LABELS}
