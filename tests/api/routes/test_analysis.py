"""Having texts read over HTTP: counted without reading, and in steps that go on where the last one ended."""

from pathlib import Path

import httpx
import pytest

from api.settings import Settings
from tests.api.conftest import settings_for
from tests.ingest_rows import a_post, a_proposal

pytestmark = pytest.mark.encoder

ANALYSIS = "/v1/daos/tide.eth/analysis"


@pytest.fixture
def settings(sqlite_url: str, tmp_path: Path) -> Settings:
    """What is asked here knows no database."""
    return settings_for(sqlite_url, tmp_path / "state")


@pytest.fixture
def dao(api: httpx.Client) -> httpx.Client:
    """A DAO with a proposal and four posts."""
    api.post("/v1/daos", json={"name": "tide.eth"})
    for noun, rows in {"proposals": [a_proposal()], "posts": [a_post(post_id=n, text=f"A post, {n}.") for n in range(4)]}.items():
        for row in rows:
            api.post(f"/v1/daos/tide.eth/{noun}", json={name: value for name, value in row.items() if name != "dao"}).raise_for_status()
    return api


def test_texts_are_counted_without_being_read(dao: httpx.Client) -> None:
    """A limit of 0 says how many wait; nothing is recorded by asking."""
    first, again = dao.post(ANALYSIS, json={"limit": 0}).json(), dao.post(ANALYSIS, json={"limit": 0}).json()

    assert (first, first["waiting"], first["more"], first["read"], first["known"]) == (again, 5, True, 0, 0)


def test_steps_go_on_where_the_last_one_ended(dao: httpx.Client) -> None:
    """With the cursor no text is looked at twice; without one what was read is found known."""
    first = dao.post(ANALYSIS, json={"limit": 3}).json()
    second = dao.post(ANALYSIS, json={"limit": 3, "cursor": first["next_cursor"]}).json()

    assert [(each["read"], each["known"], each["more"]) for each in (first, second)] == [(3, 0, True), (2, 0, False)]
    assert second["next_cursor"] is None
    assert dao.post(ANALYSIS, json={}).json()["known"] == 5
    assert dao.post(ANALYSIS, json={"limit": 0}).json()["waiting"] == 0


def test_a_cursor_of_another_list_is_refused(dao: httpx.Client) -> None:
    """A cursor is good for the DAO, and the proposal, it was made for."""
    cursor = dao.post(ANALYSIS, json={"limit": 1}).json()["next_cursor"]
    proposal = dao.get("/v1/daos/tide.eth/proposals").json()["items"][0]["id"]

    assert dao.post(ANALYSIS, json={"cursor": cursor, "proposal_id": proposal}).status_code == 422
    assert dao.post(ANALYSIS, json={"cursor": "made-up"}).status_code == 422
