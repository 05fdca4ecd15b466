"""A deployment of its own for each test that asks: settings, the open runtime, and clients with and without keys."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import httpx
import pytest
import structlog
from sqlmodel import Session

from api.authentication import hash_key, new_key
from api.commands.connection import InProcess
from api.runtime import Runtime, open_runtime
from api.settings import Settings
from governance.actors import Role
from governance.checkpoint import new_signer_key
from governance.records.access import ApiKey
from tests.fakes import FixedClock

ADMIN_KEY = "assent_test_" + "a" * 43
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))

KeyMaker = Callable[..., str]


def settings_for(database_url: str, state_dir: Path, **values: object) -> Settings:
    """Settings with every secret given, so that they hold for both databases."""
    chosen = {"admin_key": ADMIN_KEY, "log_key": new_signer_key("assent.local/log").secret()} | values
    return Settings(database_url=database_url, state_dir=state_dir, **chosen)


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """A deployment on a fresh database, once per kind of database."""
    return settings_for(database_url, tmp_path / "state")


@pytest.fixture
def runtime(settings: Settings, clock: FixedClock) -> Iterator[Runtime]:
    """The open deployment, on a clock that stands still."""
    opened = open_runtime(settings, clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def transport(runtime: Runtime) -> Iterator[httpx.BaseTransport]:
    """The whole app, middleware included, without a socket."""
    transport = InProcess(runtime)
    yield transport
    transport.close()


@pytest.fixture
def anonymous(transport: httpx.BaseTransport) -> httpx.Client:
    """A client without a key."""
    return httpx.Client(transport=transport, base_url="http://assent.test")


@pytest.fixture
def api(transport: httpx.BaseTransport) -> httpx.Client:
    """A client with the deployment's own key, which has every role."""
    return httpx.Client(transport=transport, base_url="http://assent.test", headers={"Authorization": f"Bearer {ADMIN_KEY}"})


@pytest.fixture
def make_key(runtime: Runtime) -> KeyMaker:
    """Makes API keys: `make_key(Role.INGESTER, dao_id="…")`."""

    def _make(*roles: Role, dao_id: str | None = None, expires_at: datetime | None = None) -> str:
        key = new_key()
        row = ApiKey(
            id=f"key_{hash_key(key)[:26]}",
            dao_id=dao_id,
            name="test",
            secret_sha256=hash_key(key),
            scopes=[role.value for role in roles],
            recorded_at=runtime.clock(),
            expires_at=expires_at,
        )
        runtime.writer.run(lambda session: _add(session, row))
        return key

    return _make


def _add(session: Session, row: ApiKey) -> None:
    session.add(row)
