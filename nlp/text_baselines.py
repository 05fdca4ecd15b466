"""What a text model must beat: always the commonest label, VADER, TF-IDF and frozen embeddings with logistic regression."""

from collections.abc import Callable, Sequence
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
    """VADER's compound score cut at its own thresholds; for stance, negative counts as against and positive as for."""

    name = "vader"
    probabilities = False
    learns = False

    def fit(self, rows: Sequence[LabelledText]) -> None:
        """VADER has nothing to learn."""

    def scores(self, rows: Sequence[LabelledText]) -> Floats:
        """One where VADER's label is, else zero."""
        analyser = SentimentIntensityAnalyzer()
        compounds = np.array([analyser.polarity_scores(row.text)["compound"] for row in rows])
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


def _joined(row: LabelledText) -> str:
    return f"{row.text} {row.target}"


def _in_columns(probabilities: Floats, classes: Sequence[int]) -> Floats:
    placed = np.zeros((len(probabilities), LABELS_PER_TASK))
    placed[:, list(classes)] = probabilities
    return placed
