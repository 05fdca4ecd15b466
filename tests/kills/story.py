"""One change from consent to effect in a process of its own, which can be told at which point to die.

Everything here is the shipped code, reached through its routes; only what commits, signs and applies is wrapped, so that
the process can send itself SIGKILL before or after it.
"""

import importlib
import os
import signal
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
import structlog
from sqlmodel import Session

from api.app import ROUTES
from api.commands.connection import InProcess
from api.commands.execute import HttpDesk
from api.database import Writer
from api.executors.dry_run import DryRunExecutor, NothingReachesAChain
from api.executors.work import Worker
from api.log_signer import LogSigner
from api.runtime import Runtime, open_runtime
from api.settings import Settings
from governance.executions import Effect, ParameterExecutor
from governance.records.daos import Dao
from tests.consent_world import document, found_dao, propose, signed, wallet
from tests.fakes import NOON, FixedClock

for _name in ROUTES:  # imported here, so that a process forked from one that imported this has them
    if find_spec(f"api.routes.{_name}") is not None:
        importlib.import_module(f"api.routes.{_name}")
ADMIN_KEY = "assent_test_" + "k" * 43


@dataclass
class Points:
    """Counts the points a story passes, and dies at one of them. `seen` names them in order."""

    die_at: int | None = None
    seen: list[str] = field(default_factory=list)
    counting: bool = False

    def passed(self, name: str) -> None:
        """The story is at `name`."""
        if not self.counting:
            return
        self.seen.append(name)
        if self.die_at == len(self.seen) - 1:
            os.kill(os.getpid(), signal.SIGKILL)


class WatchedSigner:
    """The log's signer, with a point before and after each part of its work."""

    def __init__(self, signer: LogSigner, points: Points) -> None:
        self._signer = signer
        self._points = points

    def before_commit(self, session: Session) -> None:
        self._signer.before_commit(session)
        self._points.passed("all written, before the commit")

    def after_commit(self) -> None:
        self._points.passed("after the commit, before its checkpoint")
        self._signer.after_commit()
        self._points.passed("after the checkpoint, before the answer")


class WatchedExecutor:
    """An executor with a point before and after each effect."""

    kind = DryRunExecutor.kind

    def __init__(self, executor: ParameterExecutor, points: Points) -> None:
        self._executor = executor
        self._points = points

    def send(self, operation_id: str, payload: str) -> Effect:
        self._points.passed("before the effect")
        effect = self._executor.send(operation_id, payload)
        self._points.passed("after the effect")
        return effect

    def find(self, operation_id: str) -> Effect | None:
        return self._executor.find(operation_id)


def settings_for(database_url: str, state_dir: Path, log_key: str) -> Settings:
    return Settings(database_url=database_url, state_dir=state_dir, admin_key=ADMIN_KEY, log_key=log_key)


@contextmanager
def opened(settings: Settings, clock: FixedClock, points: Points) -> Iterator[tuple[Runtime, httpx.Client, Worker]]:
    """The deployment, a client of its routes, and an executor's worker, all watched."""
    runtime = open_runtime(settings, clock=clock)
    runtime.writer.close()
    runtime.writer = Writer(runtime.engine, signer=WatchedSigner(runtime.signer, points))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NothingReachesAChain)
        executor = WatchedExecutor(DryRunExecutor(record_of(settings.state_dir)), points)
    transport = InProcess(runtime)
    client = httpx.Client(transport=transport, base_url="http://assent.test", headers={"Authorization": f"Bearer {ADMIN_KEY}"})
    try:
        yield runtime, client, Worker(HttpDesk(client), executor, holder="executor@kills")
    finally:
        client.close()


def record_of(state_dir: Path) -> Path:
    """The executor's own record."""
    return state_dir / "dry_run" / "record.ndjson"


def tell(settings: Settings, daos: Sequence[str], points: Points) -> None:
    """Take one change of each DAO all the way; each part of it may have happened before. Points count for the last DAO."""
    *_, last = daos
    clock = FixedClock()
    with opened(settings, clock, points) as (runtime, client, worker):
        for dao in daos:
            points.counting = dao == last
            clock.now = NOON
            body = document(made_at=NOON, dao=dao)
            recommendation = runtime.writer.run(lambda session, body=body: _put(session, body))  # type: ignore[misc]  # mypy reads no default
            for number in (1, 2):
                _consent(client, recommendation, body, number)
            worker.work_once()
            clock.now = NOON + timedelta(hours=1)
            worker.work_once()


def _put(session: Session, body: dict[str, Any]) -> str:
    from governance.canonical import digest  # noqa: PLC0415  # beside its only use
    from governance.identity import of_digest  # noqa: PLC0415  # beside its only use

    if session.get(Dao, body["dao"]) is not None:
        return of_digest("rec", digest(body))
    found_dao(session, now=NOON, dao=body["dao"])
    return propose(session, body, now=NOON)


def _consent(client: httpx.Client, recommendation: str, body: dict[str, Any], number: int) -> None:
    word = signed(body, wallet(number))
    answer = client.post(
        f"/v1/recommendations/{recommendation}/approvals",
        json={"message": word.message, "domain": word.domain, "signature": word.signature},
    )
    if answer.status_code != 201:
        raise AssertionError(answer.text)


def run(database_url: str, state_dir: str, log_key: str, daos: Sequence[str], *, die_at: int | None, seen: str) -> None:
    """The process: tell the story, and write down the points it passed."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    points = Points(die_at)
    tell(settings_for(database_url, Path(state_dir), log_key), daos, points)
    Path(seen).write_text("\n".join(points.seen), encoding="utf-8")
