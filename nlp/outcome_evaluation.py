"""How good the shipped forecast is on time it never saw, beside every baseline: `assent models evaluate outcome`."""

import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from nlp.model_store import SHIPPED
from nlp.outcome import ShippedOutcomeForecaster
from nlp.outcome_answered import MODELS, Answered
from nlp.outcome_dataset import MOMENTS, Asked, Case, histories, joined, read_dump, replay
from nlp.outcome_metrics import bootstrap, on_fails, score
from nlp.outcome_other_rows import INTERVALS_FROM, other_rows, range_rows, reliability_rows
from nlp.outcome_text import Embedder
from nlp.outcome_training import embedded
from nlp.outcome_weights import load_outcome_weights, trained_key

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

    Rows of `history` may be known to forecasts but are not scored, and neither is what the weights were trained on:
    of each DAO only proposals that closed after its last trained one count. Returns `rows` (with 90 % bootstrap intervals from
    100 answers on; slices that begin with "quorum/" and "executed/" score those questions), `ranges` (coverage of the 50 % and
    90 % intervals and median error) and `reliability` (stated and found frequency per tenth, for plots). Raises
    `InvalidInput` without proposals, `ModelUnavailable` without weights or encoder.
    """
    own = read_dump(data)
    cases = joined(own, None if history is None else read_dump(history))
    trained_until = load_outcome_weights(weights)[0].trained_until
    scored = [case for case in own.cases if not _trained(case, trained_until)]
    forecaster = ShippedOutcomeForecaster(weights, embedded(cases, embedder, embeddings))
    asked = tqdm(replay(scored, histories(cases), MOMENTS, past=cases), desc="forecasts", disable=not sys.stderr.isatty())
    answered = [Answered(_slim(one), forecaster.forecast(one.question)) for one in asked]
    groups = _slices(answered)
    rows = [row for (name, moment), found in groups.items() for row in _rows(name, moment, found)]
    return {
        "rows": [*rows, *(row for (name, moment), found in groups.items() for row in other_rows(name, moment, found))],
        "ranges": [row for (name, moment), found in groups.items() for row in range_rows(name, moment, found)],
        "reliability": [row for (name, moment), found in groups.items() for row in reliability_rows(name, moment, found)],
    }


def _slim(asked: Asked) -> Asked:
    """The question without its votes, which nobody asks for again: they are most of the memory."""
    return replace(asked, question=replace(asked.question, votes=(), past_votes=(), progress=()))


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
