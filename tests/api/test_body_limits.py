"""Too large, too deep, or no plain JSON: refused with field, value and rule before anything else looks at it."""

import tracemalloc
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.refusals import BodyTooLarge, MalformedBody
from api.strict_json import MAX_BYTES, MAX_DEPTH, MAX_INTEGER, MAX_VALUES, read_json
from governance.errors import InvalidInput

JSON = {"content-type": "application/json"}

_REFUSED = {
    "not JSON": (b"{", 400),
    "empty value": (b"{}x", 400),
    "not UTF-8": (b'{"name":"\xff"}', 400),
    "byte order mark": (b"\xef\xbb\xbf{}", 400),
    "100,000 deep": (b"[" * 100_000, 400),
    "100,000 deep and closed": (b"[" * 100_000 + b"]" * 100_000, 400),
    "100,000 deep objects": (b'{"a":' * 40_000, 400),
    "65 deep": (b"[" * 65 + b"]" * 65, 400),
    "duplicate key": (b'{"name":"a","name":"b"}', 400),
    "duplicate key by escape": (b'{"name":"a","\\u006eame":"b"}', 400),
    "NaN": (b'{"name":NaN}', 400),
    "Infinity": (b'{"name":-Infinity}', 400),
    "raw NUL": (b'{"name":"\x00"}', 400),
    "NUL": (b'{"name":"a\\u0000b"}', 422),
    "NUL in a key": (b'{"a\\u0000":1}', 422),
    "lone surrogate": (b'{"name":"\\ud800"}', 422),
    "2^256": (str(2**256).encode().join([b'{"name":', b"}"]), 422),
    "-2^256": (str(-(2**256)).encode().join([b'{"name":', b"}"]), 422),
    "5,000 digits": (b'{"name":' + b"9" * 5_000 + b"}", 422),
    "1e400": (b'{"name":1e400}', 422),
    "257 KiB": (b'{"name":"' + b"a" * (257 * 1024) + b'"}', 413),
    "10 MB": (b'{"name":"' + b"a" * 10_000_000 + b'"}', 413),
    "20,001 values": (b"[" + b"1," * 19_999 + b"1]", 413),
    "20,001 brackets": (b"[" + b"[]," * 9_999 + b"[]]", 413),
    "a million keys": (b"{" + b",".join(b'"%d":1' % number for number in range(1_000_000)) + b"}", 413),
}


@pytest.mark.parametrize("route", ["/v1/daos", "/v1/keys", "/v1/daos/nothing/pause", "/v1/no/such/route"])
def test_a_hostile_body_is_refused_with_field_value_and_rule(api: httpx.Client, route: str) -> None:
    """The same answer on every route, before the route itself is even looked for."""
    for name, (body, status) in _REFUSED.items():
        answer = api.post(route, content=body, headers=JSON)

        assert (name, answer.status_code) == (name, status)
        assert answer.headers["content-type"] == "application/problem+json"
        assert {"field", "value", "rule", "code", "instance"} <= answer.json().keys()


def test_a_body_without_announced_length_is_cut_off_at_the_same_limit(api: httpx.Client) -> None:
    """A chunked body cannot announce its size, and need not."""

    def _chunks() -> Iterator[bytes]:
        for _ in range(200):
            yield b"a" * 65_536

    answer = api.post("/v1/daos", content=_chunks(), headers=JSON)

    assert answer.status_code == 413


def test_another_media_type_is_refused(api: httpx.Client) -> None:
    """A form cannot be mistaken for JSON, which is also what keeps other sites' forms from writing."""
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/x-ndjson"):
        assert api.post("/v1/daos", content=b'{"name":"a"}', headers={"content-type": kind}).status_code == 415


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "identity, gzip", ""])
def test_a_compressed_body_is_refused_by_name(api: httpx.Client, coding: str) -> None:
    """Nothing here unpacks: read as it came it would be called broken JSON, or be taken although it says that it is packed."""
    headers = {**JSON, "content-encoding": coding}

    answer = api.post("/v1/daos", content=b'{"name":"a"}', headers=headers)
    batch = api.post("/v1/daos/a/votes", content=b"{}", headers={**headers, "content-type": "application/x-ndjson"})

    assert (answer.status_code, answer.json()["field"]) == (415, "Content-Encoding")
    assert batch.status_code == 415


@pytest.mark.parametrize("url", ["/v1/daos/%00", "/v1/daos/%ff%fe", "/v1/daos?source=%00", "/v1/daos?source=%ed%a0%80"])
def test_a_url_that_no_store_can_keep_is_refused(api: httpx.Client, url: str) -> None:
    """PostgreSQL refuses NUL and broken UTF-8 with an error of its own; it must not come to that."""
    assert api.get(url).status_code == 422


def test_an_unknown_field_a_wrong_type_and_a_time_without_zone_are_named(api: httpx.Client) -> None:
    """Nothing is guessed: the answer says which field broke which rule."""
    unknown = api.post("/v1/daos", json={"name": "a", "colour": "red"}).json()
    wrong = api.post("/v1/daos", json={"name": 5}).json()
    truthy = api.post("/v1/daos", json={"name": "a", "invented": 1}).json()
    zone = api.post("/v1/keys", json={"name": "a", "scopes": ["ingester"], "expires_at": "2027-01-01T00:00:00"}).json()

    assert (unknown["field"], unknown["status"]) == ("body.colour", 422)
    assert (wrong["field"], wrong["value"]) == ("body.name", 5)
    assert truthy["field"] == "body.invented"
    assert (zone["field"], zone["status"]) == ("body.expires_at", 422)


def test_nothing_refused_has_left_anything_behind(api: httpx.Client) -> None:
    """Refused before it costs anything, and nothing half done."""
    before = api.get("/v1/version").json()["log_size"]
    for body, _ in _REFUSED.values():
        api.post("/v1/daos", content=body, headers=JSON)

    assert api.get("/v1/version").json()["log_size"] == before
    assert api.get("/v1/daos").json()["items"] == []


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | st.text(st.characters(exclude_characters="\0", codec="utf-8")),
        lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(st.characters(exclude_characters="\0", codec="utf-8")), inner),
        max_leaves=20,
    )
)
def test_plain_json_is_read_as_it_was_written(value: object) -> None:
    """Strictness takes nothing away from honest clients."""
    import json  # noqa: PLC0415

    assert read_json(json.dumps(value).encode()) == value
    assert read_json(json.dumps(value, ensure_ascii=False).encode()) == value


@given(depth=st.integers(1, 3 * MAX_DEPTH), objects=st.booleans())
def test_nesting_is_refused_exactly_beyond_the_limit(depth: int, objects: bool) -> None:
    """64 levels are allowed, 65 are not, whatever they are made of."""
    raw = (b'{"a":' * depth + b"1" + b"}" * depth) if objects else (b"[" * depth + b"]" * depth)
    if depth <= MAX_DEPTH:
        read_json(raw)
    else:
        with pytest.raises(MalformedBody, match="64"):
            read_json(raw)


@given(offset=st.integers(-3, 3), sign=st.sampled_from([1, -1]))
def test_integers_are_refused_exactly_beyond_2_to_256(offset: int, sign: int) -> None:
    """2^256-1 is the largest number a contract can hold."""
    number = sign * (2**256 + offset)
    raw = f'{{"a":[{number}]}}'.encode()
    if abs(number) <= MAX_INTEGER:
        assert read_json(raw) == {"a": [number]}
    else:
        with pytest.raises(InvalidInput) as refusal:
            read_json(raw)
        assert refusal.value.details["field"] == "body.a.0"


def test_a_refusal_names_where_the_value_stands() -> None:
    """A client with a large document must find the spot."""
    with pytest.raises(InvalidInput) as refusal:
        read_json(b'{"rows":[{"ok":"a"},{"text":"b\\u0000"}]}')

    assert refusal.value.details["field"] == "body.rows.1.text"


def test_reading_a_hostile_body_takes_little_memory() -> None:
    """What is refused must not have cost much: at most a few times the limit."""
    tracemalloc.start()
    for raw in (b"[" * MAX_BYTES, b'{"a":' * (MAX_BYTES // 5), b'"' + b"\\u0000" * (MAX_BYTES // 6 - 1) + b'"'):
        with pytest.raises(InvalidInput):
            read_json(raw)
    with pytest.raises(BodyTooLarge):
        read_json(b"[" * (MAX_BYTES + 1))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 64 * MAX_BYTES


def test_values_are_counted_outside_of_strings_and_up_to_the_limit(api: httpx.Client) -> None:
    """A long text full of commas is one value; a list as long as any the API takes is not too long."""
    assert read_json(b"[" + b"1," * (MAX_VALUES - 3) + b"1]") == [1] * (MAX_VALUES - 2)
    assert read_json(b'"' + b"[,]{," * 20_000 + b'"') == "[,]{," * 20_000
    assert api.post("/v1/daos", json={"name": "commas.test", "about": "," * 10_000}).status_code == 201
