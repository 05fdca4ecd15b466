"""What consent and execution write is audited by the second implementation, which shares no code with them."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session

from api.executors.dry_run import DryRunExecutor, NothingReachesAChain
from api.log_audit import recommend_again
from api.log_export import export_log
from api.runtime import Runtime
from governance.actors import Actor, ActorKind, Role
from governance.approvals import Support
from governance.executions import State
from governance.intake.daos import DaoReceived
from governance.records.electorates import get_current
from governance.records.executions import execution_id, get_execution
from governance.records.recommendations import get_recommendation
from governance.verification.audit import verify_export
from governance.verification.report import Verdict
from governance.workflow import settle
from governance.workflow.delegates import set_delegates
from governance.workflow.expire import expire
from governance.workflow.lease import take_lease
from governance.workflow.override import Action, override
from governance.workflow.pause import ask_to_clear, pause
from governance.workflow.propose_change import propose_delegates, propose_guardrail
from governance.workflow.register_dao import register_dao
from governance.workflow.register_parameter import register_parameter
from governance.workflow.schedule import schedule
from governance.workflow.set_guardrail import set_guardrail
from tests.consent_world import DAO, EXECUTOR, HOLDER, HUMAN, RATE, approve_by, consent, electorate_body, guardrail_body, try_to_sign
from tests.fakes import FixedClock

GUARDIANS = [Actor(ActorKind.HUMAN, f"key_guardian_{i}", "apikey", frozenset({Role.GUARDIAN})) for i in (1, 2)]


class Town:
    """The DAO, through the workflows that the routes call."""

    def __init__(self, runtime: Runtime, clock: FixedClock) -> None:
        self.run = runtime.writer.run
        self.clock = clock
        with pytest.warns(NothingReachesAChain):
            self.executor = DryRunExecutor(runtime.settings.state_dir / "record.ndjson")
        self.run(self._found)

    def _found(self, session: Session) -> None:
        now = self.clock()
        register_dao(session, DaoReceived(DAO, DAO, None, "test"), actor=HUMAN, now=now)
        body = {"name": RATE, "kind": "staking_apr_bps", "unit": "bps", "value": "500"}
        register_parameter(session, DAO, body, place={"kind": "manual_record"}, actor=HUMAN, now=now)
        set_guardrail(session, DAO, RATE, guardrail_body(), actor=HUMAN, now=now)
        set_delegates(session, DAO, electorate_body("10", "20", "30"), actor=HUMAN, now=now)

    def wider(self, step: str) -> str:
        """A person asks for another step."""
        body = guardrail_body(max_step=step)
        return self.run(
            lambda session: propose_guardrail(session, DAO, RATE, body, reason="a test", actor=HUMAN, chain_id=31337, now=self.clock()).id
        )

    def others(self, body: dict[str, Any]) -> str:
        """A person asks for other delegates."""
        return self.run(
            lambda session: propose_delegates(session, DAO, body, reason="a test", actor=HUMAN, chain_id=31337, now=self.clock()).id
        )

    def approve(self, recommendation: str, *numbers: int) -> None:
        self.run(lambda session: approve_by(session, recommendation, numbers, now=self.clock()))

    def sign(self, recommendation: str) -> State:
        """Schedule, wait for the delay, check and sign."""
        self.run(lambda session: schedule(session, recommendation, actor=HUMAN, now=self.clock()))
        self.clock.advance(hours=1)
        return self.run(lambda session: try_to_sign(session, get_execution(session, execution_id(recommendation)), now=self.clock()))

    def settle(self, recommendation: str) -> State:
        """The effect, and each fact about it."""

        def work(session: Session) -> State:
            execution = take_lease(session, execution_id(recommendation), holder=HOLDER, now=self.clock())
            effect = self.executor.send(execution.operation_id, str(execution.signed_bytes))
            own: dict[str, Any] = {"holder": HOLDER, "fence": execution.fence, "actor": EXECUTOR, "now": self.clock()}
            settle.record_sent(session, execution.id, **own)
            settle.record_mined(session, execution.id, effect, **own)
            settle.record_executed(session, execution.id, effect, **own)
            return State(get_recommendation(session, recommendation).state)

        return self.run(work)


def test_a_log_of_every_kind_of_consent_and_execution_is_sound(runtime: Runtime, clock: FixedClock, tmp_path: Path) -> None:
    """Words taken back, rejection, recount, re-approval, block, cancel, expiry, pause: all lawful to the verifier."""
    town = Town(runtime, clock)
    rejected = town.wider("101")
    for number in (1, 2):
        town.run(lambda session, n=number: consent(session, rejected, n, now=clock(), support=Support.AGAINST))  # type: ignore[misc]  # a default is how a lambda keeps a loop's value
    cancelled, blocked, expired = town.wider("102"), town.wider("103"), town.wider("104")
    town.approve(cancelled, 1, 2)
    town.run(lambda session: override(session, cancelled, action=Action.CANCEL, reason="x", guardian=GUARDIANS[0], now=clock()))
    town.approve(blocked, 1, 3)
    changed = town.wider("150")
    town.run(lambda session: consent(session, changed, 3, now=clock()))
    town.run(lambda session: consent(session, changed, 3, now=clock(), support=Support.ABSTAIN))
    town.approve(changed, 1, 2)
    assert town.sign(changed) is State.SIGNED
    assert town.settle(changed) is State.EXECUTED
    assert town.sign(blocked) is State.BLOCKED

    replaced = town.others(electorate_body("20", "30", "40", approve="1", first=2))
    open_ = town.wider("160")
    town.approve(open_, 1, 2)
    town.approve(replaced, 2, 3)
    assert town.sign(replaced) is State.SIGNED
    town.run(lambda session: pause(session, DAO, guardian=GUARDIANS[0], reason="x", now=clock()))
    assert town.settle(replaced) is State.EXECUTED
    for guardian in GUARDIANS:
        town.run(lambda session, g=guardian: ask_to_clear(session, DAO, guardian=g, reason="go", now=clock()))  # type: ignore[misc]  # as above
    assert town.run(lambda session: get_current(session, DAO)[0]) == 2
    assert town.run(lambda session: get_recommendation(session, open_).state) == State.APPROVED
    assert town.sign(open_) is State.SIGNED
    assert town.settle(open_) is State.EXECUTED
    clock.now += timedelta(days=8)
    town.run(lambda session: expire(session, expired, actor=EXECUTOR, now=clock()))

    with Session(runtime.engine) as session:
        export_log(session, tmp_path / "export", note=runtime.signer.last_note())
    report = verify_export(tmp_path / "export", replay=recommend_again)
    assert report.verdict is Verdict.SOUND, report.findings
