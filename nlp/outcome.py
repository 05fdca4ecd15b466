"""How proposals end: P(passes), approval share and turnout at any moment from publication to close. Imports no torch."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from governance.errors import ModelUnavailable
from governance.evidence import OutcomeForecast, OutcomeQuestion
from nlp.features import NAMES, UNKNOWN, FeatureMaker, Seen
from nlp.model_store import SHIPPED
from nlp.outcome_record import Records
from nlp.outcome_text import CachedEmbedder, Embedder, MiniLmEmbedder
from nlp.outcome_weights import OutcomeWeights, load_outcome_weights, raw_passing, stage

Floats = NDArray[np.float64]
# With fewer closed proposals of the DAO the base rate is served: see docs/models/outcome.md, "Too little history".
MIN_HISTORY = 5
# No forecast says never or always.
LEAST, MOST = 0.005, 0.995
# Forecasts are rounded to the fixed point in which they are recorded.
PLACES = 6

_VOTERS, _PACE = NAMES.index("voters"), NAMES.index("pace")


@dataclass(frozen=True, slots=True)
class Estimates:
    """The model's numbers for many questions: one row each; shares and log(1 + voters) with 5 % and 95 % bounds."""

    passes: Floats
    share: Floats
    voters: Floats

    @classmethod
    def of(cls, weights: OutcomeWeights, rows: Floats) -> "Estimates":
        """Evaluate the model on feature rows (order of `features.NAMES`)."""
        raw = raw_passing(weights.trees["passed"], rows)
        stages = stage(voters=rows[:, _VOTERS], pace=rows[:, _PACE])
        ranges = {}
        for target in ("share", "voters"):
            middle = weights.trees[target].sum(rows)
            errors = weights.errors[target][stages]
            ranges[target] = np.column_stack([middle + errors[:, 0], middle, middle + errors[:, 1]])
        return cls(np.clip(weights.calibration.apply(raw), LEAST, MOST), np.clip(ranges["share"], 0.0, 1.0), ranges["voters"])


class ShippedOutcomeForecaster:
    """The `OutcomeForecaster` of the pinned weights; loads them when first asked.

    Pass one history tuple to many questions and the work on it is done once. `embedder` is asked for texts it may
    have cached; with the default each distinct text is embedded once per process. Not for several threads at once.
    """

    def __init__(self, folder: Path = SHIPPED, embedder: Embedder | None = None) -> None:
        self._folder = folder
        self._embedder = CachedEmbedder(MiniLmEmbedder()) if embedder is None else embedder
        self._loaded: tuple[OutcomeWeights, str, FeatureMaker] | None = None

    def digest(self) -> str:
        """SHA-256 of the weights; raises `ModelUnavailable` when they cannot be loaded."""
        return self._load()[1]

    def forecast(self, question: OutcomeQuestion) -> OutcomeForecast:
        """P(passes), approval share and turnout at `question.as_of`."""
        return self.forecast_many([question])[0]

    def forecast_many(self, questions: Sequence[OutcomeQuestion]) -> list[OutcomeForecast]:
        """One forecast per question, in order; each is the same as if it had been asked alone."""
        weights, digest, maker = self._load()
        if not questions:
            return []
        seen = [maker.see(question) for question in questions]
        estimates = Estimates.of(weights, np.stack([one.row() for one in seen]))
        if not np.isfinite(estimates.passes).all():
            raise ModelUnavailable("the outcome model gave no finite number", model_digest=digest)
        return [_answer(one, estimates, row, digest) for row, one in enumerate(seen)]

    def _load(self) -> tuple[OutcomeWeights, str, FeatureMaker]:
        if self._loaded is None:
            weights, digest = load_outcome_weights(self._folder)
            self._loaded = (weights, digest, FeatureMaker(weights.recipe, Records(self._embedder)))
        return self._loaded


def _answer(seen: Seen, estimates: Estimates, row: int, digest: str) -> OutcomeForecast:
    history, base = seen.rates.dao_count, min(max(seen.rates.author, LEAST), MOST)
    enough = history >= MIN_HISTORY
    passes = float(estimates.passes[row]) if enough else base
    share, share_range = _share(seen, estimates, row) if enough else (None, None)
    turnout, turnout_range = _turnout(seen, estimates, row) if enough else (None, None)
    return OutcomeForecast(
        passes=round(passes, PLACES),
        base_rate=round(base, PLACES),
        lift=round(round(passes, PLACES) - round(base, PLACES), PLACES),
        history_size=history,
        approval_share=share,
        approval_interval=share_range,
        turnout=turnout,
        turnout_interval=turnout_range,
        served="model" if enough else "base_rate",
        reason=None if enough else f"{history} closed proposals of this DAO are known; the model is served from {MIN_HISTORY}",
        model_digest=digest,
        features=seen.features,
    )


def _share(seen: Seen, estimates: Estimates, row: int) -> tuple[float | None, tuple[float, float] | None]:
    if seen.features["share_belief"] == UNKNOWN:
        return None, None
    low, middle, high = (round(float(value), PLACES) for value in estimates.share[row])
    return middle, (min(low, middle), max(high, middle))


def _turnout(seen: Seen, estimates: Estimates, row: int) -> tuple[float | None, tuple[float, float] | None]:
    if seen.features["voters_belief"] == UNKNOWN:
        return None, None
    # Who has voted stays a voter: no bound is below the count so far.
    low, middle, high = (max(math.expm1(float(value)), float(seen.voters)) for value in estimates.voters[row])
    return round(middle, PLACES), (round(min(low, middle), PLACES), round(max(high, middle), PLACES))
