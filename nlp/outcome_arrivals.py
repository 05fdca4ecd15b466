"""How many will have voted in the end: as the belief says, and as the DAO's last proposals had filled up by the same part of the vote.

Of each of these, how much more there was in the end than then, as a logarithm; their median, added to what there is now, is a second
opinion of the end. It counts the more, the more alike the last proposals were: with t the tolerance and s half the distance between
their quartiles, t^2 / (t^2 + s^2), as two measurements with these errors are put together.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from governance.evidence import OutcomeQuestion
from nlp.outcome_record import DaoRecord
from nlp.outcome_vote_features import UNKNOWN, Turnout

# Found on splits of all the data by calendar time (0.1 to 0.7 were tried): a few voters with much power come early or late as they please.
# One imaginary proposal that grew by a factor of e more or less than the others stands beside them, so that two that agree by chance say
# little.
TOLERANCE: Final[Mapping[str, float]] = {"voters": 0.25, "power": 0.15}
_IMAGINED: Final = 1.0


def expected_turnout(
    question: OutcomeQuestion, record: DaoRecord, known: int, turnout: Turnout, beliefs: Mapping[str, float]
) -> dict[str, float]:
    """`voters_expected` and `power_expected`, from their `beliefs` ("voters_belief", "power_belief"); -1 where there is no belief.

    Only proposals among the first `known` of `record` count: their results were known.
    """
    counted = [each for each in question.arrivals if each.at <= question.as_of and record.places.get(each.proposal_id, known) < known]
    places = [record.places[each.proposal_id] for each in counted]
    voters = _growth([float(each.voters) for each in counted], record.voters[places].tolist())
    power = _growth([math.nan if each.power is None else each.power for each in counted], record.power[places].tolist())
    return {
        "voters_expected": _expected(beliefs["voters_belief"], float(turnout.heads), voters, TOLERANCE["voters"]),
        "power_expected": _expected(beliefs["power_belief"], turnout.power, power, TOLERANCE["power"]),
    }


def _growth(then: Sequence[float], in_the_end: Sequence[float]) -> list[float]:
    """log(1 + final) - log(1 + then) of each of which both are known; never below 0, since who has voted stays a voter."""
    both = [(before, after) for before, after in zip(then, in_the_end, strict=True) if math.isfinite(before) and math.isfinite(after)]
    return [math.log1p(max(before, after)) - math.log1p(before) for before, after in both]


def _expected(believed: float, so_far: float | None, growth: Sequence[float], tolerance: float) -> float:
    if believed == UNKNOWN or so_far is None:
        return believed
    at_least = max(believed, math.log1p(so_far))
    if not growth or so_far == 0.0:
        return at_least
    lower, middle, upper = (float(part) for part in np.quantile(np.array(growth), (0.25, 0.5, 0.75)))
    spread = (len(growth) * ((upper - lower) / 2.0) ** 2 + _IMAGINED) / (len(growth) + _IMAGINED)
    counts = tolerance**2 / (tolerance**2 + spread)
    return at_least + counts * (math.log1p(so_far) + middle - at_least)
