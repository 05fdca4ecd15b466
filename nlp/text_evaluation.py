"""How good the text reader is on labelled sets, beside every baseline on the same rows. Imports torch."""

from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from governance.evidence import TextToRead
from nlp.dataset import BadlyLabelled, LabelledText, read_labelled
from nlp.encoder import frozen_encoder
from nlp.reader import EncoderTextReader
from nlp.tasks import LABELS
from nlp.text_baselines import Baselines
from nlp.text_metrics import figures, reliability

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

primary_metric = "macro_f1"
greater_is_better = True


def evaluate_text(data: Path, train: Path, split: str, reader: EncoderTextReader | None = None) -> dict[str, list[dict[str, object]]]:
    """Figures of Assent and of each baseline on every set of `data`: `{"rows": [one per set, task and model]}`.

    `reliability` holds, per set and tenth of confidence, what Assent stated and how often it was right, for plots.

    `split` "test" takes only rows marked so, "all" takes every row (for sets nobody trained on); a choice without rows
    raises `BadlyLabelled`. Baselines are fitted on the `train` rows of the set itself in `train`, or, for a set with too
    few of its own, on those of all sets of its task. Those that no rows can fit are in `left_out`, each with the reason.
    Predictions are the argmax over all three labels.
    """
    chosen = _chosen(data, split)
    encoder = cache(frozen_encoder)  # loaded only where a baseline learns
    training = [row for row in read_labelled(train) if row.split == "train"]
    baselines = Baselines(training, lambda texts: encoder().embeddings(texts).values)
    reader = reader or EncoderTextReader()
    rows: list[dict[str, object]] = []
    stated: list[dict[str, object]] = []
    left_out: list[dict[str, object]] = []
    for (task, dataset), of_set in groupby(sorted(chosen, key=_place), key=_place):
        of_set_rows = list(of_set)
        scores = scores_of(reader, of_set_rows)
        truth = _truth(of_set_rows)
        name = f"assent-{reader.digest(task)[:12]}"
        rows.append({"dataset": dataset, "task": task, "model": name, **asdict(figures(truth, scores, LABELS[task]))})
        fitted = baselines.fitted(task, dataset)
        for baseline in fitted.baselines:
            measured = figures(truth, baseline.scores(of_set_rows), LABELS[task], probabilities=baseline.probabilities)
            rows.append({"dataset": dataset, "task": task, "model": baseline.name, **asdict(measured)})
        left_out += [{"dataset": dataset, "task": task, "model": model, "reason": reason} for model, reason in fitted.left_out]
        stated += [{"slice": dataset, "at": task, "n": n, "stated": said, "found": found} for n, said, found in reliability(truth, scores)]
    return {"rows": rows, "reliability": stated, "left_out": left_out}


def scores_of(reader: EncoderTextReader, rows: Sequence[LabelledText]) -> Floats:
    """The reader's probabilities, one row per text: no text is passed over for its language or its length.

    Stance needs a target: a row that gives none is read against the word "proposal".
    """
    task = rows[0].task
    texts = [TextToRead(row.text, row.target or ("proposal" if task == "stance" else None)) for row in rows]
    return np.array(reader.probabilities(texts, task), dtype=np.float64)


def _chosen(data: Path, split: str) -> list[LabelledText]:
    rows = read_labelled(data)
    chosen = [row for row in rows if split in ("all", row.split)]
    if not chosen:
        splits = ", ".join(sorted({row.split for row in rows}))
        raise BadlyLabelled(
            f"{data.name}: no row of split {split} to score; " + (f"its rows are of {splits}" if rows else "it has no rows")
        )
    return chosen


def _place(row: LabelledText) -> tuple[str, str]:
    return row.task, row.dataset


def _truth(rows: Sequence[LabelledText]) -> Integers:
    return np.array([row.label for row in rows], dtype=np.int64)
