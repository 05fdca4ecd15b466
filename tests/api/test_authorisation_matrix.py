"""Every route times every role: who may, may; who may not, learns so before anything else. A route without a row fails."""

import httpx
import pytest

from api.app import create_app
from api.runtime import Runtime
from api.settings import Settings
from governance.actors import Role
from tests.api.conftest import KeyMaker, settings_for
from tests.api.operations import EVERYONE, WHO_MAY, Operation, operations

# Reads stay open to every key; the two lists below are what a single stolen key can do.
_CALLERS: tuple[Role | None, ...] = (None, *Role)


@pytest.fixture
def settings(sqlite_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Roles do not depend on the kind of database."""
    return settings_for(sqlite_url, tmp_path_factory.mktemp("state"))


def _all(runtime: Runtime) -> list[Operation]:
    return operations(create_app(runtime.settings, runtime=runtime))


def test_every_route_has_a_row(runtime: Runtime) -> None:
    """A route that nobody thought about is a route that anybody may use."""
    assert {operation.id for operation in _all(runtime)} == set(WHO_MAY)


def test_every_operation_has_a_name_of_its_own(runtime: Runtime) -> None:
    """Generated clients name their functions by it."""
    names = [operation.id for operation in _all(runtime)]

    assert len(names) == len(set(names))


def test_every_role_is_let_in_where_the_table_says_and_nowhere_else(
    runtime: Runtime, transport: httpx.BaseTransport, make_key: KeyMaker
) -> None:
    """401 without a key, 403 without the role, something else with it: whatever the body is."""
    keys = {role: make_key(role) for role in Role}
    client = httpx.Client(transport=transport, base_url="http://assent.test")
    wrong = []
    for operation in _all(runtime):
        for caller in _CALLERS:
            headers = {} if caller is None else {"X-API-Key": keys[caller]}
            answer = client.request(operation.method, operation.url(), headers=headers, json={} if operation.writes else None)
            allowed = WHO_MAY[operation.id] == EVERYONE or caller in WHO_MAY[operation.id]
            refused = answer.status_code == (401 if caller is None else 403)
            if allowed == refused or (answer.status_code >= 500 and answer.status_code != 503):
                wrong.append((operation.id, caller, answer.status_code))

    assert not wrong


def test_a_key_for_one_dao_does_nothing_to_another(
    runtime: Runtime, api: httpx.Client, transport: httpx.BaseTransport, make_key: KeyMaker
) -> None:
    """A stolen key costs one DAO at most; a path that names no DAO is closed to it."""
    for name in ("mine", "yours"):
        api.post("/v1/daos", json={"name": name})
    key = make_key(*Role, dao_id="mine")
    client = httpx.Client(transport=transport, base_url="http://assent.test", headers={"X-API-Key": key})
    got_through = []
    for operation in _all(runtime):
        if WHO_MAY[operation.id] == EVERYONE:
            continue
        answer = client.request(operation.method, operation.url(dao_id="yours"), json={} if operation.writes else None)
        if (answer.status_code, answer.json()["code"]) != (403, "other_dao"):
            got_through.append((operation.id, answer.status_code))

    assert not got_through
    assert client.put("/v1/daos/mine/delegates", json={}).json()["code"] != "other_dao"
