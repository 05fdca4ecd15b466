"""Who may consent, and what their words add up to, counted a second time."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, localcontext
from typing import Any

_EXACT = Context(prec=200, traps=[Inexact])
AGAINST, FOR, ABSTAIN = 0, 1, 2
# A delegate may take a word back, never make it stronger.
CAUTION = {FOR: 0, ABSTAIN: 1, AGAINST: 2}


@dataclass(frozen=True, slots=True)
class Electorate:
    """One version: powers by address, in the order of addresses, and the threshold."""

    version: int
    sha256: str
    powers: Mapping[str, str]
    rule: str
    approve: str

    def tally(self, words: Mapping[str, int]) -> tuple[dict[str, str], list[str]]:
        """The tally as it is logged, and the delegates who said "for"."""

        def sum_of(wanted: int | None) -> str:
            with localcontext(_EXACT):
                total = sum((self._weight(a) for a in self.powers if words.get(a) == wanted), Decimal(0))
            text = f"{total:f}"
            return text.rstrip("0").rstrip(".") if "." in text else text

        tally = {
            "rule": self.rule,
            "for": sum_of(FOR),
            "against": sum_of(AGAINST),
            "abstain": sum_of(ABSTAIN),
            "undecided": sum_of(None),
            "approve": self.approve,
        }
        return tally, [address for address in self.powers if words.get(address) == FOR]

    def _weight(self, address: str) -> Decimal:
        return Decimal(self.powers[address]) if self.rule == "power" else Decimal(1)


def met(tally: Mapping[str, str]) -> bool:
    """Whether "for" reaches the threshold; exactly at it counts."""
    return Decimal(tally["for"]) >= Decimal(tally["approve"])


def out_of_reach(tally: Mapping[str, str]) -> bool:
    """Whether "for" cannot reach the threshold any more."""
    with localcontext(_EXACT):
        return Decimal(tally["for"]) + Decimal(tally["undecided"]) < Decimal(tally["approve"])


def read_electorate(version: int, sha256: str, body: Mapping[str, Any]) -> Electorate:
    """The electorate in a logged body; `ValueError` or `KeyError` for anything that is none."""
    delegates, threshold = body["delegates"], body["threshold"]
    powers = {delegate["address"]: delegate["power"] for delegate in delegates}
    ordered = sorted(powers, key=lambda address: bytes.fromhex(address[2:]))
    if not delegates or len(powers) != len(delegates) or list(powers) != ordered:
        raise ValueError("delegates stand once each, in the order of their addresses")
    if threshold["rule"] not in {"head", "power"} or Decimal(threshold["approve"]) <= 0:
        raise ValueError("a threshold counts heads or power, and is above zero")
    if any(Decimal(power) <= 0 for power in powers.values()):
        raise ValueError("who has no power is no delegate")
    return Electorate(version, sha256, powers, threshold["rule"], threshold["approve"])
