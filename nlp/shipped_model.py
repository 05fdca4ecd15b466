"""The model that ships: packed weights as probabilities per task, one encoder pass for all heads. Imports torch."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from governance.evidence import Span
from nlp.base_weights import base_folder
from nlp.encoder import Encoder, Precision
from nlp.packing import unpack
from nlp.spans import moving_spans, without_repetition
from nlp.tasks import LABELS, columns, off_target_column, temperature_column
from nlp.temperature import softmax, temperatures


@dataclass(frozen=True, slots=True)
class ScoredText:
    """Probabilities over one task's labels, in their order, how many windows the text took, and what moved the likeliest.

    `off_target` where the text speaks of something else than its target.
    """

    scores: tuple[float, ...]
    windows: int
    spans: tuple[Span, ...] = ()
    off_target: bool = False


class ShippedModel:
    """Encoder, heads and temperatures of one weight file; `digest` is the SHA-256 of that file."""

    def __init__(self, weights: bytes, digest: str, precision: Precision | None = None) -> None:
        base = base_folder()
        tensors, rules = unpack(weights, base)
        self.encoder = Encoder(tensors, base, rules.window_tokens, precision, summary_read=rules.summary_read)
        self.digest = digest

    def score(self, pairs: Sequence[tuple[str, str]]) -> Iterator[Mapping[str, ScoredText]]:
        """Calibrated probabilities of each (text, target or "") for every task; they come from `plain_text` and `plain_target`.

        A sentence said again in the same text adds nothing (`without_repetition`).
        """
        for (text, _), found in zip(pairs, self.encoder.explained(pairs), strict=True):
            logits, moved_logits = without_repetition(text, found.begins, found.logits, found.moved)
            scored = {}
            for task in LABELS:
                temperature = float(temperatures(logits[temperature_column(task)]))
                scores = tuple(softmax(logits[None, columns(task)], temperature)[0].tolist())
                moved = moved_logits[:, columns(task)] / temperature
                spans = moving_spans(text, found.begins, moved, scores.index(max(scores)))
                scored[task] = ScoredText(scores, found.windows, spans, bool(logits[off_target_column()] > 0))
            yield scored
