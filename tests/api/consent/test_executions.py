"""Execution and the fail-safes through the API, as an executor and two guardians use them."""

import warnings
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx

from api.commands.execute import record_of
from api.executors.dry_run import DryRunExecutor, NothingReachesAChain
from api.executors.work import Worker
from api.runtime import Runtime
from governance.actors import Role
from tests.api.consent.steps import KeyMaker, effects, kinds, post
from tests.consent_world import DAO
from tests.fakes import FixedClock


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
