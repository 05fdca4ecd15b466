"""A question of the replay with its forecast and its answer, and what each baseline would have said."""

from dataclasses import dataclass

import numpy as np

from governance.evidence import OutcomeForecast
from nlp.outcome_dataset import Asked

MODELS = ("assent", "belief", "base_rate", "dao_rate", "majority", "votes_so_far")


@dataclass(frozen=True, slots=True)
class Answered:
    """One question, its forecast and what came of it."""

    asked: Asked
    forecast: OutcomeForecast

    @property
    def passed(self) -> float:
        """What came of it."""
        return float(self.asked.case.closed.passed)

    def said(self, model: str) -> float | None:
        """P(passes) by `model` (one of `MODELS`); None where it has nothing to say."""
        features = self.forecast.features
        if model == "assent":
            return self.forecast.passes
        if model == "base_rate":
            return self.forecast.base_rate
        if model == "majority":
            return 1.0 if features["dao_rate"] >= 0 else 0.0
        if model == "votes_so_far" and features["sides_known"] <= 0:
            return None if self.asked.moment == "open" else 0.5
        name = {"belief": "belief", "dao_rate": "dao_rate", "votes_so_far": "heads_for"}[model]
        return float(1.0 / (1.0 + np.exp(-features[name])))
