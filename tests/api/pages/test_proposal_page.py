"""A proposal's page for people: every flag in one line, everything a proposal says as text."""

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.runtime import Runtime
from api.settings import Settings
from governance.identity import proposal_id
from governance.intake.batches import Kind
from governance.workflow.attribute import attribute
from tests.api.conftest import settings_for
from tests.flag_cases import COMP, GRANTEE, a_payment
from tests.ingest_rows import OPENED, a_proposal, a_vote, take

DAO = "tide.eth"
PAGE = f"/proposals/{proposal_id(DAO, '0x01')}"
HOSTILE = "<script>alert(1)</script>\u202e {{7*7}} & <img src=x onerror=alert(2)>"


@pytest.fixture
def settings(sqlite_url: str, tmp_path: Path) -> Settings:
    """The page reads what the API reads, which is tested on both databases."""
    return settings_for(sqlite_url, tmp_path / "state")


@pytest.fixture
def page(runtime: Runtime, anonymous: httpx.Client) -> httpx.Response:
    """The page of a proposal whose every text is hostile, with a call and a vote."""
    row = a_proposal(
        title=HOSTILE,
        body=f"{HOSTILE} Pay 1,000 COMP to {GRANTEE}.",
        choices=["For", HOSTILE],
        actions=[{"target": COMP, "calldata": f"0x{a_payment().data.hex()}"}],
        chain={"read_at": OPENED + 3_600, "tokens": [{"address": COMP, "symbol": "<b>COMP", "decimals": 18}]},
    )
    runtime.writer.run(lambda session: take(session, Kind.PROPOSAL, [row]))
    runtime.writer.run(lambda session: take(session, Kind.VOTE, [a_vote(vp=12.5, choice="2")]))
    return anonymous.get(PAGE)


class Tags(HTMLParser):
    """Counts the tags a browser would see, and keeps their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, Any]]) -> None:
        """One more tag."""
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}


def test_every_rule_has_one_line(page: httpx.Response) -> None:
    """A delegate reads all of them on one sheet, the fired ones first."""
    rules = re.findall(r"<td class=\"brief\">(R\d\d|SPAM)</td>", page.text)
    states = re.findall(r'<tr class="(fired|unknown|clear)">', page.text)

    assert page.status_code == 200
    assert {f"R{number:02d}" for number in range(1, 25)} <= set(rules)
    assert len(rules) == len(set(rules))
    assert states == sorted(states, key=["fired", "unknown", "clear"].index)
    assert "12.5" in page.text


def test_what_a_proposal_says_is_text_and_nothing_else(page: httpx.Response) -> None:
    """No tag, attribute or template expression of a proposal reaches the browser as more than letters."""
    seen = Tags(page.text)

    assert not {"script", "img", "iframe", "a"} & set(seen.tags)
    assert not [name for name in seen.attributes if name.startswith("on")]
    assert "{{7*7}}" in page.text
    assert "&lt;script&gt;alert(1)" in page.text
    assert "\u202e" not in page.text
    assert "alert(1)&lt;/script&gt;[U+202E] " in page.text


def test_the_browser_may_use_the_style_and_nothing_else(page: httpx.Response) -> None:
    """The policy names the style's digest; were it another style, the page would be bare."""
    style = re.findall(r"<style>(.*?)</style>", page.text, re.DOTALL)[0]
    policy = page.headers.get_list("content-security-policy")

    assert len(policy) == 1
    assert policy[0].startswith("default-src 'none'; ")
    assert b64encode(sha256(style.encode()).digest()).decode() in policy[0]
    assert "unsafe" not in policy[0]


def test_running_totals_stand_beside_the_votes_that_are_here(page: httpx.Response, runtime: Runtime, anonymous: httpx.Client) -> None:
    """Some sources publish how many voted and never who: no votes are not nobody's votes."""
    assert page.status_code == 200
    totals = {"proposal_id": "0x01", "snapshot_at": OPENED + 60, "status": "active", "total_vp": 950.5, "votes": 40, "end": OPENED + 9_000}
    assert "running total" not in page.text
    runtime.writer.run(lambda session: take(session, Kind.VOTE_PROGRESS, [totals]))
    runtime.writer.run(lambda session: attribute(session, now=runtime.clock()))

    shown = anonymous.get(PAGE).text

    assert "1 voters whose votes are here" in shown
    assert "40 voters" in shown
    assert "power 950.5" in shown


def test_a_page_that_is_not_there_is_a_problem(anonymous: httpx.Client) -> None:
    """The same answer as from the API."""
    assert anonymous.get("/proposals/prop_nothing").status_code == 404
