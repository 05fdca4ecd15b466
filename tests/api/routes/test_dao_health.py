"""A DAO's health through the API: it follows the votes that come in, and yesterday's answer stays."""

from datetime import timedelta
from typing import Any

import httpx

from tests.fakes import NOON
from tests.ingest_rows import a_proposal, a_vote

DAO = "/v1/daos/tide.eth"


def _give(api: httpx.Client, path: str, rows: list[dict[str, Any]]) -> None:
    answer = api.post(f"{DAO}/{path}", json={"items": [{name: value for name, value in row.items() if name != "dao"} for row in rows]})
    assert answer.is_success, answer.text


def _health(client: httpx.Client, **params: Any) -> dict[str, Any]:
    answer = client.get(f"{DAO}/health", params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_health_follows_the_votes_and_can_be_asked_for_the_past(api: httpx.Client, anonymous: httpx.Client) -> None:
    """The counts behind it are kept, so a batch must show at once, and only from the moment its votes were cast."""
    assert api.post("/v1/daos", json={"name": "tide.eth"}).status_code == 201
    start = int((NOON - timedelta(days=10)).timestamp())
    cast = [
        a_vote(proposal_id="1", voter=f"0x{number:040x}", vp=float(number + 1), choice=str(1 + number // 3), created=start + number)
        for number in range(4)
    ]
    _give(api, "proposals", [a_proposal(proposal_id="1", created=start, start=start, end=start + 86_400, quorum=8)])
    _give(api, "votes", cast[:3])
    before = _health(anonymous, points=2)
    _give(api, "votes", cast[3:])
    now, then = (
        _health(anonymous, points=2),
        _health(anonymous, points=2, as_of=(NOON - timedelta(days=10) + timedelta(seconds=2)).isoformat()),
    )

    assert [point["votes"] for point in before["series"]] == [0, 3]
    point = now["series"][1]
    assert (point["votes"], point["voters"], point["complete"]) == (4, 4, False)
    assert point["power"] == {
        "holders": 4,
        "gini": "0.250000",
        "nakamoto": 2,
        "largest_share": "0.400000",
        "top_ten_share": "1.000000",
    }
    assert point["quorum"] == {"proposals": 1, "reached": 1, "missed": 0, "unknown": 0, "median_margin": "0.250000"}
    assert point["contest"] == {"proposals": 1, "median_lead": "0.200000", "contested": 0, "unanimous": 0}
    assert then["series"][1]["votes"] == 3
    assert (then["series"][1]["closed"], then["series"][1]["backlog"]["open"]) == (0, 1)


def test_voters_without_a_known_power_are_voters(api: httpx.Client, anonymous: httpx.Client) -> None:
    """Where a source tells no power there is no concentration, but who voted is counted, each once."""
    assert api.post("/v1/daos", json={"name": "tide.eth"}).status_code == 201
    start = int((NOON - timedelta(days=10)).timestamp())
    _give(api, "proposals", [a_proposal(proposal_id=name, created=start, start=start, end=start + 86_400) for name in ("1", "2")])
    votes = [a_vote(proposal_id=name, voter=f"0x{number:040x}", vp=None, created=start) for name in ("1", "2") for number in range(3)]
    _give(api, "votes", votes)

    found = _health(anonymous, points=1)

    assert (found["voters"], found["proposals_sampled"], found["median_turnout"]) == (3, 2, "3.000000")
    assert (found["gini"], found["nakamoto"], found["largest_share"]) == (None, None, None)


def test_intervals_are_chosen_and_bounded(api: httpx.Client, anonymous: httpx.Client) -> None:
    """A year of weeks, and no more points than a page can bear."""
    api.post("/v1/daos", json={"name": "tide.eth"})
    weeks = _health(anonymous, interval="week", points=52)["series"]
    assert (len(weeks), weeks[-1]["start"]) == (52, "2026-11-16T00:00:00Z")
    assert anonymous.get(f"{DAO}/health", params={"interval": "day"}).status_code == 422
    assert anonymous.get(f"{DAO}/health", params={"points": 121}).status_code == 422
