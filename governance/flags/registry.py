"""Every rule in order, and one proposal judged by all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from governance.flags import actions, agreement, content, discussion, parameters, power, repetition, spam, timing
from governance.flags.case import Case
from governance.flags.verdicts import Answer, Rule, Status

RULES: Final[tuple[Rule, ...]] = (
    power.same_block_power,
    power.gathered_power,
    repetition.repeated_ask,
    timing.weekend_vote,
    power.dormant_power,
    actions.self_dealing,
    actions.changing_code,
    agreement.text_against_calls,
    actions.control_call,
    discussion.suppressed_alarm,
    discussion.no_discussion,
    power.rented_power,
    timing.late_swing,
    timing.quorum_at_risk,
    power.cost_of_attack,
    repetition.flood,
    content.phishing,
    content.words_for_a_model,
    discussion.coordinated_posts,
    parameters.coupled_skew,
    parameters.out_of_reason,
    parameters.stale_basis,
    timing.rushed_vote,
    power.concentrated,
    spam.spam_proposal,
)


@dataclass(frozen=True, slots=True)
class Flag:
    """One rule's answer on one proposal."""

    rule: Rule
    answer: Answer


def assess(case: Case, rules: Sequence[Rule] = RULES) -> tuple[Flag, ...]:
    """What every rule says of the case, in the rules' order. The same case always gets the same answers."""
    return tuple(Flag(rule, rule.judge(case)) for rule in rules)


def fired(flags: Sequence[Flag]) -> list[Flag]:
    """Those that fired."""
    return [flag for flag in flags if flag.answer.status is Status.FIRED]
