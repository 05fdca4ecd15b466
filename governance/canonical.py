"""Values to bytes, one way only: RFC 8785 inside limits in which every JSON reader agrees on every value."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal

from governance.errors import InvalidInput

MAX_DEPTH = 64
# RFC 8785 section 3.2.2.3: JSON numbers are IEEE 754 doubles, exact for integers up to here.
MAX_INTEGER = 2**53 - 1
# PostgreSQL cannot store NUL and UTF-8 cannot carry a lone surrogate.
_FORBIDDEN_TEXT = re.compile("[\x00\ud800-\udfff]")
_KEY = re.compile(r"[\x20-\x7e]{1,256}")
_TIMESTAMP = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})\.([0-9]{6})Z")
# A double has at most 309 digits before the point and 1,074 after it; this context never rounds before `quantize` does.
_EXACT = Context(prec=1_500, rounding=ROUND_HALF_EVEN)


def canonical(value: object) -> bytes:
    """The RFC 8785 bytes of `value`.

    Takes None, bool, int (at most 2^53 - 1 in size), str (no NUL, no lone surrogate), lists or tuples, and mappings
    with keys of 1 to 256 printable ASCII characters, at most 64 deep. Floats are refused: numbers that are not small
    integers travel as decimal text (`fixed`). Inside these limits the standard library's fast encoder writes the very
    bytes of the standard; outside (floats, keys beyond ASCII) it does not, which is why they are enforced.

    Raises:
        InvalidInput: something else is in `value`; the field names where.
    """
    wrong = _wrong(value, MAX_DEPTH)
    if wrong is not None:
        raise InvalidInput(*wrong)
    return _ENCODER.encode(value).encode()


def digest(value: object) -> str:
    """SHA-256 of the canonical bytes of `value`, in lower-case hex."""
    return hashlib.sha256(canonical(value)).hexdigest()


def fixed(value: float | Decimal, places: int = 6) -> str:
    """`value` as decimal text with `places` digits after the point, rounded half to even on its exact binary value.

    Minus zero is written as zero.

    Raises:
        InvalidInput: `value` is infinite or not a number.
    """
    exact = Decimal(value)
    if not exact.is_finite():
        raise InvalidInput("number", str(value), "must be finite")
    rounded = exact.quantize(Decimal(1).scaleb(-places), context=_EXACT)
    return f"{abs(rounded) if rounded.is_zero() else rounded:f}"


def timestamp(moment: datetime) -> str:
    """`moment` as "2026-11-21T01:02:03.000004Z": UTC, always six digits (RFC 3339).

    Raises:
        InvalidInput: `moment` has no zone.
    """
    if moment.tzinfo is None:
        raise InvalidInput("time", moment.isoformat(), "must carry a zone")
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def parse_timestamp(text: str) -> datetime:
    """The aware UTC time that `timestamp` wrote; any other spelling of a time is refused.

    Raises:
        InvalidInput: `text` is not of that form, or names no real time.
    """
    found = _TIMESTAMP.fullmatch(text)
    if found is None:
        raise InvalidInput("time", text, "must be like 2026-11-21T01:02:03.000004Z")
    year, month, day, hour, minute, second, micro = (int(part) for part in found.groups())
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC) + timedelta(microseconds=micro)
    except ValueError as error:
        raise InvalidInput("time", text, "must name a real time") from error


def _wrong(value: object, depth: int) -> tuple[str, str, str] | None:
    """What of `value` has no canonical form (field, value, rule), or None; the path is only built once that is known."""
    if isinstance(value, str):
        return ("$", ascii(value), "text may hold neither NUL nor a lone surrogate") if _FORBIDDEN_TEXT.search(value) else None
    if isinstance(value, int):
        return ("$", str(value)[:40], "integers over 2^53 - 1 travel as decimal text") if abs(value) > MAX_INTEGER else None
    if value is None:
        return None
    if depth == 0:
        return "$", "…", f"nested deeper than {MAX_DEPTH}"
    if isinstance(value, (dict, Mapping)):
        return _wrong_in_mapping(value, depth)
    return _wrong_in_list(value, depth) if isinstance(value, (list, tuple)) else _wrong_kind(value)


def _wrong_in_mapping(value: Mapping[object, object], depth: int) -> tuple[str, str, str] | None:
    for key, item in value.items():
        if not isinstance(key, str) or _KEY.fullmatch(key) is None:
            return "$", ascii(key), "keys are 1 to 256 printable ASCII characters"
        if wrong := _wrong(item, depth - 1):
            return _within(f".{key}", wrong)
    return None


def _wrong_in_list(value: Sequence[object], depth: int) -> tuple[str, str, str] | None:
    for index, item in enumerate(value):
        if wrong := _wrong(item, depth - 1):
            return _within(f"[{index}]", wrong)
    return None


def _wrong_kind(value: object) -> tuple[str, str, str]:
    if isinstance(value, float):
        return "$", str(value), "numbers with a fraction travel as decimal text"
    return "$", type(value).__name__, "not a JSON value"


def _within(step: str, wrong: tuple[str, str, str]) -> tuple[str, str, str]:
    field, value, rule = wrong
    return f"${step}{field[1:]}", value, rule


def _as_dict(value: object) -> dict[str, object]:
    # The encoder knows dict only; `_wrong` has let nothing but mappings through to here.
    return dict(value)  # type: ignore[call-overload,no-any-return]


_ENCODER = json.JSONEncoder(
    skipkeys=False, ensure_ascii=False, check_circular=False, allow_nan=False, sort_keys=True, separators=(",", ":"), default=_as_dict
)
