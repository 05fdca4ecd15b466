"""How a known function is described: its arguments, what it does in words, what it sets, and which calls it carries."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from governance.flags import nested_calls as nested


class Effect(StrEnum):
    """What a call is to a governance's eyes."""

    NONE = "none"
    TRANSFER = "transfer"
    ALLOWANCE = "allowance"
    CONTROL = "control"
    PARAMETER = "parameter"
    BATCH = "batch"
    OTHER = "other"
    UNKNOWN = "unknown"


class Scale(StrEnum):
    """What a contract's whole number counts."""

    PLAIN = "plain"
    PERCENT = "of 100"
    BPS = "of 10,000"
    PPM = "of 1,000,000"
    WAD = "of 10^18"
    RAY = "of 10^27"
    TOKENS = "in the token's units"
    WHOLE_TOKENS = "whole tokens"
    SECONDS = "seconds"
    BLOCKS = "blocks"
    CLOCK = "in the governor's clock"
    UNTOLD = "in a unit of its own"


@dataclass(frozen=True, slots=True)
class Token:
    """How a token is written."""

    symbol: str
    decimals: int


@dataclass(frozen=True, slots=True)
class Setting:
    """A number that a call sets: the argument, what it counts, and the patterns of words that name it; {x} there is the argument x."""

    argument: str
    scale: Scale
    label: str
    nouns: tuple[str, ...]


Inside = Callable[[str, tuple[Any, ...]], list[nested.Carried] | None]


@dataclass(frozen=True, slots=True)
class Function:
    """One function. `words` names its arguments in braces and the target as {this}; `amounts` are arguments in the token's units.

    `pays` names recipient and amount (or a list of each). `paid_in` is what a target pays whose address is not the token's: by
    target, "" for any. `mentions` are patterns of words of which an honest text has at least one. `delegates`: it runs another
    contract's code as the caller's own. `opaque`: what it runs stands in the target's code alone.
    """

    signature: str
    names: tuple[str, ...]
    words: str
    effect: Effect = Effect.OTHER
    amounts: tuple[str, ...] = ()
    pays: tuple[str, str] | None = None
    inside: Inside | None = None
    mentions: tuple[str, ...] = ()
    delegates: bool = False
    opaque: bool = False
    sets: tuple[Setting, ...] = ()
    whom: tuple[str, ...] = ()
    paid_in: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Without its arguments."""
        return self.signature.partition("(")[0]

    @property
    def types(self) -> tuple[str, ...]:
        """The types of its arguments; a tuple is one type."""
        return split_types(self.signature.partition("(")[2][:-1])


def split_types(text: str) -> tuple[str, ...]:
    """Comma-separated ABI types at the outermost level."""
    found, depth, start = [], 0, 0
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            found.append(text[start:place])
            start = place + 1
    return (*found, text[start:]) if text else ()


# Arguments by these names are who or what receives control, or is trusted from then on.
_WHOM: Final = frozenset({
    "owner", "admin", "minter", "governance", "governor", "authority", "ward", "account", "guardian", "delegate", "implementation",
    "module", "guard", "oracle", "operator", "timelock", "manager", "new", "model", "feed", "feeds", "sources", "handler",
    "strategy", "init", "controller", "distributor", "resolver", "recipient", "avatar", "setter", "factory", "spell",
})  # fmt: skip
_SUFFIX: Final = {
    Scale.SECONDS: " seconds",
    Scale.BLOCKS: " blocks",
    Scale.TOKENS: "",
    Scale.WHOLE_TOKENS: "",
    Scale.PLAIN: "",
    Scale.CLOCK: "",
    Scale.UNTOLD: "",
}


def make(signature: str, names: str, words: str, effect: Effect = Effect.OTHER, **rest: Any) -> Function:  # noqa: ANN401  # its fields
    """A function; whom it trusts follows from its arguments' names, and what an honest text mentions from what it sets."""
    split = tuple(names.split())
    given: dict[str, Any] = dict(rest)
    if effect in {Effect.CONTROL, Effect.PARAMETER, Effect.OTHER}:
        kinds = split_types(signature.partition("(")[2][:-1])
        whom = tuple(name for name, kind in zip(split, kinds, strict=True) if name in _WHOM and kind.startswith("address"))
        given.setdefault("whom", whom)
    if not given.get("mentions"):
        given["mentions"] = tuple(noun for each in given.get("sets", ()) for noun in each.nouns if "{" not in noun)
    return Function(signature, split, words, effect, **given)


def sets(argument: str, scale: Scale, *labels: str) -> Setting:
    """What a call sets, by plain labels: "supply cap" is also found as supply caps or supply-cap."""
    return Setting(argument, scale, labels[0], tuple(pattern(label) for label in labels))


def pattern(label: str) -> str:
    """The pattern of a plain label in a text."""
    return label if "{" in label else r"[\s_-]*".join(re.escape(word) for word in label.split()) + "s?"


def setting(
    signature: str, names: str, label: str, argument: str, scale: Scale, *also: str, of: str = "this", effect: Effect = Effect.PARAMETER
) -> Function:
    """A function that sets one number; `also` are other names of what it sets."""
    unit = _SUFFIX.get(scale, f" ({scale.value})")
    words = f"set the {label} of {{{of}}} to {{{argument}}}{unit}"
    return make(signature, names, words, effect, sets=(sets(argument, scale, label, *also),))


def appoint(signature: str, names: str, words: str, *mentions: str) -> Function:
    """A function that moves control."""
    return make(signature, names, words, Effect.CONTROL, mentions=mentions)
