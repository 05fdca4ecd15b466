"""Later years by weights fitted on nothing later, of any DAO: again and again as time goes on, as a deployment would.

    python -m benchmarks.outcome_eras [FOLDER] [--refits 3] [--embeddings FILE.npz] [--json]

FOLDER (default: `governance` in ASSENT_DATA_DIR) holds the dumps. Of each slice the last 30 % are scored, in `--refits` blocks of
time; the weights that answer for a block learnt what closed, in every DAO, before the block's first publication. AUC, Brier score
and calibration error stand beside those of the base rate on the same answers, then P(reaches quorum) beside the DAO's rate, and how
often the intervals held what came. Two slices are of earlier years of Decentraland, in the order of their close; two, DAOstack and
everything, in the order of publication, since what lay open for months would cut away most of what there is to learn.
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
from nlp.outcome_answered import Answered
from nlp.outcome_dataset import Case, histories, replay
from nlp.outcome_fitting import Lesson, fit_weights
from nlp.outcome_metrics import score
from nlp.outcome_other_rows import other_rows, range_rows
from nlp.outcome_text import Embedder
from nlp.outcome_training import TRAINED_PARTS, TRIALS, fit_recipe, last_closes, lessons, taught, time_parts
from nlp.outcome_weights import save_outcome_weights

SEED = 20261121
_MODELS = ("assent", "base_rate")


@dataclass(frozen=True, slots=True)
class Slice:
    """Which cases belong to it, the moments they are asked about, and whether they stand in the order of publication or of close."""

    name: str
    holds: Callable[[Case], bool]
    moments: tuple[str, ...]
    published: bool = False


def _of_decentraland(case: Case) -> bool:
    return case.source == "decentraland_transparency"


SLICES = (
    Slice(
        "Decentraland, body known, start before 2023-10",
        lambda case: _of_decentraland(case) and bool(case.closed.proposal.body) and case.opened_at < datetime(2023, 10, 1, tzinfo=UTC),
        ("open",),
    ),
    Slice(
        "Decentraland, closed before 2022-06, votes known",
        lambda case: _of_decentraland(case) and case.closed.closed_at < datetime(2022, 6, 1, tzinfo=UTC),
        ("10%", "25%", "50%"),
    ),
    Slice("DAOstack, published last", lambda case: case.source == "grasia_daostack", ("open", "6h", "24h", "72h"), published=True),
    Slice("all official, published last", lambda _: True, ("open", "6h", "24h", "25%", "50%"), published=True),
)


def blocks(cases: Sequence[Case], slice_: Slice, refits: int) -> list[list[Case]]:
    """The last 30 % of the slice, in `refits` blocks; `cases` stand in the order of their close."""
    found = [case for case in cases if slice_.holds(case)]
    if slice_.published:
        found.sort(key=lambda case: case.opened_at)
    late = found[int(len(found) * TRAINED_PARTS[0]) :]
    edges = [len(late) * place // refits for place in range(refits + 1)]
    return [late[begin:end] for begin, end in pairwise(edges)]


def answers(cases: Sequence[Case], slice_: Slice, vectors: Embedder, refits: int) -> Iterator[Answered]:
    """Every question of the slice whose votes are known, answered."""
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
                    yield Answered(asked.without_votes(), forecaster.forecast(asked.question))
        print(f"{slice_.name}: {len(block)} proposals by weights of {len(trained)}", file=sys.stderr, flush=True)


def _closed_before(cases: Sequence[Case], moment: datetime) -> list[Case]:
    return [case for case in cases if case.closed.closed_at < moment]


def _fit(trained: Sequence[Case], recipe: FeatureRecipe, learnt: Sequence[Lesson], folder: Path) -> None:
    sheet = taught(learnt, time_parts(trained))
    weights, _ = fit_weights(recipe, sheet, trained_until=last_closes(trained), seed=SEED)
    save_outcome_weights(weights, folder, about={"model": f"of {len(trained)} proposals"})


def rows(slice_: Slice, found: Sequence[Answered]) -> Iterator[Mapping[str, object]]:
    """Per moment a row for each model, then those of the quorum and of the intervals."""
    for moment in slice_.moments:
        here = [one for one in found if one.asked.moment == moment]
        passed = np.array([one.passed for one in here])
        for model in _MODELS:
            said = np.array([one.said(model) for one in here], dtype=float)
            yield {"slice": slice_.name, "at": moment, "model": model, **score(said, passed).as_row()}
        yield from other_rows(slice_.name, moment, here)
        yield from range_rows(slice_.name, moment, here)


def main() -> int:
    """Every slice; 1 where the base rate has the better Brier score."""
    asked = given(__doc__ or "", counted="refits", count=3)
    if asked is None:
        return 0
    told = [row for slice_ in SLICES for row in rows(slice_, list(answers(asked.cases, slice_, asked.vectors, asked.count)))]
    for row in told:
        print(json.dumps(row) if asked.json else row)
    passing = [row for row in told if row["slice"] in {slice_.name for slice_ in SLICES} and "brier" in row]
    ours, base = ([float(str(row["brier"])) for row in passing if row["model"] == model] for model in _MODELS)
    return 1 if any(one > other for one, other in zip(ours, base, strict=True)) else 0


if __name__ == "__main__":
    sys.exit(main())
