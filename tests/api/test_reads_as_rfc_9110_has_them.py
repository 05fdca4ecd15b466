"""HEAD beside every GET, tags on notes and tiles, and no parameter that is silently ignored."""

from pathlib import Path

import httpx
import pytest

from api.settings import Settings
from tests.api.conftest import settings_for


@pytest.fixture
def settings(sqlite_url: str, tmp_path: Path) -> Settings:
    """What HTTP asks for does not depend on the kind of database."""
    return settings_for(sqlite_url, tmp_path / "state")


@pytest.mark.parametrize("path", ["/v1/daos", "/v1/log/checkpoint", "/v1/log/entries", "/v1/openapi.json", "/healthz", "/docs"])
def test_head_answers_as_get_does_without_the_body(anonymous: httpx.Client, path: str) -> None:
    """Caches, link checkers and load balancers ask this way."""
    read, headed = anonymous.get(path), anonymous.head(path)

    assert (headed.status_code, headed.content) == (read.status_code, b"") == (200, b"")
    for name in ("content-length", "content-type", "etag", "cache-control"):
        assert headed.headers.get(name) == read.headers.get(name), name


def test_head_of_what_is_not_there_or_not_read_is_refused_as_get_is(anonymous: httpx.Client) -> None:
    """The status must tell; there is no body to tell it."""
    assert anonymous.head("/v1/daos/nobody").status_code == 404
    assert anonymous.head("/v1/imports").status_code == 405
    assert "HEAD" in anonymous.patch("/v1/daos").headers["allow"]


def test_the_checkpoint_is_tagged_and_not_sent_again_to_who_has_it(api: httpx.Client) -> None:
    """A witness asks every few seconds; most of the time nothing happened."""
    first = api.get("/v1/log/checkpoint")
    again = api.get("/v1/log/checkpoint", headers={"If-None-Match": first.headers["etag"]})
    api.post("/v1/daos", json={"name": "another"})
    later = api.get("/v1/log/checkpoint", headers={"If-None-Match": first.headers["etag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert later.status_code == 200
    assert later.headers["etag"] != first.headers["etag"]


@pytest.mark.parametrize("path", ["/v1/daos?sorce=snapshot", "/v1/log/checkpoint?size=3", "/v1/models?x", "/healthz?verbose=1"])
def test_an_unknown_parameter_is_refused_by_its_name(anonymous: httpx.Client, path: str) -> None:
    """A filter spelled wrong and ignored gives the answer to another question."""
    answer = anonymous.get(path)

    assert answer.status_code == 422
    name = path.partition("?")[2].partition("=")[0]
    assert answer.json()["field"] == f"query.{name}"
    assert "is not known here" in answer.json()["rule"]
