"""RFC 8785 read back: bytes are taken only if they are exactly what canonical form would write (own writer)."""

import json
import re

MAX_DEPTH = 64
_MAX_INTEGER = 2**53 - 1
_ESCAPED = re.compile('[\x00-\x1f"\\\\]')
_FORBIDDEN = re.compile("[\x00\ud800-\udfff]")
_KEY = re.compile("[\x20-\x7e]{1,256}")
_SHORT = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


class NotCanonical(ValueError):
    """The bytes are not the canonical form of any value we take."""


def parse(data: bytes) -> object:
    """The value in `data`; `NotCanonical` unless `data` is its one canonical spelling.

    Doubled keys, floats, spaces, other orders of keys and other escapes all differ from what is written back.
    """
    try:
        value: object = json.loads(data.decode("utf-8"))
        again = write(value)
    except (ValueError, RecursionError) as error:
        raise NotCanonical(str(error)[:200]) from error
    if again != data:
        raise NotCanonical("not the canonical spelling of its value (RFC 8785)")
    return value


def write(value: object) -> bytes:
    """The canonical bytes of `value`; `NotCanonical` for floats, big integers, odd keys, NUL and lone surrogates."""
    parts: list[str] = []
    _write(value, parts, MAX_DEPTH)
    return "".join(parts).encode()


def _write(value: object, parts: list[str], depth: int) -> None:
    if isinstance(value, str):
        parts.append(_text(value))
    elif value is None or isinstance(value, bool):
        parts.append("null" if value is None else "true" if value else "false")
    elif isinstance(value, int):
        if abs(value) > _MAX_INTEGER:
            raise NotCanonical("an integer beyond 2^53 - 1")
        parts.append(str(value))
    elif depth == 0:
        raise NotCanonical(f"nested deeper than {MAX_DEPTH}")
    elif isinstance(value, dict):
        _write_object(value, parts, depth)
    elif isinstance(value, list):
        parts.append("[")
        for index, item in enumerate(value):
            if index:
                parts.append(",")
            _write(item, parts, depth - 1)
        parts.append("]")
    else:
        raise NotCanonical(f"a {type(value).__name__} has no canonical form")


def _write_object(value: dict[object, object], parts: list[str], depth: int) -> None:
    separator = "{"
    for key in sorted(value, key=_key):
        parts.append(f"{separator}{_text(_key(key))}:")
        _write(value[key], parts, depth - 1)
        separator = ","
    parts.append("}" if value else "{}")


def _key(key: object) -> str:
    # Among ASCII keys the order of characters is the order of UTF-16 code units that the standard asks for.
    if not isinstance(key, str) or _KEY.fullmatch(key) is None:
        raise NotCanonical("a key that is not 1 to 256 printable ASCII characters")
    return key


def _text(value: str) -> str:
    if _FORBIDDEN.search(value):
        raise NotCanonical("NUL or a lone surrogate")
    if _ESCAPED.search(value) is None:
        return f'"{value}"'
    return '"' + _ESCAPED.sub(lambda found: _SHORT.get(found.group(), f"\\u{ord(found.group()):04x}"), value) + '"'
