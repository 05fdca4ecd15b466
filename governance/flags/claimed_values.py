"""The new values that a proposal's text names for what it sets: "reserve factor from 15 % to 25 %", "2,000 → 3,000", tables."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from typing import Final

from governance.flags.claims import visible
from governance.flags.functions import Scale
from governance.flags.tables import Table, split
from governance.flags.value_words import FACTORS, number

_NUMBER: Final = re.compile(
    r"(?<![\w.,-])(\d{1,3}(?:[,'_]\d{3})+(?:\.\d+)?|\d{1,60}(?:\.\d{1,40})?(?:e\d{1,2})?)(?!\d)\s?"
    rf"({'|'.join(sorted(FACTORS, key=len, reverse=True))})?(?![A-Za-z0-9])\s?-?"
    r"(%|per ?cent|percent|bps|bips|basis points?|blocks?|days?|weeks?|hours?|hrs?|minutes?|mins?|seconds?|secs?)?",
    re.IGNORECASE,
)
_TO: Final = re.compile(r"(?:\b(?:to|into)|→|->|=>|⇒|➝|➔|>)\s*(?:an?|the|new|about|around|exactly|:)?\s*\$?$", re.IGNORECASE)
_OLD: Final = re.compile(r"\b(?:from|currently|current|now|previously|existing|was|instead of|old|today)\b[^0-9]{0,14}$", re.IGNORECASE)
_BY: Final = re.compile(r"\bby\s*(?:about|another|an additional)?\s*$", re.IGNORECASE)
_IS: Final = re.compile(r"(?:\b(?:at|of|is|be|as|equals?|with|a|an|becomes?)|=|:|\(|^)\s*\$?$", re.IGNORECASE)
_THEN: Final = re.compile(r"\s*(?:[A-Za-z$]{1,8}\s*)?(?:→|->|=>|⇒|➝|➔)")
_SENTENCE: Final = re.compile(r"[.;!?](?=\s|$)|\n")
_NEW_COLUMN: Final = re.compile(r"\b(?:new|proposed|recommended|suggested|target|to|after|change to|updated)\b", re.IGNORECASE)
_OLD_COLUMN: Final = re.compile(r"\b(?:current|old|from|before|existing|present|previous|today)\b", re.IGNORECASE)
_SECONDS: Final = {"second": 1, "sec": 1, "minute": 60, "min": 60, "hour": 3_600, "hr": 3_600, "day": 86_400, "week": 604_800}
_SHARES: Final = {"%": 100, "percent": 100, "bps": 10_000, "bip": 10_000, "basis point": 10_000}
_WHOLES: Final = {Scale.PERCENT: 0, Scale.BPS: 4, Scale.PPM: 6, Scale.WAD: 18, Scale.RAY: 27}
# In which powers of ten contracts count: whole numbers, hundredths, basis points, six or eight decimals, wad, ray and rad.
_COMMON_PLACES: Final = (0, 2, 4, 6, 8, 18, 27, 45)
# Seconds a block takes on the chains where governors count in blocks: Ethereum before and after the merge, then faster ones.
_BLOCK_TIMES: Final = ((Decimal("11.5"), Decimal("15.5")), (Decimal("1.8"), Decimal("2.2")), (Decimal("0.24"), Decimal("1.05")))
# How far around a name its numbers are looked for, and how often one may be named.
_WINDOW: Final = 220
_MOST: Final = 100


@dataclass(frozen=True, slots=True)
class Value:
    """A number with its unit ("%", "bps", "day" … or none)."""

    number: Decimal
    unit: str

    def __str__(self) -> str:
        unit = f"{self.unit}s" if self.unit in {*_SECONDS, "block"} and self.number != 1 else self.unit
        return f"{number(self.number)} {unit}".strip()


@dataclass(frozen=True, slots=True)
class Named:
    """What a text says of one setting: the values it is to have, other numbers beside them, and whether it is named at all."""

    new: tuple[Value, ...]
    beside: tuple[Value, ...]
    there: bool


@lru_cache(maxsize=2_048)
def named(text: str, nouns: tuple[str, ...]) -> Named:
    """What the text says of the setting that `nouns` (patterns) name."""
    prose, tables = split(visible(text))
    noun = re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(nouns)})(?![A-Za-z])", re.IGNORECASE)
    new: list[Value] = []
    beside: list[Value] = []
    there = False
    for found in islice(noun.finditer(prose), _MOST):
        there = True
        after = _SENTENCE.split(prose[found.end() : found.end() + _WINDOW])[0]
        before = _SENTENCE.split(prose[max(0, found.start() - _WINDOW) : found.start()])[-1]
        _sort(after, new, beside)
        before_new = _just_before(before)
        new += before_new
        beside += [value for _, value in _numbers(before)]
    for table in tables:
        there |= _from_table(table, noun, new, beside)
    return Named(tuple(dict.fromkeys(new)), tuple(dict.fromkeys(beside)), there)


def means(raw: int, scale: Scale, value: Value, *, surely: bool = False) -> bool:
    """Whether a contract's `raw` number of that scale is the value: a share, a time, or the number itself.

    `surely`: in the unit that such contracts commonly count in. 25,000 base units look like 25,000 tokens too, and are dust.
    """
    exact = Decimal(raw)
    if value.unit in _SHARES:
        return _is_share(exact, scale, value.number / _SHARES[value.unit], surely=surely)
    if value.unit in _SECONDS:
        return _is_time(exact, scale, value.number * _SECONDS[value.unit])
    if scale is Scale.TOKENS:
        return any(value.number == exact.scaleb(-places) for places in ((18,) if surely else (0, 6, 8, 18)))
    if value.number == exact:
        return True
    if scale in _WHOLES:
        part = exact.scaleb(-_WHOLES[scale])
        return value.unit == "" and (value.number == part or (value.number == part * 100 and not (surely and value.number < 1)))
    return scale is Scale.UNTOLD and _is_scaled(exact, value.number, surely=surely)


def _is_share(exact: Decimal, scale: Scale, share: Decimal, *, surely: bool) -> bool:
    if scale is Scale.PERCENT:
        return exact in ({share * 100} if surely else {share * 100, share * 1_000, share * 10_000})
    if scale in _WHOLES:
        return exact == share.scaleb(_WHOLES[scale])
    return scale in {Scale.UNTOLD, Scale.PLAIN} and any(_is_scaled(exact, each, surely=surely) for each in (share, share + 1, 1 - share))


def _is_scaled(exact: Decimal, number: Decimal, *, surely: bool) -> bool:
    if number == 0 or exact == 0:
        return False
    if surely:
        return any(exact == number.scaleb(places) for places in _COMMON_PLACES)
    return exact.normalize().as_tuple().digits == number.normalize().as_tuple().digits


def _is_time(exact: Decimal, scale: Scale, seconds: Decimal) -> bool:
    if scale in {Scale.SECONDS, Scale.CLOCK, Scale.PLAIN, Scale.UNTOLD} and exact == seconds:
        return True
    if scale not in {Scale.BLOCKS, Scale.CLOCK, Scale.UNTOLD} or exact == 0:
        return False
    return any(least <= seconds / exact <= most for least, most in _BLOCK_TIMES)


def _sort(after: str, new: list[Value], beside: list[Value]) -> None:
    """The first number that the words lead to is the new value; one said to be old is none; the rest stand beside."""
    led: list[Value] = []
    plain: list[Value] = []
    end = 0
    for found, value in _numbers(after):
        link, end_before = after[end : found.start()], end
        end = found.end()
        if _OLD.search(link) or _THEN.match(after[found.end() :]):
            continue
        beside.append(value)
        if _TO.search(link):
            led.append(value)
        elif _IS.search(link) and not _BY.search(link) and end_before == 0 and len(link) < 60:
            plain.append(value)
    new += led[:1] or plain[:1]


def _just_before(before: str) -> list[Value]:
    """A number right before the name: "a 25 % reserve factor", "to a 7-day voting period"."""
    found = list(_numbers(before))
    if not found:
        return []
    last, value = found[-1]
    link = before[: last.start()]
    if re.fullmatch(r"[\s-]*(?:[A-Za-z]+\s+)?", before[last.end() :]) and value.unit and not _OLD.search(link) and not _BY.search(link):
        return [value]
    return []


def _from_table(table: Table, noun: re.Pattern[str], new: list[Value], beside: list[Value]) -> bool:
    """Reads the cells under a head, beside a name, or of a table whose title is the name; whether there were any."""
    old = {place for place, head in enumerate(table.header) if _OLD_COLUMN.search(head)}
    wanted = [place for place, head in enumerate(table.header) if _NEW_COLUMN.search(head) and place not in old]
    named = [place for place, head in enumerate(table.header) if noun.search(head)]
    for place in named:
        for row in table.rows if place not in old else ():
            _cell(row[place] if place < len(row) else "", new, beside)
    headed = not any(_NUMBER.search(cell) for cell in table.header) and len(table.rows) > 0
    rows = [(row, at) for row in (table.rows if headed else (table.header, *table.rows)) if (at := _place(row, noun)) is not None]
    if not named and not rows and noun.search(table.title):
        rows = [(row, 0) for row in table.rows]
    for row, at in rows:
        last = [place for place in range(len(row) - 1, at, -1) if place not in old and _NUMBER.search(row[place])][:1]
        for place in wanted or last:
            _cell(row[place] if place < len(row) else "", new, beside)
    return bool(named or rows)


def _place(row: tuple[str, ...], noun: re.Pattern[str]) -> int | None:
    return next((place for place, cell in enumerate(row) if noun.search(cell)), None)


def _cell(cell: str, new: list[Value], beside: list[Value]) -> None:
    values = [value for found, value in _numbers(cell) if not _THEN.match(cell[found.end() :])]
    new += values[-1:]
    beside += values


def _numbers(text: str) -> Iterator[tuple[re.Match[str], Value]]:
    for found in _NUMBER.finditer(text):
        written, factor, unit = found.groups()
        places = FACTORS[factor.lower()] if factor else 0
        yield found, Value(Decimal(re.sub(r"[,'_]", "", written)).scaleb(places), _unit(unit or ""))


def _unit(written: str) -> str:
    unit = written.lower()
    if unit in {"%", "percent", "per cent"}:
        return "%"
    return unit if unit == "bps" else "bps" if unit == "bips" else unit.rstrip("s")


def any_means(raw: int, scale: Scale, values: Sequence[Value], *, surely: bool = False) -> bool:
    """Whether `raw` is one of the values."""
    return any(means(raw, scale, value, surely=surely) for value in values)
