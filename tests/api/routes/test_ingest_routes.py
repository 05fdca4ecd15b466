"""Rows over HTTP: every row answered for, bad ones refused by field, value and rule, and duplicates without effect."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.ingest_rows import OPENED, a_post, a_proposal, a_vote, an_observation

DAO = "/v1/daos/tide.eth"


@pytest.fixture
def dao(api: httpx.Client) -> httpx.Client:
    """The client of a deployment with one DAO."""
    api.post("/v1/daos", json={"name": "tide.eth"})
    return api


def _row(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "dao"}


def an_exact_vote(**changes: Any) -> dict[str, Any]:
    """A vote as JSON carries it: power as text."""
    return _row(a_vote(**{"vp": "12.5"} | changes))


def test_each_noun_is_ingested_and_listed(dao: httpx.Client) -> None:
    """What goes in comes out, and the list says how fresh it is."""
    rows = {
        "proposals": a_proposal(scores=["1", "2", "3"], scores_total="6"),
        "votes": a_vote(vp="12.5"),
        "posts": a_post(),
        "observations": an_observation(),
    }
    for noun, row in rows.items():
        answer = dao.post(f"{DAO}/{noun}", json=_row(row))
        listed = dao.get(f"{DAO}/{noun}").json()

        assert (answer.status_code, answer.json()["inserted"]) == (200, 1), answer.text
        assert [item["id"] for item in listed["items"]] == [answer.json()["rows"][0]["id"]]
        assert (listed["next_cursor"], listed["complete"], listed["indexed_to"] is None) == (None, False, False)


def test_a_batch_says_per_row_what_happened(dao: httpx.Client) -> None:
    """One bad row must not hide what became of the others."""
    rows = [an_exact_vote(), an_exact_vote(), an_exact_vote(voter="b", vp="-1"), an_exact_vote(voter="c", surprise=1)]
    body = "\n".join([*(json.dumps(row) for row in rows), "{not json", json.dumps(an_exact_vote(voter="last"))])

    answer = dao.post(f"{DAO}/votes", content=body, headers={"Content-Type": "application/x-ndjson"}).json()

    assert [row["result"] for row in answer["rows"]].count("refused") == 3
    assert (answer["read"], answer["inserted"], answer["unchanged"], answer["refused"]) == (6, 2, 1, 3)
    told = {row["row"]: row["field"] for row in answer["rows"] if row["result"] == "refused"}
    assert told.keys() == {3, 4, 5}
    assert (told[3], told[4]) == ("vp", "surprise")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"value": "1e400"}, "value"),
        ({"value": str(2**256)}, "value"),
        ({"value": 2**256}, ""),
        ({"value": "1e18"}, "value"),
        ({"value": "１２"}, "value"),
        ({"value": ""}, "value"),
        ({"value": None}, "value"),
        ({"value": True}, "value"),
        ({"time": "2024-01-01T12:00:00"}, "time"),
        ({"time": "yesterday"}, "time"),
        ({"time": -1}, "time"),
        ({"metric": "Price\x00"}, ""),
        ({"metric": "Pri ce"}, "metric"),
        ({"unit": "\ud800"}, ""),
        ({"source": "x" * 600}, "source"),
        ({"surprise": 1}, "surprise"),
        ({"dao": "other.eth"}, "dao"),
    ],
)
def test_a_lone_bad_row_is_a_problem_that_names_the_field(dao: httpx.Client, change: dict[str, Any], field: str) -> None:
    """F18, F19: exact or refused, with field, value and rule, and nothing stored."""
    answer = dao.post(
        f"{DAO}/observations", content=json.dumps(_row(an_observation()) | change), headers={"Content-Type": "application/json"}
    )

    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert field in answer.json()["field"]
    assert dao.get(f"{DAO}/observations").json()["items"] == []


@pytest.mark.parametrize("value", ["0", "-1", "1", str(2**53 + 1), str(2**64), str(2**128), str(2**256 - 1), "0." + "0" * 35 + "1"])
def test_numbers_come_back_exactly(dao: httpx.Client, value: str) -> None:
    """F19: a digit lost here is money lost there."""
    dao.post(f"{DAO}/observations", json=_row(an_observation(value=value)))

    assert dao.get(f"{DAO}/observations").json()["items"][0]["value"] == value


@pytest.mark.parametrize(
    "text", ["é", "e\u0301", "\u202eevil", "zero\u200bwidth", "𝔄", "\uffff", "１２", "<script>", "=1+1", "\x1b[31m", "a\nb"]
)
def test_texts_come_back_byte_for_byte(dao: httpx.Client, text: str) -> None:
    """F16, F18: text is data; it is neither normalised nor interpreted."""
    answer = dao.post(f"{DAO}/posts", json=_row(a_post(text=text, author=f"n {text.strip()}")))

    assert answer.status_code == 200, answer.text
    assert dao.get(f"{DAO}/posts").json()["items"][0]["text"] == text


def test_the_same_row_a_hundred_times_at_once_is_one_row(dao: httpx.Client) -> None:
    """F14: a source that delivers twice, or a client that retries, must not double a fact."""
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: dao.post(f"{DAO}/votes", json=an_exact_vote()).json(), range(100)))

    assert sum(answer["inserted"] for answer in answers) == 1
    assert sum(answer["unchanged"] for answer in answers) == 99
    assert len(dao.get(f"{DAO}/votes").json()["items"]) == 1


def test_an_unknown_dao_is_not_found(dao: httpx.Client) -> None:
    """A typo in a DAO's name must not make a DAO."""
    assert dao.post("/v1/daos/nobody.eth/votes", json=an_exact_vote()).status_code == 404
    assert dao.get("/v1/daos/nobody.eth/votes").status_code == 404


@pytest.mark.parametrize(
    "body", ["[]", '"x"', '{"items": []}', '{"items": {}}', '{"items": [1], "more": 1}', '{"items": [{}], "a": 1}', "3"]
)
def test_a_body_that_is_no_row_and_no_batch_is_refused(dao: httpx.Client, body: str) -> None:
    """Half a batch is worse than none."""
    answer = dao.post(f"{DAO}/votes", content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == 422, answer.text


def test_a_batch_with_a_row_that_is_no_object_is_refused_whole(dao: httpx.Client) -> None:
    """Such a batch was built wrongly; a row whose fields are wrong is refused alone."""
    answer = dao.post(f"{DAO}/votes", json={"items": [an_exact_vote(), 1]})

    assert answer.status_code == 422
    assert "body.items[1]" in answer.text
    assert dao.get(f"{DAO}/votes").json()["items"] == []


def test_lists_filter_page_and_read_the_past(dao: httpx.Client) -> None:
    """A frontend asks for one proposal's votes, a page at a time, as they were."""
    rows = [an_exact_vote(voter=f"v{n}", created=OPENED + n) for n in range(7)]
    dao.post(f"{DAO}/votes", json={"items": rows})

    first = dao.get(f"{DAO}/votes", params={"limit": 3}).json()
    second = dao.get(f"{DAO}/votes", params={"limit": 3, "cursor": first["next_cursor"]}).json()
    past = dao.get(f"{DAO}/votes", params={"as_of": "2023-11-14T22:13:22Z"}).json()

    assert [v["voter"] for v in first["items"] + second["items"]] == ["v6", "v5", "v4", "v3", "v2", "v1"]
    assert [v["voter"] for v in past["items"]] == ["v2", "v1", "v0"]
    assert past["complete"] is True
    assert len(dao.get(f"{DAO}/votes", params={"voter": "v5"}).json()["items"]) == 1


def test_proposals_are_listed_by_phase_as_of_a_time(dao: httpx.Client) -> None:
    """What is open now is what a delegate asks first; its result must not show while it was open."""
    dao.post(f"{DAO}/proposals", json=_row(a_proposal(scores=["1", "2", "3"], scores_total="6")))
    while_open = {"as_of": "2023-11-16T00:00:00Z"}

    active = dao.get(f"{DAO}/proposals", params={"phase": "active", **while_open}).json()["items"]
    assert [(row["external_id"], row["outcome"]) for row in active] == [("0x01", None)]
    assert dao.get(f"{DAO}/proposals", params={"phase": "closed", **while_open}).json()["items"] == []
    assert dao.get(f"{DAO}/proposals", params={"phase": "closed"}).json()["items"][0]["outcome"] == "pass"


def test_an_import_takes_rows_of_any_kind_and_reports_what_it_refused(api: httpx.Client) -> None:
    """While a server runs, `assent import` goes through it."""
    rows = [a_post(), a_proposal(), a_vote(), a_vote(voter=None), {"what": "is this"}, {**a_vote(), "surprise": 1}]
    body = "\n".join(json.dumps(row) for row in rows)

    answer = api.post("/v1/imports", params={"file": "dump"}, content=body, headers={"Content-Type": "application/x-ndjson"})
    refused = api.get("/v1/imports/refusals").json()["items"]

    assert (answer.json()["inserted"], answer.json()["refused"]) == (3, 3), answer.text
    assert [(row["file"], row["row_number"], row["field"]) for row in refused] == [
        ("dump", 4, "voter"),
        ("dump", 5, "row"),
        ("dump", 6, "surprise"),
    ]


def test_the_tally_counts_by_the_proposals_own_way_of_voting(dao: httpx.Client) -> None:
    """Sums are exact, and what the source does not tell is said, not guessed."""
    answer = dao.post(f"{DAO}/proposals", json=_row(a_proposal(scores=["1", "2", "3"], scores_total="6"))).json()
    votes: list[dict[str, Any]] = [
        {"voter": "a", "vp": "0.1"},
        {"voter": "b", "vp": "0.2"},
        {"voter": "c", "vp": None},
        {"voter": "d", "choice": "9"},
    ]
    dao.post(f"{DAO}/votes", json={"items": [an_exact_vote(**vote) for vote in votes]})

    tally = dao.get(f"/v1/proposals/{answer['rows'][0]['id']}/tally").json()

    assert (tally["voting_type"], tally["voters"], tally["without_power"], tally["uncounted"]) == ("single", 4, 1, 1)
    assert tally["choices"] == [{"choice": 1, "label": "For", "heads": 3, "power": "0.3"}]
