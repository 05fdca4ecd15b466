"""Counting consents: each delegate's word, the tally, and whether the threshold is met or out of reach."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from governance.approvals import Support
from governance.electorates import Electorate, exact_sum, plain
from governance.errors import AlreadyRecorded

# A delegate may take a word back, never strengthen it: a signature says nothing about when it was made, so whoever
# carries an old "for" could otherwise deliver it after the "against" that was meant to replace it.
_CAUTION: Final = {Support.FOR: 0, Support.ABSTAIN: 1, Support.AGAINST: 2}


@dataclass(frozen=True, slots=True)
class Tally:
    """The weights of today's delegates by their words, exact decimal text, under the electorate's own rule."""

    rule: str
    for_: str
    against: str
    abstain: str
    undecided: str
    approve: str
    signers: tuple[str, ...]

    @property
    def met(self) -> bool:
        """Whether "for" reaches the threshold; exactly at it counts."""
        return Decimal(self.for_) >= Decimal(self.approve)

    @property
    def out_of_reach(self) -> bool:
        """Whether "for" could not reach the threshold even if every undecided delegate consented."""
        return exact_sum((Decimal(self.for_), Decimal(self.undecided))) < Decimal(self.approve)

    def body(self) -> dict[str, str]:
        """The tally as it is stored, logged and shown."""
        return {
            "rule": self.rule,
            "for": self.for_,
            "against": self.against,
            "abstain": self.abstain,
            "undecided": self.undecided,
            "approve": self.approve,
        }


def count(electorate: Electorate, words: Mapping[str, Support]) -> Tally:
    """Count `words` (delegate address to its word); those of anyone who is not a delegate weigh nothing.

    `signers` are the delegates who said "for", in the order of their addresses.
    """

    def weight(*wanted: Support | None) -> str:
        chosen = (d.address for d in electorate.delegates if words.get(d.address) in wanted)
        return plain(exact_sum(electorate.weight(address) for address in chosen))

    return Tally(
        rule=electorate.threshold.rule.value,
        for_=weight(Support.FOR),
        against=weight(Support.AGAINST),
        abstain=weight(Support.ABSTAIN),
        undecided=weight(None),
        approve=electorate.threshold.approve,
        signers=tuple(d.address for d in electorate.delegates if words.get(d.address) is Support.FOR),
    )


def most_cautious(before: Support | None, after: Support) -> Support:
    """The word of two that counts."""
    return after if before is None or _CAUTION[after] > _CAUTION[before] else before


def refuse_stronger(delegate: str, *, before: Support | None, after: Support) -> None:
    """Refuse a second word unless it is more cautious than the first: for, then abstain, then against.

    What counts therefore never depends on the order in which a delegate's signatures arrive.

    Raises:
        AlreadyRecorded: the delegate's word stands.
    """
    if before is not None and most_cautious(before, after) is before:
        raise AlreadyRecorded(
            f"{delegate} has said {before.name.lower()}; a word can be taken back, not made stronger",
            field="support",
            value=after.name.lower(),
            recorded=before.name.lower(),
            rule="for may become abstain or against, abstain may become against",
        )
