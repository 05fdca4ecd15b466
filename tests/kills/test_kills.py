"""SIGKILL before and after every commit, checkpoint and effect: one effect, once, and a log without a gap."""

import json
import multiprocessing
import signal
from pathlib import Path

import pytest
from sqlmodel import Session, select

from governance.checkpoint import new_signer_key
from governance.executions import State
from governance.merkle import Frontier, leaf_hash
from governance.records import decision_log
from governance.records.applied_changes import executed_changes, live_parameter
from governance.records.decision_log import LogEntry
from governance.records.engine import open_engine
from governance.records.executions import Execution
from governance.records.recommendations import Recommendation
from tests.kills.story import record_of, run

_ORDER = [
    "recommendation.made",
    "recommendation.proposed",
    "voting.opened",
    "consent.recorded",
    "consent.recorded",
    "approval.recorded",
    "execution.scheduled",
    "execution.ready",
    "execution.signed",
    "execution.sent",
    "execution.mined",
    "execution.executed",
]


class Deployment:
    """One database and state folder, worked on by processes that come and go."""

    def __init__(self, database_url: str, state_dir: Path) -> None:
        self.database_url = database_url
        self.state_dir = state_dir
        self.seen = state_dir / "seen.txt"
        self._log_key = new_signer_key("assent.local/log").secret()
        self._processes = multiprocessing.get_context("forkserver")
        self._processes.set_forkserver_preload(["tests.kills.story"])
        state_dir.mkdir(exist_ok=True)

    def tell(self, *daos: str, die_at: int | None = None) -> int | None:
        """Run the stories of `daos` in a process of its own; its exit code (negative: the signal that killed it)."""
        arguments = (self.database_url, str(self.state_dir), self._log_key, daos)
        process = self._processes.Process(target=run, args=arguments, kwargs={"die_at": die_at, "seen": str(self.seen)})
        process.start()
        process.join(120)
        return process.exitcode


@pytest.fixture
def deployment(database_url: str, tmp_path: Path) -> Deployment:
    """A fresh deployment, once per kind of database."""
    return Deployment(database_url, tmp_path / "state")


@pytest.mark.timeout(1_500)
def test_a_kill_at_every_point_leaves_exactly_one_effect(deployment: Deployment) -> None:
    """Each point in turn: the process dies there; the next one finishes its work, then dies at the next point."""
    assert deployment.tell("quay-whole") == 0
    points = deployment.seen.read_text(encoding="utf-8").splitlines()
    assert points.count("before the effect") == 1
    assert points.count("after the commit, before its checkpoint") >= 10

    before = "quay-whole"
    for number, point in enumerate(points):
        dao = f"quay-{number}"
        assert deployment.tell(before, dao, die_at=number) == -signal.SIGKILL, point
        check_one(deployment, before, points[number - 1])
        before = dao
    assert deployment.tell(before) == 0
    check_one(deployment, before, points[-1])
    check_all(deployment, len(points) + 1)


def check_one(deployment: Deployment, dao: str, point: str) -> None:
    """The change of `dao` was applied once, from the approved bytes, and each of its steps stands in the log once."""
    engine = open_engine(deployment.database_url)
    with Session(engine) as session:
        execution = session.exec(select(Execution).where(Execution.dao_id == dao)).one()
        recommendation = session.exec(select(Recommendation).where(Recommendation.dao_id == dao)).one()
        changes = executed_changes(session, f"par_{dao}")
        kinds = session.exec(select(LogEntry.kind).where(LogEntry.subject == recommendation.id).order_by("seq")).all()
        live = live_parameter(session, f"par_{dao}").value
    engine.dispose()

    effects = [line for line in record(deployment) if line["operation_id"] == execution.operation_id]
    assert [effect["payload"] for effect in effects] == [execution.signed_bytes], point
    assert recommendation.state == State.EXECUTED, point
    assert (live, len(changes)) == ("550", 1), point
    assert [kind for kind in kinds if kind != "refusal.recorded"] == _ORDER, point


def check_all(deployment: Deployment, changes: int) -> None:
    """As many effects as changes, at their own positions; the stored tree is that of the stored leaves."""
    lines = record(deployment)
    assert len({line["operation_id"] for line in lines}) == len(lines) == changes
    assert [line["position"] for line in lines] == list(range(changes))

    engine = open_engine(deployment.database_url)
    with Session(engine) as session:
        frontier = Frontier()
        for entry in session.exec(select(LogEntry).order_by("seq")):
            assert entry.seq == frontier.size
            frontier, _ = frontier.append(leaf_hash(entry.leaf.encode()))
        assert decision_log.tree_head(session).root == frontier.root()
    engine.dispose()
    signed_head = (deployment.state_dir / "checkpoint").read_text(encoding="utf-8").splitlines()
    assert int(signed_head[1]) == frontier.size


def record(deployment: Deployment) -> list[dict[str, object]]:
    """The executor's own record."""
    return [json.loads(line) for line in record_of(deployment.state_dir).read_text(encoding="utf-8").splitlines()]
