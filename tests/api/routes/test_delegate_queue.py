"""The delegate's queue through the API: one call says what waits, how it may end, and what they and theirs did before."""

from typing import Any

import httpx
import pytest

from tests.ingest_rows import OPENED, a_proposal, a_vote

DAO = "/v1/daos/tide.eth"
WEEK = 7 * 86_400
ME = "0xABCDEFabcdefabcdefabcdefabcdefabcdefabcd"
FRIEND = f"0x{7:040x}"


def _fill(api: httpx.Client) -> None:
    """Four closed proposals on which both voted, and one still open (at the tests' noon) on which the friend has."""
    assert api.post("/v1/daos", json={"name": "tide.eth"}).status_code == 201
    proposals, votes = [], []
    now = 1_795_262_400  # noon of the tests' clock
    for number, opens in enumerate([OPENED + week * WEEK for week in range(4)] + [now - 86_400]):
        proposals.append(a_proposal(proposal_id=f"{number}", title="Fund the harbour", created=opens, start=opens, end=opens + 2 * 86_400))
        for voter in (ME, FRIEND) if number < 4 else (FRIEND,):
            votes.append(a_vote(proposal_id=f"{number}", voter=voter, vp=5.0, choice="1", created=opens + 3_600))
    proposals[-1].update(outcome=None, outcome_rule=None, state="active", scores=None, scores_total=None, votes_count=None)
    for noun, rows in (("proposals", proposals), ("votes", votes)):
        told = [{name: value for name, value in row.items() if name != "dao"} for row in rows]
        assert api.post(f"{DAO}/{noun}", json={"items": told}).is_success


@pytest.mark.encoder
def test_one_call_says_what_waits_and_why(api: httpx.Client, anonymous: httpx.Client) -> None:
    """Any spelling of the address finds the same delegate; what waits comes with forecast, likes and friends."""
    _fill(api)
    answer = anonymous.get(f"/v1/delegates/{ME}/queue")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert (found["daos"], found["open"], found["forecasts_unavailable"]) == (1, 1, None)
    item = found["items"][0]
    assert (item["title"], item["basis"], item["weight"], item["lead"], item["votes_so_far"]) == ("Fund the harbour", "power", "5", "5", 1)
    assert (item["forecast"]["served"], item["forecast"]["reason"]) == ("model", None)
    assert [each["choice"] for each in item["similar"]] == ["1", "1", "1"]
    assert item["allies_voted"] == [{"address": FRIEND, "common": 4, "agreed": 4, "choice": "1"}]
    assert item["parts"]["leverage"] == "1.000000"


def test_who_waits_for_nothing_gets_an_empty_queue(api: httpx.Client, anonymous: httpx.Client) -> None:
    """A stranger, another DAO, the past: each is an answer; a DAO that is not there is not."""
    _fill(api)
    assert anonymous.get(f"/v1/delegates/{FRIEND}/queue").json()["items"] == []
    assert anonymous.get("/v1/delegates/nobody/queue").json() | {"as_of": None} == {
        "address": "nobody",
        "as_of": None,
        "daos": 0,
        "open": 0,
        "forecasts_unavailable": None,
        "items": [],
    }
    assert anonymous.get(f"/v1/delegates/{ME}/queue", params={"as_of": "2023-01-01T00:00:00Z"}).json()["daos"] == 0
    assert anonymous.get(f"/v1/delegates/{ME}/queue", params={"dao_id": "nothing"}).status_code == 404
