"""What comes of holding calls against a text."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from governance.flags import claims
from governance.flags.calldata import Decoded, addresses_given, every
from governance.flags.case import Case
from governance.flags.functions import Effect
from governance.flags.known_functions import TOKENS
from governance.flags.transfers import COIN, Allowance, Transfer

_SYMBOLS: Final = frozenset({COIN, *(token.symbol.upper() for token in TOKENS.values())})


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the calls contradict, in what they agree with the text, and what could not be told."""

    contradicted: tuple[str, ...] = ()
    agreed: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()

    def __add__(self, other: "Comparison") -> "Comparison":
        return Comparison(self.contradicted + other.contradicted, self.agreed + other.agreed, self.unsure + other.unsure)


NOTHING: Final = Comparison()


def contradicted(words: str) -> Comparison:
    """The calls contradict the text."""
    return Comparison(contradicted=(words,))


def agreed(what: str) -> Comparison:
    """The calls do what the text says."""
    return Comparison(agreed=(what,))


def unsure(what: str) -> Comparison:
    """Nobody can tell without `what`."""
    return Comparison(unsure=(what,))


def together(each: Iterable[Comparison]) -> Comparison:
    """All of them, in order, nothing twice."""
    found = sum(each, NOTHING)
    return Comparison(tuple(dict.fromkeys(found.contradicted)), tuple(dict.fromkeys(found.agreed)), tuple(dict.fromkeys(found.unsure)))


@dataclass(frozen=True)
class Held:
    """A proposal's text and its calls, side by side, with what both are asked for again and again."""

    case: Case
    text: str

    @cached_property
    def calls(self) -> list[Decoded]:
        """Every call, those inside others too."""
        return every(self.case.calls or ())

    @cached_property
    def _moved(self) -> list[Transfer | Allowance]:
        paid: list[Transfer | Allowance] = [each for call in self.calls for each in call.transfers]
        return [*paid, *(each for call in self.calls for each in call.allowances)]

    @cached_property
    def addresses(self) -> frozenset[str]:
        """Those that the text names."""
        return frozenset(claims.addresses(self.text))

    @cached_property
    def meant(self) -> frozenset[str]:
        """Those that the text names otherwise than as its author's, or to warn of them."""
        return frozenset(claims.meant(self.text))

    @cached_property
    def symbols(self) -> frozenset[str]:
        """The tokens known by name, in capitals."""
        moved = {each.token for each in self._moved if each.token is not None}
        return _SYMBOLS | {symbol.upper() for symbol in moved}

    @cached_property
    def explained(self) -> frozenset[str]:
        """Addresses that the text names for other reasons than to say who gets something: contracts, tokens, who gives or proposes."""
        assets = {each.asset for each in self._moved}
        # What does nothing explains nothing: it may only have been added to explain an address.
        targets = {call.target for call in self.calls if call.effect is not Effect.NONE}
        author = set() if self.case.author is None else {self.case.author}
        return frozenset(targets | assets | set(TOKENS) | author | claims.givers(self.text))

    @cached_property
    def appointed(self) -> frozenset[str]:
        """Addresses in the arguments of calls that pay nobody."""
        return frozenset(address for call in self.calls if not call.transfers for address in addresses_given(call))

    @cached_property
    def receiving(self) -> frozenset[str]:
        """Whoever is paid."""
        return frozenset(each.recipient for call in self.calls for each in call.transfers)

    def somebody_else(self, but_for: frozenset[str]) -> bool:
        """Whether the text names an address that nothing else explains, and so must be the one meant."""
        told = self.case.body is not None
        return told and bool(self.meant - self.explained - but_for) and not claims.names_somebody(self.text)

    def known(self, address: str) -> bool:
        """Whether the text names the address, and not only as its author's or to warn of it, or the DAO lists it."""
        return address in self.meant or address in (self.case.chain.listed or frozenset())

    def silence(self, words: str, mention: claims.Mention) -> Comparison:
        """What it means that the text does not say that it would `words`."""
        if mention is claims.Mention.DENIED:
            return contradicted(f"the text denies that it would {words}")
        if not claims.can_be_silent(self.text):
            return unsure(f"a text that says whether it would {words}")
        return self.unsaid(f"the text does not mention that it would {words}")

    def unsaid(self, words: str) -> Comparison:
        """A contradiction by what the text leaves out, in `words`; a title whose body nobody told leaves out nothing."""
        return contradicted(words) if self.case.body is not None else unsure("the body, which may say it")
