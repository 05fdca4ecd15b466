"""The amounts that a proposal's text names: 499,000 COMP, 1.2m DAI, $50k in USDC, tables, and numbers whose token stands elsewhere."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from typing import Final

from governance.flags.claims import visible
from governance.flags.tables import Table, split
from governance.flags.value_words import FACTORS

DOLLARS: Final = "USD"
# Tokens that a text may name by their dollars, and names for one coin.
STABLE: Final = frozenset({
    "USDC", "USDT", "DAI", "USDS", "GHO", "FRAX", "LUSD", "USDC.E", "XDAI", "WXDAI", "PYUSD", "BUSD", "SUSD", "CRVUSD", "RLUSD",
})  # fmt: skip
_SAME: Final = {
    "WETH": "ETH", "ETHER": "ETH", "USDC.E": "USDC", "USDCE": "USDC", "XDAI": "DAI", "WXDAI": "DAI", "DOLLARS": DOLLARS, "DOLLAR": DOLLARS,
}  # fmt: skip
# Coins of other chains, which calldata does not tell from ETH.
COINS: Final = frozenset({
    "MATIC", "POL", "BNB", "AVAX", "XDAI", "DAI", "FTM", "S", "CELO", "MNT", "GLMR", "MOVR", "ONE", "CRO", "KLAY", "SEI", "BERA",
    "HYPE", "METIS",
})  # fmt: skip
# Words in capitals that follow numbers and are no tokens.
_NO_TOKEN: Final = frozenset({
    "DAO", "DAOS", "FTE", "FTES", "KPI", "KPIS", "OKR", "BPS", "APR", "APY", "UTC", "GMT", "EST", "CET", "PST", "AM", "PM", "NFT",
    "NFTS", "CEO", "CTO", "CFO", "API", "EIP", "AIP", "BIP", "LTV", "LT", "TVL", "MB", "GB", "TB", "EU", "US", "UK", "Q1", "Q2", "Q3",
    "Q4", "H1", "H2", "V1", "V2", "V3", "V4", "L1", "L2", "FAQ", "PR", "PRS", "VP", "KYC", "AMA", "RFP", "RFC", "ID", "IDS", "II",
    "III", "IV", "YES", "NO", "HOURS", "DAYS",
})  # fmt: skip
_NUMBER: Final = r"\d{1,3}(?:[,'’_]\d{3})+(?:\.\d+)?|\d{1,3}(?: \d{3})+(?![\d,.])|\d{1,3}(?:\.\d{3})+,\d{1,2}|\d{1,60}(?:\.\d{1,40})?(?!\d)"
_FOUND: Final = re.compile(
    rf"(?<![\w.,/#-])(?P<coin>US\$|[$€£])?\s?(?P<number>{_NUMBER})(?:\s?(?P<factor>{'|'.join(sorted(FACTORS, key=len, reverse=True))})"
    r"(?![A-Za-z0-9]))?",
    re.IGNORECASE,
)
_UNIT: Final = re.compile(
    r"\s*\(?\s*(?:(?:worth of|worth|in|of|units of|equivalent in|denominated in)\s+)?\$?"
    r"(?P<unit>[A-Za-z][A-Za-z0-9]{0,10}(?:\.e)?)(?![A-Za-z0-9])"
)
_BEFORE: Final = re.compile(r"(?<![A-Za-z0-9])\$?([A-Z][A-Za-z0-9.]{1,10})[\s:=]*$")
_SYMBOL: Final = re.compile(r"[a-z]{0,4}[A-Z][A-Z0-9]{1,9}(?:\.e)?")
_TOTAL: Final = re.compile(r"\b(?:total(?!ly| supply)|sum of|overall|altogether|aggregate)\b", re.IGNORECASE)
_EACH: Final = re.compile(
    r"\b(?:each|(?<!as )per(?! (?:the|our|this|your|its)\b)|apiece|every|an? (?:month|week|quarter|year|head)|"
    r"monthly|quarterly|weekly|annually|respectively|twice)\b|/\s?(?:mo|month|year|week|quarter)",
    re.IGNORECASE,
)
_BARE_END: Final = re.compile(r"\s*(?:$|[|,.;:)\]\n+=/]|[-–—]|tokens?\b|units?\b)")
# What is held, was paid or is needed otherwise is no payment.
_HELD_BEFORE: Final = re.compile(
    r"\b(?:holds?|holding|has|have|had|owns?|balances? (?:of|is)|reserves? (?:of|are)|supply (?:of|is)|market cap (?:of|is)|"
    r"(?:quorum|threshold) (?:of|is)|raised|earned|received|instead of|rather than|not|never|no longer|other daos? (?:pay|paid|spend)|"
    r"(?:earlier|previous|prior|last) (?:proposal|request|ask|grant|one) (?:asked for|requested|was for|sought|of|for))"
    r"\s+(?:the\s+)?(?:about|around|over|some|roughly|nearly|almost|more than|~)?\s*$",
    re.IGNORECASE,
)
_HELD_AFTER: Final = re.compile(
    r"^[^.;]{0,24}\b(?:in (?:the|our|its) treasury|in circulation|outstanding|(?:the|our) (?:treasury|dao) (?:holds|has|owns)|"
    r"last (?:year|quarter|month|week|season)|ago|previously|(?:was|were|got) (?:rejected|defeated|declined|turned down))\b",
    re.IGNORECASE,
)
_SENTENCE: Final = re.compile(r"\n|(?<=[.;!?])\s")
_WEI: Final = {"wei": 18, "gwei": 9}
# How far around a number its words are looked for, and how many numbers a text may name; those beyond are not taken for named.
_WINDOW: Final = 80
_SAID: Final = 300
_MOST: Final = 1_000
# Runs of digits that are looked at, which take longer than other words: the most that a real proposal has is 2,174.
_LOOKED_AT: Final = 8_000
_DIGITS: Final = re.compile(r"\d+")
# Years that stand before a token's name count nothing: "the 2024 COMP budget".
_YEARS: Final = range(1990, 2101)


@dataclass(frozen=True, slots=True)
class Amount:
    """So much of a token, in whole tokens; `token` is None where the number stands alone.

    `total`: it is called a total; `each`: it is said to be paid more than once. `line` is the sentence, or the line of a table,
    that it stands in. `aside`: it is said to be held, or of the past. `perhaps`: the second reading of "25.000".
    """

    amount: Decimal
    token: str | None
    total: bool = False
    each: bool = False
    line: str = ""
    aside: bool = False
    perhaps: bool = False


def same(symbol: str) -> str:
    """One name for tokens that a text does not tell apart."""
    return _SAME.get(symbol.upper(), symbol.upper())


@lru_cache(maxsize=64)
def amounts(text: str, known: frozenset[str] = frozenset()) -> tuple[Amount, ...]:
    """The amounts that the text names. Symbols of `known` are found in small letters too, others by their capitals."""
    shown = visible(text)
    beyond = next(islice(_DIGITS.finditer(shown), _LOOKED_AT, None), None)
    prose, tables = split(shown if beyond is None else shown[: beyond.start()])
    in_prose = (each for line in _SENTENCE.split(prose) for each in _in_line(line, known))
    in_tables = (each for table in tables for each in _in_table(table, known))
    return (*islice(in_prose, _MOST), *islice(in_tables, _MOST))


def _in_line(line: str, known: frozenset[str]) -> Iterator[Amount]:
    for found in _FOUND.finditer(line):
        if re.match(r"\s?(?:%|percent|bps\b|x\b)", line[found.end() : found.end() + 9], re.IGNORECASE):
            continue
        first, *second = _read(found["number"], found["factor"])
        yield from _one(first, found, line, known)
        for number in second:
            yield from (replace(each, perhaps=True) for each in _one(number, found, line, known))


def _one(number: Decimal, found: re.Match[str], line: str, known: frozenset[str]) -> Iterator[Amount]:
    after, before = line[found.end() : found.end() + _WINDOW], line[max(0, found.start() - _WINDOW) : found.start()]
    line = line[max(0, found.start() - _SAID) : found.end() + _SAID]
    unit = _UNIT.match(after)
    symbol = unit["unit"] if unit and _is_token(unit["unit"], known) else None
    total = bool(_TOTAL.search(before[-45:]) or re.match(r"[^.;]{0,20}\b(?:in total|altogether|overall)\b", after))
    each = bool(_EACH.search(after[:60]) or re.search(r"\b(?:each|every|per)\b[^.;]{0,40}$", before[-60:], re.IGNORECASE))
    year = found["factor"] is None and found["number"].isdigit() and int(found["number"][:5]) in _YEARS
    aside = bool(_HELD_BEFORE.search(before) or _HELD_AFTER.search(after))
    if found["coin"] and not (symbol and symbol.upper() in STABLE):
        yield Amount(number, DOLLARS if "$" in found["coin"] else found["coin"], total, each, line, aside)
    elif unit and unit["unit"].lower() in _WEI:
        yield Amount(number.scaleb(-_WEI[unit["unit"].lower()]), "ETH", total, each, line, aside)
    elif symbol and not year:
        yield Amount(number, same(symbol), total, each, line, aside)
    elif (
        (earlier := _BEFORE.search(before))
        and not symbol
        and _is_token(earlier[1], known)
        and (number >= 1_000 or found["factor"])
        and not year
    ):
        yield Amount(number, same(earlier[1]), total, each, line, aside)
    elif _BARE_END.match(after) or year:
        yield Amount(number, None, total, each, line, aside)


def _in_table(table: Table, known: frozenset[str]) -> Iterator[Amount]:
    heads = [_tokens_in(cell, known) for cell in table.header]
    for row in table.rows:
        line = " | ".join(row)[: 4 * _SAID]
        beside = [cell.strip("$ ") for cell in row if _is_token(cell.strip("$ "), known)]
        total = bool(_TOTAL.search(line))
        for place, cell in enumerate(row):
            named = heads[place] if place < len(heads) else []
            for each in _in_line(cell, known):
                token = each.token or (same(named[0]) if len(named) == 1 else same(beside[0]) if len(beside) == 1 else None)
                yield Amount(each.amount, token, total or each.total, each.each, line, perhaps=each.perhaps)


def _tokens_in(cell: str, known: frozenset[str]) -> list[str]:
    return [word for word in re.findall(r"[A-Za-z][A-Za-z0-9.]*|\$(?!\w)", cell.replace("(", " ")) if _is_token(word, known)]


def _is_token(word: str, known: frozenset[str]) -> bool:
    upper = word.upper()
    if upper in known or upper in STABLE or upper in _SAME or upper in {"ETH", DOLLARS}:
        return True
    return _SYMBOL.fullmatch(word) is not None and upper not in _NO_TOKEN


def _read(number: str, factor: str | None) -> list[Decimal]:
    """The number; both readings of "25.000", which is 25 here and 25,000 there."""
    places = FACTORS[factor.lower()] if factor else 0
    if re.fullmatch(r"\d{1,3}(?:\.\d{3})+,\d{1,2}", number):
        return [Decimal(number.replace(".", "").replace(",", ".")).scaleb(places)]
    plain = Decimal(re.sub(r"[,'’_ ]", "", number)).scaleb(places)
    if re.fullmatch(r"[1-9]\d{0,2}\.\d{3}", number) and factor is None:
        return [plain, plain * 1_000]
    return [plain]
