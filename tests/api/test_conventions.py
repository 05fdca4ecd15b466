"""What every answer keeps to: tags, cursors, rate limits, origins, ids, problems."""

from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.commands.connection import InProcess
from api.conditional import matches, tag_of
from api.pagination import make_cursor, read_cursor
from api.runtime import open_runtime
from api.settings import Settings
from governance.actors import Role
from governance.errors import ConfigurationError, InvalidInput
from tests.api.conftest import KeyMaker, settings_for
from tests.fakes import FixedClock


@pytest.fixture
def settings(sqlite_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """These conventions know no database."""
    return settings_for(
        sqlite_url, tmp_path_factory.mktemp("state"), cors_origins="https://app.example", rate_limit_reads="30/minute;1000/hour"
    )


def test_an_unchanged_answer_is_304_and_a_changed_one_is_not(api: httpx.Client) -> None:
    """Frontends poll; what did not change must not travel."""
    first = api.get("/v1/daos")
    same = api.get("/v1/daos", headers={"If-None-Match": first.headers["etag"]})
    api.post("/v1/daos", json={"name": "new"})
    changed = api.get("/v1/daos", headers={"If-None-Match": first.headers["etag"]})

    assert (same.status_code, same.content) == (304, b"")
    assert same.headers["etag"] == first.headers["etag"]
    assert changed.status_code == 200


def test_time_passing_alone_is_no_other_answer() -> None:
    """A DAO shows its clock and a series when it was read, first, last or in between; a text that looks like it still counts."""
    for name in (b"now", b"as_of"):
        answers = [b'{"a":1,"%s":"2026-11-21T00:00:0%dZ","b":2}' % (name, second) for second in (1, 2)]
        texts = [b'{"a":"\\"%s\\":\\"%d\\""}' % (name, second) for second in (1, 2)]

        assert tag_of(answers[0]) == tag_of(answers[1]) != tag_of(answers[0].replace(b'"b":2', b'"b":3'))
        assert tag_of(texts[0]) != tag_of(texts[1])


def test_a_clock_that_was_moved_is_another_answer(api: httpx.Client) -> None:
    """What a reader holds of a demonstration's clock must not outlive a jump of it."""
    api.post("/v1/daos", json={"name": "tide", "invented": True})
    first = api.get("/v1/daos/tide")
    api.post("/v1/daos/tide/clock", json={"by_s": 3600})

    assert api.get("/v1/daos/tide", headers={"If-None-Match": first.headers["etag"]}).status_code == 200


@pytest.mark.parametrize(
    ("asked", "tag", "expected"),
    [
        ('"a"', '"a"', True),
        ('W/"a"', '"a"', True),
        ('"b", "a"', 'W/"a"', True),
        ("*", '"a"', True),
        ('"b"', '"a"', False),
        (None, '"a"', False),
    ],
)
def test_tags_are_compared_weakly(asked: str | None, tag: str, *, expected: bool) -> None:
    """RFC 9110 section 8.8.3.2: proxies may weaken a tag."""
    assert matches(asked, tag) is expected


@given(
    key=st.tuples(st.text(max_size=40) | st.integers()), scope=st.text(max_size=40), other=st.text(max_size=40), flip=st.integers(0, 10_000)
)
def test_a_cursor_is_read_back_only_as_it_was_made(key: tuple[str | int, ...], scope: str, other: str, flip: int) -> None:
    """A cursor made up, altered, or taken to another list would skip rows silently."""
    cursor = make_cursor(key, scope=scope, secret=b"s")
    assert read_cursor(cursor, scope=scope, secret=b"s") == key

    if other != scope:
        with pytest.raises(InvalidInput):
            read_cursor(cursor, scope=other, secret=b"s")
    with pytest.raises(InvalidInput):
        read_cursor(cursor, scope=scope, secret=b"other")
    at = flip % len(cursor)
    altered = cursor[:at] + ("A" if cursor[at] != "A" else "B") + cursor[at + 1 :]
    try:
        assert read_cursor(altered, scope=scope, secret=b"s") == key  # base64 leaves spare bits at the very end
        assert at == len(cursor) - 1
    except InvalidInput:
        pass


@pytest.mark.parametrize("cursor", ["x", "AAAA", "%%%", "a" * 600, "0" * 24, "é"])
def test_a_made_up_cursor_is_refused_by_name(api: httpx.Client, cursor: str) -> None:
    """Part 12 of the house's bad inputs."""
    answer = api.get("/v1/daos", params={"cursor": cursor})

    assert answer.status_code == 422
    assert answer.json()["field"] in {"cursor", "query.cursor"}


def test_a_cursor_does_not_fit_another_filter(api: httpx.Client) -> None:
    """The place in one list means nothing in another."""
    for name in ("a", "b", "c"):
        api.post("/v1/daos", json={"name": name, "source": "snapshot"})
    cursor = api.get("/v1/daos", params={"limit": 1}).json()["next_cursor"]

    assert api.get("/v1/daos", params={"limit": 2, "cursor": cursor}).status_code == 200
    assert api.get("/v1/daos", params={"limit": 1, "cursor": cursor, "source": "snapshot"}).status_code == 422


@pytest.mark.parametrize("limit", ["0", "201", "-1", "x", "1e2", ""])
def test_a_limit_outside_1_to_200_is_refused(api: httpx.Client, limit: str) -> None:
    """Refused, never clipped."""
    assert api.get("/v1/daos", params={"limit": limit}).status_code == 422


def test_a_spent_rate_is_429_with_the_time_to_wait_and_costs_nobody_else(anonymous: httpx.Client, make_key: KeyMaker) -> None:
    """One caller cannot use up what others have; health stays visible."""
    answers = [anonymous.get("/v1/daos") for _ in range(31)]
    key = {"X-API-Key": make_key(Role.AUDITOR)}

    assert [answer.status_code for answer in answers] == [200] * 30 + [429]
    assert answers[0].headers["ratelimit-limit"] == "30"
    assert answers[0].headers["ratelimit-remaining"] == "29"
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert answers[-1].json()["code"] == "too_many_requests"
    assert anonymous.get("/v1/daos", headers=key).status_code == 200
    assert anonymous.get("/healthz").status_code == 200


def test_guessing_keys_uses_up_the_guessers_own_rate(anonymous: httpx.Client) -> None:
    """A made-up key must not buy a fresh allowance."""
    answers = [anonymous.get("/v1/daos", headers={"X-API-Key": f"assent_{number}"}) for number in range(31)]

    assert [answer.status_code for answer in answers] == [401] * 30 + [429]


def test_only_configured_origins_may_call_from_a_browser(anonymous: httpx.Client) -> None:
    """Other sites' scripts get no answer they could read."""
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,idempotency-key"}
    good = anonymous.options("/v1/daos", headers={"Origin": "https://app.example", **asked})
    bad = anonymous.options("/v1/daos", headers={"Origin": "https://evil.example", **asked})
    read = anonymous.get("/v1/nothing", headers={"Origin": "https://app.example"})

    assert good.headers["access-control-allow-origin"] == "https://app.example"
    assert "access-control-allow-origin" not in bad.headers
    assert read.headers["access-control-allow-origin"] == "https://app.example"
    assert "RateLimit-Remaining" in read.headers["access-control-expose-headers"]


def test_every_answer_has_an_id_and_careful_headers(anonymous: httpx.Client) -> None:
    """A user quotes the id, an operator finds the line."""
    answers = [anonymous.get(path) for path in ("/healthz", "/v1/daos", "/v1/nothing", "/v1/daos/nothing")]

    assert len({answer.headers["x-request-id"] for answer in answers}) == 4
    assert all(answer.headers["x-content-type-options"] == "nosniff" for answer in answers)
    assert answers[3].json()["instance"] == answers[3].headers["x-request-id"]


def test_a_wrong_path_and_a_wrong_method_are_problems_too(anonymous: httpx.Client) -> None:
    """One shape for everything that goes wrong."""
    path, method = anonymous.get("/v1/nothing"), anonymous.patch("/v1/daos")

    assert (path.status_code, path.json()["code"]) == (404, "no_such_route")
    assert (method.status_code, method.json()["code"]) == (405, "method_not_allowed")
    assert "GET" in method.headers["allow"]


def test_a_revoked_or_expired_key_stops_working(api: httpx.Client, anonymous: httpx.Client, clock: FixedClock) -> None:
    """Within five seconds, and with 401."""
    made = api.post("/v1/keys", json={"name": "a", "scopes": ["auditor"], "expires_at": "2026-11-21T13:00:00Z"}).json()
    headers = {"Authorization": f"Bearer {made['key']}"}
    assert anonymous.get("/v1/daos", headers=headers).status_code == 200

    clock.advance(hours=1)
    expired = anonymous.get("/v1/daos", headers=headers).status_code
    clock.advance(hours=-1)
    api.delete(f"/v1/keys/{made['id']}")

    assert expired == 401
    assert [key["revoked_at"] is not None for key in api.get("/v1/keys").json()["items"] if key["id"] == made["id"]] == [True]


def test_a_key_is_nowhere_in_the_database(api: httpx.Client, settings: Settings, sqlite_url: str) -> None:
    """Hashed at rest: a copy of the database opens nothing."""
    made = api.post("/v1/keys", json={"name": "a", "scopes": ["auditor"]}).json()["key"]
    for path in sqlite_url.removeprefix("sqlite:///"), sqlite_url.removeprefix("sqlite:///") + "-wal":
        with open(path, "rb") as file:  # noqa: PTH123
            assert made.encode() not in file.read()
    listed = api.get("/v1/keys").text

    assert made not in listed
    assert settings.admin_key is not None
    assert settings.admin_key.get_secret_value() not in listed


def test_two_different_keys_in_one_request_are_refused(anonymous: httpx.Client) -> None:
    """Nobody can say which one was meant."""
    both = {"Authorization": "Bearer a", "X-API-Key": "b"}

    assert anonymous.get("/v1/daos", headers=both).status_code == 401
    assert anonymous.get("/v1/daos", headers={"Authorization": "Basic a"}).status_code == 401


def test_a_second_process_is_refused_the_state_folder(settings: Settings, api: httpx.Client) -> None:
    """SQLite has one writing process."""
    assert api.get("/healthz").status_code == 200
    with pytest.raises(ConfigurationError, match="one writing process"):
        open_runtime(settings)


def test_a_damaged_database_refuses_to_open(sqlite_url: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Better no answer than a wrong one."""
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    content = bytearray(file.read_bytes())
    content[8192:65_536] = b"\x5a" * (65_536 - 8192)
    file.write_bytes(content)

    with pytest.raises(ConfigurationError, match="damaged"):
        open_runtime(settings_for(sqlite_url, tmp_path_factory.mktemp("state")))


def test_the_app_in_process_closes_what_it_opened(sqlite_url: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The next command must find the state folder free."""
    settings = settings_for(sqlite_url, tmp_path_factory.mktemp("state"))
    for _ in range(2):
        transport = InProcess(open_runtime(settings))
        with httpx.Client(transport=transport, base_url="http://assent.test") as client:
            assert client.get("/readyz").json()["status"] == "ready"
