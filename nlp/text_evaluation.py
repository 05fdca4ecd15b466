"""How good the text reader is on labelled sets, beside every baseline on the same rows. Imports torch."""

from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from governance.evidence import TextToRead
from nlp.dataset import LabelledText, read_labelled
from nlp.encoder import frozen_encoder
from nlp.reader import EncoderTextReader
from nlp.tasks import LABELS
from nlp.text_baselines import Baseline, FrozenEncoderRegression, Majority, TfidfRegression, Vader
from nlp.text_metrics import figures, reliability

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

primary_metric = "macro_f1"
greater_is_better = True


def evaluate_text(data: Path, train: Path, split: str, reader: EncoderTextReader | None = None) -> dict[str, list[dict[str, object]]]:
    """Figures of Assent and of each baseline on every set of `data`: `{"rows": [one per set, task and model]}`.

    `reliability` holds, per set and tenth of confidence, what Assent stated and how often it was right, for plots.

    `split` "test" takes only rows marked so, "all" takes every row (for sets nobody trained on). Baselines are fitted
    on the `train` rows of the set itself in `train`, or, for a set without such rows, on those of all sets of its
    task; where there is none at all, they are left out. Predictions are the argmax over all three labels.
    """
    chosen = [row for row in read_labelled(data) if split in ("all", row.split)]
    baselines = _Baselines([row for row in read_labelled(train) if row.split == "train"])
    reader = reader or EncoderTextReader()
    rows: list[dict[str, object]] = []
    stated: list[dict[str, object]] = []
    for (task, dataset), of_set in groupby(sorted(chosen, key=_place), key=_place):
        of_set_rows = list(of_set)
        scores = scores_of(reader, of_set_rows)
        truth = _truth(of_set_rows)
        name = f"assent-{reader.digest(task)[:12]}"
        rows.append({"dataset": dataset, "task": task, "model": name, **asdict(figures(truth, scores, LABELS[task]))})
        for baseline in baselines.fitted(task, dataset):
            measured = figures(truth, baseline.scores(of_set_rows), LABELS[task], probabilities=baseline.probabilities)
            rows.append({"dataset": dataset, "task": task, "model": baseline.name, **asdict(measured)})
        stated += [{"slice": dataset, "at": task, "n": n, "stated": said, "found": found} for n, said, found in reliability(truth, scores)]
    return {"rows": rows, "reliability": stated}


def scores_of(reader: EncoderTextReader, rows: Sequence[LabelledText]) -> Floats:
    """The reader's probabilities, one row per text: no text is passed over for its language or its length.

    Stance needs a target: a row that gives none is read against the word "proposal".
    """
    task = rows[0].task
    texts = [TextToRead(row.text, row.target or ("proposal" if task == "stance" else None)) for row in rows]
    return np.array(reader.probabilities(texts, task), dtype=np.float64)


def _place(row: LabelledText) -> tuple[str, str]:
    return row.task, row.dataset


def _truth(rows: Sequence[LabelledText]) -> Integers:
    return np.array([row.label for row in rows], dtype=np.int64)


class _Baselines:
    """The baselines, fitted per set; those for sets without training rows of their own are fitted once a task."""

    def __init__(self, training: Sequence[LabelledText]) -> None:
        self._training = training
        self._encoder = frozen_encoder()
        self._of_task: dict[str, Sequence[Baseline]] = {}

    def fitted(self, task: str, dataset: str) -> Sequence[Baseline]:
        """Those that can be had: without any training rows of the task the ones that learn are left out."""
        of_task = [row for row in self._training if row.task == task]
        own = [row for row in of_task if row.dataset == dataset]
        if own:
            return self._fit(own)
        if task not in self._of_task:
            self._of_task[task] = self._fit(of_task)
        return self._of_task[task]

    def _fit(self, rows: Sequence[LabelledText]) -> Sequence[Baseline]:
        every = (Majority(), Vader(), TfidfRegression(), FrozenEncoderRegression(lambda texts: self._encoder.embeddings(texts).values))
        found: list[Baseline] = [baseline for baseline in every if rows or not baseline.learns]
        for baseline in found:
            baseline.fit(rows)
        return found
