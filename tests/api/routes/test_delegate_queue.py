"""The delegate's queue through the API: one call says what waits, how it may end, and what they and theirs did before."""

import hashlib
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from sqlmodel import Session, select

from api.runtime import Runtime
from governance.identity import proposal_id
from governance.intake.batches import Kind
from governance.records.evidence import Reading
from governance.records.posts import Post
from tests.ingest_rows import OPENED, a_post, a_proposal, a_vote, take

DAO = "/v1/daos/tide.eth"
WEEK = 7 * 86_400
NOW = 1_795_262_400  # noon of the tests' clock
ME = "0xABCDEFabcdefabcdefabcdefabcdefabcdefabcd"
FRIEND = f"0x{7:040x}"


def _fill(api: httpx.Client) -> None:
    """Four closed proposals on which both voted, and one still open (at the tests' noon) on which the friend has."""
    assert api.post("/v1/daos", json={"name": "tide.eth"}).status_code == 201
    proposals, votes = [], []
    for number, opens in enumerate([OPENED + week * WEEK for week in range(4)] + [NOW - 86_400]):
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
    forecast = item["forecast"]
    assert (forecast["history_size"], len(forecast["model_sha256"])) == (4, 64)
    assert float(forecast["lift"]) == pytest.approx(float(forecast["passes"]) - float(forecast["base_rate"]), abs=2e-6)
    assert forecast["latest_vote_at"] == "2026-11-20T13:00:00Z"
    assert forecast["latest_result_at"] < forecast["latest_vote_at"]


@pytest.mark.encoder
def test_flags_and_arguments_are_shown_where_there_are_any(api: httpx.Client, anonymous: httpx.Client, runtime: Runtime) -> None:
    """Not judged is null, judged is a list; of a text that takes a side by its reading, its first sentence and where it stands."""
    _fill(api)
    before = anonymous.get(f"/v1/delegates/{ME}/queue").json()["items"][0]
    assert (before["flags"], before["arguments"]) == (None, {"for": None, "against": None})

    about = proposal_id("tide.eth", "4")
    assert api.post(f"{DAO}/proposals/{about}/flags").is_success
    text = "> It costs nothing at all.\n\nIt would drive every trader away. Nobody gains."
    runtime.writer.run(
        lambda session: take(session, Kind.POST, [a_post(text=text, created=NOW - 7_200, dao="tide.eth", linked_proposal="4")])
    )
    runtime.writer.run(lambda session: _read(session, about, text))
    item = anonymous.get(f"/v1/delegates/{ME}/queue").json()["items"][0]
    assert isinstance(item["flags"], list)
    said = item["arguments"]["against"]
    assert (said["text"], said["kind"], said["author"]) == ("It would drive every trader away.", "post", "ann")
    assert text[said["start"] : said["end"]] == said["text"]
    assert item["arguments"]["for"] is None
    posts = anonymous.get(f"{DAO}/posts", params={"proposal_id": about}).json()["items"]
    assert [post["id"] for post in posts] == [said["id"]]


def _read(session: Session, about: str, text: str) -> None:
    """The reading on record of the one post: against."""
    id_ = session.exec(select(Post.id)).one()
    at = datetime.fromtimestamp(NOW - 7_200, UTC)
    session.add(
        Reading(
            id="read_1", dao_id="tide.eth", subject_kind="post", subject_id=id_, proposal_id=about, task="stance", label="against",
            scores=["0.800000", "0.100000", "0.100000"], windows=1, model_sha256="6" * 64,
            text_sha256=hashlib.sha256(text.encode()).hexdigest(), known_at=at, recorded_at=at,
        )
    )  # fmt: skip


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
