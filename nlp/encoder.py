"""The encoder at work: texts in windows, windows in batches of like length, logits combined per text. Imports torch."""

import copy
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from governance.errors import ModelUnavailable
from nlp.base_weights import base_folder
from nlp.plain_text import plain_text
from nlp.tasks import LABELS
from nlp.text_network import TextNetwork, padded
from nlp.windows import Tokens, Window, WindowCut

Floats = NDArray[np.float64]

# Padded tokens of one batch: enough for the processor to be busy, few enough that activations stay in its cache.
BATCH_TOKENS = 2048
# Windows waiting at a time: bounds memory whatever is read, and still leaves many of each length to batch together.
WAITING_WINDOWS = 4096
# bf16 must be this much faster to be worth its rounding.
WORTHWHILE_GAIN = 1.2


class Precision(StrEnum):
    """The arithmetic of the encoder's layers. Pooling and heads are fp32 always."""

    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"


@dataclass(frozen=True, slots=True)
class EncodedTexts:
    """Rows of numbers, one per text, and how many windows each text took."""

    values: Floats
    windows: tuple[int, ...]


class Encoder:
    """One network, its tokenizer and one precision. Texts are read whole.

    A text longer than a window is read in overlapping windows; its row is the mean of its windows' rows, each weighted
    by the tokens no earlier window held, so that every token counts once.
    """

    def __init__(self, network: TextNetwork, base: Path, window_tokens: int, precision: Precision | None = None) -> None:
        self.tokens = Tokens(base / "tokenizer.json")
        self.cut = WindowCut(window_tokens)
        self.network, self.precision = _at_best_precision(network.eval(), precision)

    def logits(self, pairs: Sequence[tuple[str, str]]) -> EncodedTexts:
        """Logits of all heads side by side, in the order of `LABELS`; a pair is (text, target or "").

        Raises `ModelUnavailable` when the network gives numbers that are not finite.
        """
        width = sum(len(labels) for labels in LABELS.values())
        encoded = self._encode(pairs, lambda *batch: torch.cat(list(self.network(*batch).values()), dim=1), width)
        if not np.isfinite(encoded.values).all():
            raise ModelUnavailable("the text model gives numbers that are not finite")
        return encoded

    def embeddings(self, texts: Sequence[str]) -> EncodedTexts:
        """Mean-pooled last layer, one row of 384 numbers per text."""
        return self._encode([(text, "") for text in texts], self.network.pooled, self.network.width)

    def _encode(self, pairs: Sequence[tuple[str, str]], forward: Callable[[Tensor, Tensor, Tensor], Tensor], width: int) -> EncodedTexts:
        if not pairs:
            return EncodedTexts(np.zeros((0, width)), ())
        rows: list[Floats] = []
        counts: list[int] = []
        waiting: list[Window] = []
        waiting_counts: list[int] = []
        for text, target in pairs:
            windows = self._windows(text, target)
            waiting += windows
            waiting_counts.append(len(windows))
            if len(waiting) >= WAITING_WINDOWS:
                rows.append(_combined(waiting, waiting_counts, self._run(waiting, forward)))
                counts += waiting_counts
                waiting, waiting_counts = [], []
        if waiting:
            rows.append(_combined(waiting, waiting_counts, self._run(waiting, forward)))
            counts += waiting_counts
        return EncodedTexts(np.concatenate(rows), tuple(counts))

    def _windows(self, text: str, target: str) -> list[Window]:
        text_ids, target_ids = self.tokens.encode([plain_text(text), plain_text(target)])
        return self.tokens.windows(text_ids, target_ids, self.cut)

    def _run(self, windows: Sequence[Window], forward: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Floats:
        """One row per window, in the order given, computed in batches of like length."""
        order = sorted(range(len(windows)), key=lambda number: len(windows[number].ids))
        results: list[Floats] = []
        with torch.inference_mode():
            start = 0
            while start < len(order):
                end = start + 1
                while end < len(order) and (end + 1 - start) * len(windows[order[end]].ids) <= BATCH_TOKENS:
                    end += 1
                batch = padded([windows[number] for number in order[start:end]])
                results.append(forward(*batch).double().numpy())
                start = end
        rows = np.concatenate(results)
        placed = np.empty_like(rows)
        placed[order] = rows
        return placed


def frozen_encoder(precision: Precision | None = None) -> Encoder:
    """The base encoder as published, for embeddings; its heads are untrained and mean nothing."""
    base = base_folder()
    return Encoder(TextNetwork(base), base, 256, precision)


def _combined(windows: Sequence[Window], counts: Sequence[int], rows: Floats) -> Floats:
    """The mean of each text's window rows, weighted by fresh tokens."""
    weights = np.array([max(window.fresh, 1) for window in windows], dtype=np.float64)
    starts = np.concatenate(([0], np.cumsum(counts)[:-1])).astype(np.int64)
    sums = np.add.reduceat(rows * weights[:, None], starts, axis=0)
    combined: Floats = sums / np.add.reduceat(weights, starts)[:, None]
    return combined


def _at_best_precision(network: TextNetwork, precision: Precision | None) -> tuple[TextNetwork, Precision]:
    """The network in the precision asked for, or in the one that is faster here, measured once."""
    if precision is Precision.FLOAT32:
        return network, precision
    rounded = copy.deepcopy(network)
    rounded.encoder.to(torch.bfloat16)
    if precision is Precision.BFLOAT16 or _seconds(network) > WORTHWHILE_GAIN * _seconds(rounded):
        return rounded, Precision.BFLOAT16
    return network, Precision.FLOAT32


def _seconds(network: TextNetwork) -> float:
    """The best time of four passes over one batch of 16 windows of 64 tokens; the first, which warms up, is not counted."""
    batch = padded([Window(tuple(range(1000, 1064)), (0,) * 64, 64)] * 16)
    times = []
    with torch.inference_mode():
        for _ in range(5):
            start = time.perf_counter()
            network(*batch)
            times.append(time.perf_counter() - start)
    return min(times[1:])
