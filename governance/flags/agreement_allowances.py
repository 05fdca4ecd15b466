"""Whether the allowances among the calls are those that the text names: each spender, and how much."""

from collections.abc import Sequence
from typing import Final

from governance.flags import claims
from governance.flags.agreement_payments import CONVERTED, addresses_of, is_named_in
from governance.flags.claimed_amounts import DOLLARS, Amount, amounts
from governance.flags.claims import Mention
from governance.flags.comparison import Comparison, Held, agreed, contradicted, together, unsure
from governance.flags.transfers import Allowance
from governance.flags.value_words import number

_ALLOW: Final = (
    "approv", "allowance", "allow", "spend", "permi", "deposit", "suppl", "provid", "stak", "swap", "bridg", "lend", "bond", "stream",
    "repay",
)  # fmt: skip
_UNLIMITED: Final = ("unlimited", "infinite", "max(?:imum)? (?:approv|allowance)", "without (?:a )?limit", "uncapped")


def allowances(held: Held) -> Comparison:
    """Whom the calls let spend, and how much, against what the text says of it."""
    given = [each for call in held.calls for each in call.allowances if each.amount]
    named = amounts(held.text, held.symbols)
    return together([each for allowance in given for each in (_limit(held, allowance, named), _spender(held, allowance))])


def _limit(held: Held, given: Allowance, named: Sequence[Amount]) -> Comparison:
    token = given.token or given.asset
    if given.unlimited:
        if claims.mention(held.text, _UNLIMITED) is Mention.SAID:
            limited = any(given.spender in addresses_of(each.line) for each in named)
            return unsure(f"whether {given.spender} is whom the text lets spend without limit") if limited else agreed("allowances")
        return held.unsaid(f"the text does not say that {given.spender} may spend {token} without limit")
    own = {each.amount for each in named if given.token is not None and each.token is not None and is_named_in(each.token, given.token)}
    # What is said of the spender, or at least of allowing, counts before what is said of payments.
    mine = [each for each in named if each.amount in own and given.spender in addresses_of(each.line)]
    allowing = [each for each in named if each.amount in own and claims.mention(each.line, _ALLOW) is Mention.SAID]
    own = {each.amount for each in mine or allowing} or own
    if own and given.amount > max(own):
        return contradicted(
            f"the text names at most {number(max(own))} {token}, the calls let {given.spender} spend {number(given.amount)}"
        )
    if own:
        return agreed("allowances")
    mention = claims.mention(held.text, _ALLOW)
    if mention is not Mention.SAID:
        return held.silence(f"let {given.spender} spend {number(given.amount)} {token}", mention)
    others = [each for each in named if each.token not in {None, DOLLARS}]
    if given.token is not None and others and claims.mention(held.text, CONVERTED) is not Mention.SAID:
        return held.unsaid(f"the text names no {token}, but {given.spender} could spend {number(given.amount)}")
    return unsure(f"how much {token} the text lets {given.spender} spend")


def _spender(held: Held, given: Allowance) -> Comparison:
    if held.known(given.spender):
        return agreed("spenders")
    # A contract that is called right after may need what it is allowed; whether it is the right one is no matter of this text.
    if given.spender not in held.explained and held.somebody_else(held.receiving):
        return contradicted(f"the calls let {given.spender} spend, which the text does not name")
    return unsure(f"whether {given.spender} is who the text lets spend")
