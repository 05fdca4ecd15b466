"""Rows that must not come in, each refused by field, value and rule; and answers in the order of the lines."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.settings import Settings
from tests.api.conftest import settings_for

NDJSON = {"Content-Type": "application/x-ndjson"}
PRICE: dict[str, Any] = {"metric": "price", "time": "2026-11-21T11:00:00Z", "value": "1.25", "unit": "USD", "source": "dex"}


@pytest.fixture
def settings(sqlite_url: str, tmp_path: Path) -> Settings:
    """What is refused does not depend on the kind of database."""
    return settings_for(sqlite_url, tmp_path / "state")


@pytest.fixture
def tide(api: httpx.Client) -> httpx.Client:
    """The API with one DAO."""
    assert api.post("/v1/daos", json={"name": "tide.eth"}).status_code == 201
    return api


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"time": "9999-12-31T23:59:59Z"}, "time"),
        ({"time": "2026-11-21T12:06:00Z"}, "time"),  # the clock of the test shows noon
        ({"value": 1.25}, "value"),
        ({"value": 1e300}, "value"),
        ({"value": -0.0}, "value"),
        ({"value": "-0"}, "value"),
        ({"value": "-0.000"}, "value"),
    ],
)
def test_an_observation_that_cannot_be_is_refused(tide: httpx.Client, change: dict[str, Any], field: str) -> None:
    """What has not happened was not observed; a double loses digits; zero has no sign."""
    answer = tide.post("/v1/daos/tide.eth/observations", json=PRICE | change)

    assert answer.status_code == 422
    assert answer.json()["field"] == f"body.{field}"
    assert answer.json()["value"] is not None
    assert tide.get("/v1/daos/tide.eth/observations").json()["items"] == []


@pytest.mark.parametrize("change", [{"time": "2026-11-21T12:04:00Z"}, {"value": 3}, {"value": "-0.5"}, {"value": "0.0"}, {"value": -0}])
def test_an_observation_at_the_edge_of_the_rules_is_taken(tide: httpx.Client, change: dict[str, Any]) -> None:
    """Clocks differ by minutes; whole numbers are exact; figures may be below zero."""
    assert tide.post("/v1/daos/tide.eth/observations", json=PRICE | change).json()["inserted"] == 1


@pytest.mark.parametrize("sign", ["\u202e", "\u2066", "\u200f", "\u061c"])
def test_a_name_that_turns_the_direction_of_writing_is_refused(tide: httpx.Client, sign: str) -> None:
    """With such signs one DAO's name can be made to look like another's."""
    answer = tide.post("/v1/daos", json={"name": f"tide{sign}hte.eth"})
    row = tide.post("/v1/imports?file=x", content=json.dumps({**PRICE, "dao": f"a{sign}b"}).encode(), headers=NDJSON).json()["rows"][0]

    assert (answer.status_code, row["result"], row["field"]) == (422, "refused", "dao")
    assert f"U+{ord(sign):04X}" in answer.json()["rule"]
    assert f"U+{ord(sign):04X}" in row["reason"]


def test_lines_are_answered_in_their_order(tide: httpx.Client) -> None:
    """A client walks its lines and the answers side by side."""
    lines = [
        json.dumps({**PRICE, "metric": f"m{number}"}) if number % 3 else ("{", '{"a":1,"a":2}', "[]")[number % 9 // 3]
        for number in range(1_200)
    ]

    answer = tide.post("/v1/daos/tide.eth/observations", content="\n".join(lines).encode(), headers=NDJSON).json()

    assert [row["row"] for row in answer["rows"]] == list(range(1, 1_201))
    assert (answer["read"], answer["inserted"], answer["refused"]) == (1_200, 800, 400)
    assert {row["row"] for row in answer["rows"] if row["result"] == "refused"} == set(range(1, 1_201, 3))


@pytest.mark.parametrize(
    ("kind", "row", "field", "longest"),
    [
        ("posts", {"forum": "forum.tide.example", "post_id": 1, "created": 1_763_000_000, "text": "x"}, "text", 200_000),
        ("proposals", {"proposal_id": "1", "title": "a"}, "body", 200_000),
        ("proposals", {"proposal_id": "1", "title": "a"}, "title", 10_000),
    ],
)
def test_texts_are_as_long_as_documented_and_no_longer(
    tide: httpx.Client, kind: str, row: dict[str, Any], field: str, longest: int
) -> None:
    """What the document refuses and the server takes would break a client at the next server."""
    taken = tide.post(f"/v1/daos/tide.eth/{kind}", json=row | {field: "x" * longest})
    refused = tide.post(f"/v1/daos/tide.eth/{kind}", json=row | {field: "x" * (longest + 1)})

    assert taken.json()["inserted"] == 1
    assert (refused.status_code, refused.json()["field"]) == (422, f"body.{field}")
