"""Calibration: maps that make a stated probability come true that often. Fitted by scikit-learn, stored as knots."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
# Enough that a smooth map and its knots differ by less than 0.001.
KNOTS = 201
EDGE = 1e-3
# Below this many results of the rarer kind an isotonic map is mostly noise.
FEWEST_FOR_ISOTONIC = 200
# By so many standard errors a map must beat the identity.
SURE = 2.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """A monotone map from raw to calibrated probability, linear between knots, flat outside them."""

    raw: Floats
    calibrated: Floats

    def apply(self, probabilities: Floats) -> Floats:
        """Calibrated probabilities; the order of any two is never turned round."""
        mapped: Floats = np.interp(probabilities, self.raw, self.calibrated)
        return mapped


def identity() -> Calibration:
    """Leaves every probability as it is."""
    ends = np.array([0.0, 1.0])
    return Calibration(ends, ends)


def fit_platt(raw: Floats, passed: Floats) -> Calibration:
    """Platt scaling (1999): logistic regression on the log-odds, slope kept from turning the order round."""
    return _logistic(raw, passed, lambda p: np.log(p / (1 - p))[:, None])


def fit_beta(raw: Floats, passed: Floats) -> Calibration:
    """Beta calibration (Kull, Silva Filho and Flach, 2017): logistic regression on ln p and -ln(1 - p), none turned round."""
    return _logistic(raw, passed, lambda p: np.column_stack([np.log(p), -np.log(1 - p)]))


def fit_isotonic(raw: Floats, passed: Floats) -> Calibration:
    """Isotonic regression (Zadrozny and Elkan, 2002); its steps are kept as knots, inside `EDGE`."""
    from sklearn.isotonic import IsotonicRegression  # noqa: PLC0415 - training only

    model = IsotonicRegression(y_min=EDGE, y_max=1 - EDGE, out_of_bounds="clip").fit(raw, passed)
    return Calibration(np.asarray(model.X_thresholds_, dtype=float), np.asarray(model.y_thresholds_, dtype=float))


FITS: dict[str, Callable[[Floats, Floats], Calibration]] = {"platt": fit_platt, "beta": fit_beta, "isotonic": fit_isotonic}


def fit_best(raw: Floats, passed: Floats) -> tuple[str, Calibration]:
    """The map that is best (log loss) on the later half when fitted on the earlier half, refitted on all rows.

    Rows are in time order. A map must earn its place, before answers of both kinds: one that does not beat the identity by more than
    `SURE` standard errors fitted what came of one stretch of time, and made the next worse.
    """
    half = len(raw) // 2
    if not all(0 < part.sum() < len(part) for part in (passed[:half], passed[half:])):
        return "identity", identity()
    names = [name for name in FITS if name != "isotonic" or min(passed.sum(), (1 - passed).sum()) >= FEWEST_FOR_ISOTONIC]
    plain = _losses(raw[half:], passed[half:])
    best, lowest = "identity", 0.0
    for name in names:
        change = _losses(FITS[name](raw[:half], passed[:half]).apply(raw[half:]), passed[half:]) - plain
        if change.mean() < min(lowest, -SURE * change.std() / np.sqrt(len(change))):
            best, lowest = name, float(change.mean())
    return best, identity() if best == "identity" else FITS[best](raw, passed)


def _logistic(raw: Floats, passed: Floats, columns: Callable[[Floats], Floats]) -> Calibration:
    """Logistic regression on `columns`, each of which rises with the probability.

    One that comes out falling is left out and the rest fitted again, as Kull et al. do; with none left the map is level.
    """
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - training only

    odds = np.linspace(np.log(EDGE / (1 - EDGE)), np.log((1 - EDGE) / EDGE), KNOTS)
    knots = 1 / (1 + np.exp(-odds))
    told, asked = columns(np.clip(raw, EDGE, 1 - EDGE)), columns(knots)
    kept = np.arange(told.shape[1])
    while len(kept):
        model = LogisticRegression(C=1e4, max_iter=1000).fit(told[:, kept], passed)
        if (model.coef_[0] >= 0).all():
            return Calibration(knots, model.predict_proba(asked[:, kept])[:, 1])
        kept = kept[model.coef_[0] >= 0]
    return Calibration(knots, np.full(KNOTS, np.clip(passed.mean(), EDGE, 1 - EDGE)))


def _losses(probabilities: Floats, passed: Floats) -> Floats:
    bounded = np.clip(probabilities, 1e-6, 1 - 1e-6)
    losses: Floats = -np.log(np.where(passed == 1.0, bounded, 1.0 - bounded))
    return losses
