"""The base rate a forecast must beat: how often the DAO's proposals pass, by kind and author, recent ones counting more."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nlp.outcome_record import DaoRecord

# A result a year ago counts half. Shorter memories were no better on any DAO's held-out time.
HALF_LIFE_DAYS = 365.0
# How many results of one's own it takes to count as much as the next wider level.
DAO_WEIGHT = 4.0
KIND_WEIGHT = 8.0
AUTHOR_WEIGHT = 2.0

_SNAPSHOT_KINDS = frozenset({"", "basic", "single-choice", "approval", "quadratic", "ranked-choice", "weighted"})


@dataclass(frozen=True, slots=True)
class BaseRates:
    """Shares of passed proposals, each level shrunk toward the one before it; counts are of closed proposals."""

    dao: float
    kind: float
    author: float
    dao_count: int
    kind_count: int
    author_count: int


def family(kind: str) -> str:
    """The family of a kind of proposal: its platform's, as far as the kind says. `pooled` rates are kept per family."""
    if kind in _SNAPSHOT_KINDS:
        return "snapshot"
    return kind.split(":", maxsplit=1)[0]


def pooled_rate(kind: str, pooled: Mapping[str, float]) -> float:
    """The share of passed proposals over all DAOs of the training rows, for this family of kinds or ("") for all."""
    return pooled.get(family(kind), pooled[""])


def base_rates(record: DaoRecord, known: int, *, at: float, kind: int, author: int, pooled: float) -> BaseRates:
    """Rates from the first `known` rows of `record`, `at` being the moment asked about, in days."""
    weights = 0.5 ** ((at - record.closed[:known]) / HALF_LIFE_DAYS)
    passed = record.passed[:known]
    of_kind = (record.kinds[:known] == kind) & (kind >= 0)
    of_author = (record.authors[:known] == author) & (author >= 0)
    dao = _shrunk(weights, passed, pooled, DAO_WEIGHT)
    by_kind = _shrunk(weights[of_kind], passed[of_kind], dao, KIND_WEIGHT)
    # A person's record is short, so that none of it fades.
    by_author = _shrunk(np.ones(int(of_author.sum())), passed[of_author], by_kind, AUTHOR_WEIGHT)
    return BaseRates(dao, by_kind, by_author, known, int(of_kind.sum()), int(of_author.sum()))


def _shrunk(weights: np.ndarray, passed: np.ndarray, prior: float, weight: float) -> float:
    return float((weights @ passed + weight * prior) / (weights.sum() + weight))
