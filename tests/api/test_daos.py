"""DAOs are registered once, found by their source's word, and described with their health."""

import httpx

from governance.actors import Role
from tests.api.conftest import KeyMaker


def test_a_dao_registered_twice_is_there_once(api: httpx.Client) -> None:
    """Clients repeat requests; the log must not."""
    first = api.post("/v1/daos", json={"name": "demo.assent", "source": "snapshot"})
    second = api.post("/v1/daos", json={"name": "demo.assent", "source": "snapshot"})

    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert first.headers["location"] == "/v1/daos/demo.assent"


def test_a_dao_whose_name_is_not_ascii_gets_an_id_that_is_and_is_found_by_its_name(api: httpx.Client) -> None:
    """24 real DAOs have such names; what stands in a URL is ours."""
    made = api.post("/v1/daos", json={"name": "日本語 DAO", "source": "snapshot"}).json()

    found = api.get("/v1/daos", params={"source": "snapshot", "external_id": "日本語 DAO"}).json()["items"]

    assert made["id"].startswith("x-")
    assert made["id"].isascii()
    assert [dao["name"] for dao in found] == ["日本語 DAO"]


def test_pages_of_daos_hold_each_once(api: httpx.Client) -> None:
    """A cursor neither skips nor repeats."""
    for number in range(7):
        api.post("/v1/daos", json={"name": f"dao-{number}"})
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = api.get("/v1/daos", params={"limit": 3} | ({"cursor": cursor} if cursor else {})).json()
        seen += [dao["id"] for dao in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break

    assert seen == [f"dao-{number}" for number in range(7)]


def test_only_an_admin_registers(anonymous: httpx.Client, make_key: KeyMaker) -> None:
    """Writes need the role; a missing key and a missing role are told apart."""
    ingester = {"Authorization": f"Bearer {make_key(Role.INGESTER)}"}

    assert anonymous.post("/v1/daos", json={"name": "a"}).status_code == 401
    assert anonymous.post("/v1/daos", json={"name": "a"}, headers=ingester).status_code == 403


def test_an_empty_dao_has_no_figures_rather_than_zeros(api: httpx.Client) -> None:
    """Missing is never zero."""
    api.post("/v1/daos", json={"name": "quiet"})

    health = api.get("/v1/daos/quiet/health").json()

    assert health["gini"] is None
    assert health["median_turnout"] is None
    assert health["voters"] == 0
