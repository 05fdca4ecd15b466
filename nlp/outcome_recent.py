"""How the model did on the DAO's latest closed proposals: corrections of level and widths, and whether the base rate was better.

Each of the latest results is forecast again from what was known at its publication, votes unseen; what came of them moves the
log-odds of the next forecast by a shift, estimated with a prior around zero (a logistic regression with an offset and
one coefficient), and the bounds of its intervals (`interval_tracking`). The level of a DAO moves between years, and trees
fitted once cannot follow it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from governance.evidence import ClosedProposal, OutcomeQuestion
from nlp.base_rates import family
from nlp.features import FeatureMaker, Seen
from nlp.interval_tracking import track
from nlp.outcome_record import EPOCH, DaoRecord, kind_key
from nlp.outcome_vote_features import BELIEF_HEADS
from nlp.outcome_weights import BASE_RATE, QUANTITIES, OutcomeWeights, expected, offset, passing

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

    `error` is the standard error of the mean difference of the two. `moved` says per quantity what `interval_tracking.track` found.
    """

    shift: float = 0.0
    count: int = 0
    model: float = 0.0
    base_rate: float = 0.0
    error: float = 0.0
    moved: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    @property
    def shows_no_skill(self) -> bool:
        """Whether the base rate was better by more than two standard errors, on enough results."""
        return self.count >= FEWEST and self.model - self.base_rate > SURE * self.error

    def shift_with(self, heads: int) -> float:
        """The shift when so many have voted: votes say for themselves where the level is."""
        return self.shift * BELIEF_HEADS / (BELIEF_HEADS + heads)


@dataclass(frozen=True, slots=True)
class _Said:
    """What would have been said at a publication: log-odds of model and base rate, and per quantity its error and its bounds.

    A quantity that was not expected, or of which nobody tells what came, is left out.
    """

    odds: float
    base_rate: float
    errors: Mapping[str, tuple[float, Sequence[float]]]


class RecentResults:
    """Answers `of` for many questions; what was once forecast again is kept as long as its record."""

    def __init__(self, maker: FeatureMaker, weights: OutcomeWeights) -> None:
        self._maker = maker
        self._weights = weights
        # By place in the record, and by how many of its results were known.
        self._said: WeakKeyDictionary[DaoRecord, dict[int, _Said]] = WeakKeyDictionary()
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
        known = self._again(record, places, question.history)
        said = [known[place] for place in places]
        odds, base = np.array([each.odds for each in said]), np.array([each.base_rate for each in said])
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
            moved={target: _tracked([each.errors[target] for each in said if target in each.errors]) for target in QUANTITIES},
        )

    def _again(self, record: DaoRecord, places: list[int], history: tuple[ClosedProposal, ...]) -> dict[int, _Said]:
        """What the model would have said at the publication of each place, by place."""
        known = self._said.setdefault(record, {})
        missing = [place for place in places if place not in known]
        if missing:
            rows = np.stack([self._maker.see(_at_publication(record, place, history)).row() for place in missing])
            families = [family(kind_key(record.rows[place].proposal)) for place in missing]
            raw = passing(self._weights.trees, self._weights.stacks, rows, families)
            odds = _log_odds(self._weights.calibration["passed"].apply(raw)).tolist()
            errors = _errors(self._weights, record, missing, rows, families)
            known.update(
                (place, _Said(one, base, erred))
                for place, one, base, erred in zip(missing, odds, rows[:, BASE_RATE].tolist(), errors, strict=True)
            )
        return known


def _errors(
    weights: OutcomeWeights, record: DaoRecord, places: list[int], rows: Floats, families: Sequence[str]
) -> list[dict[str, tuple[float, Sequence[float]]]]:
    """Of each place, per quantity that was expected and is known, truth minus middle and the bounds around it."""
    found: list[dict[str, tuple[float, Sequence[float]]]] = [{} for _ in places]
    came = {"share": record.share[places], "voters": np.log1p(record.voters[places]), "power": np.log1p(record.power[places])}
    for target in QUANTITIES:
        middle, bounds = expected(weights, rows, families, target)
        errors = came[target] - middle
        for row in np.flatnonzero(np.isfinite(errors) & (offset(rows, target) >= 0.0)).tolist():
            found[row][target] = float(errors[row]), bounds[row].tolist()
    return found


def _tracked(told: Sequence[tuple[float, Sequence[float]]]) -> tuple[float, ...]:
    return track([error for error, _ in told], [bounds for _, bounds in told])


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
