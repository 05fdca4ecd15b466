"""The rule on whether the calls do what the text says."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from governance.flags import claims
from governance.flags.calldata import Decoded, Transfer, every, undecoded
from governance.flags.case import Case, Past
from governance.flags.functions import Effect
from governance.flags.verdicts import Answer, Severity, clear, fired, rule, unknown

# Parameters whose new value both text and calldata can name: (stem in the call's mentions, argument).
_NOUNS: Final = {
    "collateral factor": "factor",
    "reserve factor": "factor",
    "supply cap": "cap",
    "borrow cap": "cap",
    "voting period": "period",
    "voting delay": "delay",
    "proposal threshold": "threshold",
    "quorum": "quorum",
}


@rule(
    "R08",
    "Text and calldata differ",
    source="arXiv 2403.11758: in over 60 % of proposals description and code are not consistent",
    threshold="any claim of the text (amount, recipient, new value, no effect, the same as #n) that the calls contradict, or a call that "
    "moves control and is not mentioned",
    clears_when="the text is corrected in public and voted on again, or the calls are",
    who_can_act="the proposer (cancel); delegates who have not voted; a guardian before execution",
)
def text_against_calls(case: Case) -> Answer:
    """The text says one thing and the calls do another."""
    if case.calls is None:
        return unknown("what the proposal would execute")
    if case.text is None:
        return unknown("any text")
    found, compared = _contradictions(case, case.text)
    unread = undecoded(case.calls)
    inputs = {
        "contradictions": found,
        "compared": compared,
        "calls": [call.words for call in every(case.calls)],
        "not_read": len(unread),
    }
    if found:
        return fired(f"The calls contradict the text: {'; '.join(found)}.", value=len(found), severity=Severity.CRITICAL, inputs=inputs)
    if unread:
        return unknown(f"what {len(unread)} of {len(every(case.calls))} calls do: they need a review", inputs=inputs)
    if not case.calls:
        return clear("It executes nothing, and nothing speaks against that.", value=0, inputs=inputs)
    if not compared:
        return unknown("a claim of the text that the calls could be held against", inputs=inputs)
    return clear(f"The calls agree with the text in {', '.join(compared)}.", value=0, inputs=inputs)


def _contradictions(case: Case, text: str) -> tuple[list[str], list[str]]:
    """What the calls contradict, and what could be compared at all."""
    calls = every(case.calls or ())
    paid = [transfer for call in calls for transfer in call.transfers]
    found: list[str] = []
    compared: list[str] = []
    for judge in (_amounts, _recipients):
        words, held = judge(text, paid, {call.target for call in calls})
        found += words
        compared += held
    words, held = _values(text, calls)
    found, compared = found + words, compared + held
    if claims.says_no_effect(text):
        compared.append("effect")
        found += [f"the text says nothing is moved, but it would {call.words}" for call in calls if call.transfers][:3]
    lowered = text.lower()
    control = [call for call in calls if call.effect is Effect.CONTROL]
    silent = [call for call in control if call.mentions and not any(stem in lowered for stem in call.mentions)]
    found += [f"the text does not mention that it would {call.words}" for call in silent[:3]]
    compared += ["control"] if control else []
    words, held = _repeats(case, text)
    return found + words, compared + held


def _amounts(text: str, paid: Iterable[Transfer], _targets: set[str]) -> tuple[list[str], list[str]]:
    """Sums and single payments per token against the amounts named with its symbol."""
    by_token: dict[str, list[Decimal]] = {}
    for each in paid:
        if each.token is not None:
            by_token.setdefault(each.token.upper(), []).append(each.amount)
    found, compared = [], []
    for token, moved in by_token.items():
        claimed = {each.amount for each in claims.amounts(text) if each.token.upper() == token}
        if not claimed:
            continue
        compared.append(f"amounts of {token}")
        if not claimed & {*moved, sum(moved, Decimal(0))}:
            said = ", ".join(f"{each:f}" for each in sorted(claimed)[:4])
            found.append(f"the text names {said} {token}, the calls pay {sum(moved, Decimal(0)).normalize():f}")
    return found, compared


def _recipients(text: str, paid: Iterable[Transfer], targets: set[str]) -> tuple[list[str], list[str]]:
    """Where the text names addresses that are no targets, they should be the recipients."""
    named = claims.addresses(text)
    others = named - targets
    recipients = {each.recipient for each in paid}
    if not others or not recipients:
        return [], []
    strangers = sorted(recipients - named)
    return [f"the calls pay {each}, which the text does not name" for each in strangers[:3]], ["recipients"]


def _values(text: str, calls: Iterable[Decoded]) -> tuple[list[str], list[str]]:
    found, compared = [], []
    for call in calls:
        given = {each.name: each.value for each in call.arguments}
        for noun, name in _NOUNS.items():
            if noun not in call.words or not given.get(name, "").isdigit():
                continue
            claimed = claims.new_values(text, noun)
            if claimed:
                compared.append(noun)
                if not claims.means(int(given[name]), claimed):
                    said = ", ".join(f"{number:f}{' ' if unit else ''}{unit}" for number, unit in claimed[:3])
                    found.append(f"the text sets the {noun} to {said}, the calls to {given[name]}")
    return found, compared


def _repeats(case: Case, text: str) -> tuple[list[str], list[str]]:
    """Where it claims to repeat an earlier proposal: the calls, or the code they run, must be that one's."""
    found, compared = [], []
    for number in claims.same_as(text):
        earlier = _numbered(case.past, number)
        if earlier is None:
            continue
        here = {code.codehash for code in case.chain.code or () if code.codehash is not None}
        there = set(earlier.codehashes.values())
        if here and there:
            compared.append(f"the code of no. {number}")
            if not here & there:
                found.append(f"the text says it repeats no. {number}, whose code was another")
        elif earlier.calls and case.calls:
            compared.append(f"the calls of no. {number}")
            if {call.words for call in every(earlier.calls)} != {call.words for call in every(case.calls)}:
                found.append(f"the text says it repeats no. {number}, which did something else")
    return found, compared


def _numbered(past: Iterable[Past], number: str) -> Past | None:
    return next((each for each in past if each.external_id.rpartition("-")[2].lstrip("#0") == number.lstrip("0")), None)
