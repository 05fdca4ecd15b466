"""What a proposal would execute, and what a reader of the chain found around it, as received: strictly read, kept as JSON."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from governance.errors import InvalidInput
from governance.intake import fields
from governance.intake.fields import Row

MOST_ACTIONS: Final = 200
# Calldata of one call; the largest real proposal payloads are some kilobytes.
_MOST_DATA: Final = 2 * 16_384
_MOST_LISTED: Final = 500
_ADDRESS: Final = re.compile(r"0[xX][0-9a-fA-F]{40}", re.ASCII)
_HEX: Final = re.compile(r"0[xX](?:[0-9a-fA-F]{2})*", re.ASCII)
_HASH: Final = re.compile(r"0[xX][0-9a-fA-F]{64}", re.ASCII)

Reader = Callable[[Row, str, str], object]


@dataclass(frozen=True, slots=True)
class Shape:
    """The fields of an object, and those without which it says nothing."""

    fields: Mapping[str, Reader]
    needed: tuple[str, ...] = ()


def actions(row: Row) -> list[dict[str, object]] | None:
    """The calls in `actions`, in order; None where the source does not tell, empty where it says that nothing is executed.

    Raises:
        InvalidInput: it is no list of calls, or a call has no target, or a field is wrong or not known.
    """
    found = fields.structure(row, "actions")
    return None if found is None else [_object(each, _CALL, f"actions[{place}]") for place, each in enumerate(_list(found, "actions"))]


def chain(row: Row) -> dict[str, object] | None:
    """The facts in `chain`, which say when they were read; None where nobody read them.

    Raises:
        InvalidInput: it is no object, has no `read_at`, or a field is wrong or not known.
    """
    found = fields.structure(row, "chain")
    if found is None:
        return None
    return _object(found, _CHAIN, "chain")


def _object(value: object, shape: Shape, where: str) -> dict[str, object]:
    """`value` with exactly what `shape` knows of it; what is null is left out.

    Raises:
        InvalidInput: it is no object, a field is not known, wrong, or missing; the field is named from the row's top.
    """
    if not isinstance(value, Mapping):
        raise InvalidInput(where, type(value).__name__, "must be an object")
    for name in value:
        if name not in shape.fields:
            raise InvalidInput(f"{where}.{name}"[:120], "present", "is not known here")
    found = {name: _read(read, value, name, where) for name, read in shape.fields.items() if value.get(name) is not None}
    for name in shape.needed:
        if name not in found:
            raise InvalidInput(f"{where}.{name}", None, "is missing")
    return found


def _read(read: Reader, row: Row, name: str, where: str) -> object:
    try:
        return read(row, name, where)
    except InvalidInput as refused:
        if str(refused.details["field"]).startswith(where):
            raise
        raise InvalidInput(f"{where}.{name}", refused.details["value"], str(refused.details["rule"])) from None


def _list(value: object, where: str, most: int = MOST_ACTIONS) -> Sequence[object]:
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) > most:
        raise InvalidInput(where, type(value).__name__, f"must be a list of at most {most}")
    return value


def _matching(pattern: re.Pattern[str], rule: str, longest: int) -> Reader:
    def read(row: Row, name: str, where: str) -> object:
        value = row[name]
        if not isinstance(value, str) or len(value) > longest or not pattern.fullmatch(value):
            raise InvalidInput(f"{where}.{name}", str(value)[:80], rule)
        return value.lower()

    return read


def _word(row: Row, name: str, where: str) -> object:
    found = fields.word(row, name)
    if found is None:
        raise InvalidInput(f"{where}.{name}", row[name], "must be text")
    return found


def _signature(row: Row, name: str, _where: str) -> object:
    return fields.said(row, name, longest=1_000) or ""


def _amount(row: Row, name: str, _where: str) -> object:
    found = fields.amount(row, name)
    return None if found is None else found.text


def _whole(row: Row, name: str, _where: str) -> object:
    """As decimal text: a canonical document holds no integers over 2^53."""
    return str(fields.integer(row, name))


def _places(row: Row, name: str, _where: str) -> object:
    """How many digits a token has behind its point: 10^77 base units are all that 256 bits hold."""
    return str(fields.integer(row, name, most=77))


def _flag(row: Row, name: str, _where: str) -> object:
    return fields.flag(row, name)


def _time(row: Row, name: str, _where: str) -> object:
    return fields.iso(fields.moment(row, name))


def _listed(each: Reader) -> Reader:
    def read(row: Row, name: str, where: str) -> object:
        found = _list(row[name], f"{where}.{name}", _MOST_LISTED)
        return [_read(each, {f"{name}[{place}]": value}, f"{name}[{place}]", where) for place, value in enumerate(found)]

    return read


def _objects(shape: Shape) -> Reader:
    def read(row: Row, name: str, where: str) -> object:
        found = _list(row[name], f"{where}.{name}", _MOST_LISTED)
        return [_object(value, shape, f"{where}.{name}[{place}]") for place, value in enumerate(found)]

    return read


def _one(shape: Shape) -> Reader:
    return lambda row, name, where: _object(row[name], shape, f"{where}.{name}")


_address: Final = _matching(_ADDRESS, "must be an address: 0x and 40 hex digits", 42)
_data: Final = _matching(_HEX, f"must be 0x and whole bytes in hex, at most {_MOST_DATA} digits", _MOST_DATA + 2)
_hash: Final = _matching(_HASH, "must be 0x and 64 hex digits", 66)
_moment_of_code: Final = _matching(re.compile("created|ended|executed"), "must be created, ended or executed", 10)
_CALL: Final = Shape(
    {"target": _address, "value": _whole, "signature": _signature, "calldata": _data, "delegated": _flag}, needed=("target",)
)
_CODE: Final = Shape(
    {
        "address": _address, "at": _moment_of_code, "codehash": _hash, "verified": _flag, "upgradeable": _flag, "selfdestruct": _flag,
        "delegatecall": _flag, "create2": _flag,
    },
    needed=("address",),
)  # fmt: skip
_CHANGE: Final = Shape(
    {
        "name": _word, "unit": _word, "to": _amount, "group": _word, "applied": _amount, "approved_from": _amount, "live": _amount,
        "reference": _amount, "reference_unit": _word, "made_at": _time, "expires_s": _whole, "skipped": _flag,
    },
    needed=("name", "unit", "to"),
)  # fmt: skip
_DELEGATION: Final = Shape(
    {"delegate": _address, "power": _amount, "in_at": _time, "out_at": _time, "paid": _amount, "worth": _amount},
    needed=("delegate", "power", "in_at"),
)
_CHAIN: Final = Shape(
    {
        "read_at": _time,
        "snapshot_block": _whole,
        "first_vote_block": _whole,
        "power_read_live": _flag,
        "same_block_voters": _listed(_address),
        "passed_at": _time,
        "executed_at": _time,
        "delay_s": _whole,
        "cluster": _listed(_address),
        "cluster_gained": _amount,
        "delegates": _objects(Shape({"address": _address, "power": _amount}, needed=("address", "power"))),
        "treasury": _amount,
        "treasury_token": _word,
        "listed": _listed(_address),
        "multisigs": _listed(_address),
        "controllers": _objects(Shape({"address": _address, "by": _listed(_address)}, needed=("address", "by"))),
        "code": _objects(_CODE),
        "notices": _one(Shape({"expected": _listed(_word), "seen": _listed(_word), "admin_changed_at": _time})),
        "delegations": _objects(_DELEGATION),
        "markets": _listed(_address),
        "emergencies": _listed(_time),
        "proposal_threshold": _amount,
        "tokens": _objects(Shape({"address": _address, "symbol": _word, "decimals": _places}, needed=("address", "symbol", "decimals"))),
        "changes": _objects(_CHANGE),
    },
    needed=("read_at",),
)
