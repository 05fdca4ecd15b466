"""Electorates: who may consent, with what voting power, and how much of it makes an approval."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, localcontext
from enum import StrEnum
from typing import Final, cast

from eth_utils.address import is_checksum_address

from governance.canonical import digest
from governance.errors import InvalidInput

# Sums of voting power are exact: 78 digits before the point, 18 behind it, room for the carry; rounding is an error.
_EXACT: Final = Context(prec=120, traps=[Inexact])
_POWER: Final = re.compile(r"(0|[1-9][0-9]{0,77})(\.[0-9]{0,17}[1-9])?", re.ASCII)
_COUNT: Final = re.compile(r"[1-9][0-9]{0,77}", re.ASCII)
ZERO_ADDRESS: Final = "0x" + "0" * 40

# A change of delegates carries the old and the new set, and its log entry must stay under 65,535 bytes.
MAX_DELEGATES: Final = 200


class Rule(StrEnum):
    """What a threshold counts: heads, or voting power as recorded at a past block."""

    HEAD = "head"
    POWER = "power"


@dataclass(frozen=True, slots=True)
class Delegate:
    """One who may consent: an EIP-55 address and its voting power as exact decimal text."""

    address: str
    power: str


@dataclass(frozen=True, slots=True)
class Threshold:
    """How much "for" approves (inclusive): a number of delegates, or of voting power at `block`."""

    rule: Rule
    approve: str
    block: str | None


@dataclass(frozen=True, slots=True)
class Electorate:
    """A valid set of delegates, in the order of their addresses, and its threshold."""

    delegates: tuple[Delegate, ...]
    threshold: Threshold

    def weight(self, address: str) -> Decimal:
        """What this delegate's word weighs under the threshold's rule; zero for anyone else."""
        for delegate in self.delegates:
            if delegate.address == address:
                return Decimal(delegate.power) if self.threshold.rule is Rule.POWER else Decimal(1)
        return Decimal(0)

    def total(self) -> Decimal:
        """The weight of all delegates together, exact."""
        return exact_sum(self.weight(delegate.address) for delegate in self.delegates)

    def power(self, address: str) -> str | None:
        """The registered voting power of `address`, None for one who is not a delegate."""
        return next((delegate.power for delegate in self.delegates if delegate.address == address), None)

    def sha256(self) -> str:
        """The digest of the canonical form (hex): what a change of delegates starts from and binds to."""
        return digest(self.body())

    def body(self) -> dict[str, object]:
        """The canonical form: what is stored, logged and hashed."""
        return {
            "delegates": [{"address": d.address, "power": d.power} for d in self.delegates],
            "threshold": {
                "rule": self.threshold.rule.value,
                "approve": self.threshold.approve,
                "block": self.threshold.block,
            },
        }


def electorate(body: Mapping[str, object]) -> Electorate:
    """The electorate that `body` describes; delegates may come in any order.

    Refused: no delegates or more than `MAX_DELEGATES`, the zero address, an address without its EIP-55 checksum,
    the same address twice, zero power, a zero or unreachable threshold, a power threshold without its block.

    Raises:
        InvalidInput: naming the field, its value and the rule.
    """
    _only(body, "electorate", {"delegates", "threshold"})
    delegates = _delegates(body.get("delegates"))
    result = Electorate(delegates, _threshold(body.get("threshold")))
    if Decimal(result.threshold.approve) > result.total():
        raise InvalidInput("threshold.approve", result.threshold.approve, f"reachable: at most {plain(result.total())}")
    return result


def exact_sum(values: Iterable[Decimal]) -> Decimal:
    """The exact sum of decimals; `decimal.Inexact` rather than a rounded digit."""
    with localcontext(_EXACT):
        return sum(values, Decimal(0))


def plain(value: Decimal) -> str:
    """Decimal text without exponent, trailing zeros or a bare point."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _delegates(value: object) -> tuple[Delegate, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_DELEGATES:
        raise InvalidInput("delegates", value, f"a list of 1 to {MAX_DELEGATES} delegates")
    found: dict[str, Delegate] = {}
    for index, item in enumerate(value):
        field = f"delegates[{index}]"
        if not isinstance(item, Mapping):
            raise InvalidInput(field, item, "an object with address and power")
        _only(item, field, {"address", "power"})
        delegate = Delegate(_address(item.get("address"), f"{field}.address"), _power(item.get("power"), f"{field}.power"))
        if delegate.address in found:
            raise InvalidInput(f"{field}.address", delegate.address, "each delegate once")
        found[delegate.address] = delegate
    return tuple(sorted(found.values(), key=lambda delegate: bytes.fromhex(delegate.address[2:])))


def _address(value: object, field: str) -> str:
    if not isinstance(value, str) or value == ZERO_ADDRESS or not is_checksum_address(value):
        raise InvalidInput(field, value, "an EIP-55 checksummed address other than zero")
    return value


def _power(value: object, field: str) -> str:
    if not isinstance(value, str) or not _POWER.fullmatch(value):
        raise InvalidInput(field, value, "decimal text with up to 78 digits and 18 decimal places, no trailing zeros")
    if Decimal(value) == 0:
        raise InvalidInput(field, value, "not zero: who has no power is not a delegate")
    return value


def _threshold(value: object) -> Threshold:
    if not isinstance(value, Mapping):
        raise InvalidInput("threshold", value, "an object with rule, approve and block")
    _only(value, "threshold", {"rule", "approve", "block"})
    rule, approve, block = value.get("rule"), value.get("approve"), value.get("block")
    if rule not in {"head", "power"}:
        raise InvalidInput("threshold.rule", rule, '"head" or "power"')
    kind = Rule(cast("str", rule))
    form = _COUNT if kind is Rule.HEAD else _POWER
    if not isinstance(approve, str) or not form.fullmatch(approve) or Decimal(approve) == 0:
        raise InvalidInput("threshold.approve", approve, "a number greater than zero, as text; whole when heads count")
    if block is not None and not (isinstance(block, str) and _COUNT.fullmatch(block)):
        raise InvalidInput("threshold.block", block, "a block number as text, or null")
    if kind is Rule.POWER and block is None:
        raise InvalidInput("threshold.block", block, "the past block at which voting powers were recorded")
    return Threshold(kind, approve, block)


def _only(value: Mapping[str, object], field: str, names: set[str]) -> None:
    unknown = sorted(set(value) - names)
    if unknown:
        raise InvalidInput(f"{field}.{unknown[0]}", value[unknown[0]], f"one of {', '.join(sorted(names))}")
