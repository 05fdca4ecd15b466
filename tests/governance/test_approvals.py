"""What a wallet signs, and every way in which a signature is refused."""

from datetime import timedelta
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from governance.approvals import (
    FIELDS,
    Support,
    approval_digest,
    as_text,
    domain_separator,
    refuse_other,
    refuse_untimely,
    shared_fields,
    typed_data,
)
from governance.canonical import canonical, digest, timestamp
from governance.errors import Conflict, Expired, InvalidInput, SignatureRefused
from governance.executions import operation_id
from governance.guardrails import Guardrail
from governance.operations import dry_run_target, payload
from governance.signatures import recover, signing_hash
from tests.consent_world import document, guardrail_body, signed, wallet
from tests.fakes import NOON

DOCUMENT = document(made_at=NOON)
DELEGATE = wallet(1)
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def other_word(value: Any) -> Any:
    """Another value of the same form."""
    if isinstance(value, int):
        return value + 1 if value < 2 else 0
    if value.startswith("0x") and len(value) == 66:
        return "0x" + f"{int(value, 16) ^ 1:064x}"
    return wallet(9).address if value.startswith("0x") else str(int(value) + 1)


def test_a_wallet_library_recovers_the_signer_from_the_typed_data_alone() -> None:
    """An outsider's library must agree with ours on the hash, or nobody could sign or check."""
    word = signed(DOCUMENT, DELEGATE)
    data: Any = typed_data(DOCUMENT, delegate=DELEGATE.address, support=Support.FOR)

    assert Account.recover_message(encode_typed_data(full_message=data), signature=word.signature) == DELEGATE.address
    assert recover(data, word.signature) == DELEGATE.address


def test_the_struct_hash_is_that_of_the_eip_computed_by_hand() -> None:
    """EIP-712 from its text, without a library: the thirteen fields in order, each one word."""
    data: Any = typed_data(DOCUMENT, delegate=DELEGATE.address, support=Support.FOR)
    type_hash = keccak(text=f"Consent({','.join(f'{kind} {name}' for name, kind in FIELDS)})")
    words = [int(str(data["message"][name]), 0).to_bytes(32, "big") for name, _ in FIELDS]

    assert len(FIELDS) == 13
    assert signing_hash(data) == keccak(b"\x19\x01" + domain_separator(DOCUMENT) + keccak(type_hash + b"".join(words)))


def test_each_field_is_derived_as_the_documentation_says() -> None:
    """docs/consent.md lets an outsider rebuild every field from the document; this is that recipe."""
    fields = shared_fields(DOCUMENT)
    change = DOCUMENT["change"]

    assert fields["recommendationDigest"] == "0x" + digest(DOCUMENT)
    assert fields["daoId"] == "0x" + keccak(text="harbour").hex()
    body = canonical({"operation": "dry_run", "target": "harbour/staking_apr", "change": change, "order": 0})
    assert fields["payloadHash"] == "0x" + keccak(body).hex()
    assert fields["preStateHash"] == "0x" + keccak(canonical({"parameter": "staking_apr", "value": "500"})).hex()
    assert fields["guardrailHash"] == "0x" + Guardrail.from_body(guardrail_body()).sha256()
    assert fields["targetCodeHash"] == "0x" + keccak(text="assent/dry_run/1").hex()
    assert DOCUMENT["executor"]["verifying_contract"].lower() == "0x" + fields["daoId"][-40:]


@pytest.mark.parametrize("name", [name for name, _ in FIELDS])
def test_a_signature_over_any_other_field_is_refused(name: str) -> None:
    """Every field is bound: a wallet that signed another value has not signed this consent (T4)."""
    data: Any = typed_data(DOCUMENT, delegate=DELEGATE.address, support=Support.FOR)
    data["message"][name] = other_word(data["message"][name])
    signature = "0x" + DELEGATE.sign_typed_data(full_message=data).signature.hex().removeprefix("0x")
    expected: Any = typed_data(DOCUMENT, delegate=DELEGATE.address, support=Support.FOR)

    assert recover(expected, signature) != DELEGATE.address
    with pytest.raises(SignatureRefused, match=name):
        refuse_other(as_text(expected["message"]), as_text(data["message"]), part="message")


@pytest.mark.parametrize("dao", ["harbour", "meadow", "quay"])
@pytest.mark.parametrize("chain_id", [1, 10, 31337])
def test_a_signature_holds_on_one_chain_and_one_dao_only(dao: str, chain_id: int) -> None:
    """Replay on three chain ids and three DAOs (each with a contract of its own): only the signed pair recovers."""
    word = signed(DOCUMENT, DELEGATE)
    there = document(made_at=NOON, dao=dao, chain_id=chain_id)
    same_text = {**DOCUMENT, "executor": dry_run_target("harbour", chain_id=chain_id)}

    here = dao == "harbour" and chain_id == 31337
    assert (recover(typed_data(there, delegate=DELEGATE.address, support=Support.FOR), word.signature) == DELEGATE.address) is here
    expected = typed_data(same_text, delegate=DELEGATE.address, support=Support.FOR)
    assert (recover(expected, word.signature) == DELEGATE.address) is (chain_id == 31337)


@pytest.mark.parametrize("field", ["verifying_contract", "target_code_hash", "kind"])
def test_a_document_for_another_executor_cannot_be_signed(field: str) -> None:
    """An executor other than the DAO's own dry run would be approved text without approved code."""
    spoiled = {**DOCUMENT["executor"], field: other_word(DOCUMENT["executor"][field]) if field != "kind" else "steward"}

    with pytest.raises(InvalidInput, match=f"executor.{field}"):
        typed_data({**DOCUMENT, "executor": spoiled}, delegate=DELEGATE.address, support=Support.FOR)


@pytest.mark.parametrize(
    ("spoil", "field"),
    [
        ({"nonce": "0"}, "nonce"),
        ({"evidence_root": "0x" + "0" * 64}, "evidenceRoot"),
        ({"guardrail": {"version": 1, "sha256": "0" * 64}}, "guardrailHash"),
        ({"not_before": timestamp(NOON.replace(year=1970, month=1, day=1, hour=0))}, "notBefore"),
    ],
)
def test_a_zero_field_is_refused(spoil: dict[str, Any], field: str) -> None:
    """A default of zero once let every message pass (Nomad, 2022): no field but `support` may be zero."""
    with pytest.raises(InvalidInput, match=field):
        shared_fields({**DOCUMENT, **spoil})


@pytest.mark.parametrize("delegate", ["0x" + "0" * 40, DELEGATE.address.lower(), "0x12", "harbour.eth"])
def test_only_a_checksummed_address_can_be_asked_to_sign(delegate: str) -> None:
    """A mistyped address is caught by its checksum before anyone signs in vain."""
    with pytest.raises(InvalidInput, match="delegate"):
        typed_data(DOCUMENT, delegate=delegate, support=Support.FOR)


def spoiled_signatures() -> dict[str, str]:
    raw = bytes.fromhex(signed(DOCUMENT, DELEGATE).signature[2:])
    r, s, v = raw[:32], int.from_bytes(raw[32:64], "big"), raw[64]
    compact = r + (s | (v - 27) << 255).to_bytes(32, "big")
    return {
        "high s": "0x" + (r + (ORDER - s).to_bytes(32, "big") + bytes([55 - v])).hex(),
        "64 bytes": "0x" + raw[:64].hex(),
        "EIP-2098": "0x" + compact.hex(),
        "v of 0 or 1": "0x" + (raw[:64] + bytes([v - 27])).hex(),
        "v of a transaction": "0x" + (raw[:64] + bytes([v + 10])).hex(),
        "zero r": "0x" + (bytes(32) + raw[32:]).hex(),
        "zero s": "0x" + (r + bytes(32) + raw[64:]).hex(),
        "r of the order": "0x" + (ORDER.to_bytes(32, "big") + raw[32:]).hex(),
        "nothing": "0x",
        "66 bytes": "0x" + (raw + b"\x00").hex(),
        "two owners of a wallet": "0x" + (raw + raw).hex(),
        "no prefix": raw.hex(),
        "not hex": "0x" + "zz" * 65,
        "odd digits": "0x" + raw.hex()[:-1],
        "full-width digits": "0x" + "１" * 130,
        "r that is no point": "0x" + (b"\x05".rjust(32, b"\x00") + raw[32:]).hex(),
    }


@pytest.mark.parametrize("name", list(spoiled_signatures()))
def test_one_encoding_of_a_signature_is_taken_and_no_other(name: str) -> None:
    """Malleability: a second valid form of the same word would get past "recorded already"."""
    with pytest.raises(SignatureRefused):
        recover(typed_data(DOCUMENT, delegate=DELEGATE.address, support=Support.FOR), spoiled_signatures()[name])


def test_a_contract_wallets_signature_is_refused_with_the_reason() -> None:
    """A delegate with a Safe must learn why, not just that it failed (EIP-1271 needs a chain)."""
    with pytest.raises(SignatureRefused, match="EIP-1271"):
        recover(typed_data(DOCUMENT, delegate=DELEGATE.address, support=Support.FOR), spoiled_signatures()["two owners of a wallet"])


@given(bit=st.integers(0, 65 * 8 - 1))
def test_no_flipped_bit_of_a_signature_leaves_its_signer(bit: int) -> None:
    """A damaged signature is refused or is somebody else's; it is never the delegate's."""
    raw = bytearray.fromhex(signed(DOCUMENT, DELEGATE).signature[2:])
    raw[bit // 8] ^= 1 << bit % 8
    try:
        signer = recover(typed_data(DOCUMENT, delegate=DELEGATE.address, support=Support.FOR), "0x" + raw.hex())
    except SignatureRefused:
        return

    assert signer != DELEGATE.address


def test_a_consent_counts_from_its_first_second_to_the_one_before_its_deadline() -> None:
    """notBefore is inclusive, deadline exclusive, and fractions never widen the time."""
    body = document(made_at=NOON, not_before=timestamp(NOON + timedelta(microseconds=1)))
    last = NOON + timedelta(days=7) - timedelta(microseconds=1)

    refuse_untimely(body, now=NOON + timedelta(seconds=1))
    refuse_untimely(body, now=last)
    with pytest.raises(Conflict):
        refuse_untimely(body, now=NOON + timedelta(seconds=1) - timedelta(microseconds=1))
    with pytest.raises(Expired):
        refuse_untimely(body, now=NOON + timedelta(days=7))


def test_the_approval_digest_depends_on_the_set_of_signers_and_every_shared_field() -> None:
    """The operation id follows from it, so another set of signers or another change is another operation."""
    one, two = wallet(1).address, wallet(2).address
    both = approval_digest(DOCUMENT, [one, two])

    assert both == approval_digest(DOCUMENT, [two, one, two])
    digests = {both, approval_digest(DOCUMENT, [one]), approval_digest(document(made_at=NOON, nonce=2), [one, two])}
    assert len(digests) == 3
    assert operation_id(both) == keccak(both)
    with pytest.raises(InvalidInput):
        approval_digest(DOCUMENT, [])


def test_the_rollback_is_another_payload_than_the_change() -> None:
    """Both are approved in the same vote, so a mix-up would apply the opposite."""
    assert payload(DOCUMENT) != payload(DOCUMENT, "rollback")
    assert b'"to":"550"' in payload(DOCUMENT)
    assert b'"to":"500"' in payload(DOCUMENT, "rollback")
