"""Figures of a text classifier: accuracy, macro-F1 with its interval, recalls, calibration error."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

# Enough resamples for the second decimal of a 95 % interval.
RESAMPLES = 1000
BINS = 15


@dataclass(frozen=True, slots=True)
class Figures:
    """What a model reached on one set. Macro means are over the labels that occur in the set.

    `macro_f1_interval` is the 95 % percentile bootstrap over rows; `recall` is by label; `ece` is None without
    probabilities.
    """

    n: int
    accuracy: float
    macro_f1: float
    macro_f1_interval: tuple[float, float]
    macro_recall: float
    recall: dict[str, float]
    ece: float | None


def figures(truth: Integers, scores: Floats, labels: Sequence[str], *, probabilities: bool = True) -> Figures:
    """Figures of `scores` (one row per text, one column per label; the prediction is the argmax) against `truth`."""
    predicted = scores.argmax(axis=1)
    table = _confusion(truth, predicted, len(labels))
    occurring = table.sum(axis=1) > 0
    recalls = np.diag(table)[occurring] / table.sum(axis=1)[occurring]
    names = [label for label, occurs in zip(labels, occurring, strict=True) if occurs]
    return Figures(
        n=len(truth),
        accuracy=float((truth == predicted).mean()),
        macro_f1=_macro_f1(table),
        macro_f1_interval=_bootstrap(truth, predicted, len(labels)),
        macro_recall=float(recalls.mean()),
        recall={name: float(value) for name, value in zip(names, recalls, strict=True)},
        ece=calibration_error(truth, scores) if probabilities else None,
    )


def calibration_error(truth: Integers, probabilities: Floats) -> float:
    """Expected calibration error of the highest probability, 15 equal-width bins (Guo et al. 2017, section 2)."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    bins = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    gaps = [abs(float(right[bins == b].mean() - confidence[bins == b].mean())) * int((bins == b).sum()) for b in set(bins.tolist())]
    return sum(gaps) / len(truth)


def reliability(truth: Integers, probabilities: Floats) -> list[tuple[int, float, float]]:
    """(rows, mean confidence, share that was right) per tenth of confidence, empty tenths left out: what a plot shows."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    tenths = np.minimum((confidence * 10).astype(np.int64), 9)
    found = []
    for tenth in sorted(set(tenths.tolist())):
        here = tenths == tenth
        found.append((int(here.sum()), float(confidence[here].mean()), float(right[here].mean())))
    return found


def _confusion(truth: Integers, predicted: Integers, labels: int) -> Integers:
    """Rows are true labels, columns predicted ones."""
    return np.bincount(truth * labels + predicted, minlength=labels * labels).reshape(labels, labels)


def _macro_f1(table: Integers) -> float:
    occurring = table.sum(axis=1) > 0
    f1 = 2 * np.diag(table) / np.maximum(table.sum(axis=0) + table.sum(axis=1), 1)
    return float(f1[occurring].mean())


def _bootstrap(truth: Integers, predicted: Integers, labels: int) -> tuple[float, float]:
    """Resample rows by resampling the confusion table, which is all that macro-F1 depends on."""
    table = _confusion(truth, predicted, labels)
    dice = np.random.Generator(np.random.PCG64(0))
    tables = dice.multinomial(len(truth), (table / table.sum()).ravel(), size=RESAMPLES).reshape(RESAMPLES, labels, labels)
    values = sorted(_macro_f1(resampled) for resampled in tables)
    return values[int(RESAMPLES * 0.025)], values[int(RESAMPLES * 0.975)]
