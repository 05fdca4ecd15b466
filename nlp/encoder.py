"""The encoder at work: texts in windows, windows in batches of like length, logits combined per text. Imports torch."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from governance.errors import ModelUnavailable
from nlp.base_tensors import WORD_TABLE, base_tensors, head_shapes
from nlp.base_weights import base_folder
from nlp.fused_encoder import FusedEncoder, FusedLayer, Grid
from nlp.off_target import OffTarget, untold
from nlp.padding import padded, padded_rows
from nlp.plain_text import plain_target, plain_text
from nlp.tasks import LABELS
from nlp.windows import TARGET_TOKENS, Tokens, Window, WindowCut

Floats = NDArray[np.float64]
# What is asked of a batch: ids, types and mask of its windows, ids and mask of their targets; one row of numbers per window.
Forward = Callable[[Tensor, Tensor, Tensor, Tensor, Tensor], Tensor]

# Padded tokens of one batch: enough for the processor to be busy, few enough that activations stay in its cache and that
# little is padded.
BATCH_TOKENS = 1024
# Scores of one head in one batch: of long windows, which have many, less is taken at a time.
BATCH_SCORES = 2**17
# Windows are padded to multiples of this: of every shape that comes, oneDNN keeps kernels of its own, some 3 MB of them.
LENGTH_STEP = 16
# Windows waiting at a time: bounds memory whatever is read, and still leaves many of each length to batch together.
WAITING_WINDOWS = 4096
# bf16 must be this much faster to be worth its rounding.
WORTHWHILE_GAIN = 1.2
_PASSES = 5


class Precision(StrEnum):
    """The arithmetic of the encoder's layers. Pooling and heads are fp32 always."""

    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"


@dataclass(frozen=True, slots=True)
class EncodedTexts:
    """Rows of numbers, one per text, and how many windows each text took."""

    values: Floats
    windows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ExplainedText:
    """One text's numbers as in `Encoder.logits`, its windows, the character at which each token begins, and what each brings to them."""

    logits: Floats
    windows: int
    begins: tuple[int, ...]
    moved: Floats


class Encoder:
    """One network by its weights, its tokenizer and one precision. Texts are read whole.

    A text longer than a window is read in overlapping windows; its row is the mean of its windows' rows, each weighted
    by the tokens no earlier window held, so that every token counts once. `weights` have their names in `TextNetwork`.
    `summary_read` is for weights whose layers read a proposal's summary behind its title.
    """

    def __init__(
        self,
        weights: Mapping[str, Tensor],
        base: Path,
        window_tokens: int,
        precision: Precision | None = None,
        *,
        summary_read: bool = False,
    ) -> None:
        self.tokens = Tokens(base / "tokenizer.json")
        self.cut = WindowCut(window_tokens)
        self._summary_read = summary_read
        self._last_target: tuple[str, tuple[tuple[int, ...], tuple[int, ...]]] = "", ((), ())
        self.precision = _faster_precision(weights) if precision is None else precision
        self._layers = FusedEncoder(weights, torch.bfloat16 if self.precision is Precision.BFLOAT16 else torch.float32)
        heads = [f"{part}.{task}" for part in ("heads", "temperatures") for task in LABELS]
        self._weights = torch.cat([weights[f"{head}.weight"] for head in heads]).detach().float()
        self._bias = torch.cat([weights[f"{head}.bias"] for head in heads]).detach().float()
        self._width = self._weights.shape[1]
        self._off_target = OffTarget.of(weights)

    def logits(self, pairs: Sequence[tuple[str, str]]) -> EncodedTexts:
        """Logits of all heads side by side, in the order of `LABELS`, logarithms of temperatures, and how far a text is off its target.

        A pair is (text, target or "").

        Raises `ModelUnavailable` when the network gives numbers that are not finite.
        """
        encoded = self._encode(pairs, self._said, len(self._bias) + 1)
        if not np.isfinite(encoded.values).all():
            raise ModelUnavailable("the text model gives numbers that are not finite")
        return encoded

    def explained(self, pairs: Sequence[tuple[str, str]]) -> Iterator[ExplainedText]:
        """The logits of each pair with what its tokens bring to them; texts come from `plain_text`, targets from `plain_target`.

        The sum over tokens falls short of the logits by what the target, the marks of begin and end and the bias bring.
        Raises `ModelUnavailable` when the network gives numbers that are not finite.
        """
        waiting: list[_Placed] = []
        for text, target in pairs:
            waiting.append(self._placed(text, target))
            if sum(len(placed.windows) for placed in waiting) >= WAITING_WINDOWS:
                yield from self._explain(waiting)
                waiting = []
        yield from self._explain(waiting)

    def _placed(self, text: str, target: str) -> "_Placed":
        ids, begins = self.tokens.places(text)
        read, compared = self._target(target)
        spans = self.cut.spans(len(ids), min(len(read), TARGET_TOKENS))
        return _Placed(self.tokens.windows(ids, read, self.cut, compared), spans, tuple(begins))

    def _target(self, target: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """As `Tokens.target` gives it; many texts in a row share one."""
        if target != self._last_target[0]:
            self._last_target = target, self.tokens.target(target, summary_read=self._summary_read)
        return self._last_target[1]

    def _explain(self, waiting: Sequence["_Placed"]) -> Iterator[ExplainedText]:
        if not waiting:
            return
        brought = self._run_each([window for placed in waiting for window in placed.windows])
        bias = np.append(self._bias.double().numpy(), 0.0)
        for placed in waiting:
            fresh = np.array([max(window.fresh, 1) for window in placed.windows], dtype=np.float64)
            moved = np.zeros((len(placed.begins), len(bias)))
            logits = bias.copy()
            for (start, end), weight in zip(placed.spans, fresh / fresh.sum(), strict=True):
                tokens = next(brought)
                logits += weight * tokens.sum(axis=0)
                moved[start:end] += weight * tokens[1 : 1 + end - start]
            if not np.isfinite(logits).all():
                raise ModelUnavailable("the text model gives numbers that are not finite")
            yield ExplainedText(logits, len(placed.windows), placed.begins, moved)

    def _run_each(self, windows: Sequence[Window]) -> Iterator[Floats]:
        """Per window, in the order given, what each of its tokens brings to all logits; the first brings how far it is off its target."""
        brought: list[Floats] = [np.zeros((0, 0))] * len(windows)
        with torch.inference_mode():
            for rows, length in _batches(windows):
                ids, types, mask, targets, meant = self._batch([windows[row] for row in rows], length)
                each = (self._layers(ids, types, mask).float() @ self._weights.T).double().numpy()
                strange = self._off_target(ids, types, mask, targets, meant).double().numpy()
                for place, row in enumerate(rows):
                    tokens = len(windows[row].ids)
                    brought[row] = np.pad(each[place, :tokens] / tokens, ((0, 0), (0, 1)))
                    brought[row][0, -1] = strange[place]
        return iter(brought)

    def embeddings(self, texts: Sequence[str]) -> EncodedTexts:
        """Mean-pooled last layer, one row of 384 numbers per text."""
        return self.vectors([(text, "") for text in texts])

    def off_target(self, pairs: Sequence[tuple[str, str]]) -> Floats:
        """The last column of `logits` alone, which needs no pass through the layers."""
        return self._encode(pairs, lambda *batch: self._off_target(*batch)[:, None], 1).values[:, 0]

    def vectors(self, pairs: Sequence[tuple[str, str]]) -> EncodedTexts:
        """What the heads see of each (text, target or ""): one row of 384 numbers."""
        return self._encode(pairs, lambda *batch: self._pooled(*batch[:3]), self._width)

    def _said(self, *batch: Tensor) -> Tensor:
        """What heads, temperatures and what tells off-target texts say of each window."""
        return torch.cat([self._pooled(*batch[:3]) @ self._weights.T + self._bias, self._off_target(*batch)[:, None]], dim=1)

    def _pooled(self, ids: Tensor, types: Tensor, mask: Tensor) -> Tensor:
        """The mean of the last layer over real tokens, fp32."""
        hidden = self._layers(ids, types, mask).float()
        real = mask.unsqueeze(-1).float()
        mean: Tensor = (hidden * real).sum(dim=1) / real.sum(dim=1)
        return mean

    def _encode(self, pairs: Sequence[tuple[str, str]], forward: Forward, width: int) -> EncodedTexts:
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
        read, compared = self._target(plain_target(target))
        return self.tokens.windows(self.tokens.encode([plain_text(text)])[0], read, self.cut, compared)

    def _batch(self, windows: Sequence[Window], length: int) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """What a `Forward` is asked of."""
        return *padded(windows, length), *padded_rows([window.compared for window in windows])

    def _run(self, windows: Sequence[Window], forward: Forward) -> Floats:
        """One row per window, in the order given, computed in batches of like length."""
        results: list[Floats] = []
        order: list[int] = []
        with torch.inference_mode():
            for rows, length in _batches(windows):
                results.append(forward(*self._batch([windows[row] for row in rows], length)).double().numpy())
                order += rows
        found = np.concatenate(results)
        placed = np.empty_like(found)
        placed[order] = found
        return placed


@dataclass(frozen=True, slots=True)
class _Placed:
    """A text's windows, which of its tokens each holds, and the character at which each token begins."""

    windows: list[Window]
    spans: list[tuple[int, int]]
    begins: tuple[int, ...]


def _batches(windows: Sequence[Window]) -> Iterator[tuple[list[int], int]]:
    """The windows' numbers in batches of like length, at most `BATCH_TOKENS` and `BATCH_SCORES` each, padding included, and that length.

    The longest come first: what they leave free of memory holds the shorter ones.
    """
    lengths = [-(-len(window.ids) // LENGTH_STEP) * LENGTH_STEP for window in windows]
    order = sorted(range(len(windows)), key=lengths.__getitem__, reverse=True)
    start = 0
    while start < len(order):
        longest = lengths[order[start]]
        end = start + max(min(BATCH_TOKENS // longest, BATCH_SCORES // longest**2), 1)
        yield order[start:end], longest
        start = end


def frozen_encoder(precision: Precision | None = None) -> Encoder:
    """The base encoder as published, for embeddings; its heads are zeros and mean nothing."""
    base = base_folder()
    weights = base_tensors(base)
    vocabulary, width = weights[WORD_TABLE].shape
    heads = {name: torch.zeros(shape) for name, shape in head_shapes(width).items()}
    return Encoder({**weights, **heads, **untold(vocabulary)}, base, 256, precision)


def _combined(windows: Sequence[Window], counts: Sequence[int], rows: Floats) -> Floats:
    """The mean of each text's window rows, weighted by fresh tokens."""
    weights = np.array([max(window.fresh, 1) for window in windows], dtype=np.float64)
    starts = np.concatenate(([0], np.cumsum(counts)[:-1])).astype(np.int64)
    sums = np.add.reduceat(rows * weights[:, None], starts, axis=0)
    combined: Floats = sums / np.add.reduceat(weights, starts)[:, None]
    return combined


def _faster_precision(weights: Mapping[str, Tensor]) -> Precision:
    """The precision that is faster here, by one layer on a batch of 16 windows of 64 tokens: the layers are most of the work.

    Only one layer, since an arithmetic that the processor imitates takes many times as long.
    """
    mask, width = torch.ones((16, 64), dtype=torch.long), weights[WORD_TABLE].shape[1]
    exact, rounded = (
        _seconds(FusedLayer(weights, 0, dtype), torch.full((mask.numel(), width), 0.1, dtype=dtype), Grid.of(mask, dtype))
        for dtype in (torch.float32, torch.bfloat16)
    )
    return Precision.BFLOAT16 if exact > WORTHWHILE_GAIN * rounded else Precision.FLOAT32


def _seconds(layer: FusedLayer, rows: Tensor, grid: Grid) -> float:
    """The best time of a few passes; the first, which warms up, is not counted."""
    times = []
    with torch.inference_mode():
        for _ in range(_PASSES):
            start = time.perf_counter()
            layer(rows, grid)
            times.append(time.perf_counter() - start)
    return min(times[1:])
