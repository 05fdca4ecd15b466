"""A change put to a DAO, and an executor that works through the routes."""

import httpx
import pytest
from sqlmodel import Session

from api.commands.execute import HttpDesk, record_of
from api.executors.dry_run import DryRunExecutor, NothingReachesAChain
from api.executors.work import Worker
from api.runtime import Runtime
from tests.consent_world import document, found_dao, propose
from tests.fakes import NOON


@pytest.fixture
def recommendation(runtime: Runtime) -> str:
    """A change put to three delegates, two of whom approve it."""

    def work(session: Session) -> str:
        found_dao(session, now=NOON)
        return propose(session, document(made_at=NOON), now=NOON)

    return runtime.writer.run(work)


@pytest.fixture
def worker(runtime: Runtime, api: httpx.Client) -> Worker:
    """The executor's worker over the routes, with the real dry run."""
    with pytest.warns(NothingReachesAChain):
        executor = DryRunExecutor(record_of(runtime.settings))
    return Worker(HttpDesk(api), executor, holder="executor@test")
