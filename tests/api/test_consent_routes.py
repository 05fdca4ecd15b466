"""Consent, execution and the fail-safes through the API, as a wallet, an executor and two guardians use them."""

import json
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
import pytest
from eth_account import Account
from sqlmodel import Session, select

from api.commands.execute import HttpDesk, record_of
from api.executors.dry_run import DryRunExecutor, NothingReachesAChain
from api.executors.work import Worker
from api.runtime import Runtime
from governance.actors import Role
from governance.approvals import Support
from governance.electorates import ZERO_ADDRESS
from governance.records.decision_log import LogEntry
from tests.consent_world import DAO, Signed, document, electorate_body, found_dao, propose, signed, wallet
from tests.fakes import NOON, FixedClock

KeyMaker = Callable[..., str]


@pytest.fixture
def recommendation(runtime: Runtime) -> str:
    """A change put to three delegates, two of whom approve it."""

    def work(session: Session) -> str:
        found_dao(session, now=NOON)
        return propose(session, document(made_at=NOON), now=NOON)

    return runtime.writer.run(work)


@pytest.fixture
def worker(runtime: Runtime, api: httpx.Client) -> Worker:
    """The executor's worker over the routes, with the real dry run."""
    with pytest.warns(NothingReachesAChain):
        executor = DryRunExecutor(record_of(runtime.settings))
    return Worker(HttpDesk(api), executor, holder="executor@test")


def body_of(word: Signed) -> dict[str, Any]:
    return {"message": word.message, "domain": word.domain, "signature": word.signature}


def post(api: httpx.Client, recommendation: str, number: int, support: Support = Support.FOR) -> httpx.Response:
    return api.post(
        f"/v1/recommendations/{recommendation}/approvals", json=body_of(signed(document(made_at=NOON), wallet(number), support))
    )


def effects(runtime: Runtime) -> list[dict[str, Any]]:
    path = record_of(runtime.settings)
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def kinds(runtime: Runtime) -> list[str]:
    with Session(runtime.engine) as session:
        return list(session.exec(select(LogEntry.kind).order_by("seq")))


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


def test_an_approved_change_is_executed_by_the_worker_once(
    api: httpx.Client, runtime: Runtime, clock: FixedClock, recommendation: str, worker: Worker
) -> None:
    """Schedule, wait, execute, and nothing more to do: each look of the worker finds what the state says."""
    for number in (1, 2):
        post(api, recommendation, number)
    assert [done.state for done in worker.work_once()] == ["TIMELOCKED"]
    assert next(done.note for done in worker.work_once()).startswith("ready at")
    assert effects(runtime) == []
    clock.advance(hours=1)
    assert [done.state for done in worker.work_once()] == ["EXECUTED"]
    assert worker.work_once() == []

    execution = api.get(f"/v1/recommendations/{recommendation}/execution").json()
    assert [effect["operation_id"] for effect in effects(runtime)] == [execution["operation_id"]]
    assert effects(runtime)[0]["payload"] == execution["signed_bytes"]
    assert api.get(f"/v1/daos/{DAO}/executions").json()["items"][0]["state"] == "EXECUTED"


def test_a_paused_dao_has_nothing_sent_even_of_what_was_signed(
    api: httpx.Client, runtime: Runtime, clock: FixedClock, recommendation: str, worker: Worker
) -> None:
    """Paused after the signature: the bytes are held back. Facts about what is out already are still recorded."""
    for number in (1, 2):
        post(api, recommendation, number)
    worker.work_once()
    clock.advance(hours=1)
    execution = api.get(f"/v1/recommendations/{recommendation}/execution").json()["id"]
    fence = api.post(f"/v1/executions/{execution}/steps", json={"step": "lease", "holder": "executor@test"}).json()["fence"]
    for step in ("ready", "sign"):
        api.post(f"/v1/executions/{execution}/steps", json={"step": step, "holder": "executor@test", "fence": fence})
    api.post(f"/v1/daos/{DAO}/pause", json={"reason": "a test"})

    assert [(done.state, done.note) for done in worker.work_once()] == [("SIGNED", "held: the DAO is paused")]
    assert effects(runtime) == []


def test_a_receiver_that_cannot_write_leaves_the_signed_bytes_for_the_next_look(
    api: httpx.Client, runtime: Runtime, clock: FixedClock, recommendation: str, worker: Worker
) -> None:
    """F22: nothing falls back to anything else; the change stays SIGNED, is told, and goes on when the receiver is back."""
    for number in (1, 2):
        post(api, recommendation, number)
    worker.work_once()
    clock.advance(hours=1)
    record_of(runtime.settings).mkdir()

    [done] = worker.work_once()
    assert done.refused
    assert "the receiver failed" in done.note
    assert api.get(f"/v1/recommendations/{recommendation}/execution").json()["state"] == "SIGNED"
    record_of(runtime.settings).rmdir()
    assert [done.state for done in worker.work_once()] == ["EXECUTED"]


def test_a_pause_in_the_same_moment_as_a_signature_has_one_place_in_the_log(
    api: httpx.Client, runtime: Runtime, clock: FixedClock, recommendation: str, worker: Worker
) -> None:
    """F27: the database decides the order of the two; whichever it is, nothing is signed after the pause."""
    for number in (1, 2):
        post(api, recommendation, number)
    worker.work_once()
    clock.advance(hours=1)
    with ThreadPoolExecutor(2) as pool:
        worked = pool.submit(worker.work_once)
        paused = pool.submit(api.post, f"/v1/daos/{DAO}/pause", json={"reason": "a test"})
        assert paused.result().status_code == 201
        worked.result()
    worker.work_once()

    order = kinds(runtime)
    assert "execution.signed" not in order[order.index("pause.set") :]


def test_a_pause_takes_one_guardian_and_clearing_it_two(
    api: httpx.Client, anonymous: httpx.Client, make_key: KeyMaker, recommendation: str
) -> None:
    """The same key twice is one guardian; a key without the role is none."""
    keys = [make_key(Role.GUARDIAN, dao_id=DAO) for _ in range(2)]
    no_guardian = make_key(Role.EXECUTOR)

    def ask(path: str, key: str) -> httpx.Response:
        return anonymous.post(f"/v1/daos/{DAO}/pause{path}", json={"reason": "a test"}, headers={"Authorization": f"Bearer {key}"})

    assert ask("", no_guardian).status_code == 403
    assert ask("", keys[0]).json()["still_needed"] == 2
    assert ask("/clearance", keys[0]).json()["paused"]
    assert ask("/clearance", keys[0]).status_code == 409
    assert ask("/clearance", keys[1]).json()["paused"] is False
    assert [step["action"] for step in api.get(f"/v1/daos/{DAO}/pause").json()["steps"]] == ["set", "clear_asked", "clear_asked", "cleared"]
    assert recommendation


def test_a_guardian_cancels_and_the_override_is_listed(api: httpx.Client, recommendation: str) -> None:
    """Cancelled is final; who did it and why can be read."""
    for number in (1, 2):
        post(api, recommendation, number)
    execution = api.post(f"/v1/recommendations/{recommendation}/execution").json()["id"]
    assert api.post(f"/v1/executions/{execution}/cancel", json={"reason": "a mistake"}).json()["state"] == "CANCELLED"
    assert api.post(f"/v1/executions/{execution}/cancel", json={"reason": "again"}).status_code == 409
    recheck = api.post(f"/v1/recommendations/{recommendation}/overrides", json={"action": "recheck", "reason": "x"})

    assert recheck.status_code == 409
    [listed] = api.get(f"/v1/daos/{DAO}/overrides").json()["items"]
    assert (listed["action"], listed["reason"], listed["state"]) == ("cancel", "a mistake", "CANCELLED")


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


def test_a_stale_executor_is_told_so(api: httpx.Client, clock: FixedClock, recommendation: str) -> None:
    """Two executors: the one whose lease was taken over can write nothing."""
    for number in (1, 2):
        post(api, recommendation, number)
    execution = api.post(f"/v1/recommendations/{recommendation}/execution").json()["id"]

    def step(name: str, holder: str, **more: Any) -> httpx.Response:
        return api.post(f"/v1/executions/{execution}/steps", json={"step": name, "holder": holder, **more})

    fence = step("lease", "one").json()["fence"]
    assert step("lease", "two").status_code == 409
    clock.advance(hours=1)
    assert step("lease", "two").json()["fence"] == fence + 1
    assert step("ready", "one", fence=fence).status_code == 409
    assert step("ready", "two").status_code == 422
    assert step("ready", "two", fence=fence + 1).json()["state"] == "READY"


def test_what_expires_is_expired_by_the_worker(api: httpx.Client, clock: FixedClock, recommendation: str, worker: Worker) -> None:
    """Nobody needs to remember a deadline."""
    post(api, recommendation, 1)
    clock.now += timedelta(days=7)

    assert [done.state for done in worker.work_once()] == ["EXPIRED"]
    assert api.post(f"/v1/recommendations/{recommendation}/expiry").json()["state"] == "EXPIRED"


def test_a_receiver_that_holds_other_bytes_fails_the_execution(
    api: httpx.Client, runtime: Runtime, clock: FixedClock, recommendation: str, worker: Worker
) -> None:
    """SENT to FAILED, final: what was approved was not applied, and a new approval is needed."""
    for number in (1, 2):
        post(api, recommendation, number)
    worker.work_once()
    clock.advance(hours=1)
    operation = api.get(f"/v1/recommendations/{recommendation}/execution").json()["operation_id"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NothingReachesAChain)
        DryRunExecutor(record_of(runtime.settings)).send(operation, "{}")

    assert [done.state for done in worker.work_once()] == ["FAILED"]
    assert worker.work_once() == []
