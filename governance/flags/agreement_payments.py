"""Whether the payments among the calls are those that the text names: each amount, and each recipient."""

import re
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from itertools import combinations
from typing import Final

from governance.flags import claims
from governance.flags.claimed_amounts import COINS, DOLLARS, STABLE, Amount, amounts, same
from governance.flags.claims import Mention
from governance.flags.comparison import NOTHING, Comparison, Held, agreed, contradicted, together, unsure
from governance.flags.known_functions import TOKENS
from governance.flags.token_functions import PAYMENT
from governance.flags.transfers import COIN, Transfer
from governance.flags.value_words import number

# A text that says how an amount follows from another: nobody can recompute a price from it.
CONVERTED: Final = (
    "worth", "equivalent", "denominated", "convert", "swap", "twap", "at (?:the|a) (?:market |spot )?(?:price|rate)", "exchange rate",
    "remaining", "remainder", "the rest", "balances?(?![a-z])", "entire (?:balance|holding|amount|position|treasury|reserve)",
    "all (?:of )?(?:the|its|our) (?:funds|tokens|holdings|assets)", "proceeds", "accrued", "unspent",
)  # fmt: skip
# A number without its token is an amount where its line says so.
_STATED: Final = re.compile(r"\b(?:amount|sum|request|budget|payment|cost|total|ask|value|price|fee|grant|salary)|\|", re.IGNORECASE)
_PERCENT: Final = re.compile(r"(?<![\d.,])(\d{1,3}(?:\.\d{1,2})?)\s?(?:%|percent)")
_PARTLY: Final = re.compile(r"\b(?:half|third|quarter|tranche|instal+ment|milestone|upfront|up front)", re.IGNORECASE)
_TRANCHES: Final = {Decimal(1) / number for number in (2, 3, 4, 5, 6, 12)}
# Coin that goes along with a call up to this much may be its fee (a bridge's ticket).
_FEE: Final = Decimal("0.1")
_MOST_PARTS: Final = 10
# Each payment is held against the others: of more than these, which is more than any proposal made, the rest is not compared.
_MOST_PAID: Final = 1_000
_MOST_TIMES: Final = 60


def payments(held: Held) -> Comparison:
    """Every payment on its own: what the text does not name is not made good by what it does."""
    every = [each for call in held.calls for each in call.transfers if each.amount]
    paid = every[:_MOST_PAID]
    fees = [each for each in paid if each.along and each.amount <= _FEE]
    judged = [each for each in paid if each not in fees]
    groups: dict[tuple[str, str], list[Transfer]] = {}
    for each in judged:
        groups.setdefault((each.token or "", each.asset if each.token is None else ""), []).append(each)
    named = amounts(held.text, held.symbols)
    sums = [_group(held, group, named) for group in groups.values()]
    beyond = [unsure(f"the payments beyond the first {_MOST_PAID:,}")] if len(every) > len(paid) else []
    return together(
        [
            *beyond,
            *sums,
            *_recipients(held, judged, named),
            *_crossed(held, judged, named),
            *(_promised(held, each, named) for each in judged),
            *(_fee(held, each, named) for each in fees),
        ]
    )


def _group(held: Held, group: list[Transfer], named: Sequence[Amount]) -> Comparison:
    """The payments in one token against the amounts that the text names in it."""
    symbol = group[0].token
    if symbol is None:
        return _nameless(held, group, named)
    own = [each for each in named if each.token is not None and is_named_in(each.token, symbol)]
    if not own:
        return _unclaimed(held, symbol, group, named)
    said = {each.amount for each in own if not (each.aside or each.perhaps)}
    left = [each for each in group if not _matches(each.amount, said)]
    sum_ = sum((each.amount for each in group), Decimal(0))
    totals = [each.amount for each in own if each.total and not each.aside]
    if left:
        return _unmatched(held, group, left=left, own=own, named=named)
    if totals and max(totals) >= max(said) and sum_ > max(totals):
        return contradicted(f"the text names {number(max(totals))} {symbol} in total, the calls pay {number(sum_)}")
    return together([_repeated(held, symbol, amount, group, own) for amount in sorted({each.amount for each in group})])


def _unmatched(held: Held, group: list[Transfer], *, left: list[Transfer], own: Sequence[Amount], named: Sequence[Amount]) -> Comparison:
    """Some payments are not named one by one: a sum of them may be, or a part of a payment; else they are not in the text."""
    symbol = str(group[0].token)
    said = {each.amount for each in own if not (each.aside or each.perhaps)}
    sum_, rest = (sum((each.amount for each in part), Decimal(0)) for part in (group, left))
    parts = _parts(own)
    if (len(left) == len(group) and _matches(sum_, said)) or (_matches(rest, said) and len(left) > 1):
        return agreed(f"amounts of {symbol}")
    if _matches(sum_, said):
        return unsure(f"how the {number(sum_)} {symbol} are shared out")
    bare = {each.amount for each in named if each.token is None}
    # Where nothing is said to be paid, what the text says is held may be meant.
    parts |= bare | _shares(held, said) | {each.amount for each in own if each.perhaps or not said}
    if all(_matches(each.amount, parts) or _is_multiple(each.amount, own) for each in left):
        return unsure(f"whether {_listed(left)} follow from the amounts in the text")
    if claims.mention(held.text, CONVERTED) is Mention.SAID and any(each.token == DOLLARS or each.token != same(symbol) for each in named):
        return unsure(f"at which price {_listed(left)} were reckoned")
    shown = ", ".join(number(each) for each in sorted({each.amount for each in own})[:4])
    if len(left) == len(group):
        return contradicted(f"the text names {shown} {symbol}, the calls pay {number(sum_)}")
    return held.unsaid(f"the calls also pay {_listed(left)} {symbol} to {left[0].recipient}, which the text does not name ({shown})")


def _repeated(held: Held, symbol: str, amount: Decimal, group: list[Transfer], own: Sequence[Amount]) -> Comparison:
    """One amount in the text is one payment, unless it is said to be paid to several, or so often."""
    times = [each for each in group if each.amount == amount]
    saying = [each for each in own if _matches(amount, {each.amount})]
    named = {each.recipient for each in times if held.known(each.recipient)}
    whole = _matches(amount * len(times), {each.amount for each in own})
    several = any(each.each for each in saying)
    if len(times) == 1 or whole or len(named) >= len(times) or (several and len({each.recipient for each in times}) == len(times)):
        return agreed(f"amounts of {symbol}")
    if several or len(times) <= len(saying):
        return unsure(f"whether {number(amount)} {symbol} are meant {len(times)} times")
    often = "once" if len(saying) == 1 else f"{len(saying)} times"
    return contradicted(f"the text names {number(amount)} {symbol} {often}, the calls pay it {len(times)} times")


def _unclaimed(held: Held, symbol: str, group: list[Transfer], named: Sequence[Amount]) -> Comparison:
    """The text names no amount in the token that is paid."""
    sum_ = sum((each.amount for each in group), Decimal(0))
    others = [each for each in named if each.token not in {None, DOLLARS}]
    bare = {each.amount for each in named if each.token is None}
    there = re.search(rf"(?<![A-Za-z0-9]){re.escape(symbol)}(?![A-Za-z0-9])", claims.visible(held.text), re.IGNORECASE) is not None
    if there and (all(_matches(each.amount, bare) for each in group) or _matches(sum_, bare)):
        stated = {each.amount for each in named if each.token is None and _STATED.search(each.line)}
        sure = all(_matches(each.amount, stated) for each in group) or _matches(sum_, stated)
        return agreed(f"amounts of {symbol}") if sure else unsure(f"whether {_listed(group)} in the text are amounts of {symbol}")
    if symbol == COIN and any(each.token in COINS and _matches(each.amount, {pay.amount for pay in group}) for each in others):
        return unsure("which chain's coin is paid")
    if claims.mention(held.text, CONVERTED) is Mention.SAID and (named or there):
        return unsure(f"at which price {number(sum_)} {symbol} were reckoned")
    if others:
        shown = ", ".join(f"{number(each.amount)} {each.token}" for each in others[:3])
        return held.unsaid(f"the text names {shown}, the calls pay {number(sum_)} {symbol} to {group[0].recipient}")
    mention = claims.mention(held.text, PAYMENT)
    if mention is Mention.SAID or any(each.token == DOLLARS for each in named):
        return unsure(f"how much {symbol} the text means")
    return held.silence(f"pay {number(sum_)} {symbol} to {group[0].recipient}", mention)


def _nameless(held: Held, group: list[Transfer], named: Sequence[Amount]) -> Comparison:
    """Payments in a token whose decimals nobody told: only the digits can be compared."""
    asset, sum_ = group[0].asset, sum((each.amount for each in group), Decimal(0))
    words = f"pay {number(sum_)} base units of {asset} to {group[0].recipient}"
    digits = {_digits(each.amount) for each in named}
    priced = any(each.token == DOLLARS for each in named) or claims.mention(held.text, CONVERTED) is Mention.SAID
    if any(each.token is not None for each in named) and not priced and any(_digits(each.amount) not in digits for each in group):
        return NOTHING if _digits(sum_) in digits else held.unsaid(f"the calls would {words}, which the text does not name")
    mention = claims.mention(held.text, PAYMENT)
    if named or mention is Mention.SAID:
        return unsure(f"symbol and decimals of the token {asset}")
    return held.silence(words, mention)


def _is_meant(held: Held, recipient: str, paid: Sequence[Transfer], named: Sequence[Amount]) -> bool:
    """Whether it is the only one who can be meant, or stands beside an amount that it is paid, where others are named as well."""
    if recipient not in held.addresses or not held.meant - held.explained - {recipient}:
        return True
    own = [pay for pay in paid if pay.recipient == recipient]
    # Several may share a sum that is named once.
    shared = {sum((pay.amount for pay in paid if pay.token == each.token), Decimal(0)) for each in own}
    sums = {pay.amount for pay in own} | shared
    return any(recipient in addresses_of(each.line) for each in named if any(_matches(amount, {each.amount}) for amount in sums))


def _recipients(held: Held, paid: Sequence[Transfer], named: Sequence[Amount]) -> list[Comparison]:
    found = []
    for recipient, along in dict.fromkeys((pay.recipient, pay.along) for pay in paid):
        # What goes along to a known token's own contract is wrapped there.
        if along and (held.known(recipient) or recipient in TOKENS):
            found.append(agreed("recipients"))
        elif held.known(recipient):
            found.append(
                agreed("recipients") if _is_meant(held, recipient, paid, named) else unsure(f"what the text names {recipient} for")
            )
        elif not along and recipient not in held.explained | held.addresses and held.somebody_else(held.appointed):
            found.append(contradicted(f"the calls pay {recipient}, which the text does not name"))
        else:
            found.append(unsure(f"whether {recipient} is whom the text means"))
    return found


def _crossed(held: Held, paid: Sequence[Transfer], named: Sequence[Amount]) -> list[Comparison]:
    """Where a line names one recipient with amounts, that recipient gets one of them, and nobody else's."""
    lines: dict[str, set[tuple[str | None, Decimal]]] = {}
    for each in named:
        whom = addresses_of(each.line) - held.explained
        if len(whom) == 1:
            lines.setdefault(next(iter(whom)), set()).add((each.token, each.amount))
    found = []
    for pay in paid:
        said = lines.get(pay.recipient, set())
        own = {amount for token, amount in said if token is None or pay.token is None or is_named_in(token, pay.token)}
        theirs = {amount for whom, sums in lines.items() if whom != pay.recipient for _, amount in sums}
        all_ = sum((each.amount for each in paid if (each.recipient, each.token) == (pay.recipient, pay.token)), Decimal(0))
        if own and not _matches(pay.amount, own) and not _matches(all_, own) and _matches(pay.amount, theirs):
            found.append(contradicted(f"the text names {number(min(own))} for {pay.recipient}, the calls pay it {number(pay.amount)}"))
    return found


def _promised(held: Held, pay: Transfer, named: Sequence[Amount]) -> Comparison:
    """Where the sentence with the amount names one address, nobody whom the text does not name gets it."""
    own = [each for each in named if each.token is not None and is_named_in(each.token, pay.token or "")]
    saying = [each for each in own if _matches(pay.amount, {each.amount})]
    if pay.along or held.known(pay.recipient) or any(_names_somebody(each.line) for each in saying):
        return NOTHING
    whom = [found for each in saying if len(found := addresses_of(each.line) - held.explained) == 1]
    if not whom or pay.recipient in whom[0]:
        return NOTHING
    return contradicted(f"the text names {next(iter(whom[0]))} for {number(pay.amount)} {pay.token}, the calls pay {pay.recipient}")


# A text may name a thousand amounts in long lines and a proposal make hundreds of payments: each line is looked through once.
@lru_cache(maxsize=4_096)
def addresses_of(line: str) -> frozenset[str]:
    """The addresses in the line that an amount stands in."""
    return frozenset(claims.addresses_in(line))


@lru_cache(maxsize=4_096)
def _names_somebody(line: str) -> bool:
    return claims.names_somebody_in(line)


def _fee(held: Held, paid: Transfer, named: Sequence[Amount]) -> Comparison:
    if any(each.token == COIN and _matches(paid.amount, {each.amount}) for each in named) and held.known(paid.recipient):
        return agreed(f"amounts of {COIN}")
    return unsure(f"what {number(paid.amount)} {COIN} sent along to {paid.recipient} are for")


def is_named_in(token: str, symbol: str) -> bool:
    """Whether an amount in `token` may mean `symbol`: the same name, or dollars for a coin that is one."""
    return token == same(symbol) or (token == DOLLARS and symbol.upper() in STABLE)


def _matches(amount: Decimal, said: set[Decimal]) -> bool:
    """Whether one of `said` is the amount, or the amount but for a thousandth or, where less is paid, less than one token."""
    return any(
        amount == each or (each >= 100 and each == each.to_integral_value() and -1 < amount - each < min(Decimal(1), each / 1_000))
        for each in said
    )


def _parts(own: Sequence[Amount]) -> set[Decimal]:
    """The sums of several of the amounts."""
    each = sorted({claim.amount for claim in own})[:_MOST_PARTS]
    return {sum(chosen, Decimal(0)) for size in range(2, len(each) + 1) for chosen in combinations(each, size)}


def _shares(held: Held, said: set[Decimal]) -> set[Decimal]:
    """The amounts in parts that the text names: 20 % of it now, half of it, a first tranche."""
    shown = claims.visible(held.text)
    named = {Decimal(found) / 100 for found in _PERCENT.findall(shown)[:_MOST_TIMES]}
    return {each * part for each in sorted(said)[:_MOST_TIMES] for part in named | (_TRANCHES if _PARTLY.search(shown) else set())}


def _is_multiple(amount: Decimal, own: Sequence[Amount]) -> bool:
    """Whether the amount is one that is said to be paid so often: 100 a month, for 12 months."""
    times = {amount / each.amount for each in own if each.each and each.amount}
    return any(each == each.to_integral_value() and 1 < each <= _MOST_TIMES for each in times)


def _listed(paid: Sequence[Transfer]) -> str:
    return ", ".join(number(each.amount) for each in paid[:3])


def _digits(amount: Decimal) -> tuple[int, ...]:
    return amount.normalize().as_tuple().digits
