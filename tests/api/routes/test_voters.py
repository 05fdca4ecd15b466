"""Expected voters through the API: who is left, what they weigh, and nothing from after the moment asked about."""

from typing import Any

import httpx

from tests.ingest_rows import OPENED, a_proposal, a_vote

DAO = "/v1/daos/tide.eth"
WEEK = 7 * 86_400


def _fill(api: httpx.Client) -> str:
    """Three voters of one, two and three on six proposals in a row, the smallest always against; the id of the last."""
    assert api.post("/v1/daos", json={"name": "tide.eth"}).status_code == 201
    proposals, votes = [], []
    for number in range(6):
        opens = OPENED + number * WEEK
        proposals.append(a_proposal(proposal_id=f"{number}", created=opens, start=opens, end=opens + WEEK - 1))
        for voter in (1, 2, 3):
            when = opens + voter * 86_400
            votes.append(
                a_vote(proposal_id=f"{number}", voter=f"0x{voter:040x}", vp=float(voter), choice="2" if voter == 1 else "1", created=when)
            )
    for noun, rows in (("proposals", proposals), ("votes", votes)):
        told = [{name: value for name, value in row.items() if name != "dao"} for row in rows]
        assert api.post(f"{DAO}/{noun}", json={"items": told}).is_success
    found = api.get("/v1/proposals", params={"source": "snapshot", "external_id": "5"}).json()
    return str(found["items"][0]["id"])


def test_who_has_not_voted_yet_is_expected_by_their_own_record(api: httpx.Client, anonymous: httpx.Client) -> None:
    """A day and a half in, one of three has voted against; the other two, heavier and always for, decide."""
    proposal = _fill(api)
    at = "2023-12-21T10:13:20Z"  # 36 hours after the sixth opened
    answer = anonymous.get(f"/v1/proposals/{proposal}/voters", params={"as_of": at})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert (found["basis"], found["standing_for"], found["standing_against"], found["past_proposals"]) == ("power", "0", "1", 5)
    assert [(each["address"][-1], each["weight"], each["decides_alone"]) for each in found["voters"]] == [
        ("3", "3", True),
        ("2", "2", True),
    ]
    assert all(float(each["votes"]) > 0.5 < float(each["supports"]) for each in found["voters"])
    assert found["voters"][0]["record"] == "voted on 5 of 5 past proposals; for on 5 of the 5 on which they took a side"


def test_nobody_can_swing_what_has_closed(api: httpx.Client, anonymous: httpx.Client) -> None:
    """Asked without a moment the answer is of just before the close; a moment after it is refused."""
    proposal = _fill(api)
    assert anonymous.get(f"/v1/proposals/{proposal}/voters").json()["known_voters"] == 0
    assert anonymous.get(f"/v1/proposals/{proposal}/voters", params={"as_of": "2024-02-01T00:00:00Z"}).status_code == 409
    assert anonymous.get("/v1/proposals/prop_nothing/voters").status_code == 404
