"""Figures beside those of P(passes): quorum and execution, intervals, and how often what was stated came true."""

from collections.abc import Callable, Sequence

import numpy as np

from governance.evidence import ClosedProposal, ExpectedRange, Likelihood, OutcomeForecast
from nlp.outcome_answered import Answered
from nlp.outcome_metrics import ECE_BINS, bootstrap, on_fails, score

SEED = 20261121
# Intervals of smaller sets say only that the set is small.
INTERVALS_FROM = 100

_QUESTIONS: dict[str, tuple[Callable[[OutcomeForecast], Likelihood], Callable[[ClosedProposal], bool | None]]] = {
    "quorum": (lambda forecast: forecast.quorum, lambda closed: closed.quorum_reached),
    "executed": (lambda forecast: forecast.execution, lambda closed: closed.executed),
}
_QUANTITIES: dict[str, tuple[Callable[[OutcomeForecast], ExpectedRange | None], Callable[[ClosedProposal], float | None]]] = {
    "approval_share": (lambda forecast: forecast.share, lambda closed: closed.approval_share),
    "turnout": (lambda forecast: forecast.heads, lambda closed: closed.voters),
    "turnout_power": (lambda forecast: forecast.power, lambda closed: closed.power),
}


def other_rows(name: str, moment: str, answered: Sequence[Answered]) -> list[dict[str, object]]:
    """Scores of P(reaches quorum) and P(executed) beside the DAO's recency-weighted rate, where the source tells both."""
    rows: list[dict[str, object]] = []
    for question, (said, truth) in _QUESTIONS.items():
        found = [(said(one.forecast), truth(one.asked.case.closed)) for one in answered]
        known = [(told.probability, told.base_rate, float(came)) for told, came in found if told.base_rate is not None and came is not None]
        if not known:
            continue
        came_true = np.array([row[2] for row in known])
        for model, place in (("assent", 0), ("dao_rate", 1)):
            probabilities = np.array([row[place] for row in known], dtype=float)
            row: dict[str, object] = {"slice": f"{question}/{name}", "at": moment, "model": model}
            row |= score(probabilities, came_true).as_row() | on_fails(probabilities, came_true)
            if len(known) >= INTERVALS_FROM:
                row["intervals"] = bootstrap(probabilities, came_true, seed=SEED)
            rows.append(row)
    return rows


def range_rows(name: str, moment: str, answered: Sequence[Answered]) -> list[dict[str, object]]:
    """How often the intervals held the truth, and the median error: relative for turnouts, absolute for the share."""
    rows: list[dict[str, object]] = []
    for target, (said, truth) in _QUANTITIES.items():
        found = [(said(one.forecast), truth(one.asked.case.closed)) for one in answered]
        known = [(told, float(came)) for told, came in found if told is not None and came is not None]
        if len(known) < INTERVALS_FROM:
            continue
        errors = [abs(told.middle - came) / (1.0 if target == "approval_share" else max(came, 1.0)) for told, came in known]
        rows.append(
            {
                "slice": name,
                "at": moment,
                "target": target,
                "n": len(known),
                "coverage_50": _covered([(told.half, came) for told, came in known]),
                "coverage_90": _covered([(told.most, came) for told, came in known]),
                "median_error": round(float(np.median(errors)), 4),
            }
        )
    return rows


def reliability_rows(name: str, moment: str, answered: Sequence[Answered]) -> list[dict[str, object]]:
    """Per tenth of stated P(passes): how many, the mean stated and how often it came true; pooled slices of size only."""
    if len(answered) < INTERVALS_FROM or not name.startswith("pooled/"):
        return []
    said = np.array([one.forecast.passes for one in answered])
    passed = np.array([one.passed for one in answered])
    places = np.minimum((said * ECE_BINS).astype(int), ECE_BINS - 1)
    return [
        {
            "slice": name,
            "at": moment,
            "from": round(place / ECE_BINS, 4),
            "n": int((places == place).sum()),
            "stated": round(float(said[places == place].mean()), 4),
            "found": round(float(passed[places == place].mean()), 4),
        }
        for place in range(ECE_BINS)
        if (places == place).any()
    ]


def _covered(known: Sequence[tuple[tuple[float, float], float]]) -> float:
    # A millionth of the truth is lost in rounding.
    return round(float(np.mean([low - 1e-6 * (1 + abs(came)) <= came <= high + 1e-6 * (1 + abs(came)) for (low, high), came in known])), 4)
