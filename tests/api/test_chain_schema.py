"""The OpenAPI document tells the facts around a proposal just as the intake takes them."""

import re
from collections.abc import Mapping
from typing import Any

from api.routes.chain_schema import ACTIONS, CHAIN
from governance.intake import actions
from governance.intake.proposals import receive
from tests.ingest_rows import a_proposal

_TEXTS = ("w", "1", "0x", "0x" + "1" * 40, "0x" + "2" * 64)


def a_value(schema: Mapping[str, Any]) -> Any:
    """One value that the schema allows, with every property there."""
    kinds = schema.get("type", "integer")
    kind = kinds if isinstance(kinds, str) else kinds[0]
    if "enum" in schema:
        return schema["enum"][0]
    if kind == "object":
        return {name: a_value(each) for name, each in schema["properties"].items()}
    if kind == "array":
        return [a_value(schema["items"])]
    if kind == "string":
        return next(text for text in _TEXTS if _fits(text, schema))
    return {"integer": 7, "boolean": True}[kind]


def _fits(text: str, schema: Mapping[str, Any]) -> bool:
    return re.search(schema.get("pattern", ""), text) is not None


def test_every_fact_of_the_document_is_taken_and_kept() -> None:
    """Whole, under its own name, on every level."""
    told = receive(a_proposal(chain=a_value(CHAIN), actions=a_value(ACTIONS))).facts or {}

    def named(value: object) -> object:
        if isinstance(value, Mapping):
            return {name: named(each) for name, each in value.items()}
        return [named(each) for each in value] if isinstance(value, list) else None

    assert named(told["chain"]) == named(a_value(CHAIN))
    assert named(told["actions"]) == named(a_value(ACTIONS))


def test_every_fact_that_is_taken_is_in_the_document() -> None:
    """A frontend that is generated from it can tell each of them."""
    assert set(CHAIN["properties"]) == set(actions._CHAIN.fields)
    assert CHAIN["required"] == list(actions._CHAIN.needed)
    assert set(ACTIONS["items"]["properties"]) == set(actions._CALL.fields)


def test_a_unit_may_be_a_sign_of_currency() -> None:
    """What the intake takes, a client made from the document may send; a blank neither."""
    unit = CHAIN["properties"]["changes"]["items"]["properties"]["unit"]

    assert [_fits(text, unit) for text in ("₳", "€ per vote", "MKR", " ", "₳ ")] == [True, True, True, False, False]
    change = {"name": "fee", "unit": "₳", "to": "1"}
    told = receive(a_proposal(chain={"read_at": 7, "changes": [change]})).facts or {}
    assert told["chain"]["changes"] == [change]
