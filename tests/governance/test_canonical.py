"""Canonical bytes: one value, one spelling."""

import math
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from governance.canonical import canonical, digest, fixed, parse_timestamp, timestamp
from governance.errors import InvalidInput

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
KEYS = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=20)
SCALARS = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT
DOCUMENTS = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=30)


@given(DOCUMENTS)
def test_writes_what_an_independent_implementation_of_the_standard_writes(document: object) -> None:
    """Inside our limits the fast encoder and the rfc8785 package must not differ in one byte."""
    assert canonical(document) == rfc8785.dumps(document)  # type: ignore[arg-type]


def test_writes_the_standards_own_example_of_strings() -> None:
    """RFC 8785 section 3.2.4: the string and literals of the worked example (its floats are outside our limits)."""
    value = {"string": '€$\u000f\nA\'B"\\\\"/', "literals": [None, True, False]}

    assert canonical(value) == b'{"literals":[null,true,false],"string":"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (1.0, "$"),
        ({"a": [1, {"b": math.nan}]}, "$.a[1].b"),
        (2**53, "$"),
        (-(2**53), "$"),
        ({"a": "nul\0"}, "$.a"),
        (["\ud800"], "$[0]"),
        ({"é": 1}, "$"),
        ({"": 1}, "$"),
        ({1: 1}, "$"),
        ({"a": b"bytes"}, "$.a"),
        (Decimal(1), "$"),
        ({"a": {1, 2}}, "$.a"),
    ],
)
def test_refuses_what_readers_of_json_would_not_agree_on(value: object, field: str) -> None:
    """Floats, large integers, NUL, lone surrogates and odd keys read back differently from one reader to the next."""
    with pytest.raises(InvalidInput) as refused:
        canonical(value)

    assert refused.value.details["field"] == field


def test_depth_is_limited_exactly() -> None:
    """64 levels pass, 65 do not, and a hundred thousand are refused without exhausting the stack."""
    nested: object = 0
    for _ in range(64):
        nested = [nested]
    assert canonical(nested) == b"[" * 64 + b"0" + b"]" * 64

    for deeper in ([nested], _deep(100_000)):
        with pytest.raises(InvalidInput):
            canonical(deeper)


def _deep(levels: int) -> object:
    nested: object = 0
    for _ in range(levels):
        nested = [nested]
    return nested


def test_unicode_is_hashed_as_received() -> None:
    """Composed and decomposed letters look alike and are different data."""
    assert digest("é") != digest("e\u0301")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0123, "0.012300"),
        (-0.0, "0.000000"),
        (-1e-9, "0.000000"),
        (0.0000005, "0.000000"),
        (0.0000015, "0.000002"),
        (1e300, f"{int(1e300)}.000000"),
        (2.5, "2.500000"),
    ],
)
def test_fixed_rounds_the_exact_binary_value_half_to_even(value: float, text: str) -> None:
    """0.0000005 is a little below the half in binary, 0.0000015 a little above it."""
    assert fixed(value) == text


@pytest.mark.parametrize(("value", "text"), [(0.5, "0"), (1.5, "2"), (2.5, "2"), (-0.5, "0")])
def test_fixed_sends_exact_halves_to_the_even_neighbour(value: float, text: str) -> None:
    """Ties must not depend on a processor's or library's habit."""
    assert fixed(value, places=0) == text


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_fixed_refuses_what_is_no_number(value: float) -> None:
    """A NaN in a document would compare unequal to itself."""
    with pytest.raises(InvalidInput):
        fixed(value)


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_time_reads_back_as_itself(moment: datetime) -> None:
    """Times in entries are exact to the microsecond."""
    assert parse_timestamp(timestamp(moment)) == moment


def test_a_time_is_written_in_utc_and_needs_a_zone() -> None:
    """The same instant has one spelling."""
    assert timestamp(datetime(2026, 11, 21, 3, tzinfo=timezone(timedelta(hours=2)))) == "2026-11-21T01:00:00.000000Z"

    with pytest.raises(InvalidInput):
        timestamp(datetime(2026, 11, 21))  # noqa: DTZ001  # the missing zone is the point


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-21T01:02:03Z",
        "2026-11-21T01:02:03.000004+00:00",
        "2026-11-21 01:02:03.000004Z",
        "2026-02-30T01:02:03.000004Z",
        "２026-11-21T01:02:03.000004Z",
        "",
    ],
)
def test_another_spelling_of_a_time_is_refused(text: str) -> None:
    """Two spellings of one time would give two digests of one document."""
    with pytest.raises(InvalidInput):
        parse_timestamp(text)
