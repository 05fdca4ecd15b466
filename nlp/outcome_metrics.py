"""How good probabilities are: ranking, distance from the truth, calibration; with bootstrap intervals."""

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ECE_BINS = 10
# 90 % intervals are steady in the second place from here on.
RESAMPLES = 400


@dataclass(frozen=True, slots=True)
class Score:
    """One model on one set of answers. `auc` is None where only one kind of answer occurs.

    `majority_accuracy` is the accuracy of always naming the commoner answer of this very set: the hardest constant.
    """

    n: int
    fails: int
    auc: float | None
    brier: float
    log_loss: float
    ece: float
    accuracy: float
    majority_accuracy: float

    def as_row(self) -> dict[str, object]:
        """The figures by name, rounded to four places."""
        return {name: round(value, 4) if isinstance(value, float) else value for name, value in asdict(self).items()}


def score(probabilities: Floats, passed: Floats) -> Score:
    """All figures of one set; it must not be empty. A forecast of exactly one half counts as "passes"."""
    share = float(passed.mean())
    return Score(
        n=len(passed),
        fails=int(len(passed) - passed.sum()),
        auc=auc(probabilities, passed),
        brier=brier(probabilities, passed),
        log_loss=log_loss(probabilities, passed),
        ece=expected_calibration_error(probabilities, passed),
        accuracy=float(np.mean((probabilities >= 0.5) == (passed == 1.0))),
        majority_accuracy=max(share, 1.0 - share),
    )


def auc(probabilities: Floats, passed: Floats) -> float | None:
    """Area under the ROC curve: how often a pass is ranked above a fail, ties counting half."""
    positives = int(passed.sum())
    negatives = len(passed) - positives
    if positives == 0 or negatives == 0:
        return None
    _, place, counts = np.unique(probabilities, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2.0)[place]
    return float((ranks[passed == 1.0].sum() - positives * (positives + 1) / 2.0) / (positives * negatives))


def brier(probabilities: Floats, passed: Floats) -> float:
    """Mean squared distance of probability and answer; lower is better."""
    return float(np.mean((probabilities - passed) ** 2))


def log_loss(probabilities: Floats, passed: Floats) -> float:
    """Mean negative logarithm of the probability given to what happened, in nats; lower is better."""
    bounded = np.clip(probabilities, 1e-12, 1.0 - 1e-12)
    return float(-np.mean(passed * np.log(bounded) + (1.0 - passed) * np.log(1.0 - bounded)))


def expected_calibration_error(probabilities: Floats, passed: Floats) -> float:
    """Mean distance of stated and found frequency over ten bins of equal width, weighted by their size."""
    places = np.minimum((probabilities * ECE_BINS).astype(int), ECE_BINS - 1)
    counts = np.bincount(places, minlength=ECE_BINS)
    distances = np.abs(np.bincount(places, probabilities - passed, minlength=ECE_BINS))
    return float(distances[counts > 0].sum() / len(passed))


def on_fails(probabilities: Floats, passed: Floats) -> dict[str, float | None]:
    """Recall of fails at one half, and the area under precision and recall of fails (average precision); None without fails."""
    failed = passed == 0.0
    if not failed.any():
        return {"fail_recall": None, "fail_pr_auc": None}
    recall = float((probabilities[failed] < 0.5).mean())
    # Ties are one step: an order among equals would be invented.
    levels, place = np.unique(probabilities, return_inverse=True)
    caught = np.cumsum(np.bincount(place, failed.astype(float), minlength=len(levels)))
    called = np.cumsum(np.bincount(place, minlength=len(levels)))
    area = float(np.sum(np.diff(caught, prepend=0.0) * caught / called) / failed.sum())
    return {"fail_recall": round(recall, 4), "fail_pr_auc": round(area, 4)}


def bootstrap(probabilities: Floats, passed: Floats, *, seed: int) -> dict[str, list[float] | None]:
    """90 % intervals of AUC and Brier over resampled answers; AUC's is None when a resample has one kind only."""
    rng = np.random.default_rng(seed)
    drawn = [rng.integers(0, len(passed), len(passed)) for _ in range(RESAMPLES)]
    areas = [auc(probabilities[rows], passed[rows]) for rows in drawn]
    briers = [brier(probabilities[rows], passed[rows]) for rows in drawn]
    whole = [area for area in areas if area is not None]
    return {
        "auc": _interval(whole) if len(whole) == RESAMPLES else None,
        "brier": _interval(briers),
    }


def _interval(values: list[float]) -> list[float]:
    low, high = np.quantile(values, [0.05, 0.95])
    return [round(float(low), 4), round(float(high), 4)]
