"""Whole logs, written with the writer's own functions: lawful by default, one argument to spoil one entry."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount
from sqlalchemy import Engine
from sqlmodel import Session

from api.log_export import export_log
from api.log_keys import KeyRing
from api.log_signer import LogSigner
from governance import operations
from governance.actors import SYSTEM, Actor, ActorKind
from governance.approvals import Support, approval_digest, as_text, typed_data
from governance.canonical import canonical, digest, timestamp
from governance.checkpoint import SignerKey, new_signer_key, parse_signer_key
from governance.counting import count
from governance.decision_log import EntryKind
from governance.electorates import electorate
from governance.executions import TRANSITIONS, State, operation_id
from governance.identity import of_digest
from governance.records import blobs
from governance.records.decision_log import append
from governance.records.engine import writing
from governance.workflow.open_log import open_log, rotate_key
from tests.fakes import NOON

ORIGIN = "assent.test/log"
DAO = "harbour"
PARAMETER = "par_" + "a" * 26
# The key of Go's published note example, under our origin: tests need the same log on every run.
KEY = SignerKey(ORIGIN, parse_signer_key("PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz").private)
WALLETS: tuple[LocalAccount, ...] = tuple(
    sorted((Account.from_key(bytes([0x11 + place]) * 32) for place in range(4)), key=lambda wallet: bytes.fromhex(wallet.address[2:]))
)
RAIL = {"floor": "0", "ceiling": "1000", "max_step": "100", "min_delay_s": 3600}
Spoil = Callable[[dict[str, Any]], dict[str, Any]]


def replay(inputs: Mapping[str, object]) -> dict[str, object]:
    """The rules of these invented logs: the inputs hold the document but for the digest of the inputs."""
    document = inputs["document"]
    assert isinstance(document, dict)
    return {**document, "inputs_sha256": digest(inputs)}


@dataclass(slots=True)
class LogBook:
    """Appends entries for one DAO. `spoil` maps a kind to what alters the data of its first entry."""

    session: Session
    now: datetime = NOON
    spoil: dict[EntryKind, Spoil] = field(default_factory=dict)
    state: dict[str, tuple[State, int]] = field(default_factory=dict)
    words: dict[str, dict[str, Support]] = field(default_factory=dict)
    nonce: int = 0
    voters: int = 3
    guardrail: dict[str, Any] = field(default_factory=lambda: dict(RAIL))
    rail_version: int = 1
    electorate_version: int = 1
    value: str = "500"

    def add(self, kind: EntryKind, data: Mapping[str, object], subject: Mapping[str, str] | None = None, actor: Actor = SYSTEM) -> None:
        """One entry, a second after the last."""
        self.now += timedelta(seconds=1)
        spoiler = self.spoil.pop(kind, None)
        given = spoiler(dict(data)) if spoiler else data
        append(self.session, kind=kind, dao_id=DAO, actor=actor, subject=subject or {}, data=given, ts=self.now, recorded_at=self.now)

    def move(self, document: Mapping[str, Any], kind: EntryKind, **data: object) -> None:
        """One step of the machine."""
        id_ = of_digest("rec", digest(document))
        was, version = self.state[id_]
        to = TRANSITIONS[kind][1]
        self.state[id_] = (to, version + 1)
        self.add(
            kind, {**data, "from": was.value, "to": to.value, "version": version + 1}, {"recommendation": id_, "digest": digest(document)}
        )

    def set_up(self) -> None:
        """The DAO, its delegates, a parameter and its guardrail."""
        self.add(EntryKind.DAO_REGISTERED, {"dao": {"id": DAO}}, {"dao": DAO})
        self.set_delegates("setup")
        parameter = {"name": "emission", "kind": "emission_rate", "unit": "base_units_per_day", "value": "500"}
        self.add(EntryKind.PARAMETER_REGISTERED, parameter, {"parameter": PARAMETER})
        self.set_guardrail("setup")

    def set_delegates(self, by: str) -> None:
        """`delegates.set` with the voters as they are."""
        body = self.electorate().body()
        data = {"version": self.electorate_version, "electorate": body, "sha256": digest(body), "by": by}
        self.add(EntryKind.DELEGATES_SET, data, {"dao": DAO})

    def set_guardrail(self, by: str) -> None:
        """`guardrail.set` with the guardrail as it is."""
        rail = {"version": self.rail_version, "guardrail": self.guardrail, "sha256": digest(self.guardrail), "by": by}
        self.add(EntryKind.GUARDRAIL_SET, rail, {"parameter": PARAMETER})

    def electorate(self) -> Any:
        """The first `voters` wallets, two heads needed."""
        delegates = [{"address": wallet.address, "power": str(10 + place)} for place, wallet in enumerate(WALLETS[: self.voters])]
        return electorate({"delegates": delegates, "threshold": {"rule": "head", "approve": "2", "block": None}})

    def ingest(self, rows: int = 1) -> None:
        """A batch of observations."""
        for row in range(rows):
            sha256 = digest({"row": row, "at": timestamp(self.now)})
            data = {"count": 1, "inserted": 1, "unchanged": 0, "revised": 0, "refused": 0, "sha256": sha256, "rows": [{"value": str(row)}]}
            self.add(EntryKind.OBSERVATIONS_INGESTED, data, {"source": "test"})

    def make(self, change: Mapping[str, Any] | None = None, kind: str = "parameter_change") -> dict[str, Any]:
        """A recommendation, made and proposed."""
        self.nonce += 1
        change = change or {"parameter": "emission", "from": self.value, "to": str(int(self.value) + 50), "unit": "base_units_per_day"}
        flip = ("from", "to") if "from" in change else ()
        document: dict[str, Any] = {
            "v": 1, "rules": "assent-rules/1", "dao": DAO, "kind": kind, "change": dict(change),
            "rollback": {**change, **({"from": change["to"], "to": change["from"]} if flip else {"undo": True})},
            "guardrail": {"version": self.rail_version, "sha256": digest(self.guardrail)},
            "made_at": timestamp(self.now), "not_before": timestamp(self.now), "expires_at": timestamp(self.now + timedelta(days=7)),
            "executor": operations.dry_run_target(DAO, chain_id=31337), "nonce": str(self.nonce), "evidence_root": "0x" + "ab" * 32,
        }  # fmt: skip
        inputs = {"document": document, "padding": "x" * 500}
        sha256 = blobs.put(self.session, canonical(inputs), dao_id=DAO, recorded_at=self.now)
        document = {**document, "inputs_sha256": sha256}
        id_ = of_digest("rec", digest(document))
        self.state[id_], self.words[id_] = (State.DRAFT, 1), {}
        data = {"document": document, "digest": digest(document), "inputs": {"sha256": sha256}}
        self.add(EntryKind.RECOMMENDATION_MADE, data, {"recommendation": id_, "digest": digest(document)})
        self.move(document, EntryKind.RECOMMENDATION_PROPOSED)
        return document

    def consent(self, document: Mapping[str, Any], voter: int, support: Support = Support.FOR) -> None:
        """A delegate's signed word; the first opens the vote."""
        id_ = of_digest("rec", digest(document))
        if self.state[id_][0] is State.PROPOSED:
            self.move(document, EntryKind.VOTING_OPENED)
        wallet = WALLETS[voter]
        typed: Any = typed_data(document, delegate=wallet.address, support=support)
        signature = "0x" + Account.sign_message(encode_typed_data(full_message=typed), wallet.key).signature.hex().removeprefix("0x")
        self.words[id_][wallet.address] = support
        text = as_text(typed["message"])
        self.move(document, EntryKind.CONSENT_RECORDED, consent=text, signature=signature, support=text["support"], power=str(10 + voter))

    def approve(self, document: Mapping[str, Any]) -> None:
        """The approval that the words come to."""
        tally = count(self.electorate(), self.words[of_digest("rec", digest(document))])
        named = "0x" + approval_digest(document, tally.signers).hex()
        data = {"tally": tally.body(), "electorate_version": self.electorate_version}
        self.move(document, EntryKind.APPROVAL_RECORDED, approval_digest=named, signers=list(tally.signers), **data)

    def reject(self, document: Mapping[str, Any]) -> None:
        """The rejection that the words come to."""
        tally = count(self.electorate(), self.words[of_digest("rec", digest(document))])
        self.move(document, EntryKind.APPROVAL_REJECTED, tally=tally.body(), electorate_version=self.electorate_version)

    def execute(self, document: Mapping[str, Any]) -> None:
        """From approval to effect."""
        tally = count(self.electorate(), self.words[of_digest("rec", digest(document))])
        operation = "0x" + operation_id(approval_digest(document, tally.signers)).hex()
        ready = self.now + timedelta(hours=2)
        self.move(document, EntryKind.EXECUTION_SCHEDULED, ready_at=timestamp(ready))
        self.now = ready
        self.move(document, EntryKind.EXECUTION_READY)
        payload = hashlib.sha256(operations.payload(document)).hexdigest()
        signed = {"operation_id": operation, "payload_sha256": payload, "nonce": document["nonce"], "fence": 1}
        self.move(document, EntryKind.EXECUTION_SIGNED, **signed)
        self.move(document, EntryKind.EXECUTION_SENT)
        self.move(document, EntryKind.EXECUTION_MINED, receipt={"operation_id": operation, "payload_sha256": payload, "position": 0})
        change = document["change"]
        before, after = change.get("from", change.get("from_sha256")), change["to"] if "from" in change else digest(change["to"])
        self.move(document, EntryKind.EXECUTION_EXECUTED, before=before, after=after)
        if "from" in change:
            self.value = change["to"]

    def decide(self) -> dict[str, Any]:
        """One change from recommendation to effect."""
        document = self.make()
        self.consent(document, 0)
        self.consent(document, 1)
        self.approve(document)
        self.execute(document)
        return document

    def change_guardrail(self) -> None:
        """Another guardrail, by consent."""
        wider = {**self.guardrail, "ceiling": str(int(self.guardrail["ceiling"]) + 1)}
        change = {"parameter": "emission", "from_sha256": digest(self.guardrail), "to": wider}
        document = self.make(change, "guardrail_change")
        self.consent(document, 0)
        self.consent(document, 2)
        self.approve(document)
        self.execute(document)
        self.guardrail, self.rail_version = wider, self.rail_version + 1
        self.set_guardrail("consent")

    def abstain(self) -> None:
        """A recommendation that is none."""
        document = {"v": 1, "dao": DAO, "kind": "abstention", "reason": "stale_inputs"}
        inputs = {"document": document}
        sha256 = blobs.put(self.session, canonical(inputs), dao_id=DAO, recorded_at=self.now)
        document = {**document, "inputs_sha256": sha256}
        self.add(EntryKind.RECOMMENDATION_ABSTAINED, {"document": document, "digest": digest(document), "inputs": {"sha256": sha256}})


def tell_everything(book: LogBook) -> None:
    """A log with every turn a decision can take."""
    book.set_up()
    book.ingest(3)
    book.decide()
    book.abstain()
    rejected = book.make()
    book.consent(rejected, 0, Support.FOR)
    book.consent(rejected, 0, Support.AGAINST)
    book.consent(rejected, 1, Support.AGAINST)
    book.reject(rejected)
    cancelled = book.make()
    book.move(cancelled, EntryKind.RECOMMENDATION_CANCELLED, reason="not now")
    book.add(EntryKind.PAUSE_SET, {"reason": "drill"})
    guardians = [{"guardian": "one", "reason": "over"}, {"guardian": "two", "reason": "over"}]
    book.add(EntryKind.PAUSE_CLEARED, {"reason": "over", "guardians": guardians}, actor=Actor(ActorKind.HUMAN, "two", "apikey"))
    book.change_guardrail()
    book.decide()
    old = book.make()
    book.now += timedelta(days=8)
    book.move(old, EntryKind.RECOMMENDATION_EXPIRED)


def write_log(
    engine: Engine,
    state_dir: Path,
    tell: Callable[[LogBook], None] = tell_everything,
    *,
    rotate: bool = False,
    spoil: Mapping[str, Spoil] | None = None,
) -> LogSigner:
    """Open, tell and sign a log. `spoil` maps kinds to what alters the data of the first entry of that kind."""
    signer = LogSigner(state_dir, KeyRing([KEY]), ORIGIN, engine)
    signer.check_at_start()
    with Session(writing(engine)) as session:
        open_log(session, origin=ORIGIN, vkey=KEY.verifier.text(), now=NOON)
        book = LogBook(session, spoil={EntryKind(name): alter for name, alter in (spoil or {}).items()})
        tell(book)
        if rotate:
            rotate_key(session, origin=ORIGIN, old=KEY, new=signer.keys.prepare_next(), actor=SYSTEM, now=book.now)
            tell_more(book)
        session.commit()
    signer.sign_new()
    return signer


def tell_more(book: LogBook) -> None:
    """What goes on after the key changed."""
    book.ingest(2)


def export(engine: Engine, signer: LogSigner, folder: Path) -> Path:
    """The log as files."""
    with Session(engine) as session:
        export_log(session, folder, note=signer.last_note())
    return folder


__all__ = ["DAO", "KEY", "ORIGIN", "WALLETS", "LogBook", "export", "new_signer_key", "replay", "tell_everything", "write_log"]
