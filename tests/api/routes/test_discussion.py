"""What is argued, what is talked about, what was tried before, and what moved a reading: from the texts, with their ids."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.settings import Settings
from governance.identity import proposal_id
from tests.api.conftest import settings_for
from tests.fakes import FixedClock
from tests.ingest_rows import OPENED, a_link, a_post, a_proposal

pytestmark = pytest.mark.encoder

DAO = "/v1/daos/tide.eth"
PROPOSAL = proposal_id("tide.eth", "0x01")
POSTS = [
    "I am strongly against this. A higher fee would drive every trader away to other venues.",
    "> A higher fee would drive every trader away\n\nI disagree. We fully support raising the fee, providers deserve more!",
    "This is a terrible idea: raising the fee will drive all the traders away to competitors.\n```\nfee = 30\n```",
    "Estoy totalmente en contra de esta propuesta tan mala.",
    "We strongly support raising the fee, because liquidity providers deserve higher rewards.",
]


@pytest.fixture
def settings(sqlite_url: str, tmp_path: Path) -> Settings:
    """What is asked here knows no database."""
    return settings_for(sqlite_url, tmp_path / "state")


@pytest.fixture
def dao(api: httpx.Client) -> httpx.Client:
    """A DAO that raised the same question twice, and talked about it."""
    api.post("/v1/daos", json={"name": "tide.eth"})
    common: dict[str, Any] = {"scores": ["1", "2", "0"], "scores_total": "3"}
    raising = {"title": "Raise the swap fee to 30 bps", "body": "Liquidity providers would earn more."}
    rows = [
        a_proposal(**raising, **common),
        a_proposal(proposal_id="0x02", title="Elect the grants council", body="Three seats for one season.", **_later(10), **common),
        a_proposal(proposal_id="0x03", title="Pay the auditors", body="The bridge needs another audit.", **_later(20), **common),
        a_proposal(proposal_id="0x04", **(raising | {"title": "Raise swap fee to 30 bps, second try"}), **_later(30), **common),
    ]
    for noun, sent in {
        "proposals": rows,
        "posts": [a_post(post_id=n, author=f"a{n}", text=text, linked_proposal="0x01") for n, text in enumerate(POSTS)],
    }.items():
        for row in sent:
            answer = api.post(f"{DAO}/{noun}", json={name: value for name, value in row.items() if name != "dao"})
            assert answer.json()["inserted"] == 1, answer.text
    assert a_link()["topic_id"] == a_post()["topic_id"]
    return api


def _later(days: int) -> dict[str, int]:
    return {name: OPENED + days * 86_400 + offset for name, offset in (("created", 0), ("start", 3_600), ("end", 7 * 86_400))}


def test_arguments_are_the_posts_own_sentences_on_the_side_they_take(dao: httpx.Client) -> None:
    """Every quote stands in its post at the place named; two that say the same are one argument; quoted words are not his who quotes."""
    found = dao.get(f"{DAO}/proposals/{PROPOSAL}/arguments").json()
    posts = {item["id"]: item["text"] for item in dao.get(f"{DAO}/posts").json()["items"]}

    assert (found["texts"], found["complete"]) == (5, True)
    for side in ("for", "against"):
        for argument in found[side]:
            assert argument["sentences"] >= argument["texts"] >= 1
            for quote in argument["quotes"]:
                assert posts[quote["id"]][quote["start"] : quote["end"]] == quote["text"]
                assert not quote["text"].startswith((">", "```", "Estoy"))
    leading = found["against"][0]
    assert leading["texts"] == leading["accounts"] == 2
    assert all("traders away" in quote["text"] or "trader away" in quote["text"] for quote in leading["quotes"])
    assert any("support raising the fee" in quote["text"] for argument in found["for"] for quote in argument["quotes"])


def test_an_earlier_attempt_is_named_with_how_it_ended(dao: httpx.Client) -> None:
    """The second try finds the first, not what came later; at its own time the first had no result yet, if none was known."""
    again = proposal_id("tide.eth", "0x04")

    found = dao.get(f"{DAO}/proposals/{again}/similar").json()
    first = dao.get(f"{DAO}/proposals/{PROPOSAL}/similar").json()
    before = datetime.fromtimestamp(OPENED + 86_400, UTC).isoformat()

    assert (found["items"][0]["id"], found["items"][0]["outcome"]) == (PROPOSAL, "pass")
    assert float(found["items"][0]["likeness"]) > 0.8
    assert all(float(found["items"][0]["same_words"]) > float(item["same_words"]) for item in found["items"][1:])
    assert (found["compared"], found["waiting"]) == (3, 0)
    assert (first["items"], first["compared"]) == ([], 0)
    assert dao.get(f"{DAO}/proposals/{again}/similar", params={"as_of": before}).status_code == 404


def test_a_proposal_of_another_dao_is_not_found(dao: httpx.Client) -> None:
    """A path that contradicts itself has no answer."""
    dao.post("/v1/daos", json={"name": "other.eth"})

    for part in ("similar", "arguments"):
        assert dao.get(f"/v1/daos/other.eth/proposals/{PROPOSAL}/{part}").status_code == 404
    assert dao.get("/v1/daos/nowhere/topics").status_code == 404


def test_topics_are_named_by_the_texts_own_words_and_counted_by_month(dao: httpx.Client) -> None:
    """Posts and proposals about the fee are one topic; nothing that nobody wrote names it."""
    found = dao.get(f"{DAO}/topics", params={"window_days": 3_650}).json()

    assert found["waiting"] == 0
    assert found["texts"] == 9
    topic = found["items"][0]
    assert {"fee", "raising"} & set(topic["words"])
    assert topic["texts"] == sum(month["posts"] + month["proposals"] for month in topic["months"]) >= 3
    assert [month["month"] for month in topic["months"]] == sorted(month["month"] for month in topic["months"])
    assert found["elsewhere"] == 9 - sum(item["texts"] for item in found["items"])


def test_a_reading_says_model_text_windows_and_what_moved_it(dao: httpx.Client, clock: FixedClock) -> None:
    """The parts are of the text as read; a foreign text is marked and has none; a text changed since has none to tell."""
    dao.post(f"{DAO}/analysis", json={})
    page = dao.get(f"/v1/proposals/{PROPOSAL}", params={"include": "readings"}).json()
    ids = [item["id"] for item in page["readings"]["items"]] if "items" in page["readings"] else [item["id"] for item in page["readings"]]
    readings = [dao.get(f"{DAO}/readings/{reading}").json() for reading in ids]

    assert {reading["label"] for reading in readings} >= {"against", "for", "unsupported_language"}
    for reading in readings:
        assert len(reading["model_sha256"]) == len(reading["text_sha256"]) == 64
        for span in reading["spans"]:
            assert reading["read_as"][span["start"] : span["end"]] == span["text"]
            assert float(span["moved"]) > 0
        assert (reading["windows"] == 0) == (reading["label"] == "unsupported_language") == (reading["scores"] == [])
    changed = next(reading for reading in readings if reading["subject_kind"] == "post" and reading["spans"])
    post = next(item for item in dao.get(f"{DAO}/posts").json()["items"] if item["id"] == changed["subject_id"])
    clock.advance(seconds=60)  # of two contents stored at one moment, digests decide which is current
    row = a_post(post_id=int(post["external_id"]), author=post["author"], text="I take that back.", linked_proposal="0x01")
    dao.post(f"{DAO}/posts", json={name: value for name, value in row.items() if name != "dao"})
    assert dao.get(f"{DAO}/readings/{changed['id']}").json()["spans"] is None
    assert dao.get(f"{DAO}/readings/read_nothing").status_code == 404
