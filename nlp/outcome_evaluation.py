"""How good the shipped forecast is on time it never saw, beside every baseline: `assent models evaluate outcome`."""

import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from nlp.model_store import SHIPPED
from nlp.outcome import ShippedOutcomeForecaster
from nlp.outcome_answered import MODELS, Answered
from nlp.outcome_dataset import MOMENTS, Case, histories, joined, read_dump, replay
from nlp.outcome_metrics import bootstrap, on_fails, score
from nlp.outcome_other_rows import INTERVALS_FROM, other_rows, range_rows, reliability_rows
from nlp.outcome_text import Embedder
from nlp.outcome_training import embedded
from nlp.outcome_weights import EARLIER, load_outcome_weights, trained_key, weight_folders

Floats = NDArray[np.float64]
SEED = 20261121
_DAOSTACK_DAOHAUS = ("grasia_daostack", "grasia_daohaus")


def evaluate_outcome(
    data: Path,
    history: Path | None = None,
    *,
    weights: Path = SHIPPED,
    embedder: Embedder | None = None,
    embeddings: Path | None = None,
) -> dict[str, list[dict[str, object]]]:
    """Replay the proposals of `data` in time and score every model on each slice and moment.

    Rows of `history` may be known to forecasts but are not scored, and neither is what all weights were trained on: each
    proposal is answered by the newest weights that could have served it (`_chosen`). Returns `rows` (with 90 % bootstrap intervals
    from 100 answers on; slices that begin with "quorum/" and "executed/" score those questions), `ranges` (coverage of the 50 % and
    90 % intervals and median error), `reliability` (stated and found frequency per tenth, for plots) and `weights` (how many
    proposals each answered). Raises `InvalidInput` without proposals, `ModelUnavailable` without weights or encoder.
    """
    own = read_dump(data)
    cases = joined(own, None if history is None else read_dump(history))
    vectors = embedded(cases, embedder, embeddings)
    known, answered, used = histories(cases), [], []
    for folder, scored in _chosen(own.cases, weights).items():
        forecaster = ShippedOutcomeForecaster(folder, vectors)
        name = "serving" if folder == weights else f"{EARLIER}/{folder.name}"
        used.append({"weights": name, "sha256": forecaster.digest(), "proposals": len(scored)})
        asked = tqdm(replay(scored, known, MOMENTS, past=cases), desc=f"forecasts, {name}", disable=not sys.stderr.isatty())
        answered += [Answered(one.without_votes(), forecaster.forecast(one.question)) for one in asked]
    groups = _slices(answered)
    rows = [row for (name, moment), found in groups.items() for row in _rows(name, moment, found)]
    return {
        "rows": [*rows, *(row for (name, moment), found in groups.items() for row in other_rows(name, moment, found))],
        "ranges": [row for (name, moment), found in groups.items() for row in range_rows(name, moment, found)],
        "reliability": [row for (name, moment), found in groups.items() for row in reliability_rows(name, moment, found)],
        "weights": used,
    }


def _chosen(cases: Sequence[Case], weights: Path) -> dict[Path, list[Case]]:
    """For each case the newest of the `weight_folders` of `weights` that had learnt nothing closed in its DAO since its publication.

    Failing these, the oldest that did not learn the case itself; what all have learnt is left out.
    """
    trained_until = {folder: load_outcome_weights(folder)[0].trained_until for folder in weight_folders(weights)}
    chosen: dict[Path, list[Case]] = {folder: [] for folder in trained_until}
    for case in cases:
        key = trained_key(case.closed.proposal.dao_id)
        ends = {folder: until.get(key, -1) for folder, until in trained_until.items()}
        serving = [folder for folder, end in ends.items() if end < case.opened_at.timestamp()][-1:]
        unlearnt = [folder for folder, end in ends.items() if end < case.closed.closed_at.timestamp()]
        for folder in (serving or unlearnt)[:1]:
            chosen[folder].append(case)
    return {folder: found for folder, found in chosen.items() if found}


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
    passed = np.array([one.passed for one in answered])
    for model in MODELS:
        said = [one.said(model) for one in answered]
        if None in said:
            continue
        probabilities = np.array(said, dtype=float)
        row: dict[str, object] = {"slice": name, "at": moment, "model": model, **score(probabilities, passed).as_row()}
        row |= on_fails(probabilities, passed)
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
