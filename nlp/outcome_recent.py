"""How the model did on the DAO's latest closed proposals: a correction of its level, and whether it was better than the base rate.

Each of the latest results is forecast again from what was known at its publication, votes unseen; what came of them moves the
log-odds of the next forecast by a shift, estimated with a prior around zero (a logistic regression with an offset and
one coefficient). The level of a DAO moves between years, and trees fitted once cannot follow it.
"""

from dataclasses import dataclass
from datetime import timedelta
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from governance.evidence import ClosedProposal, OutcomeQuestion
from nlp.base_rates import family
from nlp.features import FeatureMaker, Seen
from nlp.outcome_record import EPOCH, DaoRecord, kind_key
from nlp.outcome_vote_features import BELIEF_HEADS
from nlp.outcome_weights import BASE_RATE, OutcomeWeights, passing

Floats = NDArray[np.float64]
# The latest results count; one from so many days before the newest counts half.
LATEST = 150
HALF_LIFE_DAYS = 365.0
# How far the level is expected to be off, in log-odds; a wider prior follows noise, and ranks worse within the DAO.
SHIFT_SD = 0.2
# Under this many results the DAO's own record of the model says nothing.
FEWEST = 30
SURE = 2.0
_STEPS = 12


@dataclass(frozen=True, slots=True)
class Recent:
    """`shift` of the log-odds before the vote; mean log loss of model and base rate on `count` results, and how sure that is.

    `error` is the standard error of the mean difference of the two.
    """

    shift: float = 0.0
    count: int = 0
    model: float = 0.0
    base_rate: float = 0.0
    error: float = 0.0

    @property
    def shows_no_skill(self) -> bool:
        """Whether the base rate was better by more than two standard errors, on enough results."""
        return self.count >= FEWEST and self.model - self.base_rate > SURE * self.error

    def shift_with(self, heads: int) -> float:
        """The shift when so many have voted: votes say for themselves where the level is."""
        return self.shift * BELIEF_HEADS / (BELIEF_HEADS + heads)


class RecentResults:
    """Answers `of` for many questions; what was once forecast again is kept as long as its record."""

    def __init__(self, maker: FeatureMaker, weights: OutcomeWeights) -> None:
        self._maker = maker
        self._weights = weights
        # By place in the record, and by how many of its results were known.
        self._said: WeakKeyDictionary[DaoRecord, dict[int, tuple[float, float]]] = WeakKeyDictionary()
        self._found: WeakKeyDictionary[DaoRecord, dict[int, Recent]] = WeakKeyDictionary()

    def of(self, question: OutcomeQuestion, seen: Seen) -> Recent:
        """What the latest results known at `question.as_of` say of the model."""
        found = self._found.setdefault(seen.record, {})
        if seen.known not in found:
            found[seen.known] = self._recent(question, seen)
        return found[seen.known]

    def _recent(self, question: OutcomeQuestion, seen: Seen) -> Recent:
        record, places = seen.record, list(range(max(seen.known - LATEST, 0), seen.known))
        if not places:
            return Recent()
        said = self._again(record, places, question.history)
        odds, base = (np.array([said[place][column] for place in places]) for column in (0, 1))
        passed = record.passed[places]
        weights = 0.5 ** ((record.closed[places[-1]] - record.closed[places]) / HALF_LIFE_DAYS)
        model, rate = _losses(odds, passed), _losses(base, passed)
        apart = model - rate
        return Recent(
            shift=round(_shift(odds, passed, weights), 9),
            count=len(places),
            model=round(float(model.mean()), 9),
            base_rate=round(float(rate.mean()), 9),
            error=round(float(apart.std() / np.sqrt(len(apart))), 9),
        )

    def _again(self, record: DaoRecord, places: list[int], history: tuple[ClosedProposal, ...]) -> dict[int, tuple[float, float]]:
        """Log-odds of model and base rate at the publication of each place, by place."""
        known = self._said.setdefault(record, {})
        missing = [place for place in places if place not in known]
        if missing:
            rows = np.stack([self._maker.see(_at_publication(record, place, history)).row() for place in missing])
            families = [family(kind_key(record.rows[place].proposal)) for place in missing]
            raw = passing(self._weights.trees, self._weights.stacks, rows, families)
            odds = _log_odds(self._weights.calibration["passed"].apply(raw))
            known.update((place, (float(one), float(two))) for place, one, two in zip(missing, odds, rows[:, BASE_RATE], strict=True))
        return known


def _at_publication(record: DaoRecord, place: int, history: tuple[ClosedProposal, ...]) -> OutcomeQuestion:
    moment = EPOCH + timedelta(days=float(record.published[place]))
    return OutcomeQuestion(record.rows[place].proposal, moment, votes=(), history=history, stance=None, votes_known=False)


def _shift(odds: Floats, passed: Floats, weights: Floats) -> float:
    """The most probable shift, by Newton's method; the prior keeps it finite where all results are alike."""
    shift = 0.0
    for _ in range(_STEPS):
        said = 1.0 / (1.0 + np.exp(-(odds + shift)))
        slope = float(weights @ (passed - said)) - shift / SHIFT_SD**2
        curve = float(weights @ (said * (1.0 - said))) + 1.0 / SHIFT_SD**2
        shift += slope / curve
    return shift


def _losses(odds: Floats, passed: Floats) -> Floats:
    losses: Floats = np.logaddexp(0.0, np.where(passed == 1.0, -odds, odds))
    return losses


def _log_odds(probabilities: Floats) -> Floats:
    bounded = np.clip(probabilities, 0.005, 0.995)
    odds: Floats = np.log(bounded / (1.0 - bounded))
    return odds
