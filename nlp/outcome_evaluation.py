"""How good the shipped forecast is on time it never saw, beside every baseline: `assent models evaluate outcome`."""

import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from governance.evidence import OutcomeForecast
from nlp.model_store import SHIPPED
from nlp.outcome import ShippedOutcomeForecaster
from nlp.outcome_dataset import MOMENTS, Asked, Case, histories, joined, read_dump, replay
from nlp.outcome_metrics import bootstrap, score
from nlp.outcome_text import Embedder
from nlp.outcome_training import embedded
from nlp.outcome_weights import load_outcome_weights, trained_key

Floats = NDArray[np.float64]
SEED = 20261121
# Intervals of smaller sets say only that the set is small.
INTERVALS_FROM = 100
MODELS = ("assent", "assent_belief", "base_rate", "dao_rate", "majority", "votes_so_far")
_DAOSTACK_DAOHAUS = ("grasia_daostack", "grasia_daohaus")


@dataclass(frozen=True, slots=True)
class Answered:
    """One question, its forecast and what came of it."""

    asked: Asked
    forecast: OutcomeForecast

    def said(self, model: str) -> float | None:
        """The probability of `model` (one of `MODELS`); None where it has nothing to say."""
        features = self.forecast.features
        if model == "assent":
            return self.forecast.passes
        if model == "base_rate":
            return self.forecast.base_rate
        if model == "majority":
            return 1.0 if features["dao_rate"] >= 0 else 0.0
        if model == "votes_so_far" and features["voters"] <= 0:
            return None if self.asked.moment == "open" else 0.5
        name = {"assent_belief": "belief", "dao_rate": "dao_rate", "votes_so_far": "heads_for"}[model]
        return float(1.0 / (1.0 + np.exp(-features[name])))


def evaluate_outcome(
    data: Path,
    history: Path | None = None,
    *,
    weights: Path = SHIPPED,
    embedder: Embedder | None = None,
    embeddings: Path | None = None,
) -> dict[str, list[dict[str, object]]]:
    """Replay the proposals of `data` in time and score every model on each slice and moment.

    Rows of `history` may be known to forecasts but are not scored, and neither is what the weights were trained on:
    of each DAO only proposals that closed after its last trained one count. Returns `rows` (with 90 %
    bootstrap intervals from 100 answers on) and `ranges` (coverage of the 90 % intervals and median error). Raises
    `InvalidInput` without proposals, `ModelUnavailable` without weights or encoder.
    """
    own = read_dump(data)
    cases = joined(own, None if history is None else read_dump(history))
    trained_until = load_outcome_weights(weights)[0].trained_until
    scored = [case for case in own.cases if not _trained(case, trained_until)]
    forecaster = ShippedOutcomeForecaster(weights, embedded(cases, embedder, embeddings))
    asked = tqdm(list(replay(scored, histories(cases), MOMENTS)), desc="forecasts", disable=not sys.stderr.isatty())
    answered = [Answered(one, forecaster.forecast(one.question)) for one in asked]
    groups = _slices(answered)
    return {
        "rows": [row for (name, moment), found in groups.items() for row in _rows(name, moment, found)],
        "ranges": [row for (name, moment), found in groups.items() for row in _ranges(name, moment, found)],
    }


def _trained(case: Case, trained_until: Mapping[str, int]) -> bool:
    return case.closed.closed_at.timestamp() <= trained_until.get(trained_key(case.closed.proposal.dao_id), -1)


def _slices(answered: Sequence[Answered]) -> dict[tuple[str, str], list[Answered]]:
    """Pooled slices first, then one per `source/dao`; moments in the order of `MOMENTS`."""
    groups: dict[tuple[str, str], list[Answered]] = defaultdict(list)
    for one in answered:
        source, moment = one.asked.case.source, one.asked.moment
        names = ["pooled/all official", f"pooled/{source}", f"{source}/{one.asked.case.closed.proposal.dao_id}"]
        if source in _DAOSTACK_DAOHAUS:
            names.insert(1, "pooled/daostack+daohaus")
        for name in names:
            groups[name, moment].append(one)

    def place(key: tuple[str, str]) -> tuple[bool, str, int]:
        return (not key[0].startswith("pooled/"), key[0], MOMENTS.index(key[1]))

    return {key: groups[key] for key in sorted(groups, key=place)}


def _rows(name: str, moment: str, answered: Sequence[Answered]) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    passed = np.array([float(one.asked.case.closed.passed) for one in answered])
    for model in MODELS:
        said = [one.said(model) for one in answered]
        if None in said:
            continue
        probabilities = np.array(said, dtype=float)
        row: dict[str, object] = {"slice": name, "at": moment, "model": model, **score(probabilities, passed).as_row()}
        if len(passed) >= INTERVALS_FROM:
            row["intervals"] = bootstrap(probabilities, passed, seed=SEED)
        if name.startswith("pooled/"):
            row["within_dao_auc"] = _within_dao_auc(answered, probabilities, passed)
        rows.append(row)
    return rows


def _within_dao_auc(answered: Sequence[Answered], probabilities: Floats, passed: Floats) -> float | None:
    """AUC over pairs of one DAO only: what is left when knowing which DAO passes more earns nothing."""
    daos = np.array([one.asked.case.closed.proposal.dao_id for one in answered])
    right = pairs = 0.0
    for dao in np.unique(daos):
        ours, theirs = probabilities[(daos == dao) & (passed == 1)], probabilities[(daos == dao) & (passed == 0)]
        apart = ours[:, None] - theirs[None, :]
        right += float((apart > 0).sum() + 0.5 * (apart == 0).sum())
        pairs += apart.size
    return round(right / pairs, 4) if pairs else None


def _ranges(name: str, moment: str, answered: Sequence[Answered]) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    shares = [(one.forecast.approval_share, one.forecast.approval_interval, one.asked.case.closed.approval_share) for one in answered]
    turnouts = [(one.forecast.turnout, one.forecast.turnout_interval, one.asked.case.closed.voters) for one in answered]
    for target, found in (("approval_share", shares), ("turnout", turnouts)):
        known = [(middle, span, truth) for middle, span, truth in found if middle is not None and span and truth is not None]
        if len(known) < INTERVALS_FROM:
            continue
        covered = np.mean([span[0] - 1e-6 <= truth <= span[1] + 1e-6 for _, span, truth in known])
        errors = [abs(middle - truth) / (max(truth, 1) if target == "turnout" else 1.0) for middle, _, truth in known]
        rows.append(
            {
                "slice": name,
                "at": moment,
                "target": target,
                "n": len(known),
                "coverage_90": round(float(covered), 4),
                "median_error": round(float(np.median(errors)), 4),
            }
        )
    return rows
