"""How a known function is described: its arguments, what it does in words, and which calls it carries."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

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


@dataclass(frozen=True, slots=True)
class Token:
    """How a token is written."""

    symbol: str
    decimals: int


Inside = Callable[[str, tuple[Any, ...]], list[nested.Carried] | None]


@dataclass(frozen=True, slots=True)
class Function:
    """One function. `words` names its arguments in braces and the target as {this}; `amounts` are arguments in the token's units.

    `pays` names recipient and amount. `mentions` are word stems of which an honest text has at least one. `delegates`: it runs
    another contract's code as the caller's own.
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


def make(signature: str, names: str, words: str, effect: Effect = Effect.OTHER, **rest: Any) -> Function:  # noqa: ANN401  # its fields
    return Function(signature, tuple(names.split()), words, effect, **rest)
