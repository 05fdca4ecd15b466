"""A proposal's calls and what was found around it, as received: strictly read, refused by name."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.errors import InvalidInput
from governance.flags import told
from governance.flags.calldata import Call
from governance.flags.case import Chain
from governance.intake.proposals import receive
from tests.flag_cases import COMP, GRANTEE, TARGET
from tests.ingest_rows import OPENED, a_proposal

READ_AT = OPENED + 3_600
THEN = datetime.fromtimestamp(READ_AT, UTC)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"actions": [{"calldata": "0x"}]}, "actions[0].target"),
        ({"actions": [{"target": "0x12"}]}, "actions[0].target"),
        ({"actions": [{"target": TARGET, "calldata": "0x123"}]}, "actions[0].calldata"),
        ({"actions": [{"target": TARGET, "value": "-1"}]}, "actions[0].value"),
        ({"actions": [{"target": TARGET, "role": "admin"}]}, "actions[0].role"),
        ({"actions": [{"target": TARGET}] * 201}, "actions"),
        ({"actions": "nothing"}, "actions"),
        ({"chain": {"snapshot_block": 1}}, "chain.read_at"),
        ({"chain": {"read_at": READ_AT, "flags": []}}, "chain.flags"),
        ({"chain": {"read_at": READ_AT, "code": [{"address": TARGET, "at": "later"}]}}, "chain.code[0].at"),
        ({"chain": {"read_at": READ_AT, "changes": [{"to": "1e5"}]}}, "chain.changes[0].to"),
        ({"chain": {"read_at": READ_AT, "changes": [{"name": "cap", "to": "5"}]}}, "chain.changes[0].unit"),
        ({"chain": {"read_at": READ_AT, "code": [{"verified": True}]}}, "chain.code[0].address"),
        ({"chain": {"read_at": READ_AT, "delegates": [{"address": TARGET}]}}, "chain.delegates[0].power"),
        ({"chain": {"read_at": READ_AT, "delegations": [{"delegate": TARGET, "power": "1"}]}}, "chain.delegations[0].in_at"),
        ({"chain": {"read_at": READ_AT, "controllers": [{"address": TARGET}]}}, "chain.controllers[0].by"),
        ({"chain": {"read_at": READ_AT, "tokens": [{"address": TARGET, "symbol": "TIDE", "decimals": 78}]}}, "chain.tokens[0].decimals"),
        ({"chain": {"read_at": READ_AT, "cluster": ["0x12"]}}, "chain.cluster[0]"),
        ({"chain": {"read_at": "yesterday"}}, "chain.read_at"),
    ],
)
def test_odd_actions_are_refused_by_name(changes: dict[str, Any], field: str) -> None:
    """What is not understood is not kept, and the sender learns which field it was."""
    with pytest.raises(InvalidInput) as refused:
        receive(a_proposal(**changes))

    assert refused.value.details["field"] == field


def test_a_row_without_them_is_what_it_was() -> None:
    """Rows stored before these fields existed must not turn into revisions when they come again."""
    assert receive(a_proposal()).facts is None
    assert receive(a_proposal(actions=None, chain=None)).content() == receive(a_proposal()).content()


def test_nothing_told_is_not_nothing_executed() -> None:
    """An empty list says that nothing is executed; a missing one says nothing."""
    assert told.calls(receive(a_proposal()).facts) is None
    assert told.calls(receive(a_proposal(actions=[])).facts) == ()


def test_calls_come_out_as_they_went_in() -> None:
    """Addresses in lower case, values as exact integers, bytes as bytes."""
    row = {
        "target": COMP.upper().replace("0X", "0x"),
        "value": str(2**255),
        "calldata": "0xA9059CBB",
        "signature": "f()",
        "delegated": True,
    }

    assert told.calls(receive(a_proposal(actions=[row])).facts) == (Call(COMP, 2**255, bytes.fromhex("a9059cbb"), "f()", delegated=True),)


def test_the_chain_is_read_as_of_its_reading() -> None:
    """What a reader found later than `as_of` was not known then; what happened later neither."""
    chain = {
        "read_at": READ_AT,
        "passed_at": READ_AT - 10,
        "executed_at": READ_AT + 10,
        "cluster": [GRANTEE],
        "emergencies": [READ_AT, READ_AT + 1],
    }
    facts = receive(a_proposal(chain=chain)).facts

    assert told.chain(facts, as_of=datetime.fromtimestamp(READ_AT - 1, UTC)) == Chain()
    found = told.chain(facts, as_of=THEN)
    assert found.passed_at is not None
    assert found.executed_at is None
    assert found.cluster == frozenset({GRANTEE})
    assert found.emergencies == (THEN,)


_NAMES = st.sampled_from(["read_at", "cluster", "code", "changes", "tokens", "address", "to"])
_PLAIN = st.none() | st.booleans() | st.integers() | st.text(max_size=20)
_JSON = st.recursive(_PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=4), max_leaves=8)


@given(_JSON)
def test_any_json_is_taken_or_refused_and_what_is_taken_can_be_read(value: Any) -> None:
    """Rows come from outside: no shape of them may break the intake or a rule's input later."""
    for name in ("actions", "chain"):
        try:
            facts = receive(a_proposal(**{name: value})).facts
        except InvalidInput:
            continue
        told.calls(facts)
        told.tokens(facts)
        told.chain(facts, as_of=THEN)
