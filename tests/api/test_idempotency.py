"""A write delivered many times has one effect and one answer; another request under the same key is refused."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from sqlmodel import Session, select

from api.database import Claim, current_claim
from api.refusals import InFlight
from api.runtime import Runtime
from governance.actors import Role
from governance.records.access import IdempotentAnswer
from tests.api.conftest import KeyMaker
from tests.fakes import FixedClock


def test_a_hundred_concurrent_deliveries_have_one_effect_and_one_answer(api: httpx.Client) -> None:
    """Networks deliver twice, queues deliver a hundred times."""
    before = api.get("/v1/version").json()["log_size"]

    def _deliver(_: int) -> httpx.Response:
        return api.post("/v1/daos", json={"name": "once"}, headers={"Idempotency-Key": "order-7"})

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(_deliver, range(100)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert {answer.headers["location"] for answer in answers} == {"/v1/daos/once"}
    assert sum("idempotent-replayed" in answer.headers for answer in answers) == 99
    assert api.get("/v1/version").json()["log_size"] == before + 1


def test_another_request_under_the_same_key_is_refused(api: httpx.Client) -> None:
    """One key, one request: another body, path or query is a mistake of the client."""
    headers = {"Idempotency-Key": "order-7"}
    api.post("/v1/daos", json={"name": "once"}, headers=headers)

    body = api.post("/v1/daos", json={"name": "other"}, headers=headers)

    assert (body.status_code, body.json()["code"]) == (422, "idempotency_key_reused")
    assert api.get("/v1/daos/other").status_code == 404


def test_keys_of_different_callers_do_not_meet(api: httpx.Client, anonymous: httpx.Client, make_key: KeyMaker) -> None:
    """One client cannot read another's answers by guessing its keys."""
    headers = {"Idempotency-Key": "order-7"}
    api.post("/v1/daos", json={"name": "mine"}, headers=headers)

    other = anonymous.post("/v1/daos", json={"name": "yours"}, headers={**headers, "X-API-Key": make_key(Role.ADMIN)})

    assert other.json()["id"] == "yours"


def test_a_refusal_is_not_remembered(api: httpx.Client) -> None:
    """What was refused had no effect; when the reason is gone, the same request may come again."""
    headers = {"Idempotency-Key": "order-7"}
    refused = api.post("/v1/keys/nothing", headers=headers, json={})
    early = api.put("/v1/daos/later/delegates", headers={"Idempotency-Key": "order-8"}, json={})
    api.post("/v1/daos", json={"name": "later"})
    again = api.put("/v1/daos/later/delegates", headers={"Idempotency-Key": "order-8"}, json={})

    assert refused.status_code == 405
    assert "idempotent-replayed" not in early.headers
    assert "idempotent-replayed" not in again.headers


@pytest.mark.parametrize("key", ["", "a" * 129, "with space", "ünï"])
def test_a_key_that_is_none_is_refused(api: httpx.Client, key: str) -> None:
    """A key has to survive logs, proxies and databases."""
    answer = api.post("/v1/daos", json={"name": "a"}, headers={b"Idempotency-Key": key.encode()})

    assert (answer.status_code, answer.json()["field"]) == (422, "Idempotency-Key")


def test_an_answer_that_shows_a_secret_is_never_kept(api: httpx.Client) -> None:
    """An API key is hashed at rest; a remembered answer would undo that."""
    answer = api.post("/v1/keys", json={"name": "a", "scopes": ["auditor"]}, headers={"Idempotency-Key": "order-7"})

    assert answer.status_code == 422


def test_the_claim_lives_and_dies_with_the_effect(runtime: Runtime) -> None:
    """Between two processes only the database can say who was first; a failed effect must free the key."""
    token = current_claim.set(Claim("me", "while k", "0" * 64, runtime.clock()))
    try:
        with pytest.raises(ZeroDivisionError):
            runtime.writer.run(lambda _session: 1 // 0)
    finally:
        current_claim.reset(token)
    with Session(runtime.engine) as session:
        assert session.exec(select(IdempotentAnswer)).all() == []

    for expected in (True, False):
        token = current_claim.set(Claim("me", "while k", "0" * 64, runtime.clock()))
        try:
            if expected:
                runtime.writer.run(lambda _session: None)
            else:
                with pytest.raises(InFlight):
                    runtime.writer.run(lambda _session: None)
        finally:
            current_claim.reset(token)


def test_old_answers_go_and_answers_on_consent_stay(api: httpx.Client, runtime: Runtime, clock: FixedClock) -> None:
    """A day for everything, for ever for approvals."""
    old = IdempotentAnswer(caller="c", key="forever k", request_sha256="0", status=201, body=b"\n\n{}", recorded_at=clock.now)
    runtime.writer.run(lambda session: session.add(old))
    api.post("/v1/daos", json={"name": "first"}, headers={"Idempotency-Key": "order-1"})
    clock.advance(hours=25)
    api.post("/v1/daos", json={"name": "second"}, headers={"Idempotency-Key": "order-2"})

    with Session(runtime.engine) as session:
        assert sorted(session.exec(select(IdempotentAnswer.key))) == ["forever k", "while order-2"]
