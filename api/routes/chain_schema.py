"""How a proposal's `actions` and `chain` look in a body, for the OpenAPI document; `governance/intake/actions.py` is what reads them."""

from collections.abc import Mapping
from typing import Any, Final

from api.ingest_bodies import AMOUNT_SCHEMA, TIME_SCHEMA

Schema = Mapping[str, Any]

_MOST_LISTED: Final = 500
_ADDRESS: Final = {"type": "string", "pattern": r"^0x[0-9a-fA-F]{40}$"}
_WHOLE: Final = {"type": ["string", "null"], "pattern": r"^(0|[1-9][0-9]{0,70})$"}
# Letters of Latin alphabets, signs and signs of currencies (a unit may be ₳), no white space around.
_MARKS: Final = "!-~¡-ʯ₠-⃀"
_WORD: Final = {"type": ["string", "null"], "minLength": 1, "maxLength": 512, "pattern": f"^[{_MARKS}]([ {_MARKS}]*[{_MARKS}])?$"}
_FLAG: Final = {"type": ["boolean", "null"]}
_NEEDED_TIME: Final = {"type": "integer", "minimum": 0, "maximum": 4_102_444_800}


def _needed(schema: Schema) -> Schema:
    """The same, but never null."""
    return {**schema, "type": "string"}


def _told(schema: Schema, words: str) -> Schema:
    return {**schema, "description": words}


def _listed(each: Schema, words: str = "") -> Schema:
    found: dict[str, Any] = {"type": ["array", "null"], "maxItems": _MOST_LISTED, "items": each}
    return {**found, "description": words} if words else found


def _object(properties: Mapping[str, Schema], needed: tuple[str, ...] = ()) -> Schema:
    return {"type": "object", "additionalProperties": False, "required": list(needed), "properties": dict(properties)}


_CALL: Final = _object(
    {
        "target": _ADDRESS,
        "value": _told(_WHOLE, "In wei."),
        "signature": {"type": ["string", "null"], "maxLength": 1_000, "description": "Where kept apart from the arguments."},
        "calldata": {"type": ["string", "null"], "pattern": r"^0x([0-9a-fA-F]{2}){0,16384}$"},
        "delegated": _FLAG,
    },
    ("target",),
)
_CODE: Final = _object(
    {
        "address": _ADDRESS,
        "at": {"type": ["string", "null"], "enum": ["created", "ended", "executed", None]},
        "codehash": {"type": ["string", "null"], "pattern": r"^0x[0-9a-fA-F]{64}$"},
        **dict.fromkeys(("verified", "upgradeable", "selfdestruct", "delegatecall", "create2"), _FLAG),
    },
    ("address",),
)
_DELEGATION: Final = _object(
    {
        "delegate": _ADDRESS,
        "power": _needed(AMOUNT_SCHEMA),
        "in_at": _NEEDED_TIME,
        "out_at": TIME_SCHEMA,
        "paid": AMOUNT_SCHEMA,
        "worth": AMOUNT_SCHEMA,
    },
    ("delegate", "power", "in_at"),
)
_CHANGE: Final = _object(
    {
        "name": _needed(_WORD),
        "unit": _needed(_WORD),
        "to": _needed(AMOUNT_SCHEMA),
        "group": _told(_WORD, "Parameters of one group may only change together (R20)."),
        "applied": _told(AMOUNT_SCHEMA, "What a cap or a step left of it."),
        "approved_from": _told(AMOUNT_SCHEMA, "The value it was decided against."),
        "live": _told(AMOUNT_SCHEMA, "The value now."),
        "reference": _told(AMOUNT_SCHEMA, "An independent source's value."),
        "reference_unit": _WORD,
        "made_at": TIME_SCHEMA,
        "expires_s": _WHOLE,
        "skipped": _FLAG,
    },
    ("name", "unit", "to"),
)
_TOKEN: Final = _object(
    {"address": _ADDRESS, "symbol": _needed(_WORD), "decimals": {"type": "integer", "minimum": 0, "maximum": 77}},
    ("address", "symbol", "decimals"),
)
_NOTICES: Final = {
    **_object({"expected": _listed(_needed(_WORD)), "seen": _listed(_needed(_WORD)), "admin_changed_at": TIME_SCHEMA}),
    "type": ["object", "null"],
}

ACTIONS: Final[Schema] = {
    "type": ["array", "null"],
    "maxItems": 200,
    "description": "The calls it would execute, in order; empty says that it executes nothing.",
    "items": _CALL,
}
CHAIN: Final[Schema] = {
    **_object(
        {
            "read_at": _told(_NEEDED_TIME, "Before it none of these facts is used."),
            "snapshot_block": _WHOLE,
            "first_vote_block": _WHOLE,
            "power_read_live": _told(_FLAG, "Power is read when a vote is cast, not at a snapshot."),
            "same_block_voters": _listed(_ADDRESS, "Who gained power and voted in one block."),
            "passed_at": TIME_SCHEMA,
            "executed_at": TIME_SCHEMA,
            "delay_s": _told(_WHOLE, "Seconds between passing and execution."),
            "cluster": _listed(_ADDRESS, "Addresses that belong to the proposer."),
            "cluster_gained": _told(AMOUNT_SCHEMA, "Power that the cluster gained within 30 days."),
            "delegates": _listed(_object({"address": _ADDRESS, "power": _needed(AMOUNT_SCHEMA)}, ("address", "power"))),
            "treasury": _told(AMOUNT_SCHEMA, "What is liquid, in `treasury_token`."),
            "treasury_token": _told(_WORD, "A symbol or an address."),
            "listed": _listed(_ADDRESS, "Addresses that the DAO lists as its own or as paid by it."),
            "multisigs": _listed(_ADDRESS),
            "controllers": _listed(_object({"address": _ADDRESS, "by": {**_listed(_ADDRESS), "type": "array"}}, ("address", "by"))),
            "code": _listed(_CODE),
            "notices": _NOTICES,
            "delegations": _listed(_DELEGATION, "Power delegated in and out again around the vote."),
            "markets": _listed(_ADDRESS, "Known markets for voting power."),
            "emergencies": _listed(_NEEDED_TIME, "When the emergency path was used."),
            "proposal_threshold": AMOUNT_SCHEMA,
            "tokens": _listed(_TOKEN, "How the tokens named here are written."),
            "changes": _listed(_CHANGE, "Parameters that the proposal would change."),
        },
        ("read_at",),
    ),
    "type": ["object", "null"],
    "description": "What a reader of the chain found around it. Which rule needs what: docs/flags.md.",
}
