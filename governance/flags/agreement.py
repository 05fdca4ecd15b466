"""The rule on whether the calls do what the text says."""

from collections.abc import Iterable
from typing import Final

from governance.flags import claims
from governance.flags.agreement_allowances import allowances
from governance.flags.agreement_payments import payments
from governance.flags.agreement_settings import settings
from governance.flags.calldata import Decoded, entry_of, every, undecoded
from governance.flags.case import Case, Past
from governance.flags.comparison import NOTHING, Comparison, Held, agreed, contradicted, together
from governance.flags.control_functions import UPGRADE
from governance.flags.functions import Effect
from governance.flags.verdicts import Answer, Severity, clear, fired, rule, unknown

_MOST_SHOWN: Final = 4


@rule(
    "R08",
    "Text and calldata differ",
    version=4,
    source="arXiv 2403.11758: in over 60 % of proposals description and code are not consistent",
    threshold="any payment, allowance, new value, owner, code or role, no effect, or the same as #n, that the calls contradict; or a "
    "payment, allowance, parameter or move of control that the text does not mention",
    clears_when="the text is corrected in public and voted on again, or the calls are",
    who_can_act="the proposer (cancel); delegates who have not voted; a guardian before execution",
)
def text_against_calls(case: Case) -> Answer:
    """The text says one thing and the calls do another. What a title alone leaves out, its body may say."""
    if case.calls is None:
        return unknown("what the proposal would execute")
    if case.text is None:
        return unknown("any text")
    held = Held(case, case.text)
    found = together([payments(held), allowances(held), settings(held), _no_effect(held), _repeats(held)])
    unread = undecoded(case.calls)
    inputs = {
        "contradictions": found.contradicted,
        "compared": found.agreed,
        "unsure": found.unsure,
        "calls": [call.words for call in held.calls],
        "not_read": len(unread),
    }
    if found.contradicted:
        shown = "; ".join(found.contradicted[:_MOST_SHOWN])
        return fired(f"The calls contradict the text: {shown}.", value=len(found.contradicted), severity=Severity.CRITICAL, inputs=inputs)
    if unread:
        return unknown(f"what {len(unread)} of {len(held.calls)} calls do: they need a review", inputs=inputs)
    if not case.calls:
        return clear("It executes nothing, and nothing speaks against that.", value=0, inputs=inputs)
    if found.unsure:
        return unknown(*found.unsure[:_MOST_SHOWN], inputs=inputs)
    if not found.agreed:
        return unknown("a claim of the text that the calls could be held against", inputs=inputs)
    return clear(f"The calls agree with the text in {', '.join(found.agreed)}.", value=0, inputs=inputs)


def _no_effect(held: Held) -> Comparison:
    """Where the text says that nothing runs, nothing is paid, or no contract changes, that must be so."""
    said = (
        (claims.says_no_effect(held.text), "nothing is executed", lambda call: call.effect not in {Effect.NONE, Effect.BATCH}),
        (claims.says_nothing_moves(held.text), "nothing is moved", lambda call: call.transfers or call.allowances),
        (claims.says_no_new_code(held.text), "no contract changes", _is_new_code),
    )
    found = [
        contradicted(f"the text says {what}, but it would {call.words}")
        for says, what, breaks in said
        if says
        for call in held.calls
        if breaks(call)
    ]
    return together(found[:3])


def _is_new_code(call: Decoded) -> bool:
    entry = entry_of(call)
    return entry is not None and set(UPGRADE) <= set(entry.mentions)


def _repeats(held: Held) -> Comparison:
    """Where it claims to repeat an earlier proposal: the calls, or the code they run, must be that one's."""
    case, found = held.case, NOTHING
    for number in claims.same_as(held.text):
        earlier = _numbered(case.past, number)
        if earlier is None:
            continue
        here = {code.codehash for code in case.chain.code or () if code.codehash is not None}
        there = set(earlier.codehashes.values())
        if here and there:
            same = bool(here & there)
            found += (
                agreed(f"the code of no. {number}")
                if same
                else contradicted(f"the text says it repeats no. {number}, whose code was another")
            )
        elif earlier.calls and case.calls:
            same = {call.words for call in every(earlier.calls)} == {call.words for call in every(case.calls)}
            found += (
                agreed(f"the calls of no. {number}")
                if same
                else contradicted(f"the text says it repeats no. {number}, which did something else")
            )
    return found


def _numbered(past: Iterable[Past], number: str) -> Past | None:
    return next((each for each in past if each.external_id.rpartition("-")[2].lstrip("#0") == number.lstrip("0")), None)
