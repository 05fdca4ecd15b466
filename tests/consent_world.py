"""A small DAO with wallets, one parameter with its guardrail, and changes put to it: valid by default, one argument to spoil."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak
from sqlmodel import Session, select

from governance.actors import SYSTEM, Actor, ActorKind, Role
from governance.approvals import Support, typed_data
from governance.canonical import digest, timestamp
from governance.decision_log import EntryKind
from governance.electorates import electorate
from governance.executions import Effect, State
from governance.guardrails import Guardrail
from governance.identity import of_digest
from governance.operations import dry_run_target
from governance.records import decision_log
from governance.records.applied_changes import live_parameter
from governance.records.approvals import Consent
from governance.records.daos import Dao
from governance.records.decision_log import LogEntry
from governance.records.executions import Execution
from governance.records.parameters import GuardrailVersion, Parameter, ParameterValue
from governance.records.recommendations import Recommendation, get_recommendation, move
from governance.workflow.approve import approve
from governance.workflow.delegates import set_delegates
from governance.workflow.lease import take_lease
from governance.workflow.schedule import schedule
from governance.workflow.settle import record_executed, record_mined, record_sent
from governance.workflow.sign import make_ready, sign

DAO = "harbour"
RATE = "staking_apr"
HUMAN = Actor(ActorKind.HUMAN, "key_setup", "apikey", frozenset(Role))
EXECUTOR = Actor(ActorKind.HUMAN, "key_executor", "apikey", frozenset({Role.EXECUTOR}))
HOLDER = "executor@test"


def wallet(number: int) -> LocalAccount:
    """The same throw-away wallet for the same number, every time."""
    account: LocalAccount = Account.from_key(keccak(text=f"throw-away wallet {number}"))
    return account


def electorate_body(*powers: str, rule: str = "head", approve: str = "2", first: int = 1) -> dict[str, Any]:
    """Wallets `first`, `first` + 1 … as delegates with `powers`."""
    delegates = [{"address": wallet(first + i).address, "power": power} for i, power in enumerate(powers)]
    return {"delegates": delegates, "threshold": {"rule": rule, "approve": approve, "block": "21000000"}}


def guardrail_body(**changed: Any) -> dict[str, Any]:
    """A complete guardrail for `RATE`."""
    return {
        "v": 1,
        "parameter": RATE,
        "unit": "bps",
        "floor": "100",
        "ceiling": "2000",
        "max_step": "100",
        "max_step_relative_bps": None,
        "window": {"length_s": 604_800, "max_change": "300", "max_change_relative_bps": None},
        "cooldown_s": 3_600,
        "min_delay_s": 3_600,
        "dead_band": "5",
        "forbid_zero": True,
        "expires_after_s": 604_800,
        "inputs": {"max_age_s": 86_400, "max_disagreement_bps": 200, "min_sources": 1},
        "circuit_breaker": None,
        **changed,
    }


def document(*, made_at: datetime, nonce: int = 1, dao: str = DAO, chain_id: int = 31337, **changed: Any) -> dict[str, Any]:
    """A valid recommendation document: raise `RATE` from 500 to 550."""
    base = {
        "v": 1,
        "rules": "assent-rules/1",
        "dao": dao,
        "kind": "parameter_change",
        "change": {"parameter": RATE, "from": "500", "to": "550", "unit": "bps"},
        "rollback": {"parameter": RATE, "from": "550", "to": "500", "unit": "bps"},
        "guardrail": {"version": 1, "sha256": Guardrail.from_body(guardrail_body()).sha256()},
        "policy": None,
        "signals": {},
        "evidence": [],
        "effect": None,
        "kpis": [],
        "horizon_s": 604_800,
        "reason": "a test",
        "made_at": timestamp(made_at),
        "not_before": timestamp(made_at),
        "expires_at": timestamp(made_at + timedelta(days=7)),
        "executor": dry_run_target(dao, chain_id=chain_id),
        "nonce": str(nonce),
        "evidence_root": "0x" + "ab" * 32,
        "inputs_sha256": "cd" * 32,
    }
    return {**base, **changed}


def found_dao(session: Session, *, now: datetime, dao: str = DAO, electorate_: Mapping[str, Any] | None = None, value: str = "500") -> str:
    """Register the DAO with its delegates, parameter and guardrail; the parameter's id."""
    session.add(Dao(id=dao, name=dao, known_at=now, recorded_at=now))
    session.flush()
    parameter = f"par_{dao}"
    place = {"kind": "record"}
    session.add(
        Parameter(
            id=parameter, dao_id=dao, name=RATE, kind="staking_apr_bps", unit="bps", value=value, place=place, known_at=now, recorded_at=now
        )
    )
    session.flush()
    session.add(ParameterValue(parameter_id=parameter, version=1, dao_id=dao, value=value, set_by="setup", known_at=now, recorded_at=now))
    put_guardrail(session, parameter, guardrail_body(), dao=dao, version=1, now=now)
    set_delegates(session, dao, electorate_ or electorate_body("10", "20", "30"), actor=HUMAN, now=now)
    return parameter


def put_guardrail(session: Session, parameter: str, body: dict[str, Any], *, dao: str = DAO, version: int, now: datetime) -> str:
    """A guardrail version, as if it had been consented to; its digest."""
    sha256 = Guardrail.from_body(body).sha256()
    session.add(
        GuardrailVersion(
            parameter_id=parameter, version=version, dao_id=dao, body=body, sha256=sha256, set_by="test", known_at=now, recorded_at=now
        )
    )
    session.flush()
    return sha256


def propose(session: Session, body: Mapping[str, Any], *, now: datetime) -> str:
    """Put a document to its DAO; the recommendation's id."""
    sha256 = digest(body)
    parameter = None if body["kind"] == "delegates_change" else f"par_{body['dao']}"
    row = Recommendation(
        id=of_digest("rec", sha256),
        dao_id=body["dao"],
        kind=body["kind"],
        parameter_id=parameter,
        digest=sha256,
        document=dict(body),
        inputs_sha256=body["inputs_sha256"],
        state=State.DRAFT.value,
        nonce=int(body["nonce"]),
        author="test",
        known_at=now,
        recorded_at=now,
    )
    session.add(row)
    session.flush()
    decision_log.append(
        session,
        kind=EntryKind.RECOMMENDATION_MADE,
        dao_id=row.dao_id,
        actor=HUMAN,
        subject={"recommendation": row.id, "digest": sha256},
        data={"document": body, "digest": sha256, "inputs": {"sha256": body["inputs_sha256"]}},
        ts=now,
        recorded_at=now,
    )
    move(session, row, EntryKind.RECOMMENDATION_PROPOSED, actor=SYSTEM, data={}, ts=now, recorded_at=now)
    return row.id


@dataclass(frozen=True, slots=True)
class Signed:
    """What a wallet gives back."""

    message: dict[str, Any]
    domain: dict[str, Any]
    signature: str


def signed(body: Mapping[str, Any], account: LocalAccount, support: Support = Support.FOR) -> Signed:
    """`account`'s signature over what it is asked to sign for the document."""
    data: Any = typed_data(body, delegate=account.address, support=support)
    signature = account.sign_typed_data(full_message=data).signature
    return Signed(data["message"], data["domain"], "0x" + signature.hex().removeprefix("0x"))


def consent(session: Session, recommendation: str, number: int, *, now: datetime, support: Support = Support.FOR) -> Consent:
    """Wallet `number` consents (or not) to the recommendation."""
    word = signed(get_recommendation(session, recommendation).document, wallet(number), support)
    return approve(session, recommendation, message=word.message, domain=word.domain, signature=word.signature, now=now)


def approve_by(session: Session, recommendation: str, numbers: Sequence[int], *, now: datetime) -> None:
    """These wallets say for."""
    for number in numbers:
        consent(session, recommendation, number, now=now)


def try_to_sign(session: Session, execution: Execution, *, now: datetime) -> State:
    """Lease, ready and sign, as the executor does; the state it led to."""
    fence = take_lease(session, execution.id, holder=HOLDER, now=now).fence
    make_ready(session, execution.id, holder=HOLDER, fence=fence, actor=EXECUTOR, now=now)
    if state_of(session, execution.recommendation_id) is State.READY:
        sign(session, execution.id, holder=HOLDER, fence=fence, actor=EXECUTOR, now=now)
    return state_of(session, execution.recommendation_id)


def state_of(session: Session, recommendation: str) -> State:
    """Where the recommendation stands."""
    return State(get_recommendation(session, recommendation).state)


def delegates_document(*, now: datetime, before: Mapping[str, Any], after: Mapping[str, Any], nonce: int = 1) -> dict[str, Any]:
    """A change of delegates and threshold, put to the DAO by a person."""
    old, new = electorate(before), electorate(after)
    change = {"from_sha256": old.sha256(), "to": new.body()}
    rollback = {"from_sha256": new.sha256(), "to": old.body()}
    return document(made_at=now, nonce=nonce, kind="delegates_change", change=change, rollback=rollback, guardrail=None)


def scheduled(session: Session, recommendation: str, now: datetime) -> Execution:
    """The execution of an approved change, its delay running."""
    return schedule(session, recommendation, actor=HUMAN, now=now)


def settled(session: Session, execution: Execution, now: datetime) -> State:
    """Everything after the signature, with the effect an honest receiver would record."""
    own: dict[str, Any] = {"holder": HOLDER, "fence": execution.fence, "actor": EXECUTOR, "now": now}
    effect = Effect(execution.operation_id, str(execution.signed_bytes), 0)
    record_sent(session, execution.id, **own)
    record_mined(session, execution.id, effect, **own)
    record_executed(session, execution.id, effect, **own)
    return state_of(session, execution.recommendation_id)


def applied_value(session: Session) -> str:
    """The parameter's value now."""
    return live_parameter(session, f"par_{DAO}").value


def log_kinds(session: Session, recommendation: str) -> list[str]:
    """What the log says of the recommendation, in order."""
    return list(session.exec(select(LogEntry.kind).where(LogEntry.subject == recommendation).order_by("seq")))
