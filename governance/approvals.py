"""Approvals: what a delegate's wallet signs about one exact change, and which signed words are refused.

A consent is EIP-712 typed data over thirteen fields, all derived from the recommendation's document
(docs/consent.md says how, so that any other library can rebuild them).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import IntEnum
from typing import Final, cast

from eth_utils.address import is_checksum_address, to_checksum_address
from eth_utils.crypto import keccak

from governance.canonical import canonical, digest, parse_timestamp
from governance.electorates import ZERO_ADDRESS
from governance.errors import Conflict, Expired, InvalidInput, SignatureRefused
from governance.operations import dao_word, dry_run_target, payload, pre_state

DOMAIN_NAME: Final = "Assent"
DOMAIN_VERSION: Final = "1"

FIELDS: Final[tuple[tuple[str, str], ...]] = (
    ("recommendationDigest", "bytes32"),
    ("support", "uint8"),
    ("delegate", "address"),
    ("daoId", "bytes32"),
    ("payloadHash", "bytes32"),
    ("rollbackHash", "bytes32"),
    ("guardrailHash", "bytes32"),
    ("preStateHash", "bytes32"),
    ("targetCodeHash", "bytes32"),
    ("nonce", "uint256"),
    ("notBefore", "uint64"),
    ("deadline", "uint64"),
    ("evidenceRoot", "bytes32"),
)
# Every consent to the same change signs the same values of these; the approval's digest is over them.
SHARED: Final = tuple((name, kind) for name, kind in FIELDS if name not in {"support", "delegate"})

_DOMAIN_TYPE: Final = (("name", "string"), ("version", "string"), ("chainId", "uint256"), ("verifyingContract", "address"))
_ZERO_WORD: Final = "0x" + "0" * 64


class Support(IntEnum):
    """A delegate's word, numbered as in OpenZeppelin's GovernorCountingSimple."""

    AGAINST = 0
    FOR = 1
    ABSTAIN = 2


def guardrail_word(document: Mapping[str, object]) -> str:
    """`guardrailHash`: the guardrail's SHA-256; for a change of delegates, that of the electorate it replaces."""
    if document["kind"] == "delegates_change":
        return "0x" + cast("Mapping[str, str]", document["change"])["from_sha256"]
    return "0x" + cast("Mapping[str, str]", document["guardrail"])["sha256"]


def shared_fields(document: Mapping[str, object]) -> dict[str, str]:
    """The eleven fields that every consent to this document shares, as text.

    Raises:
        InvalidInput: a field would be zero, or the document's executor is not the DAO's own dry run.
    """
    executor = cast("Mapping[str, str]", document["executor"])
    expected = dry_run_target(cast("str", document["dao"]), chain_id=int(executor["chain_id"]))
    for name, value in expected.items():
        if executor[name].lower() != value.lower():
            raise InvalidInput(f"executor.{name}", executor[name], f"must be {value}")
    fields = {
        "recommendationDigest": "0x" + digest(document),
        "daoId": dao_word(cast("str", document["dao"])),
        "payloadHash": _keccak(payload(document)),
        "rollbackHash": _keccak(payload(document, "rollback")),
        "guardrailHash": guardrail_word(document),
        "preStateHash": _keccak(canonical(pre_state(document))),
        "targetCodeHash": executor["target_code_hash"],
        "nonce": str(int(cast("str", document["nonce"]))),
        "notBefore": str(not_before(document)),
        "deadline": str(deadline(document)),
        "evidenceRoot": cast("str", document["evidence_root"]),
    }
    for name, value in fields.items():
        if value in {"0", _ZERO_WORD}:
            raise InvalidInput(name, value, "not zero")
    return fields


def not_before(document: Mapping[str, object]) -> int:
    """The first second (Unix time) at which a consent counts and the change may be signed; fractions round up."""
    moment = parse_timestamp(cast("str", document["not_before"]))
    return int(moment.replace(microsecond=0).timestamp()) + (moment.microsecond > 0)


def deadline(document: Mapping[str, object]) -> int:
    """The first second (Unix time) at which a consent no longer counts and nothing is signed; fractions round down."""
    return int(parse_timestamp(cast("str", document["expires_at"])).replace(microsecond=0).timestamp())


def domain(document: Mapping[str, object]) -> dict[str, object]:
    """The EIP-712 domain: which product, which chain, which contract."""
    executor = cast("Mapping[str, str]", document["executor"])
    return {
        "name": DOMAIN_NAME,
        "version": DOMAIN_VERSION,
        "chainId": int(executor["chain_id"]),
        "verifyingContract": to_checksum_address(executor["verifying_contract"]),
    }


def domain_separator(document: Mapping[str, object]) -> bytes:
    """EIP-712's hashStruct of the domain: 32 bytes."""
    parts = domain(document)
    kinds = ",".join(f"{kind} {name}" for name, kind in _DOMAIN_TYPE)
    words = [keccak(text=text) for text in (f"EIP712Domain({kinds})", DOMAIN_NAME, DOMAIN_VERSION)]
    words.append(cast("int", parts["chainId"]).to_bytes(32, "big"))
    words.append(bytes(12) + bytes.fromhex(cast("str", parts["verifyingContract"])[2:]))
    return keccak(b"".join(words))


def typed_data(document: Mapping[str, object], *, delegate: str, support: Support) -> dict[str, object]:
    """The JSON that a wallet signs with `eth_signTypedData_v4` (EIP-712).

    Raises:
        InvalidInput: `delegate` is not a checksummed address other than zero, or a field of the document is zero.
    """
    if delegate == ZERO_ADDRESS or not is_checksum_address(delegate):
        raise InvalidInput("delegate", delegate, "an EIP-55 checksummed address other than zero")
    values: dict[str, object] = {**shared_fields(document), "support": int(support), "delegate": delegate}
    return {
        "types": {
            "EIP712Domain": [{"name": name, "type": kind} for name, kind in _DOMAIN_TYPE],
            "Consent": [{"name": name, "type": kind} for name, kind in FIELDS],
        },
        "primaryType": "Consent",
        "domain": domain(document),
        "message": {name: values[name] for name, _ in FIELDS},
    }


def as_text(message: Mapping[str, object]) -> dict[str, str]:
    """The thirteen fields as text: what is stored and logged."""
    return {name: str(message[name]) for name, _ in FIELDS}


def refuse_other(expected: Mapping[str, object], submitted: Mapping[str, object], *, part: str) -> None:
    """Refuse a submitted domain or message that differs from `expected` in any field, naming the first.

    Raises:
        SignatureRefused: with the field, what came, and what this recommendation needs.
    """
    for name in (*expected, *sorted(set(submitted) - set(expected))):
        got, wanted = str(submitted.get(name, "")), str(expected.get(name, ""))
        if got != wanted:
            rule = "the consent must be to this recommendation, DAO, chain and executor exactly"
            raise SignatureRefused(
                f"{part}.{name}: got {got[:80]!r}, this recommendation needs {wanted[:80]!r}",
                field=f"{part}.{name}",
                value=got[:80],
                expected=wanted[:80],
                rule=rule,
            )


def refuse_untimely(document: Mapping[str, object], *, now: datetime) -> None:
    """Refuse before `notBefore` (`Conflict`) and from `deadline` on (`Expired`)."""
    moment = now.timestamp()
    if moment >= deadline(document):
        raise Expired("the recommendation has expired", field="deadline", value=str(document["expires_at"]), rule="now < deadline")
    if moment < not_before(document):
        raise Conflict("too early", field="notBefore", value=str(document["not_before"]), rule="now >= notBefore")


def approval_digest(document: Mapping[str, object], signers: Sequence[str]) -> bytes:
    """keccak256 over the domain separator, the shared fields and the sorted signers, each a 32-byte word.

    The last word is keccak256(abi.encodePacked(address[])): a contract can recompute the whole from what it is given.
    The order and repetition of `signers` do not matter.
    """
    if not signers:
        raise InvalidInput("signers", "", "an approval has at least one signer")
    fields = shared_fields(document)
    words = [domain_separator(document)]
    words += [_word(fields[name], kind) for name, kind in SHARED]
    ordered = sorted({bytes.fromhex(signer[2:]) for signer in signers})
    words.append(keccak(b"".join(bytes(12) + signer for signer in ordered)))
    return keccak(b"".join(words))


def _word(value: str, kind: str) -> bytes:
    return bytes.fromhex(value[2:]) if kind == "bytes32" else int(value).to_bytes(32, "big")


def _keccak(data: bytes) -> str:
    return "0x" + keccak(data).hex()
