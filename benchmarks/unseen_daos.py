"""Forecasts for DAOs nobody trained on: each fold of DAOs is left out of everything that is fitted, then forecast whole.

    python -m benchmarks.unseen_daos [FOLDER] [--folds 4] [--embeddings FILE.npz] [--json]

FOLDER (default: `governance` in ASSENT_DATA_DIR) holds the dumps. Kernels, pooled rates, trees, calibration and the evidence of
skill are fitted on the earlier 70 % of the other folds' DAOs; of a left-out DAO only its own proposals closed before each moment
are known, as in service. Brier scores are means over DAOs, beside the pooled rate (the share of passes of the training rows,
within the family of kinds) and the DAO's own base rate; the interval is a 90 % bootstrap over DAOs of model minus pooled rate.
"""

import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np

from benchmarks.dumps import given
from nlp.base_rates import pooled_rate
from nlp.outcome import ShippedOutcomeForecaster
from nlp.outcome_dataset import Case, histories, replay
from nlp.outcome_record import kind_key
from nlp.outcome_text import Embedder
from nlp.outcome_training import TRAINED_PARTS, TRIALS, fit_outcome, time_parts
from nlp.outcome_weights import save_outcome_weights

SEED = 20261121
MOMENTS = ("open", "24h")
# A DAO with so many scored proposals is told of apart: a Brier score of one or two proposals is mostly chance.
MANY = 10
_DRAWS = 2_000


@dataclass(frozen=True, slots=True)
class Said:
    """One question of a left-out DAO: the probabilities of passing, and what came of it."""

    dao: str
    moment: str
    model: float
    pooled: float
    base_rate: float
    passed: float


@dataclass(frozen=True, slots=True)
class Row:
    """Means over DAOs at one moment; `worse` counts the DAOs where the pooled rate was better, `apart` is model minus pooled rate."""

    at: str
    least_proposals: int
    daos: int
    proposals: int
    model: float
    pooled: float
    base_rate: float
    worse: int
    apart: tuple[float, float]


def fold_of(dao: str, folds: int) -> int:
    """The fold a DAO is left out in, by its name alone."""
    return int(sha256(f"{SEED} {dao}".encode()).hexdigest(), 16) % folds


def left_out(cases: Sequence[Case], vectors: Embedder, fold: int, folds: int) -> Iterator[Said]:
    """The answers for the DAOs of `fold`, by a model of all the others."""
    parts = time_parts(cases)
    others = [case for case in cases if fold_of(case.closed.proposal.dao_id, folds) != fold]
    trained = [case for case in others if parts[case.closed.proposal.proposal_id] < TRAINED_PARTS[0]]
    weights, _ = fit_outcome(trained, vectors, seed=SEED, trials=TRIALS)
    with tempfile.TemporaryDirectory(prefix="assent-unseen-") as folder:
        save_outcome_weights(weights, Path(folder), about={"model": f"without fold {fold}"})
        forecaster = ShippedOutcomeForecaster(Path(folder), vectors)
        ours = [case for case in cases if fold_of(case.closed.proposal.dao_id, folds) == fold]
        for asked in replay(ours, histories(cases), MOMENTS, past=cases):
            said, proposal = forecaster.forecast(asked.question), asked.case.closed.proposal
            pooled = pooled_rate(kind_key(proposal), weights.recipe.pooled)
            yield Said(proposal.dao_id, asked.moment, said.passes, pooled, said.base_rate, float(asked.case.closed.passed))


def told(said: Sequence[Said], moment: str, least: int) -> Row:
    """The row of one moment over DAOs with at least so many scored proposals."""
    by_dao: dict[str, list[Said]] = defaultdict(list)
    for one in said:
        if one.moment == moment:
            by_dao[one.dao].append(one)
    kept = [rows for _, rows in sorted(by_dao.items()) if len(rows) >= least]
    scores = np.array([[_brier(rows, name) for name in ("model", "pooled", "base_rate")] for rows in kept])
    model, pooled, base_rate = (round(float(value), 4) for value in scores.mean(axis=0))
    apart = scores[:, 0] - scores[:, 1]
    draws = np.random.default_rng(SEED).choice(apart, (_DRAWS, len(apart))).mean(axis=1)
    low, high = (round(float(value), 4) for value in np.quantile(draws, [0.05, 0.95]))
    return Row(moment, least, len(kept), sum(map(len, kept)), model, pooled, base_rate, int((apart > 0).sum()), (low, high))


def _brier(rows: Sequence[Said], name: str) -> float:
    return float(np.mean([(getattr(one, name) - one.passed) ** 2 for one in rows]))


def main() -> int:
    """Leave each fold out in turn; 1 where the model is worse than the pooled rate in the mean over DAOs."""
    asked = given(__doc__ or "", counted="folds", count=4)
    if asked is None:
        return 0
    said: list[Said] = []
    for fold in range(asked.count):
        said += left_out(asked.cases, asked.vectors, fold, asked.count)
        print(f"fold {fold + 1} of {asked.count}: {len(said)} answers", file=sys.stderr, flush=True)
    rows = [told(said, moment, least) for moment in MOMENTS for least in (1, MANY)]
    for row in rows:
        print(json.dumps(asdict(row)) if asked.json else row)
    return 1 if any(row.model > row.pooled for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
