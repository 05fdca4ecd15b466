"""What delegates signed (EIP-712), rebuilt from the logged recommendation, and whose key a signature is by."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from eth_account import Account
from eth_account.messages import SignableMessage, keccak  # type: ignore[attr-defined]  # the one way to keccak that eth_account offers

from governance.verification.strict_json import write

_FIELDS = (
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
_TYPE_HASH = keccak(text=f"Consent({','.join(f'{kind} {name}' for name, kind in _FIELDS)})")
_DOMAIN_HASH = keccak(text="EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
_SIGNATURE = re.compile("0x[0-9a-f]{130}")
_DECIMAL = re.compile("0|[1-9][0-9]{0,77}")
_HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0


class Refused(ValueError):
    """A consent or a document breaks a rule."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What every consent to one recommendation shares, as text, and the EIP-712 domain separator."""

    values: Mapping[str, str]
    domain: bytes
    not_before: int
    deadline: int
    payload: bytes


def terms(document: Mapping[str, Any], digest: str) -> Terms:
    """The shared fields and domain that follow from the document whose SHA-256 is `digest`."""
    dao_hash = keccak(text=document["dao"])
    executor, change = document["executor"], document["change"]
    contract = executor["verifying_contract"]
    if contract.lower() != "0x" + dao_hash[-20:].hex() or executor["kind"] != "dry_run":
        raise Refused("the executor is not the DAO's own dry run")
    if executor["target_code_hash"] != "0x" + keccak(text="assent/dry_run/1").hex():
        raise Refused("the target's code hash is not that of the dry run")
    payload = _payload(document, "change")
    first, last = _seconds(document["not_before"], up=True), _seconds(document["expires_at"], up=False)
    guardrail = change["from_sha256"] if document["kind"] == "delegates_change" else document["guardrail"]["sha256"]
    values = {
        "recommendationDigest": "0x" + digest,
        "daoId": "0x" + dao_hash.hex(),
        "payloadHash": "0x" + keccak(payload).hex(),
        "rollbackHash": "0x" + keccak(_payload(document, "rollback")).hex(),
        "guardrailHash": "0x" + guardrail,
        "preStateHash": "0x" + keccak(write(_pre_state(document))).hex(),
        "targetCodeHash": executor["target_code_hash"],
        "nonce": document["nonce"],
        "notBefore": str(first),
        "deadline": str(last),
        "evidenceRoot": document["evidence_root"],
    }
    if any(int(value, 0 if value.startswith("0x") else 10) == 0 for value in values.values()):
        raise Refused("a field that is zero binds nothing")
    chain = int(executor["chain_id"]).to_bytes(32, "big")
    domain = keccak(_DOMAIN_HASH + keccak(text="Assent") + keccak(text="1") + chain + bytes(12) + dao_hash[-20:])
    return Terms(values, domain, first, last, payload)


def check_consent(agreed: Terms, data: Mapping[str, Any]) -> tuple[str, int]:
    """(delegate, support) of a logged consent, once its fields and its signature are right; `Refused` otherwise."""
    consent = data["consent"]
    if set(consent) != {name for name, _ in _FIELDS}:
        raise Refused("a consent has thirteen fields")
    for name, value in agreed.values.items():
        if consent[name] != value:
            raise Refused(f"the field {name} is not the recommendation's")
    if consent["support"] not in {"0", "1", "2"} or data["support"] != consent["support"]:
        raise Refused("support is 0, 1 or 2, and the same in both places")
    words = b"".join(_word(consent[name], kind) for name, kind in _FIELDS)
    signer = _signer(agreed.domain, keccak(_TYPE_HASH + words), data["signature"])
    if signer != consent["delegate"]:
        raise Refused(f"the signature is by {signer}")
    return signer, int(consent["support"])


def approval_digest(agreed: Terms, signers: Sequence[str]) -> str:
    """keccak256 over domain, shared fields and sorted signers: what an approval is named by."""
    words = [agreed.domain]
    words += [_word(agreed.values[name], kind) for name, kind in _FIELDS if name in agreed.values]
    addresses = sorted(bytes.fromhex(signer[2:]) for signer in set(signers))
    words.append(keccak(b"".join(bytes(12) + address for address in addresses)))
    return "0x" + keccak(b"".join(words)).hex()


def operation_id(approval: str) -> str:
    """keccak256(abi.encode(approval digest)): the operation that a receiver does at most once."""
    return "0x" + keccak(bytes.fromhex(approval[2:])).hex()


def _signer(domain: bytes, struct: bytes, signature: object) -> str:
    if not isinstance(signature, str) or _SIGNATURE.fullmatch(signature) is None:
        raise Refused("a signature is 0x and 130 hex digits")
    raw = bytes.fromhex(signature[2:])
    if raw[64] not in {27, 28} or int.from_bytes(raw[32:64], "big") > _HALF_ORDER:
        raise Refused("a signature has v 27 or 28 and s in the lower half")
    try:
        return str(Account.recover_message(SignableMessage(b"\x01", domain, struct), signature=raw))
    except Exception as error:  # the curve library has many ways to say that no key fits
        raise Refused("no key fits the signature") from error


def _payload(document: Mapping[str, Any], part: str) -> bytes:
    dao, change = document["dao"], document["change"]
    target = {
        "delegates_change": f"{dao}/delegates",
        "guardrail_change": f"{dao}/{change.get('parameter')}/guardrail",
        "parameter_change": f"{dao}/{change.get('parameter')}",
    }[document["kind"]]
    return write({"operation": "dry_run", "target": target, "change": document[part], "order": 0})


def _pre_state(document: Mapping[str, Any]) -> dict[str, object]:
    change = document["change"]
    if document["kind"] == "delegates_change":
        return {"dao": document["dao"], "electorate": change["from_sha256"]}
    if document["kind"] == "guardrail_change":
        return {"parameter": change["parameter"], "guardrail": change["from_sha256"]}
    return {"parameter": change["parameter"], "value": change["from"]}


def _seconds(text: str, *, up: bool) -> int:
    moment = datetime.fromisoformat(text)
    whole = (moment - datetime(1970, 1, 1, tzinfo=moment.tzinfo)) // timedelta(seconds=1)
    return whole + (1 if up and moment.microsecond else 0)


def _word(value: object, kind: str) -> bytes:
    if not isinstance(value, str):
        raise Refused("the fields of a consent are text")
    if kind.startswith("uint"):
        if _DECIMAL.fullmatch(value) is None or int(value) >= 1 << int(kind[4:]):
            raise Refused(f"{value[:40]!r} is no {kind}")
        return int(value).to_bytes(32, "big")
    raw = bytes.fromhex(value[2:])
    if not value.startswith("0x") or len(raw) != (20 if kind == "address" else 32):
        raise Refused(f"{value[:80]!r} is no {kind}")
    return bytes(32 - len(raw)) + raw
