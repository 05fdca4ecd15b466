"""Everything that is checked again before a change is signed, against what is live in the same transaction."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from sqlmodel import Session

from governance import approvals as rules
from governance.approvals import Support
from governance.canonical import digest, timestamp
from governance.errors import Conflict, Expired, GuardrailBreached, Paused, SignatureRefused
from governance.executions import ACCEPTED, IN_FLIGHT
from governance.guardrails import Guardrail
from governance.input_limits import ObservedValue
from governance.operations import pre_state
from governance.parameters import ParameterChange
from governance.records import applied_changes, approvals, electorates, executions
from governance.records.daos import get_dao
from governance.records.recommendations import Recommendation, in_states
from governance.signatures import recover


@dataclass(frozen=True, slots=True)
class Block:
    """Why a change may not be signed now: the rule, its limit and the value that broke it."""

    rule: str
    limit: str
    value: str

    def body(self) -> dict[str, str]:
        """As it is logged and shown."""
        return {"rule": self.rule, "limit": self.limit, "value": self.value}


def refuse_for_now(session: Session, recommendation: Recommendation, *, ready_at: datetime, now: datetime) -> None:
    """Refuse while paused, after the deadline, before the delay is over, and while another change of the same thing is under way.

    The state stays as it is. Under way is what was signed and has not had its effect.

    Raises:
        Paused, Expired, Conflict: in this order.
    """
    if get_dao(session, recommendation.dao_id).paused:
        raise Paused("the DAO is paused: nothing is signed", dao=recommendation.dao_id)
    deadline = rules.deadline(recommendation.document)
    if now.timestamp() >= deadline:
        expired_at = timestamp(datetime.fromtimestamp(deadline, tz=UTC))
        raise Expired("the recommendation has expired", field="expires_at", value=expired_at, rule="now < expires_at")
    if now < ready_at:
        raise Conflict("the delay is not over", field="ready_at", value=timestamp(ready_at), rule="now >= ready_at")
    other = under_way(session, recommendation)
    if other is not None:
        raise Conflict("another change of the same thing is under way", field="recommendation", value=other.id, rule="one at a time")


def under_way(session: Session, recommendation: Recommendation) -> Recommendation | None:
    """Another change of the same parameter (or electorate) between its signature and its effect."""
    for other in executions.in_states(session, IN_FLIGHT, dao_id=recommendation.dao_id):
        if other.id != recommendation.id and other.parameter_id == recommendation.parameter_id:
            return other
    return None


def find_block(session: Session, recommendation: Recommendation, *, now: datetime) -> Block | None:
    """The first thing that forbids signing, None when nothing does. Refuse, never clip.

    (1) the document is the one that was approved, and its signers' signatures are over it; (2) the state that the
    change starts from is the live one; (3) the guardrail that was consented to is the live one; (4) the nonce is
    unused; (5) the guardrail, with all that was executed and is queued, and its circuit breaker, admit the change now.
    """
    try:
        return (
            _other_document(session, recommendation)
            or _other_pre_state(session, recommendation)
            or _other_guardrail(session, recommendation)
            or _nonce_used(session, recommendation)
            or _outside_guardrail(session, recommendation, now=now)
        )
    except GuardrailBreached as breach:
        return Block(f"guardrail.{breach.rule}", str(breach.details["limit"]), str(breach.details["value"]))


def _other_document(session: Session, recommendation: Recommendation) -> Block | None:
    document = recommendation.document
    if digest(document) != recommendation.digest:
        return Block("document", recommendation.digest, digest(document))
    signers = set(approvals.get_approval(session, recommendation.id).tally["signers"])
    for consent in approvals.consents_of(session, recommendation.id):
        if consent.delegate in signers and consent.support == Support.FOR:
            expected = rules.typed_data(document, delegate=consent.delegate, support=Support.FOR)
            try:
                rules.refuse_other(rules.as_text(cast("dict[str, object]", expected["message"])), consent.message, part="message")
                signer = recover(expected, consent.signature)
            except SignatureRefused as refused:
                return Block("payload", consent.delegate, refused.message[:200])
            if signer != consent.delegate:
                return Block("signature", consent.delegate, signer)
            signers.discard(consent.delegate)
    return Block("signers", "a valid consent of each signer", ", ".join(sorted(signers))) if signers else None


def live_state(session: Session, recommendation: Recommendation) -> dict[str, object]:
    """What the change would start from now, in the form of `governance.operations.pre_state`."""
    if recommendation.parameter_id is None:
        standing = electorates.current(session, recommendation.dao_id)
        return {"dao": recommendation.dao_id, "electorate": standing.sha256 if standing else None}
    parameter = applied_changes.live_parameter(session, recommendation.parameter_id)
    if recommendation.kind == "guardrail_change":
        return {"parameter": parameter.name, "guardrail": applied_changes.live_guardrail(session, parameter.id).sha256}
    return {"parameter": parameter.name, "value": parameter.value}


def _other_pre_state(session: Session, recommendation: Recommendation) -> Block | None:
    live, expected = live_state(session, recommendation), pre_state(recommendation.document)
    if live == expected:
        return None
    return Block("pre_state", str(list(expected.values())[-1]), str(list(live.values())[-1]))


def _other_guardrail(session: Session, recommendation: Recommendation) -> Block | None:
    if recommendation.parameter_id is None:
        return None  # a change of delegates binds the electorate instead, which is its pre-state
    live = applied_changes.live_guardrail(session, recommendation.parameter_id)
    expected = recommendation.document["guardrail"]["sha256"]
    if Guardrail.from_body(live.body).sha256() != live.sha256:
        return Block("guardrail_body", live.sha256, digest(live.body))
    return None if live.sha256 == expected else Block("guardrail_hash", expected, live.sha256)


def _nonce_used(session: Session, recommendation: Recommendation) -> Block | None:
    nonce = int(recommendation.document["nonce"])
    return Block("nonce", "unused", str(nonce)) if executions.nonce_consumed(session, recommendation.dao_id, nonce) else None


def _outside_guardrail(session: Session, recommendation: Recommendation, *, now: datetime) -> Block | None:
    if recommendation.kind != "parameter_change" or recommendation.parameter_id is None:
        return None
    parameter = applied_changes.live_parameter(session, recommendation.parameter_id)
    guardrail = Guardrail.from_body(applied_changes.live_guardrail(session, parameter.id).body)
    queued = [
        ParameterChange.from_body(other.document["change"])
        for other in in_states(session, parameter_id=parameter.id, states=ACCEPTED | IN_FLIGHT)
        if other.id != recommendation.id and other.kind == "parameter_change"
    ]
    history = applied_changes.executed_changes(session, parameter.id)
    guardrail.check(ParameterChange.from_body(recommendation.document["change"]), history=history, queued=queued, now=now)
    guardrail.check_inputs(_breaker_values(session, recommendation, guardrail, now=now), read=(), now=now)
    return None


def _breaker_values(session: Session, recommendation: Recommendation, guardrail: Guardrail, *, now: datetime) -> list[ObservedValue]:
    """The circuit breaker's own metric over the guardrail's window: what the decision read was judged when it was made."""
    metrics = guardrail.metrics(())
    if not metrics:
        return []
    reach: Any = max(guardrail.window, guardrail.inputs.max_age)
    return applied_changes.observed_values(session, recommendation.dao_id, metrics, since=now - reach, now=now)
