"""What a text model must beat: always the commonest label, VADER, TF-IDF and frozen embeddings with logistic regression."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from nlp.dataset import LabelledText
from nlp.sampling import seeded

Floats = NDArray[np.float64]
Embed = Callable[[Sequence[str]], Floats]

LABELS_PER_TASK = 3
# VADER's own thresholds on its compound score (its README, "about the scoring").
VADER_THRESHOLD = 0.05
# Embeddings are slow and their curve is flat: more rows gain frozen embeddings little.
EMBEDDED_ROWS = 2500
# With fewer training rows of its own, a set's baselines would be straw men: they learn from all sets of its task.
FEWEST_OWN_ROWS = 50
# VADER takes the square of a text's length, and is made for sentences. No text of the shared sets is as long.
VADER_CHARACTERS = 10_000


class Baseline(Protocol):
    """A model of one task. `probabilities` says whether its scores are any, `learns` whether it needs training rows."""

    name: str
    probabilities: bool
    learns: bool

    def fit(self, rows: Sequence[LabelledText]) -> None:
        """Learn from labelled rows, all of one task."""

    def scores(self, rows: Sequence[LabelledText]) -> Floats:
        """One row of three scores per text; the prediction is the argmax."""


class Majority:
    """Always the commonest label of the training rows."""

    name = "majority"
    probabilities = False
    learns = True

    def fit(self, rows: Sequence[LabelledText]) -> None:
        """Count labels."""
        self._counts = np.bincount([row.label for row in rows], minlength=LABELS_PER_TASK).astype(np.float64)

    def scores(self, rows: Sequence[LabelledText]) -> Floats:
        """The label counts, whatever the text."""
        return np.tile(self._counts, (len(rows), 1))


class Vader:
    """VADER's compound score cut at its own thresholds; for stance, negative counts as against and positive as for.

    Of a text over 10,000 characters it is the mean over pieces of at most so many, each weighted by its length.
    """

    name = "vader"
    probabilities = False
    learns = False

    def fit(self, rows: Sequence[LabelledText]) -> None:
        """VADER has nothing to learn."""

    def scores(self, rows: Sequence[LabelledText]) -> Floats:
        """One where VADER's label is, else zero."""
        analyser = SentimentIntensityAnalyzer()
        compounds = np.array([_compound(analyser, row.text) for row in rows])
        labels = 1 + (compounds >= VADER_THRESHOLD).astype(int) - (compounds <= -VADER_THRESHOLD).astype(int)
        scores: Floats = np.eye(LABELS_PER_TASK)[labels]
        return scores


class TfidfRegression:
    """TF-IDF of words and word pairs of text and target, with logistic regression."""

    name = "tfidf_lr"
    probabilities = True
    learns = True

    def fit(self, rows: Sequence[LabelledText]) -> None:
        """Fit on all rows."""
        vectors = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
        self._model = make_pipeline(vectors, LogisticRegression(C=4.0, max_iter=300))
        self._model.fit([_joined(row) for row in rows], [row.label for row in rows])

    def scores(self, rows: Sequence[LabelledText]) -> Floats:
        """Probabilities; zero for labels the training rows do not have."""
        return _in_columns(self._model.predict_proba([_joined(row) for row in rows]), self._model.classes_)


class FrozenEncoderRegression:
    """Embeddings of the base encoder as published, of text and target, with logistic regression."""

    name = "frozen_minilm_lr"
    probabilities = True
    learns = True

    def __init__(self, embed: Embed) -> None:
        self._embed = embed

    def fit(self, rows: Sequence[LabelledText]) -> None:
        """Fit on at most 2,500 rows, drawn with a fixed seed."""
        chosen = list(rows)
        seeded("frozen").shuffle(chosen)
        chosen = chosen[:EMBEDDED_ROWS]
        self._model = LogisticRegression(max_iter=1000)
        self._model.fit(self._features(chosen), [row.label for row in chosen])

    def scores(self, rows: Sequence[LabelledText]) -> Floats:
        """Probabilities; zero for labels the training rows do not have."""
        return _in_columns(self._model.predict_proba(self._features(rows)), self._model.classes_)

    def _features(self, rows: Sequence[LabelledText]) -> Floats:
        targets = sorted({row.target for row in rows})
        place = {target: number for number, target in enumerate(targets)}
        of_targets = self._embed(targets)[[place[row.target] for row in rows]]
        return np.hstack([self._embed([row.text for row in rows]), of_targets])


def _compound(analyser: SentimentIntensityAnalyzer, text: str) -> float:
    pieces = [text[start : start + VADER_CHARACTERS] for start in range(0, len(text), VADER_CHARACTERS)]
    return sum(len(piece) * float(analyser.polarity_scores(piece)["compound"]) for piece in pieces) / max(len(text), 1)


def _joined(row: LabelledText) -> str:
    return f"{row.text} {row.target}"


def _in_columns(probabilities: Floats, classes: Sequence[int]) -> Floats:
    placed = np.zeros((len(probabilities), LABELS_PER_TASK))
    placed[:, list(classes)] = probabilities
    return placed


@dataclass(frozen=True, slots=True)
class Fitted:
    """The baselines a set is measured beside, and of those that cannot be had (name, why)."""

    baselines: Sequence[Baseline]
    left_out: Sequence[tuple[str, str]] = ()


class Baselines:
    """Fits the baselines per set; what falls back to the rows of all sets of a task is fitted once a task."""

    def __init__(self, training: Sequence[LabelledText], embed: Embed) -> None:
        self._training = training
        self._embed = embed
        self._of_task: dict[tuple[str, str], Baseline | str] = {}

    def fitted(self, task: str, dataset: str) -> Fitted:
        """Each learns from the set's own training rows, or, where these are under 50 or cannot fit it, from all of its task."""
        of_task = [row for row in self._training if row.task == task]
        own = [row for row in of_task if row.dataset == dataset]
        every = (Majority(), Vader(), TfidfRegression(), FrozenEncoderRegression(self._embed))
        found = {baseline.name: self._either(baseline, task, own, of_task) for baseline in every}
        return Fitted(
            [answer for answer in found.values() if not isinstance(answer, str)],
            [(name, answer) for name, answer in found.items() if isinstance(answer, str)],
        )

    def _either(self, baseline: Baseline, task: str, own: Sequence[LabelledText], of_task: Sequence[LabelledText]) -> Baseline | str:
        if not baseline.learns:
            return baseline
        if len(own) >= FEWEST_OWN_ROWS and not isinstance(fitted := _fit(baseline, own), str):
            return fitted
        if (task, baseline.name) not in self._of_task:
            self._of_task[task, baseline.name] = _fit(baseline, of_task)
        return self._of_task[task, baseline.name]


def _fit(baseline: Baseline, rows: Sequence[LabelledText]) -> Baseline | str:
    """The baseline, fitted, or why these rows cannot fit it."""
    if not rows:
        return "no training rows of its task"
    if baseline.probabilities and len({row.label for row in rows}) == 1:  # a regression needs two; counting does not
        return "the training rows of its task have one label only"
    try:
        baseline.fit(rows)
    except ValueError as error:  # texts without a word in common, or a draw of one label: scikit-learn says which
        return f"the training rows of its task cannot fit it: {error}"
    return baseline
