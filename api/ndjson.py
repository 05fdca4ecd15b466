"""Batches as newline-delimited JSON, read line by line as they arrive: one bad line is reported and harms no other."""

from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from typing import Any

from api.refusals import BodyTooLarge
from api.strict_json import MAX_BYTES, read_json
from governance.errors import InvalidInput

MEDIA_TYPE = "application/x-ndjson"
# Any bytes are let in: what is wrong with a line is said of that line, in an answer of 200.
BODY_SCHEMA = {"type": "string", "format": "binary", "description": "One JSON row per line; each line is answered for itself."}


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its number (from 1), and its value or what is wrong with it."""

    number: int
    value: Any = None
    refusal: InvalidInput | None = None


async def read_lines(chunks: AsyncIterable[bytes]) -> AsyncIterator[Line]:
    """The lines in `chunks` (a request's `stream()`), in order. Empty lines are counted and skipped.

    At most one line of 256 KiB is held; the rest of a longer one is thrown away as it comes, and its `Line` says so.
    """
    number, pending, overlong = 1, bytearray(), False
    async for chunk in chunks:
        start = 0
        while (end := chunk.find(b"\n", start)) >= 0:
            pending += chunk[start : min(end, start + MAX_BYTES + 1)]
            if (line := _line(number, pending, overlong=overlong)) is not None:
                yield line
            number, overlong, start = number + 1, False, end + 1
            pending.clear()
        pending += chunk[start : start + MAX_BYTES + 1]
        if len(pending) > MAX_BYTES:
            overlong = True
            pending.clear()
    if (line := _line(number, pending, overlong=overlong)) is not None:
        yield line


def _line(number: int, raw: bytearray, *, overlong: bool) -> Line | None:
    field = f"line {number}"
    if overlong or len(raw) > MAX_BYTES:
        return Line(number, refusal=BodyTooLarge(field, "more", f"at most {MAX_BYTES} bytes per line"))
    if not raw.strip():
        return None
    try:
        return Line(number, value=read_json(bytes(raw), field=field))
    except InvalidInput as refusal:
        return Line(number, refusal=refusal)
