"""One forecast put together: the three probabilities, ranges, choices and reasons, and what is served where skill is not shown."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from governance.evidence import ExpectedRange, Likelihood, OutcomeForecast, OutcomeQuestion, Reason
from nlp.base_rates import family
from nlp.features import Seen
from nlp.interval_tracking import widen
from nlp.outcome_choices import leading
from nlp.outcome_likelihoods import PLACES, bounded, execution_likelihood, no_less_than, passes_with, quorum_likelihood
from nlp.outcome_reasons import Parts, log_odds, reasons
from nlp.outcome_recent import Recent
from nlp.outcome_record import kind_key
from nlp.outcome_shapley import Shapley
from nlp.outcome_skill import evidence_for
from nlp.outcome_stack import stack_of
from nlp.outcome_vote_features import UNKNOWN
from nlp.outcome_weights import BASE_RATE, OPEN_VOTES, VOTING, OutcomeWeights, band, offset, runs
from nlp.votes_so_far import sides

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """The model's numbers for one question: probabilities, and (5 %, 25 %, middle, 75 %, 95 %) of share and log turnouts."""

    raw: float
    passes: float
    reached: float
    share: Floats
    voters: Floats
    power: Floats


def answer(
    question: OutcomeQuestion,
    seen: Seen,
    estimate: Estimate,
    recent: Recent,
    *,
    weights: OutcomeWeights,
    shapley: Mapping[str, Shapley],
    digest: str,
) -> OutcomeForecast:
    """The whole forecast of one question."""
    widened = _widened(seen, estimate, recent)
    quorum = quorum_likelihood(question, seen, estimate.reached, widened["power"])
    told = _passing(question, seen, estimate, recent, quorum, weights=weights, shapley=shapley)
    share, heads, power = _ranges(seen, widened)
    favoured = share.middle if share is not None and sides(question.proposal.choices)[:2] == (1, -1) else None
    choices, by = leading(question, expected_heads=None if heads is None else heads.middle, favoured=favoured)
    return OutcomeForecast(
        passes=told.passes,
        base_rate=told.base_rate,
        lift=round(told.passes - told.base_rate, PLACES),
        history_size=seen.rates.dao_count,
        approval_share=None if share is None else share.middle,
        approval_interval=None if share is None else share.most,
        turnout=None if heads is None else heads.middle,
        turnout_interval=None if heads is None else heads.most,
        served="model" if told.reason is None else "base_rate",
        reason=told.reason,
        model_digest=digest,
        features=seen.features,
        quorum=no_less_than(told.passes, quorum, seen),
        execution=execution_likelihood(question, seen, told.passes),
        share=share,
        heads=heads,
        power=power,
        choices=choices,
        choices_by=by,
        reasons=told.reasons,
        latest_result_at=seen.record.rows[seen.known - 1].closed_at if seen.known else None,
        latest_vote_at=seen.votes.last_at,
    )


@dataclass(frozen=True, slots=True)
class _Passing:
    """P(passes) as it is told, the base rate, why the base rate is served if it is, and why the model says so if it is not."""

    passes: float
    base_rate: float
    reason: str | None
    reasons: tuple[Reason, ...]


def _passing(
    question: OutcomeQuestion,
    seen: Seen,
    estimate: Estimate,
    recent: Recent,
    quorum: Likelihood,
    *,
    weights: OutcomeWeights,
    shapley: Mapping[str, Shapley],
) -> _Passing:
    base = bounded(seen.rates.author)
    row = seen.row()[None, :]
    trees = VOTING if runs(row)[0] else "passed"
    reason = no_skill(question, seen, recent, weights, running=trees == VOTING)
    if reason is not None:
        return _Passing(base, base, reason, ())
    calibrated = log_odds(bounded(estimate.passes))
    alone = bounded(1.0 / (1.0 + math.exp(-(calibrated + recent.shift_with(seen.turnout.heads)))))
    passes = passes_with(quorum, alone, seen)
    shares = stack_of(weights.stacks, family(kind_key(question.proposal)), running=trees == VOTING).after(seen.rates.dao_count)
    parts = Parts(
        base_rate=base,
        begins=shares.belief * float(offset(row, trees)[0]) + shares.base_rate * float(row[0, BASE_RATE]),
        open_votes=shares.open_votes * float(row[0, OPEN_VOTES]),
        trees=shares.trees,
        raw=log_odds(min(max(estimate.raw, 1e-9), 1 - 1e-9)),
        calibrated=calibrated,
        quorum=log_odds(passes) - log_odds(alone),
        passes=passes,
    )
    return _Passing(passes, base, None, reasons(seen, shapley[trees], parts, recent))


def no_skill(question: OutcomeQuestion, seen: Seen, recent: Recent, weights: OutcomeWeights, *, running: bool) -> str | None:
    """Why the base rate is served instead of the model; None where the model is."""
    voted = seen.turnout.heads > 0
    kinds = family(kind_key(question.proposal))
    found = evidence_for(weights.skill, kinds, voted=voted, band=int(band(seen.row()[None, :])[0]))
    if found is not None and not found.shows_skill:
        return (
            f"on {found.count} held-out answers of DAOs like this the model showed no skill "
            f"(log loss {found.model:.3f}, base rate {found.base_rate:.3f})"
        )
    if not voted and not running and recent.shows_no_skill:
        return (
            f"on the DAO's last {recent.count} results the model was worse than the base rate "
            f"(log loss {recent.model:.3f}, base rate {recent.base_rate:.3f})"
        )
    return None


def _widened(seen: Seen, estimate: Estimate, recent: Recent) -> dict[str, Floats]:
    """The numbers of share, voters and power, as far apart as the DAO's latest results say."""
    told = {"share": estimate.share, "voters": estimate.voters, "power": estimate.power}
    return {target: widen(values, recent.moved.get(target, ()), voted=seen.turnout.heads > 0) for target, values in told.items()}


def _ranges(seen: Seen, widened: Mapping[str, Floats]) -> tuple[ExpectedRange | None, ExpectedRange | None, ExpectedRange | None]:
    return (
        _range(widened["share"], seen.features["share_belief"], floor=0.0, most=1.0),
        _turnout(widened["voters"], seen.features["voters_belief"], float(seen.turnout.heads)),
        _turnout(widened["power"], seen.features["power_belief"], seen.turnout.power or 0.0),
    )


def _turnout(logarithms: Floats, believed: float, so_far: float) -> ExpectedRange | None:
    # Who has voted stays a voter: no bound is below the count so far.
    found = np.expm1(np.minimum(logarithms, 300.0))
    return _range(found, believed, floor=so_far, most=math.inf)


def _range(values: Floats, believed: float, *, floor: float, most: float) -> ExpectedRange | None:
    if believed == UNKNOWN:
        return None
    low, lower, middle, upper, high = (round(min(max(float(value), floor), most), PLACES) for value in values)
    lower, upper = min(lower, middle), max(upper, middle)
    return ExpectedRange(middle, (lower, upper), (min(low, lower), max(high, upper)))
