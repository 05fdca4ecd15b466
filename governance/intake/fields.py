"""Reads the fields of a raw row: what is missing is None, what is wrong is refused with field, value and rule."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from governance.errors import InvalidInput

Row = Mapping[str, object]

MAX_INTEGER: Final = 2**256 - 1
# A name or an id longer than this is no name; the longest real proposal id has 179 characters.
MAX_NAME: Final = 512
# The longest real proposal has 48,088 characters.
MAX_TEXT: Final = 200_000
# The last whole second a datetime can hold (9999-12-31T23:59:59Z).
_MAX_SECONDS: Final = 253_402_300_799
# Ethereum's first block: no DAO of ours is older. An earlier time is kept as the source's word, never believed.
BELIEVABLE_FROM: Final = datetime(2015, 7, 30, tzinfo=UTC)
_FORBIDDEN: Final = re.compile("[\x00\ud800-\udfff]")
# Marks, embeddings, overrides and isolates of the bidirectional algorithm (Unicode UAX 9, table 4).
_TURNING: Final = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DIGITS: Final = re.compile(r"-?[0-9]{1,80}", re.ASCII)
_DECIMAL: Final = re.compile(r"(?:0|[1-9][0-9]{0,77})(?:\.[0-9]{1,78})?", re.ASCII)
_ZONED: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9:.]{5,15}(?:[Zz]|[+-][0-9]{2}:?[0-9]{2})", re.ASCII)
# What exports of data frames write where a text is missing.
_NO_TEXT: Final = frozenset({"<NA>"})


@dataclass(frozen=True, slots=True)
class Amount:
    """An exact number as decimal text. `kind` is "exact", or "float64": the shortest text that reads back as the double received."""

    text: str
    kind: str


def text(row: Row, name: str, *, longest: int = MAX_TEXT) -> str | None:
    """The text as it stands; None where it is missing. NUL and lone surrogates are refused: no store can keep them."""
    value = row.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise InvalidInput(name, value, "must be text")
    if _FORBIDDEN.search(value):
        raise InvalidInput(name, ascii(value[:80]), "must hold neither NUL nor a lone surrogate")
    if len(value) > longest:
        raise InvalidInput(name, f"{len(value)} characters", f"must have at most {longest} characters")
    return value


def said(row: Row, name: str, *, longest: int = MAX_TEXT) -> str | None:
    """The text, or None where it is missing, blank, or an export's mark for a missing text: a blank says nothing."""
    value = text(row, name, longest=longest)
    return None if value is None or value in _NO_TEXT or not value.strip() else value


def word(row: Row, name: str) -> str | None:
    """A short text without the white space around it; None where nothing is said."""
    value = said(row, name, longest=MAX_NAME)
    return None if value is None else value.strip()


def name(row: Row, field: str) -> str:
    """A name or id: required, not blank, at most 512 characters, byte for byte as the source writes it."""
    value = row.get(field)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_INTEGER:
        return str(value)
    given = text(row, field, longest=MAX_NAME)
    if given is None or not given.strip():
        raise InvalidInput(field, given, "is missing")
    return given


def dao_name(row: Row, field: str = "dao") -> str:
    """A DAO's name, as `name`. Signs that turn the direction of writing are refused: with them one name can pass for another."""
    given = name(row, field)
    turned = _TURNING.search(given)
    if turned is not None:
        raise InvalidInput(field, ascii(given), f"must hold no sign that turns the direction of writing (U+{ord(turned.group()):04X})")
    return given


def account(row: Row, field: str) -> str:
    """A voter's name: required; an Ethereum address in lower case, since its capitals are only a checksum (EIP-55)."""
    given = name(row, field)
    return given.lower() if given.startswith(("0x", "0X")) and len(given) == 42 else given  # 20 bytes in hex


def moment(row: Row, name: str) -> datetime | None:
    """A time: Unix seconds, or RFC 3339 text with its zone. None where it is missing.

    Whole microseconds; 1970 to 9999. A time without zone could be any of 26, so it is refused.
    """
    value = row.get(name)
    if value is None:
        return None
    if isinstance(value, datetime):
        return _zoned(value, name)
    if isinstance(value, str) and not _DIGITS.fullmatch(value):
        return _zoned(_parsed(value, name), name)
    seconds = integer(row, name, most=_MAX_SECONDS)
    return None if seconds is None else _EPOCH + timedelta(seconds=seconds)


def _parsed(value: str, name: str) -> datetime:
    rule = "must be Unix seconds or RFC 3339 with a zone, like 2026-11-21T12:00:00Z"
    if not _ZONED.fullmatch(value):
        raise InvalidInput(name, value, rule)
    try:
        return datetime.fromisoformat(value.upper().replace(" ", "T"))
    except ValueError:
        raise InvalidInput(name, value, rule) from None


def _zoned(value: datetime, name: str) -> datetime:
    if value.tzinfo is None:
        raise InvalidInput(name, value.isoformat(), "a time needs its zone")
    try:
        given = value.astimezone(UTC)
    except OverflowError:
        raise InvalidInput(name, str(value), "must be between 1970 and 9999") from None
    if given < _EPOCH:
        raise InvalidInput(name, value.isoformat(), "must be between 1970 and 9999")
    return given


def integer(row: Row, name: str, *, least: int = 0, most: int = MAX_INTEGER) -> int | None:
    """A whole number in least..most, as a number or its digits; a double counts where it is whole (exports write 5.0)."""
    value = row.get(name)
    if value is None:
        return None
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value)
    if isinstance(value, float) and value.is_integer() and abs(value) <= 2**53:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidInput(name, value, "must be a whole number")
    if not least <= value <= most:
        raise InvalidInput(name, _short(value), f"must be between {least} and {'2^256-1' if most == MAX_INTEGER else most}")
    return value


def amount(row: Row, name: str) -> Amount | None:
    """A number that is not negative and at most 2^256-1, exact: digits with at most 78 places, or a finite double."""
    value = row.get(name)
    return None if value is None else exact(value, name)


def exact(value: object, name: str) -> Amount:
    """`value` as an `Amount`; see `amount`."""
    if isinstance(value, float):
        return _double(value, name)
    if isinstance(value, Decimal) and value.is_finite():
        value = f"{value:f}"
    if isinstance(value, int) and not isinstance(value, bool):
        if not 0 <= value <= MAX_INTEGER:
            raise InvalidInput(name, _short(value), "must be between 0 and 2^256-1")
        return Amount(str(value), "exact")
    if not isinstance(value, str):
        raise InvalidInput(name, value, "must be a number or decimal text")
    return Amount(_bounded(value, name), "exact")


def signed(row: Row, name: str) -> Amount | None:
    """As `amount`, and a leading minus is allowed: a figure of the token economy may be below zero."""
    value = row.get(name)
    if _is_minus_zero(value):
        raise InvalidInput(name, str(value), "zero has no sign")
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool) and value < 0:
        size = exact(-value, name)
        return Amount(f"-{size.text}", size.kind)
    if isinstance(value, str) and value.startswith("-"):
        size = exact(value[1:], name)
        return Amount(f"-{size.text}", size.kind)
    return amount(row, name)


def _is_minus_zero(value: object) -> bool:
    if isinstance(value, float):
        return value == 0 and math.copysign(1, value) < 0
    return isinstance(value, str) and value.startswith("-") and set(value) <= {"-", "0", "."} and "0" in value


def _double(value: float, name: str) -> Amount:
    if not math.isfinite(value) or value < 0:
        raise InvalidInput(name, repr(value), "must be finite and not negative")
    # repr gives the shortest digits that read back as the same double; Decimal only writes them out without exponent.
    return Amount(_bounded(plain(repr(abs(value))), name), "float64")


def plain(number: str) -> str:
    """Decimal text without exponent and without trailing zeros after the point: "1e+30", "2.50" -> "1000…", "2.5"."""
    written = f"{Decimal(number):f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


def _bounded(value: str, name: str) -> str:
    if not _DECIMAL.fullmatch(value):
        raise InvalidInput(name, value, "must be decimal text with at most 78 digits and 78 places, and no exponent")
    if int(value.partition(".")[0]) > MAX_INTEGER:
        raise InvalidInput(name, _short(value), "must be between 0 and 2^256-1")
    return plain(value)


def flag(row: Row, name: str) -> bool | None:
    """True or false; None where it is missing."""
    value = row.get(name)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    raise InvalidInput(name, value, "must be true or false")


def structure(row: Row, name: str) -> object:
    """A JSON value, given as such or as its text; None where it is missing. Duplicate keys and NaN are refused."""
    value = row.get(name)
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value, object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise InvalidInput(name, ascii(value[:80]), "must be JSON without duplicate keys or NaN") from None


def _no_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("duplicate key")
    return found


def _no_constant(constant: str) -> object:
    raise ValueError(constant)


def only_known(row: Row, known: frozenset[str]) -> None:
    """Refuse a row that says more than is understood: what is not kept is not taken. A field that says nothing is no field."""
    for field, value in row.items():
        if field not in known and value is not None:
            raise InvalidInput(field[:80], value, "is not known here")


def believable(value: datetime | None, *, now: datetime) -> datetime | None:
    """`value` where it can date a row: not before 2015-07-30; a time still to come counts as `now`, since the row is here."""
    return None if value is None or value < BELIEVABLE_FROM else min(value, now)


def microseconds(value: datetime) -> int:
    """Whole microseconds since 1970, exact."""
    return (value - _EPOCH) // timedelta(microseconds=1)


def iso(value: datetime | None) -> str | None:
    """A time as content digests write it."""
    return None if value is None else value.astimezone(UTC).isoformat(timespec="microseconds")


def _short(value: object) -> str:
    shown = str(value) if not isinstance(value, int) or value.bit_length() <= 512 else f"a number of {value.bit_length()} bits"
    return shown if len(shown) <= 80 else f"{shown[:77]}..."
