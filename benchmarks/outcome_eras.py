"""Earlier years of Decentraland, by weights fitted on nothing later: again and again as time goes on, as a deployment would.

    python -m benchmarks.outcome_eras [FOLDER] [--refits 3] [--embeddings FILE.npz] [--json]

FOLDER (default: `governance` in ASSENT_DATA_DIR) holds the dumps. Of each slice the last 30 % are scored, in `--refits` blocks of
time; the weights that answer for a block learnt what closed, in every DAO, before the block's first publication. AUC, Brier score
and calibration error stand beside those of the base rate on the same answers.
"""

import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks.dumps import given
from nlp.features import FeatureRecipe
from nlp.outcome import ShippedOutcomeForecaster
from nlp.outcome_dataset import Case, histories, replay
from nlp.outcome_fitting import Lesson, fit_weights
from nlp.outcome_metrics import score
from nlp.outcome_text import Embedder
from nlp.outcome_training import TRAINED_PARTS, TRIALS, fit_recipe, last_closes, lessons, taught, time_parts
from nlp.outcome_weights import save_outcome_weights

SEED = 20261121
_SOURCE = "decentraland_transparency"


@dataclass(frozen=True, slots=True)
class Slice:
    """Which cases belong to it, and the moments they are asked about."""

    name: str
    holds: Callable[[Case], bool]
    moments: tuple[str, ...]


SLICES = (
    Slice(
        "body known, start before 2023-10",
        lambda case: bool(case.closed.proposal.body) and case.opened_at < datetime(2023, 10, 1, tzinfo=UTC),
        ("open",),
    ),
    Slice(
        "closed before 2022-06, votes known", lambda case: case.closed.closed_at < datetime(2022, 6, 1, tzinfo=UTC), ("10%", "25%", "50%")
    ),
)


def blocks(cases: Sequence[Case], slice_: Slice, refits: int) -> list[list[Case]]:
    """The last 30 % of the slice in the order of their close, in `refits` blocks."""
    found = [case for case in cases if case.source == _SOURCE and slice_.holds(case)]
    late = found[int(len(found) * TRAINED_PARTS[0]) :]
    edges = [len(late) * place // refits for place in range(refits + 1)]
    return [late[begin:end] for begin, end in pairwise(edges)]


def answers(cases: Sequence[Case], slice_: Slice, vectors: Embedder, refits: int) -> Iterator[tuple[str, float, float, float]]:
    """(moment, P(passes), base rate, passed) of every question of the slice whose votes are known."""
    parts = blocks(cases, slice_, refits)
    known = [_closed_before(cases, min(case.opened_at for case in block)) for block in parts]
    recipe = fit_recipe(known[0], vectors, seed=SEED, trials=TRIALS)
    learnt = lessons(known[-1], recipe, vectors)
    for block, trained in zip(parts, known, strict=True):
        with tempfile.TemporaryDirectory(prefix="assent-eras-") as folder:
            _fit(trained, recipe, learnt, Path(folder))
            forecaster = ShippedOutcomeForecaster(Path(folder), vectors)
            for asked in replay(block, histories(cases), slice_.moments, past=cases):
                if asked.moment == "open" or asked.question.votes_known:
                    said = forecaster.forecast(asked.question)
                    yield asked.moment, said.passes, said.base_rate, float(asked.case.closed.passed)
        print(f"{slice_.name}: {len(block)} proposals by weights of {len(trained)}", file=sys.stderr, flush=True)


def _closed_before(cases: Sequence[Case], moment: datetime) -> list[Case]:
    return [case for case in cases if case.closed.closed_at < moment]


def _fit(trained: Sequence[Case], recipe: FeatureRecipe, learnt: Sequence[Lesson], folder: Path) -> None:
    sheet = taught(learnt, time_parts(trained))
    weights, _ = fit_weights(recipe, sheet, trained_until=last_closes(trained), seed=SEED)
    save_outcome_weights(weights, folder, about={"model": f"of {len(trained)} proposals"})


def rows(slice_: Slice, found: Sequence[tuple[str, float, float, float]]) -> Iterator[Mapping[str, object]]:
    """One row per moment and model."""
    for moment in slice_.moments:
        asked = np.array([one[1:] for one in found if one[0] == moment])
        for place, model in enumerate(("assent", "base_rate")):
            yield {"slice": slice_.name, "at": moment, "model": model, **score(asked[:, place], asked[:, 2]).as_row()}


def main() -> int:
    """Both slices; 1 where the base rate has the better Brier score."""
    asked = given(__doc__ or "", counted="refits", count=3)
    if asked is None:
        return 0
    told = [row for slice_ in SLICES for row in rows(slice_, list(answers(asked.cases, slice_, asked.vectors, asked.count)))]
    for row in told:
        print(json.dumps(row) if asked.json else row)
    ours, base = ([float(str(row["brier"])) for row in told if row["model"] == model] for model in ("assent", "base_rate"))
    return 1 if any(one > other for one, other in zip(ours, base, strict=True)) else 0


if __name__ == "__main__":
    sys.exit(main())
