"""Reads JSON that every reader would read the same, or says what is wrong with it and where."""

import json
import math
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from api.refusals import BodyTooLarge, MalformedBody
from governance.errors import InvalidInput

MAX_BYTES = 256 * 1024
MAX_DEPTH = 64
# Three times what the largest body of the API has use for; each value costs up to ten microseconds to be refused by its place.
MAX_VALUES = 20_000
MAX_INTEGER = 2**256 - 1
# Python refuses to read longer integers; ours end at 78 digits anyway.
_MOST_DIGITS = 300
# Only a body that matches can hold what has to be looked for value by value.
_SUSPICIOUS = re.compile(r"\\u0000|\\u[dD][89a-fA-F]|[0-9]{77}|[eE]\+?[0-9]{3}")
# A string, or what is left of the body where one is not closed: possessive, so that hostile quotes cost linear time.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_NOT_SHAPE = bytes(byte for byte in range(256) if byte not in b"[{]},")
# One up, one down, and on along the same level, as signed bytes.
_STEPS = bytes.maketrans(b"[{]},", b"\x01\x01\xff\xff\x00")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class _Duplicate(ValueError):
    """A key stands twice in one object."""


class _NotANumber(ValueError):
    """NaN or an infinity."""


class _LongInteger(ValueError):
    """An integer of absurd length."""


def read_json(raw: bytes, *, field: str = "body") -> Any:  # noqa: ANN401  # any JSON value
    """The value in `raw`. Objects with a key twice, NaN, NUL, lone surrogates and the like are refused, never repaired.

    Raises:
        BodyTooLarge: over 256 KiB, or of more than 20,000 values.
        MalformedBody: no JSON, not UTF-8, a duplicate key, nesting over 64, NaN or an infinity.
        InvalidInput: an integer beyond 2^256-1 either way, a NUL or a lone surrogate; the field names where.
    """
    if len(raw) > MAX_BYTES:
        raise BodyTooLarge(field, len(raw), f"at most {MAX_BYTES} bytes")
    # Before parsing: how deep the parser may recurse safely is not ours to say, and each value of a refused body costs.
    _check_shape(raw, field)
    try:
        text = raw.decode("utf-8")
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant, parse_int=_bounded)
    except UnicodeDecodeError as error:
        raise MalformedBody(field, f"byte {error.start}", "UTF-8") from None
    except _Duplicate as error:
        raise MalformedBody(f"{field}.{str(error)[:80]}", str(error), "each key at most once in an object") from None
    except _NotANumber as error:
        raise MalformedBody(field, str(error), "NaN and infinities are no JSON") from None
    except _LongInteger as error:
        raise InvalidInput(field, str(error), "integers are at most 2^256-1 in size") from None
    except json.JSONDecodeError as error:
        raise MalformedBody(field, f"line {error.lineno}, column {error.colno}", f"JSON: {error.msg}") from None
    if _SUSPICIOUS.search(text):
        _check(value, field)
    return value


def _check_shape(raw: bytes, field: str) -> None:
    """Refuse too many values or brackets open at once, strings left out; most bodies are seen to be small at a glance."""
    opened, commas = raw.count(b"[") + raw.count(b"{"), raw.count(b",")
    if opened <= MAX_DEPTH and opened + commas < MAX_VALUES:
        return
    steps = np.frombuffer(_STRING.sub(b"", raw).translate(_STEPS, _NOT_SHAPE), dtype=np.int8)
    depth = int(np.cumsum(steps, dtype=np.int32).max(initial=0))
    if depth > MAX_DEPTH:
        raise MalformedBody(field, f"{depth} levels", f"nested at most {MAX_DEPTH} deep")
    # A value stands at the start, behind each comma, and behind each bracket that opens (empty ones are counted as if full).
    values = 1 + int(np.count_nonzero(steps >= 0))
    if values > MAX_VALUES:
        raise BodyTooLarge(field, f"{values} values", f"at most {MAX_VALUES} values")


def _check(value: object, field: str) -> None:
    """Look at every value and every key; iterative, so that depth costs no stack."""
    levels: list[tuple[str, Iterator[tuple[object, object]]]] = [(field, iter([("", value)]))]
    while levels:
        path, pairs = levels[-1]
        for key, item in pairs:
            _check_text(key, path)
            if isinstance(item, (dict, list)):
                inner = iter(item.items()) if isinstance(item, dict) else iter(enumerate(item))
                levels.append((path if key == "" and len(levels) == 1 else f"{path}.{key}", inner))
                break
            _check_scalar(item, path, key)
        else:
            levels.pop()


def _check_scalar(item: object, path: str, key: object) -> None:
    if isinstance(item, str):
        if _UNSTORABLE.search(item):
            raise InvalidInput(_at(path, key), _shown(item), "no NUL and no lone surrogate")
    elif isinstance(item, int) and abs(item) > MAX_INTEGER:
        raise InvalidInput(_at(path, key), str(item), "integers are at most 2^256-1 in size")
    elif isinstance(item, float) and math.isinf(item):
        raise InvalidInput(_at(path, key), "beyond any double", "numbers are finite")


def _check_text(key: object, path: str) -> None:
    if isinstance(key, str) and _UNSTORABLE.search(key):
        raise InvalidInput(_at(path, _shown(key)), _shown(key), "no NUL and no lone surrogate in a key")


def _at(path: str, key: object) -> str:
    return path if key == "" else f"{path}.{key}"[:240]


def _shown(text: str) -> str:
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text[:80])


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _Duplicate(_shown(key))
            seen.add(key)
    return found


def _no_constant(name: str) -> float:
    raise _NotANumber(name)


def _bounded(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise _LongInteger(f"{len(digits)} digits")
    return int(digits)
