"""The calls that a call carries: timelock, Safe, multisend, multicall, diamond and EVM-script batches."""

from collections.abc import Sequence
from typing import Any

Arguments = tuple[Any, ...]
# target, value, calldata, signature kept apart (Governor Alpha), whether its code runs as the caller's own
Carried = tuple[str, int, bytes, str | None, bool]
_EVM_SCRIPT = bytes.fromhex("00000001")


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


def safe_call(_this: str, arguments: Arguments) -> list[Carried] | None:
    """(target, value, data, operation, …); operation 1 is a delegate call."""
    target, value, data, operation = arguments[:4]
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
