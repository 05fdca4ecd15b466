"""What a DAO's record says of the next proposal: Gaussian-process regression over kind, author, words and time.

Two closed proposals inform a third the more, the more they share: the DAO's level (`level`, `drift`), the kind, the
author, and the words, each with or without fading in time. The posterior mean is then the best linear mix of all
known results (Rasmussen & Williams, Gaussian Processes for Machine Learning, 2006, §2.2 and algorithm 2.1). With no
history it is the prior; base rates by DAO, kind and author are special cases of it.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from weakref import finalize, ref

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from nlp.outcome_points import Points
from nlp.outcome_record import Codes, DaoRecord, Floats, Singles

# What is older still helped a little, but the work grows with the cube.
LATEST = 1200
# Memory for fits, of all records together: the factor of 1,200 results takes 6 MB, and a server forecasts what is open again and again.
KEPT_BYTES = 256 * 2**20
_NOTE = 500
KEPT_FACTORS = 8
# How many of the results behind a belief are named.
SHOWN = 5
# A fit is renewed when one part in this many of its results is new: six times fewer fits of a long record.
RENEWED = 100


@dataclass(frozen=True, slots=True)
class Kernel:
    """How much likeness counts, as variances over that of the noise (1). Times in days.

    `fade` and `text_fade` are the times in which fading parts fall to 1/e; `sharpness` is how fast the likeness of
    meaning falls with its distance (exponent of cosine - 1). `kind_words` is likeness of wording within a kind, which does not fade.
    """

    level: float
    drift: float
    kind: float
    kind_drift: float
    author: float
    author_drift: float
    text: float
    kind_text: float
    sharpness: float
    fade: float
    text_fade: float
    kind_words: float = 0.0

    def between(self, one: Points, other: Points) -> Singles:
        """The covariance matrix of two sets of proposals."""
        # Single precision: the exponentials are most of the work, and the noise of 1 on the diagonal dwarfs its error. Vectors have it.
        apart = np.abs(one.published[:, None] - other.published[None, :]).astype(np.float32)
        fading = np.exp(apart / -self.fade)
        alike = one.vectors @ other.vectors.T
        likeness = one.worded[:, None] * other.worded[None, :] * np.exp(self.sharpness * (alike - 1.0) - apart / self.text_fade)
        in_kind = self.kind + self.kind_drift * fading + self.kind_text * likeness
        if self.kind_words:
            in_kind += self.kind_words * (one.words @ other.words.T)
        by_author = self.author + self.author_drift * fading
        covariance: Singles = (
            self.level
            + self.drift * fading
            + _same(one.kinds, other.kinds) * in_kind
            + _same(one.authors, other.authors) * by_author
            + self.text * likeness
        )
        return covariance

    @property
    def variance(self) -> float:
        """The prior variance of a proposal with text."""
        fading = self.drift + self.kind_drift + self.author_drift
        return self.level + self.kind + self.author + fading + self.text + self.kind_text + self.kind_words


@dataclass(frozen=True, slots=True)
class Belief:
    """Posterior of one target. `sd` is in noise units: 0 is certainty, `sqrt(kernel.variance)` no evidence at all.

    `rows` are the places in the record of the results that moved it most, the strongest first. Where only the mean was asked
    for, `sd` is NaN and `rows` are empty.
    """

    mean: float
    evidence: int
    sd: float = float("nan")
    rows: tuple[int, ...] = ()


Factor = tuple[Singles, bool]


@dataclass(frozen=True, slots=True)
class Fit:
    """The linear algebra of one record up to one moment, shared by every proposal asked about then; no `factor`: means alone."""

    rows: NDArray[np.int64]
    factor: Factor | None
    weights: Singles
    prior: float

    @property
    def nbytes(self) -> int:
        """The memory it takes beside its record."""
        factor = 0 if self.factor is None else self.factor[0].nbytes
        return factor + self.rows.nbytes + self.weights.nbytes

    def belief(self, point: Points, shared: Singles, kernel: Kernel) -> Belief:
        """Posterior for one proposal, whose covariances with `rows` are `shared`; the deviation is most of the work."""
        moved = shared * self.weights
        mean = self.prior + float(moved.sum(dtype=np.float64))
        if self.factor is None:
            return Belief(mean, len(self.weights))
        explained = float(shared @ cho_solve(self.factor, shared, check_finite=False))
        own = float(kernel.between(point, point)[0, 0])
        strongest = np.argsort(-np.abs(moved), kind="stable")[:SHOWN]
        return Belief(mean, len(self.weights), float(np.sqrt(max(own - explained, 0.0))), tuple(int(row) for row in self.rows[strongest]))

    def posterior(self, points: Points, closed: Points, kernel: Kernel) -> tuple[Floats, Floats]:
        """Means and covariance matrix for several proposals; `closed` are those of `rows`. Asked of a fit with its factor."""
        assert self.factor is not None, "asked for whole"  # noqa: S101
        shared = kernel.between(closed, points)
        explained = shared.T @ cho_solve(self.factor, shared, check_finite=False)
        means = self.prior + (shared.T @ self.weights).astype(np.float64)
        return means, kernel.between(points, points).astype(np.float64) - explained


@dataclass(frozen=True, slots=True)
class Asked:
    """How one target is asked for. A `prior` of None takes the record's own mean, fading like `drift`; with no row at all it is NaN.

    Only `whole` has the deviation and the rows behind the mean.
    """

    kernel: Kernel
    prior: float | None = None
    whole: bool = False


class Beliefs:
    """Fits, kept by (record, known rows, target): questions asked at one moment share them."""

    def __init__(self) -> None:
        self._fits: OrderedDict[tuple[int, int, str, Asked], Fit | None] = OrderedDict()
        self.nbytes = 0
        self._watched: set[int] = set()
        # Targets that are known of the same proposals share the factor, which is most of the work.
        self._factored: OrderedDict[tuple[int, Kernel, bytes], Factor] = OrderedDict()

    def __len__(self) -> int:
        """How many fits are kept; `nbytes` is the memory they take."""
        return len(self._fits)

    def ask(self, record: DaoRecord, known: int, point: Points, asked: Mapping[str, Asked]) -> dict[str, Belief]:
        """Posteriors of targets (see `targets`), by target, from the first `known` rows of `record`; best asked in `one_thread`."""
        found: dict[str, Belief] = {}
        # Targets that are known of the same proposals share their covariances with this one.
        shared: dict[tuple[bytes, Kernel], Singles] = {}
        for target, one in asked.items():
            fit = self._fitted(record, _renewed(known), target, one)
            if fit is None:
                found[target] = Belief(float("nan") if one.prior is None else one.prior, 0, float(np.sqrt(one.kernel.variance)))
                continue
            key = (fit.rows.tobytes(), one.kernel)
            if key not in shared:
                shared[key] = one.kernel.between(Points.of(record, fit.rows, words=bool(one.kernel.kind_words)), point)[:, 0]
            found[target] = fit.belief(point, shared[key], one.kernel)
        return found

    def posterior(self, record: DaoRecord, known: int, points: Points, target: str, asked: Asked) -> tuple[Floats, Floats]:
        """Means and covariance matrix of one target (`asked` whole, with a prior) for several proposals, as `ask` for each."""
        fit = self._fitted(record, _renewed(known), target, asked)
        if fit is None:
            means = np.full(len(points.published), np.nan if asked.prior is None else asked.prior)
            return means, asked.kernel.between(points, points).astype(np.float64)
        return fit.posterior(points, Points.of(record, fit.rows, words=bool(asked.kernel.kind_words)), asked.kernel)

    def _fitted(self, record: DaoRecord, known: int, target: str, asked: Asked) -> Fit | None:
        key = (id(record), known, target, asked)
        if key not in self._fits:
            self._watch(record)
            fit = self._fits[key] = self._fit(record, known, target, asked)
            self.nbytes += _size(fit)
            while self.nbytes > KEPT_BYTES and len(self._fits) > 1:
                self.nbytes -= _size(self._fits.popitem(last=False)[1])
            return fit
        self._fits.move_to_end(key)
        return self._fits[key]

    def _watch(self, record: DaoRecord) -> None:
        """Have the record's fits go with it: a DAO has a new record with each new result, and the old ones are large."""
        if id(record) not in self._watched:
            self._watched.add(id(record))
            finalize(record, _forget, ref(self), id(record)).atexit = False

    def forget(self, record: int) -> None:
        """Drop what is kept of the record that had this `id`."""
        self._watched.discard(record)
        for key in [key for key in self._fits if key[0] == record]:
            self.nbytes -= _size(self._fits.pop(key))
        for factored in [key for key in self._factored if key[0] == record]:
            del self._factored[factored]

    def _fit(self, record: DaoRecord, known: int, target: str, asked: Asked) -> Fit | None:
        column = targets(record, target)[:known]
        rows = np.flatnonzero(np.isfinite(column))[-LATEST:]
        if len(rows) == 0:
            return None
        factor, prior = self._factor(record, rows, asked.kernel), asked.prior
        values = column[rows]
        if prior is None:
            published = record.published[rows]
            fading = np.exp((published - published.max()) / asked.kernel.fade)
            prior = float(fading @ values / fading.sum())
        weights = cho_solve(factor, (values - prior).astype(np.float32), check_finite=False)
        return Fit(rows, factor if asked.whole else None, weights, prior)

    def _factor(self, record: DaoRecord, rows: NDArray[np.int64], kernel: Kernel) -> Factor:
        key = (id(record), kernel, rows.tobytes())
        if key not in self._factored:
            points = Points.of(record, rows, words=bool(kernel.kind_words))
            covariance = kernel.between(points, points)
            covariance[np.diag_indices_from(covariance)] += 1.0
            self._factored[key] = cho_factor(covariance, lower=True, overwrite_a=True, check_finite=False)
            if len(self._factored) > KEPT_FACTORS:
                self._factored.popitem(last=False)
        return self._factored[key]


def _renewed(known: int) -> int:
    """How many of the first `known` results the fit is of that answers for them."""
    return known - known % max(known // RENEWED, 1)


def _forget(beliefs: "ref[Beliefs]", record: int) -> None:
    kept = beliefs()
    if kept is not None:
        kept.forget(record)


def _size(fit: Fit | None) -> int:
    # Where nothing is known, a note of that takes some memory too.
    return _NOTE if fit is None else _NOTE + fit.nbytes


def targets(record: DaoRecord, target: str) -> Floats:
    """The column a target is learnt from; turnout as log(1 + voters) or log(1 + power), since it varies by factors."""
    if target in ("voters", "power"):
        logarithms: Floats = np.log1p(record.voters if target == "voters" else record.power)
        return logarithms
    column: Floats = {"passed": record.passed, "share": record.share, "reached": record.reached}[target]
    return column


def _same(one: Codes, other: Codes) -> NDArray[np.bool_]:
    same: NDArray[np.bool_] = (one[:, None] == other[None, :]) & (one >= 0)[:, None]
    return same
