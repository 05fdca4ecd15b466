"""How proposals end: P(passes), P(reaches quorum), P(executed), share and turnout at any moment from publication to close.

Imports no torch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from governance.errors import ModelUnavailable
from governance.evidence import OutcomeForecast, OutcomeQuestion
from nlp.base_rates import family
from nlp.features import FeatureMaker
from nlp.model_store import SHIPPED
from nlp.outcome_answer import Estimate, answer
from nlp.outcome_likelihoods import LEAST, MOST
from nlp.outcome_recent import RecentResults
from nlp.outcome_record import Records, kind_key
from nlp.outcome_shapley import Shapley
from nlp.outcome_text import CachedEmbedder, Embedder, MiniLmEmbedder
from nlp.outcome_weights import (
    QUANTITIES,
    VOTING,
    OutcomeWeights,
    expected,
    load_outcome_weights,
    passing,
    raw_probability,
    runs,
)

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimates:
    """The model's numbers for many questions, one row each: probabilities, and quantities with their quantiles.

    `ranges` holds, per quantity, columns 5 %, 25 %, middle, 75 % and 95 %; turnouts are log(1 + n).
    """

    raw: Floats
    passes: Floats
    reached: Floats
    ranges: dict[str, Floats]

    @classmethod
    def of(cls, weights: OutcomeWeights, rows: Floats, families: Sequence[str]) -> "Estimates":
        """Evaluate the model on feature rows (order of `features.NAMES`), each of a proposal of its family of kinds."""
        raw = passing(weights.trees, weights.stacks, rows, families)
        reached = raw_probability(weights.trees["reached"], rows, "reached")
        ranges = {}
        for target in QUANTITIES:
            middle, errors = expected(weights, rows, families, target)
            ranges[target] = middle[:, None] + np.insert(errors, 2, 0.0, axis=1)
        return cls(
            raw=raw,
            # A map for passing is learnt before the vote; what votes say needs none.
            passes=np.clip(np.where(runs(rows), raw, weights.calibration["passed"].apply(raw)), LEAST, MOST),
            reached=np.clip(weights.calibration["reached"].apply(reached), LEAST, MOST),
            ranges=ranges,
        )

    def row(self, place: int) -> Estimate:
        """The numbers of one question."""
        share, voters, power = (self.ranges[target][place] for target in QUANTITIES)
        return Estimate(float(self.raw[place]), float(self.passes[place]), float(self.reached[place]), share, voters, power)


@dataclass(frozen=True, slots=True)
class _Loaded:
    weights: OutcomeWeights
    digest: str
    maker: FeatureMaker
    recent: RecentResults
    shapley: Mapping[str, Shapley]


class ShippedOutcomeForecaster:
    """The `OutcomeForecaster` of the pinned weights; loads them when first asked.

    Pass one history tuple to many questions and the work on it is done once. `embedder` is asked for texts it may
    have cached; with the default each distinct text is embedded once per process. Not for several threads at once.
    """

    def __init__(self, folder: Path = SHIPPED, embedder: Embedder | None = None) -> None:
        self._folder = folder
        self._embedder = CachedEmbedder(MiniLmEmbedder()) if embedder is None else embedder
        self._loaded: _Loaded | None = None

    def digest(self) -> str:
        """SHA-256 of the weights; raises `ModelUnavailable` when they cannot be loaded."""
        return self._load().digest

    def forecast(self, question: OutcomeQuestion) -> OutcomeForecast:
        """The forecast at `question.as_of`."""
        return self.forecast_many([question])[0]

    def forecast_many(self, questions: Sequence[OutcomeQuestion]) -> list[OutcomeForecast]:
        """One forecast per question, in order; each is the same as if it had been asked alone."""
        model = self._load()
        if not questions:
            return []
        seen = [model.maker.see(question) for question in questions]
        families = [family(kind_key(question.proposal)) for question in questions]
        estimates = Estimates.of(model.weights, np.stack([one.row() for one in seen]), families)
        if not np.isfinite(estimates.passes).all():
            raise ModelUnavailable("the outcome model gave no finite number", model_digest=model.digest)
        return [
            answer(
                question,
                one,
                estimates.row(place),
                model.recent.of(question, one),
                weights=model.weights,
                shapley=model.shapley,
                digest=model.digest,
            )
            for place, (question, one) in enumerate(zip(questions, seen, strict=True))
        ]

    def _load(self) -> _Loaded:
        if self._loaded is None:
            weights, digest = load_outcome_weights(self._folder)
            maker = FeatureMaker(weights.recipe, Records(self._embedder))
            shapley = {name: Shapley.of(weights.trees[name]) for name in ("passed", VOTING)}
            self._loaded = _Loaded(weights, digest, maker, RecentResults(maker, weights), shapley)
        return self._loaded
