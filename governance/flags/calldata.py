"""Calldata decoded against known functions: what each call does, in words, and the calls inside it."""

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Final

from governance.flags import transfers, value_words
from governance.flags.claims import addresses_in
from governance.flags.functions import Effect, Function, Token
from governance.flags.known_functions import FUNCTIONS, TOKENS
from governance.flags.transfers import Allowance, Transfer
from governance.flags.value_words import number, scaled

# Batches of batches are read this deep, and this many calls of one proposal: beyond that the rest is said to be unread.
MOST_DEPTH: Final = 6
MOST_CALLS: Final = 300
# So many payments of one list cost as much as another call.
PAYMENTS_A_CALL: Final = 10
_SIGNATURE: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]{0,127}\([A-Za-z0-9_,()\[\]]{0,1000}\)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Call:
    """One call as a proposal holds it. `signature` is what Governor Alpha keeps apart from the arguments; then `data` has no selector."""

    target: str
    value: int = 0
    data: bytes = b""
    signature: str | None = None
    delegated: bool = False


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument: its name and type as the known function has them, and its value as text."""

    name: str
    type: str
    value: str


@dataclass(frozen=True, slots=True)
class Decoded:
    """A call in words. `function` is None where it is not known; then `problem` says why. `inside` are the calls it carries.

    `moved` are (amount, token) that it puts somewhere, takes out or burns without paying anybody by its arguments.
    """

    target: str
    value: int
    selector: str | None
    function: str | None
    effect: Effect
    words: str
    arguments: tuple[Argument, ...] = ()
    inside: tuple["Decoded", ...] = ()
    transfers: tuple[Transfer, ...] = ()
    allowances: tuple[Allowance, ...] = ()
    moved: tuple[tuple[Decimal, str | None], ...] = ()
    problem: str | None = None
    delegated: bool = False


def decode(calls: Sequence[Call], *, tokens: Mapping[str, Token] | None = None) -> tuple[Decoded, ...]:
    """What `calls` do. `tokens` are symbols and decimals beside those that are known. Never raises: what cannot be read is said."""
    reading = _Reading({**TOKENS, **(tokens or {})}, 0, [MOST_CALLS])
    return tuple(_decode(call, reading) for call in calls)


def flat(decoded: Sequence[Decoded], depth: int = 0) -> Iterator[tuple[int, Decoded]]:
    """Every call with its depth, each before those inside it."""
    for each in decoded:
        yield depth, each
        yield from flat(each.inside, depth + 1)


def every(decoded: Sequence[Decoded]) -> list[Decoded]:
    """Every call, those inside others too."""
    return [each for _, each in flat(decoded)]


def addresses_given(call: Decoded, names: Container[str] | None = None) -> frozenset[str]:
    """The addresses in the arguments of the call, or in those of these names."""
    given = (each.value for each in call.arguments if names is None or each.name in names)
    return frozenset(address for value in given for address in addresses_in(value))


def undecoded(decoded: Sequence[Decoded]) -> list[Decoded]:
    """The calls that nobody could read."""
    return [each for each in every(decoded) if each.problem is not None]


@dataclass(frozen=True, slots=True)
class _Reading:
    """One reading of a proposal's calls: the tokens known, how deep it is, and how many calls may still be read."""

    tokens: Mapping[str, Token]
    depth: int
    budget: list[int]

    def deeper(self) -> "_Reading":
        return _Reading(self.tokens, self.depth + 1, self.budget)


def _decode(call: Call, reading: _Reading) -> Decoded:
    if reading.depth > MOST_DEPTH or reading.budget[0] <= 0:
        return _unread(call, None, f"more than {MOST_DEPTH} batches inside each other, or more than {MOST_CALLS} calls")
    reading.budget[0] -= 1
    if not call.data and not call.signature:
        return _plain_payment(call)
    selector, body, problem = _split(call)
    if selector is None:
        return _unread(call, None, problem or "no function is named")
    entry = by_selector().get(selector)
    if entry is None:
        named = f" ({call.signature})" if call.signature else ""
        return _unread(call, selector, f"unknown function 0x{selector.hex()}{named}")
    return _known(entry, call, selector, body, reading)


def _known(entry: Function, call: Call, selector: bytes, body: bytes, reading: _Reading) -> Decoded:
    arguments = _arguments(entry, body)
    if arguments is None:
        return _unread(call, selector, f"the data does not fit {entry.signature}")
    inside = _inside(entry, call, arguments, reading)
    if inside is None:
        return _unread(call, selector, f"what {entry.signature} carries cannot be read")
    given = dict(zip(entry.names, arguments, strict=True))
    paid = transfers.paid(entry, call.target, given, reading.tokens)
    reading.budget[0] -= len(paid) // PAYMENTS_A_CALL
    allowances = transfers.allowed(entry, call.target, given, reading.tokens)
    # What a batch keeps of the coin sent along is paid to it.
    kept = call.value - sum(each.value for each in inside)
    return Decoded(
        target=call.target,
        value=call.value,
        selector=f"0x{selector.hex()}",
        function=entry.signature,
        effect=_effect(entry, allowances),
        words=_words(entry, call, given, reading.tokens),
        arguments=tuple(
            Argument(name, kind, value_words.text(value, name=name)) for (name, value), kind in zip(given.items(), entry.types, strict=True)
        ),
        inside=inside,
        transfers=(*paid, *transfers.coin(call.target, kept, along=True)),
        allowances=allowances,
        moved=transfers.moved(entry, call.target, given, reading.tokens),
        delegated=call.delegated or entry.delegates,
    )


def _plain_payment(call: Call) -> Decoded:
    if call.value == 0:
        return Decoded(call.target, 0, None, "", Effect.NONE, f"call {call.target} with nothing")
    paid = transfers.coin(call.target, call.value)
    words = f"pay {number(paid[0].amount)} ETH to {call.target}"
    return Decoded(call.target, call.value, None, "", Effect.TRANSFER, words, transfers=paid)


def _split(call: Call) -> tuple[bytes | None, bytes, str | None]:
    """Selector and arguments; with a signature the selector follows from it, and data that brings another one is not read."""
    if call.signature:
        if not _SIGNATURE.fullmatch(call.signature):
            return None, b"", "its signature is no function's"
        return selector_of(call.signature), call.data, None
    if len(call.data) < 4:
        return None, b"", f"{len(call.data)} bytes name no function"
    return call.data[:4], call.data[4:], None


def _arguments(entry: Function, body: bytes) -> tuple[object, ...] | None:
    """The arguments, only where encoding them again gives exactly these bytes: what hides beside them is not overlooked."""
    from eth_abi import abi  # noqa: PLC0415  # takes a tenth of a second, and most proposals have no calldata
    from eth_abi.exceptions import DecodingError, EncodingError  # noqa: PLC0415

    try:
        found = tuple(abi.decode(entry.types, body))
        return found if abi.encode(entry.types, found) == body else None
    except (DecodingError, EncodingError, OverflowError, ValueError, UnicodeDecodeError):
        return None


def _inside(entry: Function, call: Call, arguments: tuple[object, ...], reading: _Reading) -> tuple[Decoded, ...] | None:
    if entry.inside is None:
        return ()
    carried = entry.inside(call.target, arguments)
    if carried is None:
        return None
    made = [Call(target, value, data, signature, delegated) for target, value, data, signature, delegated in carried]
    return tuple(_decode(each, reading.deeper()) for each in made)


def _effect(entry: Function, allowances: Sequence[Allowance]) -> Effect:
    """An allowance is a matter of control only where it has no limit."""
    return Effect.CONTROL if any(each.unlimited for each in allowances) else entry.effect


def _words(entry: Function, call: Call, given: Mapping[str, object], tokens: Mapping[str, Token]) -> str:
    asset = transfers.asset_of(entry, call.target, given)
    token = transfers.token_of(asset, tokens)
    parts = {name: value_words.text(value, name=name) for name, value in given.items()}
    for name in entry.amounts:
        parts[name] = value_words.amount(int(str(given[name])), token, asset)
    parts["this"] = f"{token.symbol} ({call.target})" if token and asset == call.target else call.target
    words = entry.words.format_map(parts)
    return f"{words}, sending {number(scaled(call.value, 18))} ETH along" if call.value else words


def _unread(call: Call, selector: bytes | None, problem: str) -> Decoded:
    paid = transfers.coin(call.target, call.value)
    along = f", sending {number(paid[0].amount)} ETH" if paid else ""
    return Decoded(
        target=call.target,
        value=call.value,
        selector=None if selector is None else f"0x{selector.hex()}",
        function=None,
        effect=Effect.UNKNOWN,
        words=f"not read: {problem} on {call.target}, {len(call.data)} bytes{along}",
        transfers=paid,
        problem=problem,
        delegated=call.delegated,
    )


def entry_of(call: Decoded) -> Function | None:
    """The known function that the call calls; None where it is not read, or calls none."""
    return None if call.selector is None or call.function is None else by_selector().get(bytes.fromhex(call.selector[2:]))


@cache
def by_selector() -> Mapping[bytes, Function]:
    """The known functions by the first four bytes of their calldata."""
    return {selector_of(each.signature): each for each in FUNCTIONS}


@cache
def selector_of(signature: str) -> bytes:
    """The first four bytes of keccak256 of the signature (Solidity ABI specification)."""
    from eth_utils.crypto import keccak  # noqa: PLC0415  # see above

    return bytes(keccak(text=signature)[:4])
