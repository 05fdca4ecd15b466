"""Reads the fields of a stored or received mapping strictly: nothing missing, nothing extra, nothing guessed."""

import re
from collections.abc import Collection, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Final

from governance.errors import InvalidInput

MAX_AMOUNT: Final = 2**256 - 1  # the largest number a contract can hold
_AMOUNT: Final = re.compile(r"-?(0|[1-9][0-9]{0,77})", re.ASCII)
_DECIMAL: Final = re.compile(r"-?(0|[1-9][0-9]{0,77})(\.[0-9]{1,78})?", re.ASCII)
_METRIC: Final = re.compile(r"[a-z][a-z0-9_.:/-]{0,127}", re.ASCII)  # as observations name them
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)


def only(body: object, keys: Collection[str], *, field: str) -> Mapping[str, object]:
    """`body` as a mapping that holds exactly `keys`; an absent key is a refusal, never a default."""
    if not isinstance(body, Mapping):
        raise InvalidInput(field, type(body).__name__, "must be an object")
    for key in body:
        if key not in keys:
            raise InvalidInput(f"{field}.{key}", "present", "is not known here")
    for key in sorted(keys):
        if key not in body:
            raise InvalidInput(f"{field}.{key}", None, "is missing")
    return body


def whole(body: Mapping[str, object], key: str, *, field: str, low: int, high: int = 2**53 - 1) -> int:
    """A JSON integer in low..high, both allowed. `true` is not 1."""
    value = body[key]
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidInput(f"{field}.{key}", value, "must be an integer")
    if not low <= value <= high:
        raise InvalidInput(f"{field}.{key}", value, f"must be between {low} and {high}")
    return value


def amount(body: Mapping[str, object], key: str, *, field: str, low: int = -MAX_AMOUNT) -> int:
    """An integer written as decimal text, between `low` and 2^256−1."""
    return amount_text(body[key], field=f"{field}.{key}", low=low)


def amount_text(value: object, *, field: str, low: int = -MAX_AMOUNT) -> int:
    """The integer that `value` writes: ASCII digits, no sign but a leading minus, no leading zeros, at most 2^256−1."""
    if not isinstance(value, str) or not _AMOUNT.fullmatch(value) or value == "-0":
        raise InvalidInput(field, value, "must be an integer as decimal text")
    number = int(value)
    if not low <= number <= MAX_AMOUNT:
        raise InvalidInput(field, value, f"must be between {low} and 2^256-1")
    return number


def optional_amount(body: Mapping[str, object], key: str, *, field: str, low: int = -MAX_AMOUNT) -> int | None:
    """As `amount`, or None where null is written."""
    return None if body[key] is None else amount(body, key, field=field, low=low)


def decimal(body: Mapping[str, object], key: str, *, field: str, low: str | None = None, high: str | None = None) -> Fraction:
    """A decimal fraction written as text, in low..high (both allowed), exact."""
    number = decimal_text(body[key], field=f"{field}.{key}")
    if (low is not None and number < Fraction(low)) or (high is not None and number > Fraction(high)):
        raise InvalidInput(f"{field}.{key}", body[key], f"must be between {low} and {high}")
    return number


def decimal_text(value: object, *, field: str) -> Fraction:
    """The number that `value` writes, exact: ASCII digits, at most 78 places, no exponent."""
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
        raise InvalidInput(field, value, "must be a decimal number as text")
    return Fraction(Decimal(value))


def name(body: Mapping[str, object], key: str, *, field: str) -> str:
    """A name of ours: lower-case ASCII letters, digits and underscores, at most 64."""
    value = body[key]
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise InvalidInput(f"{field}.{key}", value, "must be a lower-case name of letters, digits and _")
    return value


def metric(body: Mapping[str, object], key: str, *, field: str) -> str:
    """A metric's name, as observations carry it."""
    value = body[key]
    if not isinstance(value, str) or not _METRIC.fullmatch(value):
        raise InvalidInput(f"{field}.{key}", value, "must be a metric: lower-case letters, digits and _ . : / -")
    return value


def one_of(body: Mapping[str, object], key: str, choices: Collection[str], *, field: str) -> str:
    """One of `choices`."""
    value = body[key]
    if not isinstance(value, str) or value not in choices:
        raise InvalidInput(f"{field}.{key}", value, f"must be one of {', '.join(sorted(choices))}")
    return value


def flag(body: Mapping[str, object], key: str, *, field: str) -> bool:
    """True or false, nothing that merely looks like it."""
    value = body[key]
    if not isinstance(value, bool):
        raise InvalidInput(f"{field}.{key}", value, "must be true or false")
    return value
