"""Batches are read line by line: a bad line is reported and harms no other, however the bytes are cut."""

import asyncio
from collections.abc import AsyncIterator

from hypothesis import given
from hypothesis import strategies as st

from api.ndjson import Line, read_lines
from api.strict_json import MAX_BYTES


def _lines(*chunks: bytes) -> list[Line]:
    async def _stream() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    async def _read() -> list[Line]:
        return [line async for line in read_lines(_stream())]

    return asyncio.run(_read())


def test_a_bad_line_is_reported_by_its_number_and_the_others_are_read() -> None:
    """One bad row in a million must not cost the rest."""
    found = _lines(b'{"a":1}\n{"a":1,"a":2}\n\n{"a":', b"3}\n")

    assert [(line.number, line.value, line.refusal is None) for line in found] == [
        (1, {"a": 1}, True),
        (2, None, False),
        (4, {"a": 3}, True),
    ]
    assert found[1].refusal is not None
    assert found[1].refusal.details["field"] == "line 2.a"


def test_a_line_too_long_is_dropped_as_it_comes() -> None:
    """Only one line is held, and never more than 256 KiB of it."""
    found = _lines(b'{"a":1}\n"', *[b"a" * 100_000] * 50, b'"\n{"a":2}')

    assert [line.value for line in found] == [{"a": 1}, None, {"a": 2}]
    assert found[1].refusal is not None
    assert found[1].refusal.code == "body_too_large"


def test_a_line_of_exactly_the_limit_is_read() -> None:
    """The limit is inclusive."""
    body = b'"' + b"a" * (MAX_BYTES - 2) + b'"'

    assert [line.refusal for line in _lines(body + b"\n" + body)] == [None, None]


@given(st.lists(st.integers(0, 999), max_size=20), st.lists(st.integers(1, 7), min_size=1))
def test_lines_do_not_depend_on_how_the_bytes_are_cut(values: list[int], cuts: list[int]) -> None:
    """Networks cut where they like."""
    raw = b"".join(b'{"a":%d}\n' % value for value in values)
    chunks, start, turn = [], 0, 0
    while start < len(raw):
        chunks.append(raw[start : start + cuts[turn % len(cuts)]])
        start, turn = start + cuts[turn % len(cuts)], turn + 1

    assert [line.value["a"] for line in _lines(*chunks)] == values
