"""The calls that a call carries: timelock, Safe, multisend, multicall, diamond, EVM-script and bridged batches."""

from collections.abc import Sequence
from typing import Any

Arguments = tuple[Any, ...]
# target, value, calldata, signature kept apart (Governor Alpha), whether its code runs as the caller's own
Carried = tuple[str, int, bytes, str | None, bool]
_EVM_SCRIPT = bytes.fromhex("00000001")
# Where the price of gas stands among the arguments of a Safe's `execTransaction`.
_GAS_PRICE = 6
_MARKED = ("address[]", "uint256[]", "string[]", "bytes[]", "bool[]")


def one_call(_this: str, arguments: Arguments) -> list[Carried] | None:
    """(target, value, data, …)."""
    return [_carried(*arguments[:3])]


def pair(_this: str, arguments: Arguments) -> list[Carried] | None:
    """(target, data, …)."""
    return [_carried(arguments[0], 0, arguments[1])]


def signed_call(_this: str, arguments: Arguments) -> list[Carried] | None:
    """(target, value, signature, data, …)."""
    target, value, signature, data = arguments[:4]
    return [_carried(target, value, data, signature or None)]


def delegated_pair(_this: str, arguments: Arguments) -> list[Carried] | None:
    """(target, data): DSProxy and Arbitrum's upgrade executor run the target's code as their own."""
    return [_carried(arguments[0], 0, arguments[1], None, delegated=True)]


def spell(_this: str, arguments: Arguments) -> list[Carried] | None:
    """(spell, tag, data, …) of a DSPause: the spell's code runs as the pause proxy's own."""
    return [_carried(arguments[0], 0, arguments[2], None, delegated=True)]


def message(_this: str, arguments: Arguments) -> list[Carried] | None:
    """(receiver, data, …) to another chain: one call, or the batch that a receiver of bridged governance unpacks."""
    return unpacked(arguments[1]) or [_carried(arguments[0], 0, arguments[1])]


def paid_message(_this: str, arguments: Arguments) -> list[Carried] | None:
    """(receiver, value, data, …): likewise, with value."""
    return [_carried(*arguments[:3])] if arguments[1] else message("", (arguments[0], arguments[2]))


def retryable(_this: str, arguments: Arguments) -> list[Carried] | None:
    """(to, value there, …, data) of an Arbitrum ticket; the rest of what is sent along pays for gas or is refunded."""
    return [_carried(arguments[0], arguments[1], arguments[-1])] if arguments[1] else message("", (arguments[0], arguments[-1]))


def deposited(_this: str, arguments: Arguments) -> list[Carried] | None:
    """(to, value, gas, creates a contract, data) of an Optimism portal; what creates a contract is no call."""
    return None if arguments[3] else [_carried(arguments[0], arguments[1], arguments[4])]


def marked_lists(_this: str, arguments: Arguments) -> list[Carried] | None:
    """Lists of (targets, values, signatures, data, delegated)."""
    made = _zipped(arguments[0], arguments[1], arguments[3], arguments[2])
    if made is None or len(made) != len(arguments[4]):
        return None
    return [(target, value, data, name, bool(marked)) for (target, value, data, name, _), marked in zip(made, arguments[4], strict=True)]


def unpacked(data: bytes) -> list[Carried] | None:
    """The calls of a bridged batch, (targets, values, signatures, data) with or without delegate marks; None where it is none.

    It has no selector: its first word is an offset, whose four leading bytes are nought.
    """
    from eth_abi import abi  # noqa: PLC0415  # takes a tenth of a second, and most proposals have no calldata
    from eth_abi.exceptions import DecodingError, EncodingError  # noqa: PLC0415

    if data[:4] != bytes(4):
        return None
    for types, read in ((_MARKED, marked_lists), (_MARKED[:4], signed_lists)):
        try:
            found = tuple(abi.decode(types, data))
            if abi.encode(types, found) == data:
                return read("", found)
        except (DecodingError, EncodingError, OverflowError, ValueError, UnicodeDecodeError):
            continue
    return None


def safe_call(_this: str, arguments: Arguments) -> list[Carried] | None:
    """(target, value, data, operation, …); operation 1 is a delegate call.

    With a price of gas (`execTransaction`) the Safe also pays whoever is named a refund, up to any amount: such a call is not read.
    """
    target, value, data, operation = arguments[:4]
    if len(arguments) > _GAS_PRICE and arguments[_GAS_PRICE] != 0:
        return None
    return [_carried(target, value, data, None, delegated=operation == 1)] if operation in {0, 1} else None


def call_lists(_this: str, arguments: Arguments) -> list[Carried] | None:
    """Lists of (targets, values, data); lists of unequal length are no calls."""
    return _zipped(arguments[0], arguments[1], arguments[2], None)


def signed_lists(_this: str, arguments: Arguments) -> list[Carried] | None:
    """Lists of (targets, values, signatures, data)."""
    return _zipped(arguments[0], arguments[1], arguments[3], arguments[2])


def pairs(_this: str, arguments: Arguments) -> list[Carried] | None:
    """A list of (target, data)."""
    return [_carried(target, 0, data) for target, data in arguments[0]]


def last_pairs(this: str, arguments: Arguments) -> list[Carried] | None:
    """(…, list of (target, data))."""
    return pairs(this, arguments[-1:])


def triples(_this: str, arguments: Arguments) -> list[Carried] | None:
    """A list of (target, may fail, data)."""
    return [_carried(target, 0, data) for target, _, data in arguments[0]]


def multicall(this: str, arguments: Arguments) -> list[Carried] | None:
    """A list of calldata for the target itself."""
    return [_carried(this, 0, data) for data in arguments[0]]


def self_call(this: str, arguments: Arguments) -> list[Carried] | None:
    """(implementation, data): the proxy then calls its new code with `data`, if there is any."""
    return [_carried(this, 0, arguments[1], None, delegated=True)] if arguments[1] else []


def first_called(_this: str, arguments: Arguments) -> list[Carried] | None:
    """(proxy, implementation, data): likewise."""
    return [_carried(arguments[0], 0, arguments[2], None, delegated=True)] if arguments[2] else []


def diamond_init(_this: str, arguments: Arguments) -> list[Carried] | None:
    """(cuts, init, data) of EIP-2535: the code of `init` runs as the diamond's own."""
    _, init, data = arguments
    return [] if int(init, 16) == 0 else [_carried(init, 0, data, None, delegated=True)]


def multi_send(_this: str, arguments: Arguments) -> list[Carried] | None:
    """Safe's packed batch: operation (1 byte), target (20), value (32), length (32), data; anything left over is no batch."""
    packed, found, place = arguments[0], [], 0
    while place < len(packed):
        head = packed[place : place + 85]
        if len(head) < 85 or head[0] > 1:
            return None
        size = int.from_bytes(head[53:85])
        data = packed[place + 85 : place + 85 + size]
        if len(data) != size:
            return None
        found.append(_carried(_address(head[1:21]), int.from_bytes(head[21:53]), data, None, delegated=head[0] == 1))
        place += 85 + size
    return found


def evm_script(_this: str, arguments: Arguments) -> list[Carried] | None:
    """Aragon's CallsScript: id (4 bytes), then target (20), length (4), data."""
    script = arguments[0]
    if script[:4] != _EVM_SCRIPT:
        return None
    found, place = [], 4
    while place < len(script):
        head = script[place : place + 24]
        size = int.from_bytes(head[20:24])
        data = script[place + 24 : place + 24 + size]
        if len(head) < 24 or len(data) != size:
            return None
        found.append(_carried(_address(head[:20]), 0, data))
        place += 24 + size
    return found


def _zipped(targets: Sequence[str], values: Sequence[int], data: Sequence[bytes], signatures: Sequence[str] | None) -> list[Carried] | None:
    if not len(targets) == len(values) == len(data) or (signatures is not None and len(signatures) != len(targets)):
        return None
    named = [None] * len(targets) if signatures is None else [each or None for each in signatures]
    return [_carried(target, value, body, name) for target, value, body, name in zip(targets, values, data, named, strict=True)]


def _carried(target: str, value: int, data: bytes, signature: str | None = None, *, delegated: bool = False) -> Carried:
    return target.lower(), value, data, signature, delegated


def _address(raw: bytes) -> str:
    return f"0x{raw.hex()}"
