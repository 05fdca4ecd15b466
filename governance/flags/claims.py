"""What a proposal's text claims of its own effects: amounts, addresses, new values, "the same as"; text is evidence, never authority."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

_AMOUNT: Final = re.compile(
    r"(?<![\w.])\$?(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)\s*(k|m|mm|mn|million|thousand|bn|billion)?\s*\$?(wstETH|[A-Z][A-Z0-9]{1,9})\b"
)
_FACTOR: Final = {"k": 3, "thousand": 3, "m": 6, "mm": 6, "mn": 6, "million": 6, "bn": 9, "billion": 9}
_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{40}(?![0-9a-fA-F])")
_SAME_AS: Final = re.compile(
    r"\b(?:same|identical|equal|unchanged|analogous)\b[^.\n]{0,80}?\b(?:as|to|from|with)\b[^.\n]{0,60}?"
    r"(?:proposal|prop|#|no\.?|bip|vote)\s*[-#]?\s*(\d{1,6})\b",
    re.IGNORECASE,
)
_NO_EFFECT: Final = re.compile(
    r"\b(?:no (?:on-?chain|code|contract|fund|treasury)[^.\n]{0,40}(?:change|action|execution|call|transfer|moved?|spent)|"
    r"(?:signal(?:ling)?|temperature check|text)[- ]only|purely (?:a )?signal\w*|"
    r"does not (?:move|transfer|spend) (?:any )?(?:fund|token|treasury))",
    re.IGNORECASE,
)
_TO_VALUE: Final = r"[^.\n]{{0,60}}?\b(?:to|at|=)\s*(\d+(?:\.\d+)?)\s*(%|percent|bps|basis points|blocks?|days?|hours?|seconds?)?"


@dataclass(frozen=True, slots=True)
class Amount:
    """So much of a token, in whole tokens."""

    amount: Decimal
    token: str


def amounts(text: str) -> list[Amount]:
    """The amounts that the text names with a token's symbol, as 499,000 COMP or 1.2m DAI. Symbols are written in capitals."""
    return [
        Amount(Decimal(number.replace(",", "")).scaleb(_FACTOR.get(factor.lower(), 0)), symbol)
        for number, factor, symbol in _AMOUNT.findall(text)
    ]


def addresses(text: str) -> set[str]:
    """The Ethereum addresses in the text, in lower case."""
    return {found.lower() for found in _ADDRESS.findall(text)}


def same_as(text: str) -> list[str]:
    """The numbers of the earlier proposals that the text says it repeats."""
    return _SAME_AS.findall(text)


def says_no_effect(text: str) -> bool:
    """Whether the text says that nothing is executed or paid."""
    return _NO_EFFECT.search(text) is not None


def new_values(text: str, noun: str) -> list[tuple[Decimal, str]]:
    """(number, unit) to which the text says `noun` changes, as "reserve factor to 25 %"; the unit may be empty."""
    found = re.findall(re.escape(noun) + _TO_VALUE.format(), text, re.IGNORECASE)
    return [(Decimal(number), unit.lower()) for number, unit in found]


def means(raw: int, claimed: Iterable[tuple[Decimal, str]]) -> bool:
    """Whether a contract's `raw` number is one of the claimed: itself, a share of 10^18 or of 10,000 in percent, or a time in seconds."""
    exact = Decimal(raw)
    written = {
        "": {exact, exact.scaleb(-16), exact.scaleb(-18), exact.scaleb(-2)},
        "%": {exact, exact.scaleb(-16), exact.scaleb(-2)},
        "bps": {exact, exact.scaleb(-14)},
        "block": {exact},
        "day": {exact / 86_400, exact / 7_200, exact / Decimal(6_570), exact / Decimal(5_760)},
        "hour": {exact / 3_600, exact / 300},
        "second": {exact},
    }
    kinds = {"percent": "%", "basis points": "bps"}
    return any(number in written[kinds.get(unit, unit.rstrip("s") if unit not in {"bps", "%"} else unit)] for number, unit in claimed)
