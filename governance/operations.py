"""Operations: the bytes an approved change comes to, where they apply, and the state they start from."""

from collections.abc import Mapping
from typing import Final, cast

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from governance.canonical import canonical

DRY_RUN: Final = "dry_run"
_DRY_RUN_CODE: Final = "assent/dry_run/1"


def dao_word(dao: str) -> str:
    """`daoId`: keccak256 of the DAO's id in UTF-8."""
    return "0x" + keccak(dao.encode()).hex()


def dry_run_target(dao: str, *, chain_id: int) -> dict[str, str]:
    """Where a dry run would apply: the `executor` part of a document. No address on a chain, and never zero."""
    return {
        "kind": DRY_RUN,
        "chain_id": str(chain_id),
        "verifying_contract": to_checksum_address("0x" + dao_word(dao)[-40:]),
        "target_code_hash": "0x" + keccak(text=_DRY_RUN_CODE).hex(),
    }


def payload(document: Mapping[str, object], part: str = "change") -> bytes:
    """The exact bytes an executor is given for the document's `change` (or its `rollback`)."""
    change = cast("Mapping[str, object]", document[part])
    return canonical({"operation": DRY_RUN, "target": target(document), "change": change, "order": 0})


def target(document: Mapping[str, object]) -> str:
    """What the change applies to: `dao/parameter`, `dao/parameter/guardrail` or `dao/delegates`."""
    dao, kind = cast("str", document["dao"]), document["kind"]
    if kind == "delegates_change":
        return f"{dao}/delegates"
    name = cast("Mapping[str, str]", document["change"])["parameter"]
    return f"{dao}/{name}/guardrail" if kind == "guardrail_change" else f"{dao}/{name}"


def pre_state(document: Mapping[str, object]) -> dict[str, object]:
    """What the change starts from; a different live value at signing means that people consented to something else."""
    change = cast("Mapping[str, str]", document["change"])
    if document["kind"] == "delegates_change":
        return {"dao": document["dao"], "electorate": change["from_sha256"]}
    if document["kind"] == "guardrail_change":
        return {"parameter": change["parameter"], "guardrail": change["from_sha256"]}
    return {"parameter": change["parameter"], "value": change["from"]}
