"""P(reaches quorum) and P(executed), and what the first says of passing: what does not reach its quorum does not pass."""

import math
from dataclasses import replace
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from governance.evidence import Likelihood, OutcomeQuestion
from nlp.base_rates import HALF_LIFE_DAYS
from nlp.features import Seen
from nlp.outcome_reasons import log_odds
from nlp.outcome_record import days
from nlp.outcome_vote_features import UNKNOWN
from nlp.outcome_weights import LATE_PART

Floats = NDArray[np.float64]
# No forecast says never or always.
LEAST, MOST = 0.005, 0.995
# Forecasts are rounded to the fixed point in which they are recorded.
PLACES = 6
# With fewer closed proposals that had a quorum, or of which it is known whether they were carried out, the rate is served.
MIN_KNOWN = 5
# No source dates execution; by so many days after the close it is taken as settled, and known.
EXECUTION_KNOWN_AFTER = timedelta(days=30)
# How many results of one's own it takes to count as much as the next wider level.
_KIND_WEIGHT, _DAO_WEIGHT = 8.0, 2.0
# Log-odds of lying below each of the numbers of a range; ranges without any width still rise.
_ODDS_BELOW = np.array([log_odds(part) for part in (0.05, 0.25, 0.5, 0.75, 0.95)])
_LEAST_APART = 1e-9


def quorum_likelihood(question: OutcomeQuestion, seen: Seen, reached: float, power: Floats) -> Likelihood:
    """P(reaches quorum): what the trees say, once somebody has voted halfway (in log-odds) to what the expected power says.

    `reached` is the trees' probability, `power` the (5 %, 25 %, middle, 75 %, 95 %) of log(1 + power).
    """
    if question.proposal.quorum is None or seen.features["quorum"] == UNKNOWN:
        return Likelihood(reason="the source names no quorum for this proposal")
    values = seen.record.reached[: seen.known]
    count = int(np.isfinite(values).sum())
    base = bounded(_recency_rate(values, seen.record.closed[: seen.known], days(question.as_of), 0.5, _DAO_WEIGHT))
    if seen.turnout.power is not None and seen.turnout.power >= float(question.proposal.quorum):
        return Likelihood(MOST, base, count, "the power that has voted reaches the quorum already")
    if count < MIN_KNOWN:
        return Likelihood(base, base, count, f"{count} closed proposals with a quorum are known; the rate is served below {MIN_KNOWN}")
    if seen.turnout.heads > 0 and seen.features["power_belief"] != UNKNOWN:
        reached = _halfway(log_odds(reached), odds_above(power, seen.features["quorum"]))
    return Likelihood(bounded(reached), base, count)


def passes_with(quorum: Likelihood, passes: float, seen: Seen) -> float:
    """P(passes), with much of the window gone halfway (in log-odds) to the model's P(reaches quorum) where that is less and binds.

    Before, P(reaches quorum) is the one that errs: what is known of the votes says more of passing than of the power that will come.
    """
    told = _binding(quorum, seen)
    if told is None or quorum.reason is not None or told >= passes or seen.features["fraction_open"] < LATE_PART:
        return passes
    return bounded(_halfway(log_odds(passes), log_odds(told)))


def no_less_than(passes: float, quorum: Likelihood, seen: Seen) -> Likelihood:
    """P(reaches quorum), which is not below `passes` where it binds; a reason that it has then says so."""
    told = _binding(quorum, seen)
    if told is None or told >= passes:
        return quorum
    return replace(quorum, probability=passes, reason=quorum.reason and f"{quorum.reason}, but no less than P(passes)")


def execution_likelihood(question: OutcomeQuestion, seen: Seen, passes: float) -> Likelihood:
    """P(passes) times how often what passed was carried out, within the kind; no trees, since few sources tell."""
    at = days(question.as_of)
    settled = int(np.searchsorted(seen.record.closed[: seen.known], at - EXECUTION_KNOWN_AFTER.days, side="left"))
    done, passed = seen.record.executed[:settled], seen.record.passed[:settled] == 1.0
    count = int(np.isfinite(done).sum())
    if not count:
        return Likelihood(reason="the source does not tell whether proposals of this DAO were carried out")
    closed = seen.record.closed[:settled]
    base = bounded(_recency_rate(done, closed, at, 0.5, _DAO_WEIGHT))
    dao = _recency_rate(done[passed], closed[passed], at, 0.5, _DAO_WEIGHT)
    alike = passed & (seen.record.kinds[:settled] == seen.kind) & (seen.kind >= 0)
    rate = _recency_rate(done[alike], closed[alike], at, dao, _KIND_WEIGHT)
    if count < MIN_KNOWN:
        return Likelihood(min(base, passes), base, count, f"{count} settled proposals are known; the rate is served below {MIN_KNOWN}")
    return Likelihood(min(bounded(passes * rate), passes), base, count)


def odds_above(values: Floats, threshold: float) -> float:
    """Log-odds that a quantity with these 5 %, 25 %, middle, 75 % and 95 % is above: on straight lines between them, and on beyond."""
    apart = np.maximum.accumulate(values) + _LEAST_APART * np.arange(len(values))
    upper = min(max(int(np.searchsorted(apart, threshold)), 1), len(apart) - 1)
    lower = upper - 1
    steepness = (_ODDS_BELOW[upper] - _ODDS_BELOW[lower]) / (apart[upper] - apart[lower])
    below = _ODDS_BELOW[lower] + steepness * (threshold - apart[lower])
    return float(-np.clip(below, log_odds(LEAST), log_odds(MOST)))


def bounded(probability: float) -> float:
    """As it is told: never certain, in fixed point."""
    return round(min(max(probability, LEAST), MOST), PLACES)


def _binding(quorum: Likelihood, seen: Seen) -> float | None:
    """P(reaches quorum); None where there is none, or where a known proposal of the DAO passed without reaching its quorum."""
    passed_without = (seen.record.reached[: seen.known] == 0.0) & (seen.record.passed[: seen.known] == 1.0)
    return None if passed_without.any() else quorum.probability


def _halfway(one: float, other: float) -> float:
    return 1.0 / (1.0 + math.exp(-(one + other) / 2))


def _recency_rate(values: Floats, closed: Floats, at: float, prior: float, weight: float) -> float:
    """The share of ones among known `values`, recent ones counting more, shrunk to `prior` by `weight` results."""
    known = np.isfinite(values)
    weights = 0.5 ** ((at - closed[known]) / HALF_LIFE_DAYS)
    return float((weights @ values[known] + weight * prior) / (weights.sum() + weight))
