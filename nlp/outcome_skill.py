"""Where the model has shown skill on time it never saw, and where it has not: there the base rate is served."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlp.outcome_metrics import log_loss
from nlp.outcome_weights import BASE_RATE, VOTERS, skill_key

Floats = NDArray[np.float64]
# A cell with fewer held-out answers says nothing of its own.
FEWEST = 30
# Some twenty cells are looked at: by so many errors the base rate must be better for one in twenty to be wrong by chance.
SURE = 2.8
# Into so many stretches of time the answers of a lone DAO are cut, each one draw: neighbours are alike.
STRETCHES = 10
# Every family, where its own cell says nothing.
ALL = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """How model and base rate did on the same answers: log loss in nats, lower is better.

    `error` is the standard error of the difference, answers of one DAO counting as one draw; where all are of one DAO, those of
    one stretch of time do (batch means).
    """

    count: int
    model: float
    base_rate: float
    error: float

    @property
    def shows_skill(self) -> bool:
        """False where the base rate was better beyond chance; too few answers do not count against the model."""
        return self.count < FEWEST or self.model - self.base_rate <= SURE * self.error


def held_out_skill(
    said: Floats,
    rows: Floats,
    passed: Floats,
    *,
    families: NDArray[np.str_],
    daos: NDArray[np.str_],
    bands: NDArray[np.int64],
) -> dict[str, tuple[int, float, float, float]]:
    """The `Evidence` per cell (`skill_key`) with enough answers; family "" is all."""
    base = 1.0 / (1.0 + np.exp(-rows[:, BASE_RATE]))
    voted = rows[:, VOTERS] > 0
    found: dict[str, tuple[int, float, float, float]] = {}
    for family in (ALL, *sorted(set(families.tolist()) - {ALL})):
        for has_votes in (False, True):
            for band in sorted(set(bands.tolist())):
                here = (voted == has_votes) & (bands == band) & ((families == family) | (family == ALL))
                if here.sum() >= FEWEST:
                    model, rate = log_loss(said[here], passed[here]), log_loss(base[here], passed[here])
                    error = _error(_losses(said[here], passed[here]) - _losses(base[here], passed[here]), daos[here])
                    key = skill_key(family, voted=has_votes, band=band)
                    found[key] = (int(here.sum()), round(model, 6), round(rate, 6), round(error, 6))
    return found


def evidence_for(skill: Mapping[str, tuple[int, float, float, float]], family: str, *, voted: bool, band: int) -> Evidence | None:
    """The evidence of the family's cell; of all families' for a family that was never seen; None where there is none."""
    seen = any(key.startswith(f"{family}/") for key in skill)
    found = skill.get(skill_key(family if seen else ALL, voted=voted, band=band))
    return None if found is None else Evidence(*found)


def _error(apart: Floats, daos: NDArray[np.str_]) -> float:
    """The cluster-robust standard error of the mean of `apart`, which is in the order of time."""
    names, draw = np.unique(daos, return_inverse=True)
    if len(names) == 1:
        draw = np.arange(len(apart)) * STRETCHES // len(apart)
    sums = np.bincount(draw, apart - apart.mean())
    return float(np.sqrt((sums**2).sum()) / len(apart))


def _losses(said: Floats, passed: Floats) -> Floats:
    losses: Floats = -np.log(np.clip(np.where(passed == 1.0, said, 1.0 - said), 1e-12, 1.0))
    return losses
