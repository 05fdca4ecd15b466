"""An explicit-state check of the execution design: every order of steps, crashes and interferences.

The model is the design, not the code: two executors, two crashes, one loss of the effect with the receiver, leases that
are stolen while live, a pause, an expiry, a changed guardrail, a changed value, a removed delegate and an edited
payload at any moment. Each switch takes one safeguard away; the check must then find a broken invariant, or it could
not find one in the design either.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import pytest


@dataclass(frozen=True)
class Design:
    """Which safeguards are in place; the shipped design has them all."""

    fence: bool = True
    compare_and_set: bool = True
    operation_id: bool = True
    write_before_send: bool = True
    recheck_when_signing: bool = True
    check_pause: bool = True
    check_expiry: bool = True
    check_guardrail: bool = True
    check_pre_state: bool = True
    check_electorate: bool = True
    check_payload: bool = True
    reread_effect: bool = True


class Worker(NamedTuple):
    """One executor process: what it knows. `fence` 0: it has no lease. `bytes_` is what it is about to send."""

    fence: int = 0
    checked: bool = False
    bytes_: str = ""
    sent: bool = False


class World(NamedTuple):
    """Everything that lasts, and both workers."""

    state: str = "READY"
    fence: int = 0
    signed: str = ""
    effects: tuple[str, ...] = ()
    applied: int = 0
    paused: bool = False
    expired: bool = False
    guardrail_changed: bool = False
    value_changed: bool = False
    delegate_removed: bool = False
    payload: str = "approved"
    crashes: int = 2
    losses: int = 1
    logged: bool = False
    lost: bool = False
    broken: str = ""
    workers: tuple[Worker, Worker] = (Worker(), Worker())

    def with_worker(self, index: int, worker: Worker) -> "World":
        """The world after one worker learned something."""
        # Which of two equal executors is called the first makes no difference; one order halves the worlds.
        first, second = sorted((worker, self.workers[1 - index]))
        return self._replace(workers=(first, second))


def admitted(world: World, design: Design) -> bool:
    """Whether every check that the design makes passes now."""
    return not (
        (design.check_pause and world.paused)
        or (design.check_expiry and world.expired)
        or (design.check_guardrail and world.guardrail_changed)
        or (design.check_pre_state and world.value_changed)
        or (design.check_electorate and world.delegate_removed)
        or (design.check_payload and world.payload != "approved")
    )


def forbidden(world: World) -> str:
    """Why nothing may be signed in this world, whatever the design checks (I2, I4, I9)."""
    for wrong, why in (
        (world.paused, "signed while paused"),
        (world.expired, "signed after the deadline"),
        (world.guardrail_changed, "signed outside the guardrail"),
        (world.value_changed, "signed on another value"),
        (world.delegate_removed, "signed without the threshold"),
        (world.payload != "approved", "signed other bytes"),
    ):
        if wrong:
            return why
    return ""


def interferences(world: World, design: Design) -> Iterator[World]:
    """What others do at any moment, once each. Once bytes are signed for good, only losses and crashes still matter."""
    if world.state == "READY" or not design.compare_and_set:
        yield world._replace(paused=True)
        yield world._replace(expired=True)
        yield world._replace(guardrail_changed=True)
        yield world._replace(value_changed=True)
        yield world._replace(delegate_removed=True)
        yield world._replace(payload="edited")
    if world.losses and world.effects and world.state in {"SENT", "MINED"}:
        yield world._replace(effects=(), losses=world.losses - 1, lost=True)
    if world.crashes:
        for index, worker in enumerate(world.workers):
            if worker != Worker():
                yield world.with_worker(index, Worker())._replace(crashes=world.crashes - 1)


def own(world: World, worker: Worker, design: Design) -> bool:
    """Whether the store takes this worker's writes."""
    return worker.fence == world.fence if design.fence else worker.fence > 0


def apply_effect(world: World, bytes_: str, design: Design) -> World:
    """The receiver gets bytes: it refuses a second effect under the operation id, if it knows one."""
    if design.operation_id and world.effects:
        return world
    broken = world.broken or ("" if world.logged else "an effect without an earlier log entry")
    if bytes_ != "approved":
        broken = broken or "an effect of other bytes"
    if world.effects:
        broken = broken or "two effects"
    return world._replace(effects=(*world.effects, bytes_), broken=broken)


def steps(world: World, index: int, design: Design) -> Iterator[World]:
    """What one worker may do next."""
    worker = world.workers[index]
    if worker.fence == 0 or worker.fence != world.fence:  # also a live lease is stolen: clocks jump
        yield world.with_worker(index, Worker(fence=world.fence + 1))._replace(fence=world.fence + 1)
    if worker.fence == 0:
        return
    if not worker.checked and world.state == "READY" and admitted(world, design):
        yield world.with_worker(index, worker._replace(checked=True))
    if worker.checked and not worker.bytes_:
        yield from signing(world, index, design)
    if world.signed and not worker.bytes_ and world.state in {"SIGNED", "SENT"}:
        yield world.with_worker(index, worker._replace(bytes_=world.signed))
    if worker.bytes_ and not worker.sent:
        yield apply_effect(world, worker.bytes_, design).with_worker(index, worker._replace(sent=True))
    if own(world, worker, design):
        yield from settling(world, index, design)


def signing(world: World, index: int, design: Design) -> Iterator[World]:
    """The signing transaction, or what is left of it."""
    worker = world.workers[index]
    if not design.write_before_send:  # bytes leave first; the row follows when the worker lives to write it
        yield world.with_worker(index, worker._replace(bytes_=world.payload))
        return
    in_time = world.state == "READY" if design.compare_and_set else world.state in {"READY", "SIGNED", "SENT", "MINED"}
    if not own(world, worker, design) or not in_time or (design.recheck_when_signing and not admitted(world, design)):
        return
    signed = world._replace(state="SIGNED", signed=world.payload, logged=True, broken=world.broken or forbidden(world))
    yield signed.with_worker(index, worker._replace(bytes_=world.payload))


def settling(world: World, index: int, design: Design) -> Iterator[World]:
    """Facts are recorded after they happened; the value is applied with the last of them."""
    worker = world.workers[index]
    if world.state == "SIGNED" and worker.sent:
        yield world._replace(state="SENT")
    if world.state == "SENT":
        if world.effects:
            yield world._replace(state="MINED")
        elif world.lost:
            yield world.with_worker(index, worker._replace(bytes_=world.signed, sent=False))
    if world.state == "MINED":
        if world.effects or not design.reread_effect:
            broken = world.broken or ("" if world.effects else "EXECUTED with no effect")
            yield world._replace(state="EXECUTED", applied=world.applied + 1, broken=broken)
        else:
            yield world.with_worker(index, worker._replace(bytes_="", sent=False))._replace(state="SENT")


def broken_invariant(world: World) -> str:
    """The first invariant this world breaks, or nothing."""
    if world.broken:
        return world.broken
    if world.applied > 1:
        return "applied twice"
    return "two effects" if len(world.effects) > 1 else ""


def search(design: Design) -> tuple[str, int]:
    """Every reachable world, breadth first: the first broken invariant (or nothing), and how many worlds were seen."""
    seen, queue = {World()}, deque([World()])
    while queue:
        world = queue.popleft()
        found = broken_invariant(world)
        if found:
            return found, len(seen)
        following = [*interferences(world, design), *steps(world, 0, design), *steps(world, 1, design)]
        for after in following:
            if after.fence <= 4 and after not in seen:
                seen.add(after)
                queue.append(after)
    return "", len(seen)


def test_the_design_holds_in_every_reachable_world() -> None:
    """No order of steps, crashes, stolen leases and interferences breaks an invariant."""
    found, worlds = search(Design())

    assert found == ""
    assert worlds > 5_000


@pytest.mark.parametrize("without", [("fence",), ("compare_and_set",), ("fence", "compare_and_set")])
def test_the_receivers_own_lock_is_enough_without_ours(without: tuple[str, ...]) -> None:
    """The operation id alone prevents a double effect; fence and compare-and-set are there for when a receiver forgets."""
    assert search(replace(Design(), **dict.fromkeys(without, False)))[0] == ""


BUGS = {
    "operation_id": "two effects",
    "write_before_send": "an effect without an earlier log entry",
    "recheck_when_signing": "signed",
    "check_pause": "signed while paused",
    "check_expiry": "signed after the deadline",
    "check_guardrail": "signed outside the guardrail",
    "check_pre_state": "signed on another value",
    "check_electorate": "signed without the threshold",
    "check_payload": "signed other bytes",
    "reread_effect": "EXECUTED with no effect",
}


@pytest.mark.parametrize("switch", list(BUGS))
def test_every_seeded_bug_is_caught(switch: str) -> None:
    """A check that finds nothing is worth something only if it finds what was put there."""
    found, _ = search(replace(Design(), **{switch: False}))

    assert found.startswith(BUGS[switch])
