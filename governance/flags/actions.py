"""Rules on what a proposal would execute: whom it pays, which code it runs, and what control it moves."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from governance.flags.calldata import Decoded, addresses_given, entry_of, every, undecoded
from governance.flags.case import Case, Code, share, total
from governance.flags.functions import Effect
from governance.flags.known_functions import TOKENS
from governance.flags.transfers import Transfer
from governance.flags.verdicts import Answer, Severity, clear, fired, percent, rule, unknown

DEALING: Final = Decimal("0.01")
_UNTOLD: Final = "what the proposal would execute"
_NOTHING: Final = "It executes nothing."
# Arguments by these names receive something.
_RECEIVING: Final = frozenset({"recipient", "to", "receiver", "spender"})


@rule(
    "R06",
    "Self-dealing transfer",
    version=3,
    source="Compound 289: withdrawals controlled by the proposers' multisig only (Wintermute)",
    threshold="pays the proposer's cluster, someone it controls, or an unlisted multisig more than 1 % of the liquid treasury",
    clears_when="the recipient is one the DAO lists and does not belong to the proposer's side, or the amount is small",
    who_can_act="delegates who have not voted; a guardian or veto holder before execution",
)
def self_dealing(case: Case) -> Answer:
    """The money goes to those who ask for it.

    Payments to one side count together, or many small ones would slip through. Who belongs to whom need not be known where all that is
    paid is below the threshold.
    """
    if case.calls is None:
        return unknown(_UNTOLD)
    if not case.calls:
        return clear(_NOTHING)
    paid = [transfer for call in every(case.calls) for transfer in call.transfers]
    suspects = [(each, why) for each in paid if (why := _belongs(case, each.recipient)) is not None]
    sizes = [(_part(case, each), each, why) for each, why in suspects]
    inputs = {
        "paid": [f"{each.amount:f} {each.token or each.asset} to {each.recipient}" for each in paid],
        "cluster": sorted(case.cluster),
        "treasury": case.chain.treasury,
    }
    sum_ = _sum(part for part, _, _ in sizes)
    if sum_ > DEALING:
        _, most, why = max(sizes, key=lambda found: found[0] or Decimal(0))
        others = " (with others of that side)" if len({each.recipient for each, _ in suspects}) > 1 else ""
        line = f"{percent(sum_)} of the treasury would go to {most.recipient}{others}, {why}."
        return fired(line, value=sum_, severity=Severity.CRITICAL, inputs=inputs)
    if any(part is None for part, _, _ in sizes):
        return unknown("the liquid treasury in the token that is paid", inputs=inputs)
    if undecoded(case.calls):
        return unknown("what the calls that cannot be read pay", inputs=inputs)
    if hidden := _may_pay(case):
        return unknown(*hidden, inputs=inputs)
    if not paid:
        return clear("It pays nobody.", inputs=inputs)
    parts = [_part(case, each) for each in paid]
    small = None not in parts and _sum(parts) <= DEALING
    unsure = {} if small else {words: None for each in paid for words in _untold(case, each)}
    if unsure:
        return unknown(*unsure, inputs=inputs)
    if suspects:
        return clear("What goes to the proposer's side is at most 1 % of the treasury.", value=sum_, inputs=inputs)
    return clear("No recipient belongs to the proposer's side.", value=0, inputs=inputs)


def _may_pay(case: Case) -> list[str]:
    """Calls that pay nobody by their amounts and yet may: code that stands elsewhere, and what gives somebody something."""
    calls = every(case.calls or ())
    known = (case.chain.listed or frozenset()) | set(TOKENS) | {call.target for call in calls if call.effect is not Effect.NONE}
    silent = [call for call in calls if not call.transfers and call.effect is not Effect.BATCH]
    own = [call for call in silent if any(_belongs(case, each) for each in addresses_given(call))]
    relays = [call for call in calls if call.effect is Effect.BATCH and call.value and call.target not in (case.chain.listed or ())]
    others = [call for call in silent if call not in own and addresses_given(call, _RECEIVING) - known]
    return [
        *(f"what the code at {call.target} pays" for call in _opaque(calls)),
        *(f"what the proposer's side receives by: {call.words}" for call in own),
        *(f"how much is received by: {call.words}" for call in others),
        *(f"whether {call.target} passes on the coin that is sent to it" for call in relays),
    ]


def _opaque(calls: Iterable[Decoded]) -> list[Decoded]:
    """Calls that run what stands in the target's code alone."""
    return [call for call in calls if (entry := entry_of(call)) is not None and entry.opaque]


def _belongs(case: Case, recipient: str) -> str | None:
    """Why the recipient is no third party; None where nothing speaks against it."""
    controllers = (case.chain.controllers or {}).get(recipient, frozenset())
    if recipient in case.cluster:
        return "which is the proposer's own side"
    if controllers & case.cluster:
        return "which the proposer's side controls"
    if case.chain.listed is not None and recipient in (case.chain.multisigs or frozenset()) - case.chain.listed:
        return "a multisig that the DAO does not list"
    return None


def _untold(case: Case, paid: Transfer) -> list[str]:
    """What nobody told of a recipient who may belong to the proposer's side."""
    chain = case.chain
    if _belongs(case, paid.recipient) is not None:
        return []
    stranger = paid.recipient not in (chain.listed or frozenset())
    return [
        words
        for untold, words in (
            (case.author is None, "the proposer"),
            (chain.cluster is None, "who belongs to the proposer"),
            (chain.controllers is None, "who controls the recipients"),
            (chain.multisigs is None and stranger, "which recipients are multisigs"),
            (chain.listed is None and paid.recipient in (chain.multisigs or ()), "which multisigs the DAO lists"),
        )
        if untold
    ]


def _sum(parts: Iterable[Decimal | None]) -> Decimal:
    return total([part for part in parts if part is not None])


def _part(case: Case, paid: Transfer) -> Decimal | None:
    """What part of the liquid treasury it is; None where the treasury is not told in the token paid."""
    chain = case.chain
    if chain.treasury is None or chain.treasury_token not in {paid.asset, paid.token}:
        return None
    return share(paid.amount, chain.treasury)


@rule(
    "R07",
    "Code at the target can change",
    version=2,
    source="Tornado Cash, May 2023: self-destruct and redeployment (decrypt.co/140932)",
    threshold="a target can destroy itself, delegate, be redeployed or upgraded, is unverified, or its code differs between moments",
    clears_when="the code is verified, fixed, and the same at creation, end of the vote and execution",
    who_can_act="whoever executes: compare the code's hash again and refuse; a guardian",
)
def changing_code(case: Case) -> Answer:
    """What runs may not be what was voted on. The code must have been seen at each of the three moments that is over."""
    if case.calls is None:
        return unknown(_UNTOLD)
    if not case.calls:
        return clear(_NOTHING)
    targets = sorted({call.target for call in every(case.calls)})
    looked: dict[str, list[Code]] = {}
    for code in case.chain.code or ():
        looked.setdefault(code.address, []).append(code)
    bad = [f"{address} {what}" for address in targets for what in _dangers(looked.get(address, []))]
    inputs = {"targets": targets, "looked_at": sorted(looked), "found": bad}
    if bad:
        return fired(f"Code could change after the vote: {'; '.join(bad)}.", value=len(bad), severity=Severity.CRITICAL, inputs=inputs)
    unseen = [address for address in targets if not _whole(looked.get(address, []))]
    if unseen:
        return unknown(f"the code at {', '.join(unseen[:3])}{' and others' if len(unseen) > 3 else ''}", inputs=inputs)
    unhashed = [at for at in _moments(case) if any(not _hashed(looked.get(address, []), at) for address in targets)]
    if unhashed:
        return unknown(f"the hash of the targets' code when it was {' and when it was '.join(unhashed)}", inputs=inputs)
    return clear("The code at every target is verified, fixed and unchanged.", value=0, inputs=inputs)


def _dangers(seen: list[Code]) -> list[str]:
    found = []
    for there, words in (
        (any(each.selfdestruct for each in seen), "can destroy itself"),
        (any(each.delegatecall for each in seen), "runs other code as its own"),
        (any(each.create2 for each in seen), "can be deployed again at its address"),
        (any(each.upgradeable for each in seen), "can be upgraded"),
        (any(each.verified is False for each in seen), "has no verified source"),
        (len({each.codehash for each in seen if each.codehash is not None}) > 1, "changed its code since the proposal was made"),
    ):
        if there:
            found.append(words)
    return found


def _moments(case: Case) -> list[str]:
    """The moments of the three at which there was code to see by now."""
    return ["created", *(["ended"] if case.closed else []), *(["executed"] if case.chain.executed_at is not None else [])]


def _hashed(seen: list[Code], at: str) -> bool:
    return any(each.at == at and each.codehash is not None for each in seen)


def _whole(seen: list[Code]) -> bool:
    """Whether every property was looked at, and the code itself."""
    looked = ("codehash", "verified", "upgradeable", "selfdestruct", "delegatecall", "create2")
    return bool(seen) and all(any(getattr(each, name) is not None for each in seen) for name in looked)


@rule(
    "R09",
    "Call to the controls",
    version=2,
    source="Build Finance, February 2022: the minting key was handed over by vote",
    threshold="any call that mints, allows without limit, or changes owner, code, roles, signers, votes, thresholds, delays or guardians",
    clears_when="never by itself: somebody who knows the contracts must have looked at the call",
    who_can_act="delegates who have not voted; a guardian or veto holder before execution",
)
def control_call(case: Case) -> Answer:
    """It moves who controls the DAO."""
    if case.calls is None:
        return unknown(_UNTOLD)
    calls = every(case.calls)
    found = [call for call in calls if call.effect is Effect.CONTROL or call.delegated]
    inputs = {"calls": len(calls), "control": [call.words for call in found], "not_read": len(undecoded(case.calls))}
    if found:
        return fired(f"It would {'; and '.join(call.words for call in found[:3])}.", value=len(found), inputs=inputs)
    if undecoded(case.calls):
        return unknown("what the calls that cannot be read do", inputs=inputs)
    if hidden := _opaque(calls):
        return unknown(*(f"what the code at {call.target} does" for call in hidden), inputs=inputs)
    return clear("No call touches the controls." if calls else _NOTHING, value=0, inputs=inputs)
