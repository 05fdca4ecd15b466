"""The executor's work: takes one approved change through its steps, from wherever a crash left it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from governance.errors import AlreadyRecorded
from governance.executions import Effect, ParameterExecutor, State


class Refused(Exception):
    """The server refused a step; `code` and `message` are its problem's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Desk(Protocol):
    """Where the executor reports and asks; each call is one transaction of the server's."""

    def due(self) -> list[Mapping[str, Any]]:
        """What can be worked on now: dicts with recommendation_id, execution_id, state, step and held."""

    def schedule(self, recommendation_id: str) -> Mapping[str, Any]:
        """Start the delay of an approved change; the execution."""

    def expire(self, recommendation_id: str) -> Mapping[str, Any]:
        """End a recommendation whose time has passed."""

    def step(self, execution_id: str, step: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Take one step of an execution; the execution after it. Raises `Refused`."""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one piece of work: the state it reached, and why it went no further if it is not final."""

    recommendation_id: str
    execution_id: str | None
    state: str
    note: str = ""
    refused: bool = False

    def body(self) -> dict[str, object]:
        """As `assent execute --json` reports it."""
        return asdict(self)


class Worker:
    """Does what is due. It decides nothing: every step is checked and recorded by the server before the next.

    The order is the design: lease, ready, signed bytes stored, effect, and each fact recorded after it
    happened. After a crash the state says what comes next, and the effect is idempotent by its operation id.
    """

    def __init__(self, desk: Desk, executor: ParameterExecutor, *, holder: str) -> None:
        self._desk = desk
        self._executor = executor
        self._holder = holder

    def work_once(self) -> list[Done]:
        """Take everything that is due as far as it goes now."""
        return [self._work(item) for item in self._desk.due()]

    def _work(self, item: Mapping[str, Any]) -> Done:
        recommendation, state = item["recommendation_id"], item["state"]
        try:
            if item["step"] == "expire":
                return Done(recommendation, None, self._desk.expire(recommendation)["state"])
            execution = self._desk.schedule(recommendation) if item["step"] == "schedule" else None
            execution_id, state = (execution["id"], execution["state"]) if execution else (item["execution_id"], state)
            if item["step"] in {"schedule", "wait"}:
                ready_at = execution["ready_at"] if execution else item["ready_at"]
                return Done(recommendation, execution_id, state, f"ready at {ready_at}")
            if item["step"] == "hold":
                return Done(recommendation, execution_id, state, _HELD)
            return self._execute(recommendation, execution_id)
        except Refused as refused:
            return Done(recommendation, item["execution_id"], state, f"{refused.message} ({refused.code})", refused=True)
        except OSError as error:  # the receiver failed; the state says where to go on, and other work is not its fault
            return Done(recommendation, item["execution_id"], state, f"the receiver failed: {error}", refused=True)

    def _execute(self, recommendation: str, execution_id: str) -> Done:
        now = self._desk.step(execution_id, "lease", {"holder": self._holder})
        own = {"holder": self._holder, "fence": now["fence"]}
        while True:
            before = now["state"]
            now = self._next(now, own)
            if now["state"] == before or now["state"] not in _GOES_ON:
                return Done(recommendation, execution_id, now["state"], _why(now))

    def _next(self, execution: Mapping[str, Any], own: Mapping[str, Any]) -> Mapping[str, Any]:
        """One step on from the state the execution is in; the same execution when it has to wait."""
        match execution["state"]:
            case State.TIMELOCKED:
                return self._desk.step(execution["id"], "ready", own)
            case State.READY:
                return self._desk.step(execution["id"], "sign", own)
            case State.SIGNED if not execution["held"]:
                self._send(execution)
                return self._desk.step(execution["id"], "sent", own)
            case State.SENT | State.MINED:
                return self._settle(execution, own)
        return execution

    def _settle(self, execution: Mapping[str, Any], own: Mapping[str, Any]) -> Mapping[str, Any]:
        """Record what the receiver's own record says about bytes that were handed over."""
        id_, mined = execution["id"], execution["state"] == State.MINED
        effect = self._executor.find(execution["operation_id"])
        if effect is None:  # the receiver lost it: hand over the same bytes again, unless the DAO is paused
            if mined:
                return self._desk.step(id_, "sent", own)
            if execution["held"]:
                return execution
            effect = self._send(execution)
        if effect.payload != execution["signed_bytes"]:
            return self._desk.step(id_, "failed", {**own, "reason": "the receiver holds other bytes under this operation id"})
        return self._desk.step(id_, "executed" if mined else "mined", {**own, "effect": asdict(effect)})

    def _send(self, execution: Mapping[str, Any]) -> Effect:
        """The effect under the execution's operation id: of its bytes, or of what the receiver held there before."""
        try:
            return self._executor.send(execution["operation_id"], execution["signed_bytes"])
        except AlreadyRecorded:
            found = self._executor.find(execution["operation_id"])
            if found is None:
                raise
            return found


_HELD = "held: the DAO is paused"
_GOES_ON = frozenset({State.TIMELOCKED, State.READY, State.SIGNED, State.SENT, State.MINED})


def _why(execution: Mapping[str, Any]) -> str:
    if execution["state"] in _GOES_ON:
        return _HELD if execution["held"] else "waits"
    blocked = execution.get("blocked")
    return f"blocked by {blocked['rule']}: limit {blocked['limit']}, value {blocked['value']}" if blocked else ""
