"""Training of the outcome model: from dumps to pinned weights, in minutes on two cores. Rows are only ever split by time."""

import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from joblib import Parallel, cpu_count, delayed
from tqdm import tqdm

from nlp.base_rates import family
from nlp.features import FeatureMaker, FeatureRecipe
from nlp.model_store import SHIPPED, StoredWeights
from nlp.outcome_dataset import MOMENTS, Asked, Case, histories, read_dump, replay
from nlp.outcome_fitting import Lesson, Sheet, fit_weights, pooled_rates
from nlp.outcome_kernels import search_kernel
from nlp.outcome_record import DaoRecord, Records, build_record, kind_key
from nlp.outcome_text import CachedEmbedder, Embedder, MiniLmEmbedder, proposal_text
from nlp.outcome_weights import KERNELS, OutcomeWeights, earlier_folder, save_outcome_weights, trained_key

# What serves has learnt all that is closed. What a forecast of the last 30 % of each DAO's proposals is worth is told by weights that
# learnt only the proposals before: the card's figures are theirs.
TRAINED_PARTS = (0.7, 1.0)
# The last fifth of the trained part calibrates.
CALIBRATED_FROM = 0.8
# How many kernels are tried; one is the start itself. For passing, what fitted the earlier half of the time better (up to 100 trials)
# forecast the time after it no better.
TRIALS: Mapping[str, int] = {"passed": 1, "share": 3, "voters": 3}
# A kernel is judged on DAOs with this many trained proposals; shorter records say next to nothing of it.
JUDGING_COUNT = 10
# From the moments between these only the trees for a running vote learn: the others gained nothing.
USUAL_MOMENTS = ("open", "6h", "24h", "72h", "50%")
# A later look at a proposal is no new proposal.
LATER_WEIGHT = 0.5


def train_outcome(
    data_dir: Path,
    out_dir: Path = SHIPPED,
    *,
    seed: int = 20261121,
    trained_parts: Sequence[float] = TRAINED_PARTS,
    trials: Mapping[str, int] = TRIALS,
    embedder: Embedder | None = None,
    embeddings: Path | None = None,
) -> StoredWeights:
    """Fit on each of the earlier `trained_parts` of every DAO of the dumps in `data_dir`; write weights and manifests to `out_dir`.

    Returns those of the largest part, which serve; the others lie in `earlier`. Kernels and pooled rates are found on the
    smallest part and shared by all.
    The same dumps, seed and library versions give the same bytes. `embeddings` names a file in which text vectors
    are kept between runs; with it an interrupted training resumes behind its slowest part. Progress shows on a
    terminal only. Raises `InvalidInput` without proposals, `ModelUnavailable` without the encoder.
    """
    cases = read_dump(data_dir).cases
    vectors = embedded(cases, embedder, embeddings)
    parts = time_parts(cases)

    def first(part: float) -> list[Case]:
        return [case for case in cases if parts[case.closed.proposal.proposal_id] < part]

    recipe = fit_recipe(first(min(trained_parts)), vectors, seed=seed, trials=trials)
    learnt = lessons(first(max(trained_parts)), recipe, vectors)

    ordered = sorted(trained_parts)
    # In processes of their own: a fit keeps one core busy, and there are several.
    fits = Parallel(n_jobs=min(cpu_count(), len(ordered)))(
        delayed(fit_weights)(recipe, taught(learnt, parts, part), trained_until=last_closes(first(part)), seed=seed) for part in ordered
    )
    for part, (weights, calibration) in zip(ordered, fits, strict=True):
        folder = out_dir if part == ordered[-1] else earlier_folder(out_dir, part)
        folder.mkdir(parents=True, exist_ok=True)
        which = "" if part >= 1.0 else f": the earlier {part:.0%} of each DAO by close"
        learnt_from = f"{len(first(part))} of {len(cases)} closed proposals{which}"
        stored = save_outcome_weights(weights, folder, about=_about(learnt_from, calibration, seed))
    return stored


def _about(trained_on: str, calibration: str, seed: int) -> dict[str, str]:
    return {
        "model": "assent outcome forecast",
        "trained_on": trained_on,
        "seed": str(seed),
        "calibration": calibration,
        "licence": "Apache-2.0",
    }


def fit_outcome(trained: Sequence[Case], embedder: Embedder, *, seed: int, trials: Mapping[str, int]) -> tuple[OutcomeWeights, str]:
    """Weights from `trained` cases, the last fifth of each DAO's calibrating. Returns the calibration's name too."""
    recipe = fit_recipe(trained, embedder, seed=seed, trials=trials)
    sheet = taught(lessons(trained, recipe, embedder), time_parts(trained))
    return fit_weights(recipe, sheet, trained_until=last_closes(trained), seed=seed)


def fit_recipe(trained: Sequence[Case], embedder: Embedder, *, seed: int, trials: Mapping[str, int]) -> FeatureRecipe:
    """Pooled rates of `trained` cases, and the kernels that forecast them best in time order."""
    pooled = pooled_rates([kind_key(case.closed.proposal) for case in trained], [case.closed.passed for case in trained])
    records = judging_records(trained, embedder)
    with tqdm(total=sum(trials.values()), desc="kernels", disable=_quiet()) as bar:
        kernels = {
            target: search_kernel(
                records, target=target, pooled=pooled, trials=trials[target], seed=seed, step=lambda: bar.update() and None
            )
            for target in KERNELS
        }
    return FeatureRecipe(kernels, pooled)


def taught(learnt: Sequence[Lesson], parts: Mapping[str, float], until: float = 1.0) -> Sheet:
    """The lessons of each DAO's proposals before the part `until`, by the `time_parts` of their proposals; the last fifth calibrates."""
    kept = [one for one in learnt if parts.get(one.proposal_id, until) < until]
    by_dao: dict[str, set[str]] = defaultdict(set)
    for one in kept:
        by_dao[one.dao].add(one.proposal_id)
    newer = {key: place for keys in by_dao.values() for place, key in enumerate(sorted(keys, key=lambda key: -parts[key]))}
    return Sheet.of(
        [
            replace(one, late=parts[one.proposal_id] >= CALIBRATED_FROM * until, newer=newer[one.proposal_id], trained=len(by_dao[one.dao]))
            for one in kept
        ]
    )


def lessons(cases: Sequence[Case], recipe: FeatureRecipe, embedder: Embedder) -> list[Lesson]:
    """What the questions of `cases` teach, in the order of their close."""
    asked = tqdm(list(replay(cases, histories(cases), MOMENTS)), desc="features", disable=_quiet())
    maker = FeatureMaker(recipe, Records(embedder))
    return [lesson(one, maker) for one in asked]


def last_closes(cases: Sequence[Case]) -> dict[str, int]:
    """The close of each DAO's last case, unix seconds, by `trained_key`."""
    found = sorted(histories(cases).items())
    return {trained_key(dao): max(int(row.closed_at.timestamp()) for row in rows) for dao, rows in found}


def lesson(asked: Asked, maker: FeatureMaker) -> Lesson:
    """What one question teaches."""
    row = asked.case.closed
    return Lesson(
        proposal_id=row.proposal.proposal_id,
        row=maker.see(asked.question).row(),
        passed=float(row.passed),
        share=float("nan") if row.approval_share is None else row.approval_share,
        voters=float("nan") if row.voters is None else float(np.log1p(row.voters)),
        power=float("nan") if row.power is None else float(np.log1p(row.power)),
        reached=float("nan") if row.quorum_reached is None else float(row.quorum_reached),
        weight=1.0 if asked.moment == "open" else LATER_WEIGHT,
        family=family(kind_key(row.proposal)),
        dao=row.proposal.dao_id,
        between=asked.moment not in USUAL_MOMENTS,
    )


def time_parts(cases: Sequence[Case]) -> dict[str, float]:
    """For each proposal, which part of its DAO's proposals closed before it: 0 for the first."""
    by_dao: dict[str, list[str]] = defaultdict(list)
    for case in cases:
        by_dao[case.closed.proposal.dao_id].append(case.closed.proposal.proposal_id)
    return {key: place / len(keys) for keys in by_dao.values() for place, key in enumerate(keys)}


def judging_records(trained: Sequence[Case], embedder: Embedder) -> list[DaoRecord]:
    """The records of DAOs with enough trained proposals, by name."""
    found = histories(trained)
    return [build_record(rows, embedder) for _, rows in sorted(found.items()) if len(rows) >= JUDGING_COUNT]


def embedded(cases: Sequence[Case], embedder: Embedder | None, file: Path | None) -> Embedder:
    """An embedder that already holds the vectors of all cases' texts; `file` keeps them between runs."""
    cached = CachedEmbedder(MiniLmEmbedder(progress=not _quiet()) if embedder is None else embedder)
    if file is not None and file.is_file():
        cached.load(file)
    texts = [proposal_text(case.closed.proposal) for case in cases]
    # In blocks, each kept before the next: an interruption loses one block.
    for start in range(0, len(texts), 1024):
        before = len(cached.known)
        cached.embed(texts[start : start + 1024])
        if file is not None and len(cached.known) > before:
            cached.save(file)
    return cached


def _quiet() -> bool:
    return not sys.stderr.isatty()
