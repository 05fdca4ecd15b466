"""Executions: the states of an approved change, the only steps between them, and the port to whoever applies it.

    DRAFT → PROPOSED → VOTING → APPROVED → TIMELOCKED → READY → SIGNED → SENT → MINED → EXECUTED (final)
                         ↘ REJECTED (final)        ↘ BLOCKED (back to READY only by a re-check)
    before SIGNED → CANCELLED | EXPIRED | SUPERSEDED (final)         SENT → FAILED (final)
                                                 MINED → SENT when the receiver lost the effect: the same bytes again
    APPROVED, TIMELOCKED, READY, BLOCKED → VOTING when the delegates changed and the threshold no longer holds

What always holds; each is a test in tests/properties:

I1  at most one effect per approval              I6  final states stay final
I2  the effect's bytes are the approved bytes    I7  no step touches another recommendation
I3  EXECUTED only after the effect was re-read   I8  a nonce is consumed once
I4  nothing is signed while paused, expired,     I9  the threshold holds, among today's delegates,
    outside the guardrail, or on another value       in the transaction that signs
I5  every effect has an earlier log entry        I10 an override is a logged decision
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from eth_utils.crypto import keccak

from governance.decision_log import EntryKind
from governance.errors import IllegalTransition


class State(StrEnum):
    """Where a recommendation stands. It has one state at a time, on one row."""

    DRAFT = "DRAFT"
    PROPOSED = "PROPOSED"
    VOTING = "VOTING"
    APPROVED = "APPROVED"
    TIMELOCKED = "TIMELOCKED"
    READY = "READY"
    SIGNED = "SIGNED"
    SENT = "SENT"
    MINED = "MINED"
    EXECUTED = "EXECUTED"
    REJECTED = "REJECTED"
    BLOCKED = "BLOCKED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    SUPERSEDED = "SUPERSEDED"
    FAILED = "FAILED"


FINAL: Final = frozenset({State.EXECUTED, State.REJECTED, State.CANCELLED, State.EXPIRED, State.SUPERSEDED, State.FAILED})
IN_FLIGHT: Final = frozenset({State.SIGNED, State.SENT, State.MINED})
BEFORE_SIGNED: Final = frozenset(State) - FINAL - IN_FLIGHT
ACCEPTED: Final = frozenset({State.APPROVED, State.TIMELOCKED, State.READY, State.BLOCKED})  # approved, nothing signed

# Log entry kind -> (states it may start from, state it leads to). There is no step that is not an entry of this table.
TRANSITIONS: Final[dict[EntryKind, tuple[frozenset[State], State]]] = {
    EntryKind.RECOMMENDATION_PROPOSED: (frozenset({State.DRAFT}), State.PROPOSED),
    EntryKind.VOTING_OPENED: (frozenset({State.PROPOSED}), State.VOTING),
    EntryKind.CONSENT_RECORDED: (frozenset({State.VOTING}), State.VOTING),
    EntryKind.APPROVAL_RECORDED: (frozenset({State.VOTING}), State.APPROVED),
    EntryKind.APPROVAL_REJECTED: (frozenset({State.VOTING}), State.REJECTED),
    EntryKind.APPROVAL_RECOUNTED: (ACCEPTED, State.VOTING),
    EntryKind.EXECUTION_SCHEDULED: (frozenset({State.APPROVED}), State.TIMELOCKED),
    EntryKind.EXECUTION_READY: (frozenset({State.TIMELOCKED, State.BLOCKED}), State.READY),
    EntryKind.EXECUTION_BLOCKED: (frozenset({State.TIMELOCKED, State.READY}), State.BLOCKED),
    EntryKind.EXECUTION_SIGNED: (frozenset({State.READY}), State.SIGNED),
    EntryKind.EXECUTION_SENT: (frozenset({State.SIGNED, State.MINED}), State.SENT),
    EntryKind.EXECUTION_MINED: (frozenset({State.SENT}), State.MINED),
    EntryKind.EXECUTION_EXECUTED: (frozenset({State.MINED}), State.EXECUTED),
    EntryKind.EXECUTION_FAILED: (frozenset({State.SENT}), State.FAILED),
    EntryKind.RECOMMENDATION_CANCELLED: (BEFORE_SIGNED, State.CANCELLED),
    EntryKind.RECOMMENDATION_EXPIRED: (BEFORE_SIGNED, State.EXPIRED),
    EntryKind.RECOMMENDATION_SUPERSEDED: (BEFORE_SIGNED, State.SUPERSEDED),
}

# Between approval and signing, so that people can object and pause. A constant of the rules, not a setting:
# whoever holds an API key or the machine's environment must not be able to shorten it.
MIN_DELAY: Final = timedelta(hours=1)

# An executor that died gives its lease back after this long. The fence, not the time, prevents a double effect.
LEASE: Final = timedelta(seconds=60)


def step(state: State, kind: EntryKind) -> State:
    """The state that `kind` leads to from `state`; `IllegalTransition` when the table has no such step."""
    froms, to = TRANSITIONS[kind]
    if state not in froms:
        raise IllegalTransition(
            f"{kind.value} is not possible in {state.value}", state=state.value, step=kind.value, expected=sorted(s.value for s in froms)
        )
    return to


def ready_at(*, approved_at: datetime, not_before: datetime, min_delay: timedelta = MIN_DELAY) -> datetime:
    """When an approved change may be signed: a delay after the approval, and never before `not_before`.

    The delay is the guardrail's `min_delay`; shorter than `MIN_DELAY` it is never.
    """
    return max(approved_at + max(min_delay, MIN_DELAY), not_before)


def operation_id(approval_digest: bytes) -> bytes:
    """keccak256(abi.encode(bytes32 approvalDigest)): the id by which the receiver itself refuses a second effect."""
    if len(approval_digest) != 32:
        raise ValueError("an approval digest is 32 bytes")
    return keccak(approval_digest)  # abi.encode of one bytes32 is the 32 bytes themselves


@dataclass(frozen=True, slots=True)
class Effect:
    """What an executor did, as its own record tells it: `position` is its place there, `payload` the bytes applied."""

    operation_id: str
    payload: str
    position: int


class ParameterExecutor(Protocol):
    """Applies approved bytes, at most once per operation id. It never decides: what it is given was signed before."""

    kind: str

    def send(self, operation_id: str, payload: str) -> Effect:
        """Apply `payload` under `operation_id` (0x and 64 hex), durable on return.

        Asked again with the same id it answers with the first effect and applies nothing; raises `AlreadyRecorded`
        when the id stands for other bytes.
        """

    def find(self, operation_id: str) -> Effect | None:
        """Re-read the effect from the executor's own record; None when there is none."""
