"""Recommendations: from inputs to one exact change, or to an abstention that says why. Pure and replayable.

`recommend` is a function of its inputs alone. The decision passes these gates in order; the first that does not hold
is the reason of the abstention:

    paused · change_queued · unusable_inputs · stale_inputs · too_few_sources · sources_disagree · circuit_breaker
    · inputs_contradict · too_few_observations · response_unknown · within_dead_band · guardrail · no_clear_benefit · price_cost

Text never carries authority. Readings and forecasts stand in the evidence; accounts with voting power that clearly object
may raise the certainty that is demanded (`objected`), which can turn a recommendation into an abstention and never the reverse.
Target, amount, direction and permission do not depend on them.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from fractions import Fraction
from typing import Final

from governance.canonical import fixed, timestamp
from governance.errors import GuardrailBreached
from governance.parameters import ParameterChange
from governance.proposed_changes import KINDS as WRITTEN_KINDS
from governance.proposed_changes import written_change
from governance.recommendation_inputs import Inputs, read_inputs
from governance.tokenomics.comparison import Candidate, Effect, compare
from governance.tokenomics.objectives import DAY_S, KPI_WINDOW_DAYS
from governance.tokenomics.policies import Move, hold
from governance.tokenomics.response import identified
from governance.tokenomics.signals import in_fixed_point
from governance.tokenomics.situation import Abstain, Situation, situation

# Full voices of accounts that clearly object (`governance.mood.objections`) from which on more certainty is demanded. A number
# and no share: a share would fall with every voice that praises.
_OBJECTING_VOICES: Final = 5
# The first rules asked for this many readings, and this much more against than for, as a share of all of them.
_CAUTION_READINGS: Final = 20
_CAUTION_SHARE: Final = Fraction(1, 5)
_AGAINST: Final = frozenset({"against", "negative"})
_FOR: Final = frozenset({"for", "positive"})
# More resampled histories than this that cannot tell how stakers answer, and the answer is not known.
_MOST_UNIDENTIFIED: Final = 0.10

# Which reason a refused guardrail rule about inputs is; every other rule is the reason "guardrail".
_INPUT_REASONS: Final[Mapping[str, str]] = {
    "input_missing": "stale_inputs",
    "input_age": "stale_inputs",
    "input_sources": "too_few_sources",
    "input_disagreement": "sources_disagree",
    "circuit_breaker": "circuit_breaker",
}


def recommend(inputs: Mapping[str, object]) -> dict[str, object]:
    """The recommendation or abstention document that follows from `inputs`; the same inputs give the same bytes.

    Inputs of a change that a person wrote (they name its `kind`) give that document, so that whoever replays a log
    needs this one function.

    Raises:
        InvalidInput: `inputs` are not what `governance.workflow.recommend` or `propose_change` collects.
    """
    if inputs.get("kind") in WRITTEN_KINDS:
        return written_change(inputs)
    read = read_inputs(inputs)
    try:
        return _recommendation(read)
    except Abstain as why:
        return _abstention(read, why.reason, why.rule, why.details)
    except GuardrailBreached as breach:
        told = _told(breach)
        return _abstention(read, told.pop("reason"), told.pop("rule"), told)


def simulate_change(inputs: Mapping[str, object], proposed: int) -> dict[str, object]:
    """What `proposed` would do against *hold*, and which guardrail rule would refuse it. Decides and records nothing.

    `effect` is null, and `refused` says why, when the inputs give no economy to simulate.

    Raises:
        InvalidInput: `inputs` are malformed.
    """
    read = read_inputs(inputs)
    change = ParameterChange(read.parameter.name, read.parameter.unit.value, read.parameter.value, proposed)
    answer: dict[str, object] = {"change": change.body(), "refused": None, "effect": None, "inputs_sha256": read.sha256}
    try:
        seen = situation(read)
    except Abstain as why:
        return {**answer, "refused": {"reason": why.reason, "rule": why.rule, **why.details}}
    except GuardrailBreached as breach:
        return {**answer, "refused": _told(breach)}
    effect = compare(read.objective, seen.stocks, seen.history, _candidate(read, proposed, read.objective.risk.level))
    answer["effect"] = effect.body()
    try:
        read.guardrail.check(change, history=read.executed(), queued=read.queued, now=read.now)
    except GuardrailBreached as breach:
        answer["refused"] = _told(breach)
    return answer


def _told(breach: GuardrailBreached) -> dict[str, str]:
    details = {key: str(value) for key, value in breach.details.items()}
    return {"reason": _INPUT_REASONS.get(breach.rule, "guardrail"), **details}


def objected(weights: Sequence[Fraction]) -> bool:
    """Whether enough accounts with voting power clearly object, by the weights of their voices; nothing else is asked."""
    return sum(weights) >= _OBJECTING_VOICES


def caution(labels: tuple[str, ...]) -> bool:
    """Whether texts are clearly against by the first rules, which are kept so that what they made can be recomputed.

    They counted labels, whoever wrote: a crowd could raise them and praise outvote them. Labels nobody knows count as neither.
    """
    against = sum(label in _AGAINST for label in labels)
    favour = sum(label in _FOR for label in labels)
    return len(labels) >= _CAUTION_READINGS and Fraction(against - favour, len(labels)) >= _CAUTION_SHARE


def _wary(read: Inputs) -> bool:
    return caution(read.labels) if read.objections is None else objected(read.objections)


def _recommendation(read: Inputs) -> dict[str, object]:
    if read.paused:
        raise Abstain("paused", "pause", {})
    if read.queued:
        raise Abstain("change_queued", "one approved change at a time", {"queued": str(len(read.queued))})
    seen = situation(read)
    if not identified(seen.history):
        raise Abstain("response_unknown", "the rate never moved on its own in the history", seen.details())
    move = _move(read, seen)
    if move.amount == hold().amount:
        raise Abstain("within_dead_band", "dead_band", {**seen.details(), "asked": fixed(move.asked)})
    change = ParameterChange(read.parameter.name, read.parameter.unit.value, read.parameter.value, read.parameter.value + move.amount)
    read.guardrail.check(change, history=read.executed(), queued=read.queued, now=read.now)
    effect = _clear_effect(read, seen, change)
    return _document(read, seen, move, change, effect)


def _move(read: Inputs, seen: Situation) -> Move:
    changes = read.executed()
    since = (read.now - changes[-1].at) // timedelta(days=1) if changes else None
    return read.objective.policy.move(seen.series["staked_share"], target=read.objective.target, since_day=since)


def _candidate(read: Inputs, proposed: int, level: Fraction) -> Candidate:
    return Candidate(proposed, read.parameter.value, read.seed, read.paths, level)


def _clear_effect(read: Inputs, seen: Situation, change: ParameterChange) -> Effect:
    """The effect, if its benefit is clear at the level the DAO wants, or at a stricter one when enough accounts object."""
    risk = read.objective.risk
    level = risk.level + (1 - risk.level) / 2 if _wary(read) else risk.level
    effect = compare(read.objective, seen.stocks, seen.history, _candidate(read, change.proposed, level))
    details = {
        "to": str(change.proposed),
        "benefit_low": fixed(effect.benefit.low),
        "benefit_mean": fixed(effect.benefit.mean),
        "level": fixed(float(level)),
        "price_cost": fixed(effect.price_cost),
        "unidentified": fixed(effect.unidentified),
    }
    if effect.unidentified > _MOST_UNIDENTIFIED:
        raise Abstain("response_unknown", f"at most {_MOST_UNIDENTIFIED} of the resampled histories", details)
    if effect.benefit.low <= 0 or effect.benefit.low < risk.min_benefit:
        raise Abstain("no_clear_benefit", f"benefit_low above 0 and at least {fixed(risk.min_benefit)}", details)
    if effect.price_cost > risk.max_price_cost:
        raise Abstain("price_cost", f"at most {fixed(risk.max_price_cost)}", details)
    return effect


def _document(read: Inputs, seen: Situation, move: Move, change: ParameterChange, effect: Effect) -> dict[str, object]:
    signals = {"error": move.proportional, "integral": move.integral, "asked": move.asked, "caution": float(_wary(read))}
    goal = read.objective
    return {
        "v": 1,
        "rules": read.rules,
        "dao": read.dao,
        "kind": "parameter_change",
        "change": change.body(),
        "rollback": change.rollback().body(),
        "guardrail": {"version": read.guardrail_version, "sha256": read.guardrail.sha256()},
        "policy": {"name": "proportional_integral", "version": 1, "settings": dict(read.policy_settings)},
        "signals": {**seen.signals, **in_fixed_point(signals)},
        "evidence": [item.body() for item in read.evidence],
        "effect": effect.body(),
        "kpis": [_kpi(read, effect, role) for role in goal.kpis],
        "horizon_s": goal.horizon_days * DAY_S,
        "reason": _reason(read, change, effect),
        "made_at": timestamp(read.now),
        "not_before": timestamp(read.now.replace(microsecond=0)),
        "expires_at": timestamp(read.now + read.guardrail.expires_after),
        "executor": dict(read.executor),
        "nonce": str(read.nonce),
        "evidence_root": read.evidence_root,
        "inputs_sha256": read.sha256,
    }


def _kpi(read: Inputs, effect: Effect, role: str) -> dict[str, object]:
    metric, expected = read.objective.metrics[role], effect.change[role]
    return {
        "metric": metric.name,
        "unit": metric.unit,
        "low": fixed(expected.low),
        "high": fixed(expected.high),
        "window_s": KPI_WINDOW_DAYS * DAY_S,
    }


def _reason(read: Inputs, change: ParameterChange, effect: Effect) -> str:
    goal = read.objective
    verb = "Raise" if change.proposed > change.current else "Lower"
    held, moved = effect.hold["staked_share"].mean, effect.change["staked_share"].mean
    return (
        f"{verb} {change.parameter} from {change.current} to {change.proposed} {change.unit}: in {goal.horizon_days} days the staked share "
        f"is expected at {moved:.4f} instead of {held:.4f} (target {goal.target:.4f}); the benefit over hold is at least "
        f"{effect.benefit.low:.6f} at the level {float(effect.candidate.level):.3f}."
    )


def _abstention(read: Inputs, reason: str, rule: str, details: Mapping[str, str]) -> dict[str, object]:
    return {
        "v": 1,
        "rules": read.rules,
        "dao": read.dao,
        "kind": "abstention",
        "parameter": read.parameter.name,
        "reason": reason,
        "rule": rule,
        "details": dict(details),
        "made_at": timestamp(read.now),
        "inputs_sha256": read.sha256,
    }
