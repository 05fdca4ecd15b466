"""The real workflow on SQLite under random people, executors and mishaps: invariants I1 to I10."""

import functools
import hashlib
import shutil
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import update
from sqlmodel import Session, select

from governance.actors import Actor, ActorKind, Role
from governance.approvals import Support
from governance.decision_log import EntryKind
from governance.electorates import electorate
from governance.errors import GovernanceError
from governance.executions import FINAL, IN_FLIGHT, TRANSITIONS, Effect, State
from governance.operations import payload
from governance.records import electorates
from governance.records.daos import get_dao
from governance.records.decision_log import LogEntry
from governance.records.engine import migrate, open_engine, writing
from governance.records.executions import Execution, Override, execution_id, find_execution
from governance.records.parameters import Parameter
from governance.records.recommendations import Recommendation, get_recommendation
from governance.workflow import settle
from governance.workflow.delegates import put_electorate
from governance.workflow.expire import expire
from governance.workflow.lease import take_lease
from governance.workflow.override import Action, override
from governance.workflow.pause import ask_to_clear, pause
from governance.workflow.schedule import schedule
from governance.workflow.sign import make_ready, sign
from tests.consent_world import DAO, EXECUTOR, HUMAN, consent, document, electorate_body, found_dao, guardrail_body, propose, put_guardrail
from tests.fakes import NOON

T = TypeVar("T")
GUARDIANS = [Actor(ActorKind.HUMAN, f"key_guardian_{i}", "apikey", frozenset({Role.GUARDIAN})) for i in (1, 2)]
WHICH, WORKER, GUARDIAN = st.integers(0, 2), st.sampled_from(["a", "b"]), st.sampled_from(GUARDIANS)


@functools.cache
def template() -> Path:
    """A migrated, empty database to copy."""
    path = Path(tempfile.mkdtemp()) / "template.db"
    engine = open_engine(f"sqlite:///{path}")
    migrate(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


class Governance(RuleBasedStateMachine):
    """Three changes, four wallets, two executors, two guardians, one forgetful receiver."""

    @initialize()
    def found(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        shutil.copyfile(template(), self.folder / "assent.db")
        self.engine = open_engine(f"sqlite:///{self.folder / 'assent.db'}")
        self.now = NOON
        self.guardrails = 1
        self.receiver: dict[str, str] = {}
        self.ever: list[tuple[str, str]] = []
        self.fences: dict[tuple[str, str], int] = {}
        self.final: dict[str, str] = {}
        self.do(lambda session: found_dao(session, now=NOON))
        changes = [("500", "550"), ("500", "540"), ("550", "600")]
        self.documents = [
            document(made_at=NOON, nonce=min(i, 1) + 1, change=_change(*c), rollback=_change(*c[::-1])) for i, c in enumerate(changes)
        ]
        self.ids = [self.do(lambda session, body=body: propose(session, body, now=NOON)) for body in self.documents]  # type: ignore[misc]

    def teardown(self) -> None:
        if hasattr(self, "engine"):
            self.engine.dispose()
            shutil.rmtree(self.folder)

    def do(self, work: Callable[[Session], T]) -> T:
        """One transaction."""
        with Session(writing(self.engine), expire_on_commit=False) as session, session.begin():
            return work(session)

    def attempt(self, work: Callable[[Session], T]) -> T | None:
        """One transaction that a rule may refuse; refused, nothing of it is kept."""
        try:
            return self.do(work)
        except GovernanceError:
            return None

    def alone(self, which: int, work: Callable[[Session], Any]) -> Any:
        """An attempt on one change, which must leave the others as they are (I7)."""
        others = [id_ for id_ in self.ids if id_ != self.ids[which]]
        before = self.do(lambda session: [_standing(session, id_) for id_ in others])
        result = self.attempt(work)
        assert self.do(lambda session: [_standing(session, id_) for id_ in others]) == before
        return result

    @rule(which=WHICH, number=st.integers(1, 4), support=st.sampled_from([Support.FOR, Support.FOR, Support.FOR, *Support]))
    def say(self, which: int, number: int, support: Support) -> None:
        self.alone(which, lambda session: consent(session, self.ids[which], number, now=self.now, support=support))

    @rule(which=WHICH)
    def schedule(self, which: int) -> None:
        self.alone(which, lambda session: schedule(session, self.ids[which], actor=HUMAN, now=self.now))

    @rule(hours=st.sampled_from([0.5, 1, 1, 2, 72]))
    def wait(self, hours: float) -> None:
        self.now += timedelta(hours=hours)

    @rule(which=WHICH, worker=WORKER)
    def lease(self, which: int, worker: str) -> None:
        execution = self.alone(which, lambda session: take_lease(session, execution_id(self.ids[which]), holder=worker, now=self.now))
        if execution is not None:
            self.fences[worker, execution.id] = execution.fence

    @rule(which=WHICH, worker=WORKER)
    def make_ready(self, which: int, worker: str) -> None:
        self.step(which, worker, make_ready)

    @rule(which=WHICH, worker=WORKER)
    def sign(self, which: int, worker: str) -> None:
        before = self.do(lambda session: _standing(session, self.ids[which]))[0]
        self.step(which, worker, sign)
        if before == State.READY and self.do(lambda session: _standing(session, self.ids[which]))[0] == State.SIGNED:
            self.do(lambda session: self.check_signature(session, which))

    @rule(which=WHICH, worker=WORKER)
    def execute(self, which: int, worker: str) -> None:
        """The whole way, as an executor that is not disturbed takes it."""
        self.schedule(which)
        self.now += timedelta(hours=1)
        for step in (self.lease, self.make_ready, self.sign, self.send, self.record_sent, self.record_mined, self.record_executed):
            step(which, worker)

    @rule(which=WHICH, worker=WORKER)
    def send(self, which: int, worker: str) -> None:  # noqa: ARG002  # who sends makes no difference to the receiver
        execution = self.do(lambda session: find_execution(session, self.ids[which]))
        if execution is not None and execution.signed_bytes is not None and execution.operation_id not in self.receiver:
            self.receiver[execution.operation_id] = execution.signed_bytes
            self.ever.append((self.ids[which], execution.signed_bytes))
            self.do(lambda session: self.check_written_ahead(session, which))

    @rule(which=WHICH, worker=WORKER)
    def record_sent(self, which: int, worker: str) -> None:
        execution = self.do(lambda session: find_execution(session, self.ids[which]))
        if execution is not None and execution.operation_id in self.receiver:
            self.step(which, worker, settle.record_sent)

    @rule(which=WHICH, worker=WORKER)
    def record_mined(self, which: int, worker: str) -> None:
        self.step_with_effect(which, worker, settle.record_mined)

    @rule(which=WHICH, worker=WORKER)
    def record_executed(self, which: int, worker: str) -> None:
        self.step_with_effect(which, worker, settle.record_executed)

    def step(self, which: int, worker: str, step: Callable[..., Execution], *effect: Effect) -> None:
        id_ = execution_id(self.ids[which])
        fence = self.fences.get((worker, id_), 0)
        self.alone(which, lambda session: step(session, id_, *effect, holder=worker, fence=fence, actor=EXECUTOR, now=self.now))

    def step_with_effect(self, which: int, worker: str, step: Callable[..., Execution]) -> None:
        execution = self.do(lambda session: find_execution(session, self.ids[which]))
        if execution is not None and execution.operation_id in self.receiver:
            self.step(which, worker, step, Effect(execution.operation_id, self.receiver[execution.operation_id], 0))

    @rule(guardian=GUARDIAN)
    def pause(self, guardian: Actor) -> None:
        self.do(lambda session: pause(session, DAO, guardian=guardian, reason="a test", now=self.now))

    @rule(first=GUARDIAN, second=GUARDIAN)
    def clear(self, first: Actor, second: Actor) -> None:
        for guardian in (first, second):
            self.attempt(lambda session, guardian=guardian: ask_to_clear(session, DAO, guardian=guardian, reason="go", now=self.now))  # type: ignore[misc]

    @rule(which=WHICH, action=st.sampled_from(Action), guardian=GUARDIAN)
    def override(self, which: int, action: Action, guardian: Actor) -> None:
        self.alone(
            which, lambda session: override(session, self.ids[which], action=action, reason="a test", guardian=guardian, now=self.now)
        )

    @rule(which=WHICH)
    def expire(self, which: int) -> None:
        self.alone(which, lambda session: expire(session, self.ids[which], actor=EXECUTOR, now=self.now))

    @rule(value=st.sampled_from(["500", "550", "777"]))
    def change_the_value_by_another_hand(self, value: str) -> None:
        self.do(lambda session: session.execute(update(Parameter).values(value=value)))

    @precondition(lambda self: self.guardrails == 1)
    @rule()
    def change_the_guardrail(self) -> None:
        self.guardrails += 1
        body = guardrail_body(max_step="101")
        self.do(lambda session: put_guardrail(session, f"par_{DAO}", body, version=self.guardrails, now=self.now))

    @rule(first=st.integers(1, 2), approve=st.sampled_from(["1", "2", "3"]))
    def change_the_electorate(self, first: int, approve: str) -> None:
        rules = electorate(electorate_body("10", "20", "30", approve=approve, first=first))

        def work(session: Session) -> None:
            version = electorates.get_current(session, DAO)[0] + 1
            put_electorate(session, DAO, rules, version=version, by="consent", actor=HUMAN, ts=self.now, recorded_at=self.now)

        self.do(work)

    def check_signature(self, session: Session, which: int) -> None:
        """I4 and I9, from what stands in the database and not from what the workflow says it checked."""
        body = self.documents[which]
        _, rules = electorates.get_current(session, DAO)
        words: dict[str, set[str]] = {}
        for entry in session.exec(select(LogEntry).where(LogEntry.kind == EntryKind.CONSENT_RECORDED, LogEntry.subject == self.ids[which])):
            data = entry.document()["data"]
            words.setdefault(data["consent"]["delegate"], set()).add(data["support"])
        heads = sum(words.get(delegate.address) == {"1"} for delegate in rules.delegates)
        assert heads >= int(rules.threshold.approve)
        assert not get_dao(session, DAO).paused
        assert self.now.timestamp() < NOON.timestamp() + 7 * 86_400
        assert self.guardrails == 1
        assert session.exec(select(Parameter.value)).one() == body["change"]["from"]

    def check_written_ahead(self, session: Session, which: int) -> None:
        """I5: the bytes of the effect were logged before it."""
        entry = session.exec(select(LogEntry).where(LogEntry.kind == EntryKind.EXECUTION_SIGNED, LogEntry.subject == self.ids[which])).one()
        sent = self.ever[-1][1].encode()
        assert entry.document()["data"]["payload_sha256"] == hashlib.sha256(sent).hexdigest()

    @invariant()
    def each_change_has_at_most_one_effect_and_it_is_the_approved_one(self) -> None:
        """I1 and I2."""
        assert len({id_ for id_, _ in self.ever}) == len(self.ever)
        for id_, sent in self.ever:
            assert sent.encode() == payload(self.documents[self.ids.index(id_)])

    @invariant()
    def the_rows_keep_their_promises(self) -> None:
        """I3, I6, I8 and that at most one change of the parameter is under way."""
        with Session(self.engine) as session:
            rows = {row.id: row for row in session.exec(select(Recommendation))}
            executions = session.exec(select(Execution)).all()
        sent = {id_ for id_, _ in self.ever}
        for id_, row in rows.items():
            assert self.final.get(id_, row.state) == row.state
            if row.state in FINAL:
                self.final[id_] = row.state
            assert row.state not in {State.MINED, State.EXECUTED} or id_ in sent
        nonces = [execution.nonce for execution in executions if execution.nonce is not None]
        assert len(set(nonces)) == len(nonces)
        assert sum(row.state in IN_FLIGHT for row in rows.values()) <= 1

    @invariant()
    def every_move_is_in_the_log_and_in_the_table(self) -> None:
        """No transition without its entry, no entry without its transition; overrides are logged (I10)."""
        with Session(self.engine) as session:
            entries = [entry.document() for entry in session.exec(select(LogEntry).order_by("seq"))]
            rows = {row.id: (row.state, row.version) for row in session.exec(select(Recommendation))}
            overrides = len(session.exec(select(Override)).all())
        replayed = dict.fromkeys(rows, (State.DRAFT.value, 1))
        for entry in entries:
            kind = EntryKind(entry["type"])
            if kind not in TRANSITIONS:
                continue
            froms, to = TRANSITIONS[kind]
            state, version = replayed[entry["subject"]["recommendation"]]
            assert State(state) in froms
            assert (entry["data"]["from"], entry["data"]["to"], entry["data"]["version"]) == (state, to.value, version + 1)
            replayed[entry["subject"]["recommendation"]] = (to.value, version + 1)
        assert replayed == rows
        assert overrides == sum(entry["type"] == EntryKind.OVERRIDE_MADE for entry in entries)


def _standing(session: Session, id_: str) -> tuple[str, int]:
    row = get_recommendation(session, id_)
    return row.state, row.version


def _change(before: str, after: str) -> dict[str, str]:
    return {"parameter": "staking_apr", "from": before, "to": after, "unit": "bps"}


TestGovernance = Governance.TestCase
TestGovernance.settings = settings(
    max_examples=12, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
