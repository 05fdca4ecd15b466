"""A thousand attacks through every text field: they are stored as words or refused, and nothing else happens."""

import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.runtime import Runtime
from api.settings import Settings
from nlp.languages import is_foreign
from nlp.plain_text import plain_text
from tests.api.conftest import settings_for
from tests.hostile_routes import DAO, WRITTEN, assert_plain_json, everything_but, reaching_out, send
from tests.hostile_texts import Attack, attacks, oversized
from tests.ingest_rows import a_post, a_proposal, a_vote, an_observation

LOGGED = {"log.opened", "dao.registered", "proposals.ingested", "votes.ingested", "posts.ingested", "observations.ingested"}
RowMaker = Callable[[int, str], dict[str, Any]]
FIELDS: dict[str, tuple[str, RowMaker]] = {
    "post text": ("posts", lambda n, text: a_post(post_id=n, text=text)),
    "post title": ("posts", lambda n, text: a_post(post_id=n, topic_id=n, topic_title=text)),
    "post author": ("posts", lambda n, text: a_post(post_id=n, author=text)),
    "post category": ("posts", lambda n, text: a_post(post_id=n, category=text)),
    "post source": ("posts", lambda n, text: a_post(post_id=n, source=text)),
    "post id": ("posts", lambda n, text: a_post(post_id=text, post_number=n)),
    "proposal title": ("proposals", lambda n, text: _proposal(n, title=text)),
    "proposal body": ("proposals", lambda n, text: _proposal(n, body=text)),
    "proposal choice": ("proposals", lambda n, text: _proposal(n, choices=[text, "No"], scores=["1", "2"], scores_total="3")),
    "proposal author": ("proposals", lambda n, text: _proposal(n, author=text)),
    "proposal type": ("proposals", lambda n, text: _proposal(n, type=text)),
    "proposal id": ("proposals", lambda n, text: _proposal(n, proposal_id=text)),
    "vote reason": ("votes", lambda n, text: _vote(n, reason=text)),
    "vote choice": ("votes", lambda n, text: _vote(n, choice=text)),
    "voter": ("votes", lambda n, text: _vote(n, voter=text)),
    "metric name": ("observations", lambda n, text: an_observation(metric=text, value=str(n))),
    "metric unit": ("observations", lambda n, text: an_observation(metric=f"m{n}", unit=text)),
    "metric source": ("observations", lambda n, text: an_observation(metric=f"m{n}", source=text)),
    "unknown field": ("posts", lambda n, text: a_post(post_id=n, **{text[:60]: text})),
}


@pytest.fixture
def settings(sqlite_url: str, tmp_path: Path) -> Settings:
    """What is asked here knows no database."""
    return settings_for(sqlite_url, tmp_path / "state")


@pytest.fixture(scope="module")
def reached() -> Iterator[list[str]]:
    """Whatever this process reaches for outside itself while the module runs."""
    with reaching_out() as seen:
        yield seen


def _proposal(number: int, **changes: Any) -> dict[str, Any]:
    row = a_proposal(proposal_id=f"0x{number:x}", scores=["1", "2", "3"], scores_total="6")
    return {**{name: value for name, value in row.items() if name != "dao"}, **changes}


def _vote(number: int, **changes: Any) -> dict[str, Any]:
    row = a_vote(vp="12.5", voter=f"0x{number:040x}")
    return {**{name: value for name, value in row.items() if name != "dao"}, **changes}


def test_a_thousand_attacks_change_nothing_but_the_rows_they_came_in(api: httpx.Client, runtime: Runtime, reached: list[str]) -> None:
    """Text is data: no order in it is obeyed, no link in it followed, whatever field it stands in."""
    api.post("/v1/daos", json={"name": "tide.eth"})
    before = everything_but(WRITTEN, runtime)
    reached.clear()
    found = attacks()
    by_field: dict[str, list[Attack]] = {name: [] for name in FIELDS}
    for number, attack in enumerate(found):
        by_field[list(FIELDS)[number % len(FIELDS)]].append(attack)

    results = {}
    for start, (name, (noun, row)) in enumerate(FIELDS.items()):
        rows = [row(start * 1_000 + number + 10, attack.text) for number, attack in enumerate(by_field[name])]
        results[name] = send(api, noun, rows)

    assert len(found) >= 1_000
    assert everything_but(WRITTEN, runtime) == before
    assert reached == []
    kinds = {entry["kind"] for entry in api.get("/v1/log/entries", params={"limit": 200}).json()["items"]}
    assert kinds <= LOGGED
    assert all(result["read"] == len(by_field[name]) for name, result in results.items())
    assert results["post text"]["inserted"] == len(by_field["post text"])
    assert results["unknown field"]["inserted"] == 0
    said = {item["text"] for item in api.get(f"{DAO}/posts", params={"limit": 200}).json()["items"]}
    assert {attack.text for attack in by_field["post text"]} <= {*said, *_further(api)}


def _further(api: httpx.Client) -> Iterator[str]:
    """The texts of all pages of posts, each page checked to be plain JSON."""
    cursor: str | None = None
    while True:
        answer = api.get(f"{DAO}/posts", params={"limit": 200, **({"cursor": cursor} if cursor else {})})
        assert_plain_json(answer)
        yield from (item["text"] for item in answer.json()["items"])
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            return


def test_names_and_bodies_that_attack_are_refused_or_kept_as_names(api: httpx.Client, runtime: Runtime, reached: list[str]) -> None:
    """Names of DAOs, and paths and queries made of hostile text, answer with a problem that shows it harmlessly."""
    before = everything_but(WRITTEN, runtime)
    reached.clear()
    for attack in attacks()[::40]:
        assert_plain_json(api.post("/v1/daos", json={"name": attack.text, "about": attack.text}))
        assert_plain_json(api.get("/v1/proposals", params={"source": attack.text[:400], "external_id": attack.text[:400]}))
        assert_plain_json(api.get(f"{DAO}/posts", params={"as_of": attack.text[:400], "cursor": attack.text[:400]}))
        assert_plain_json(api.post(f"{DAO}/pause", json={"reason": "", "note": attack.text}))

    assert everything_but(WRITTEN, runtime) == before
    assert reached == []


def test_texts_at_the_limit_are_taken_and_beyond_it_refused(api: httpx.Client) -> None:
    """200,000 characters are a long post; a row of more than 256 KiB is refused and says so, and harms no row beside it."""
    api.post("/v1/daos", json={"name": "tide.eth"})
    rows = [a_post(post_id=number, text=attack.text) for number, attack in enumerate(oversized())]

    answer = send(api, "posts", [*rows, a_post(post_id=99)])

    assert [row["result"] for row in answer["rows"]] == ["inserted"] * 3 + ["refused"] * 2 + ["inserted"]


def test_reading_hostile_text_stays_within_bounds() -> None:
    """What is done per character before a model sees a text takes memory in proportion, whatever the text."""
    is_foreign(plain_text("thіs іs sh4me, ist das nicht schlimm"))  # the tables of look-alikes and languages load once
    for attack in [*oversized(), *attacks()[::80]]:
        tracemalloc.start()
        read = plain_text(attack.text)
        is_foreign(read)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

        assert peak < 5_000_000 + 200 * len(attack.text), attack.kind
        assert len(read) <= 40 * len(attack.text) + 40
        assert not any(ord(character) < 0x20 for character in read)
