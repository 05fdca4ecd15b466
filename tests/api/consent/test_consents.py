"""Consent through the API, as a wallet gives it, and every way in which it is refused."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
from eth_account import Account

from api.runtime import Runtime
from governance.electorates import ZERO_ADDRESS
from tests.api.consent.steps import body_of, kinds, post
from tests.consent_world import DAO, document, electorate_body, signed, wallet
from tests.fakes import NOON, FixedClock


def spoiled(name: str) -> dict[str, Any]:
    good = body_of(signed(document(made_at=NOON), wallet(1)))
    raw = good["signature"]
    message, domain = dict(good["message"]), dict(good["domain"])
    changed: dict[str, dict[str, Any]] = {
        "signature by another": {"signature": signed(document(made_at=NOON), wallet(2)).signature},
        "not a delegate": body_of(signed(document(made_at=NOON), wallet(9))),
        "another digest": body_of(signed(document(made_at=NOON, reason="other"), wallet(1))),
        "another DAO": body_of(signed(document(made_at=NOON, dao="meadow"), wallet(1))),
        "another chain": body_of(signed(document(made_at=NOON, chain_id=1), wallet(1))),
        "another contract": {"domain": {**domain, "verifyingContract": wallet(9).address}},
        "64 bytes": {"signature": raw[:130]},
        "a contract wallet": {"signature": raw + raw[2:]},
        "no signature": {"signature": ""},
        "unknown field": {"note": "x"},
        "unknown message field": {"message": {**message, "note": "x"}},
        "missing message field": {"message": {k: v for k, v in message.items() if k != "daoId"}},
        "support of three": {"message": {**message, "support": 3}},
        "support as true": {"message": {**message, "support": True}},
        "nonce as number": {"message": {**message, "nonce": 1}},
        "nonce of 300 digits": {"message": {**message, "nonce": "9" * 300}},
        "zero delegate": {"message": {**message, "delegate": ZERO_ADDRESS}},
        "unchecksummed delegate": {"message": {**message, "delegate": message["delegate"].lower()}},
    }
    return {**good, **changed[name]}


BAD = {
    "signature by another": 403,
    "not a delegate": 403,
    "another digest": 403,
    "another DAO": 403,
    "another chain": 403,
    "another contract": 403,
    "64 bytes": 403,
    "a contract wallet": 403,
    "no signature": 403,
    "unknown field": 422,
    "unknown message field": 422,
    "missing message field": 422,
    "support of three": 422,
    "support as true": 422,
    "nonce as number": 422,
    "nonce of 300 digits": 422,
    "zero delegate": 422,
    "unchecksummed delegate": 422,
}


def test_what_the_api_asks_a_wallet_to_sign_is_signed_by_another_library_and_counts(api: httpx.Client, recommendation: str) -> None:
    """The whole way of a delegate with a wallet of their own: read, sign, post, see the tally."""
    for number in (1, 2):
        asked = api.get(f"/v1/recommendations/{recommendation}/typed-data", params={"delegate": wallet(number).address, "support": "for"})
        data = asked.json()
        signature = Account.sign_typed_data(wallet(number).key, full_message=data).signature.to_0x_hex()
        answer = api.post(f"/v1/recommendations/{recommendation}/approvals", json={"message": data["message"], "signature": signature})
        assert answer.status_code == 201, answer.text

    assert answer.json()["state"] == "APPROVED"
    assert answer.json()["tally"]["for"] == "2"
    count = api.get(f"/v1/recommendations/{recommendation}/approval").json()
    assert count["undecided"] == [wallet(3).address]
    assert len(count["approval"]["signers"]) == 2
    assert len(api.get(f"/v1/recommendations/{recommendation}/approvals").json()["items"]) == 2


def test_a_hundred_deliveries_at_once_are_one_consent_with_one_answer(api: httpx.Client, runtime: Runtime, recommendation: str) -> None:
    """F14: a client that retries in panic gets the same answer each time, and counts once."""
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: post(api, recommendation, 1), range(100)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert kinds(runtime).count("consent.recorded") == 1


def test_a_bad_consent_is_a_problem_that_names_field_value_and_rule(api: httpx.Client, runtime: Runtime, recommendation: str) -> None:
    """Refused before it costs anything, with nothing half done; refused attempts by valid keys leave a trace."""
    for name, status in BAD.items():
        size = len(kinds(runtime))
        answer = api.post(f"/v1/recommendations/{recommendation}/approvals", json=spoiled(name))
        problem = answer.json()

        assert answer.status_code == status, (name, answer.text)
        assert answer.headers["content-type"].startswith("application/problem+json"), name
        assert problem["field"], name
        assert "value" in problem, name
        assert problem["rule"], name
        assert kinds(runtime)[size:] == (["refusal.recorded"] if status == 403 else []), name
    assert api.get(f"/v1/recommendations/{recommendation}/approval").json()["state"] == "PROPOSED"


def test_expired_twice_and_paused_are_told_apart(api: httpx.Client, clock: FixedClock, recommendation: str) -> None:
    """410, 201 with the same answer, 503: a client can tell what to do next from the status alone."""
    first = post(api, recommendation, 1)
    assert post(api, recommendation, 1).json() == first.json()
    assert api.post(f"/v1/daos/{DAO}/pause", json={"reason": "a test"}).status_code == 201
    assert post(api, recommendation, 2).status_code == 503
    clock.advance(days=8)
    assert post(api, recommendation, 1).json() == first.json()
    assert api.get(f"/v1/recommendations/{recommendation}/approval").json()["state"] == "VOTING"


def test_after_the_deadline_a_consent_is_gone(api: httpx.Client, clock: FixedClock, recommendation: str) -> None:
    """A late signature is 410, not 403: nothing is wrong with it but the time."""
    clock.advance(days=7)

    assert post(api, recommendation, 1).status_code == 410


def test_delegates_are_set_through_the_api_once(api: httpx.Client, recommendation: str) -> None:
    """The same body again is fine; another one needs the delegates themselves."""
    body = electorate_body("10", "20", "30")

    assert api.put(f"/v1/daos/{DAO}/delegates", json=body).json()["version"] == 1
    assert api.put(f"/v1/daos/{DAO}/delegates", json=electorate_body("1")).status_code == 422
    other = api.put(f"/v1/daos/{DAO}/delegates", json=electorate_body("1", approve="1"))
    assert (other.status_code, other.json()["code"]) == (409, "consent_required")
    assert api.get(f"/v1/daos/{DAO}/delegates").json()["set_by"] == "setup"
    assert len(api.get(f"/v1/daos/{DAO}/delegates/versions").json()["items"]) == 1
    assert recommendation
