"""A reading as a number between -1 and 1, with the doubt that the model itself states."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from governance.evidence import Sentiment, Stance

LABELS: Final[Mapping[str, tuple[str, ...]]] = {
    "sentiment": tuple(label.value for label in Sentiment),
    "stance": tuple(label.value for label in Stance),
}


@dataclass(frozen=True, slots=True)
class Score:
    """The expected value of a text (-1 negative or against, 1 positive or for) and its variance, by the reading's own probabilities."""

    value: float
    variance: float


def score(task: str, label: str, scores: Sequence[str]) -> Score | None:
    """The score of a recorded reading; None where the model did not read the text (empty, of another language, off its target)."""
    if label not in LABELS[task] or len(scores) != len(LABELS[task]):
        return None
    low, _, high = (float(each) for each in scores)
    value = high - low
    return Score(value, max(high + low - value * value, 0.0))
