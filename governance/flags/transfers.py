"""What a call pays and whom it allows to spend, read from its arguments and the coin it sends along."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from governance.flags.functions import Effect, Function, Token
from governance.flags.value_words import scaled

COIN: Final = "ETH"
_COIN: Final = Token(COIN, 18)


@dataclass(frozen=True, slots=True)
class Transfer:
    """Value that moves: `amount` in whole tokens where the token's decimals are known, else in base units (`token` None).

    `along`: coin that a call of a function brings with it.
    """

    recipient: str
    amount: Decimal
    token: str | None
    asset: str
    along: bool = False


@dataclass(frozen=True, slots=True)
class Allowance:
    """What somebody may spend from then on, in units like a transfer's."""

    spender: str
    amount: Decimal
    token: str | None
    asset: str
    unlimited: bool


def asset_of(entry: Function, target: str, given: Mapping[str, object]) -> str:
    """The address of the token that the call is about; `COIN` for the chain's own."""
    if "token" in given:
        return str(given["token"]).lower()
    return entry.paid_in.get(target, entry.paid_in.get("", target))


def token_of(asset: str, tokens: Mapping[str, Token]) -> Token | None:
    """How the asset is written, where that is known."""
    return _COIN if asset == COIN else tokens.get(asset)


def paid(entry: Function, target: str, given: Mapping[str, object], tokens: Mapping[str, Token]) -> tuple[Transfer, ...]:
    """The payments in the arguments; of lists of unequal length none can be told."""
    if entry.pays is None:
        return ()
    to, sums = given[entry.pays[0]], given[entry.pays[1]]
    recipients = to if isinstance(to, list | tuple) else (to,)
    amounts = sums if isinstance(sums, list | tuple) else (sums,)
    asset = asset_of(entry, target, given)
    token = token_of(asset, tokens)
    return tuple(
        Transfer(str(recipient).lower(), scaled(int(str(each)), token.decimals if token else 0), token.symbol if token else None, asset)
        for recipient, each in zip(recipients, amounts, strict=False)
    )


def moved(entry: Function, target: str, given: Mapping[str, object], tokens: Mapping[str, Token]) -> tuple[tuple[Decimal, str | None], ...]:
    """(amount, token) of each amount in the arguments of a call that pays nobody by them; no token where its decimals are not told."""
    if entry.effect is not Effect.OTHER or entry.pays is not None:
        return ()
    token = token_of(asset_of(entry, target, given), tokens)
    return tuple((scaled(int(str(given[name])), token.decimals if token else 0), token.symbol if token else None) for name in entry.amounts)


def coin(target: str, value: int, *, along: bool = False) -> tuple[Transfer, ...]:
    """The chain's own coin, where any is sent."""
    return (Transfer(target, scaled(value, 18), COIN, COIN, along),) if value > 0 else ()


def allowed(entry: Function, target: str, given: Mapping[str, object], tokens: Mapping[str, Token]) -> tuple[Allowance, ...]:
    """The allowance in the arguments, if there is one."""
    if entry.effect is not Effect.ALLOWANCE:
        return ()
    asset = asset_of(entry, target, given)
    token = token_of(asset, tokens)
    raw = int(str(given["amount"]))
    # More than there is of any token, and the highest number of those that hold allowances in 96 bits, is without limit.
    unlimited = raw >= 2**120 or raw == 2**96 - 1
    amount = scaled(raw, token.decimals if token else 0)
    return (Allowance(str(given["spender"]).lower(), amount, token.symbol if token else None, asset, unlimited),)
