"""A frontend's page in one call: exact tallies, capped votes with a cursor, as known at a time, never outdated."""

from datetime import timedelta

import httpx
import pytest
from sqlmodel import Session

from api.runtime import Runtime
from governance.actors import SYSTEM
from governance.decision_log import EntryKind
from governance.records import decision_log
from governance.records.votes import Vote
from tests.api.seeds import DAO, PROPOSAL, seed_deployment
from tests.fakes import FixedClock

PAGE = f"/v1/proposals/{PROPOSAL}"
EVERYTHING = "tally,votes,readings,forecast,flags,posts,links,progress,revisions"


@pytest.fixture(autouse=True)
def _seeded(runtime: Runtime) -> None:
    seed_deployment(runtime)


def test_one_call_gives_everything_that_was_asked_for_and_nothing_else(api: httpx.Client) -> None:
    """One call per page is what frontends ask of such APIs."""
    page = api.get(PAGE, params={"include": EVERYTHING}).json()
    plainly = api.get(PAGE).json()

    assert set(EVERYTHING.split(",")) <= page.keys()
    assert not set(EVERYTHING.split(",")) & plainly.keys()
    assert page["tally"]["votes"] == 7
    assert page["tally"]["voters"] == 6
    assert page["tally"]["without_power"] == 1
    assert page["tally"]["quorum_reached"] is True
    assert page["tally"]["choices"] == [
        {"choice": 1, "label": "Yes", "heads": 3, "power": "121.5"},
        {"choice": 2, "label": "No", "heads": 3, "power": "61"},
    ]
    assert page["readings"]["counts"] == {"stance": {"for": 1}}
    assert page["forecast"]["body"]["passes"] == "0.800000"
    assert [flag["status"] for flag in page["flags"]] == ["fired"]
    assert [post["text"] for post in page["posts"]] == ["Good."]
    assert page["phase"] == "active"


def test_votes_come_in_capped_pages_that_hold_each_once(api: httpx.Client) -> None:
    """A page of a popular proposal must stay small."""
    seen: list[str] = []
    cursor: str | None = None
    while True:
        asked: dict[str, str | int] = {"include": "votes", "votes_limit": 3}
        if cursor is not None:
            asked["votes_cursor"] = cursor
        votes = api.get(PAGE, params=asked).json()["votes"]
        assert len(votes["items"]) <= 3
        seen += [vote["id"] for vote in votes["items"]]
        cursor = votes["next_cursor"]
        if cursor is None:
            break

    assert len(seen) == len(set(seen)) == 7
    assert api.get(PAGE, params={"include": "votes", "votes_cursor": "AAAA"}).status_code == 422


def test_the_page_as_known_earlier_knows_nothing_later(api: httpx.Client, clock: FixedClock) -> None:
    """What a page said then can be asked again; before publication there was no proposal."""
    then = clock.now - timedelta(days=2) + timedelta(hours=2)
    page = api.get(PAGE, params={"include": EVERYTHING, "as_of": then.isoformat()}).json()
    before = api.get(PAGE, params={"as_of": (then - timedelta(days=1)).isoformat()})

    assert page["tally"]["votes"] == 3
    assert before.status_code == 404


def test_an_unchanged_page_is_the_same_bytes_and_a_write_changes_it_at_once(api: httpx.Client, runtime: Runtime, clock: FixedClock) -> None:
    """A remembered page must never hide a vote."""
    first = api.get(PAGE, params={"include": "tally"})
    again = api.get(PAGE, params={"include": "tally"}, headers={"If-None-Match": first.headers["etag"]})
    runtime.writer.run(lambda session: _vote(session, clock))
    changed = api.get(PAGE, params={"include": "tally"}, headers={"If-None-Match": first.headers["etag"]})

    assert again.status_code == 304
    assert changed.status_code == 200
    assert changed.json()["tally"]["votes"] == 8


def test_a_page_turns_with_its_proposals_clock_though_nothing_was_written(api: httpx.Client, clock: FixedClock) -> None:
    """A vote that ended must not be shown as open from memory."""
    before = api.get(PAGE).json()["phase"]
    clock.advance(days=1)

    assert (before, api.get(PAGE).json()["phase"]) == ("active", "closed")


def test_a_part_that_is_none_is_named(api: httpx.Client) -> None:
    """A typo must not look like missing data."""
    answer = api.get(PAGE, params={"include": "tally,wotes"}).json()

    assert (answer["field"], answer["value"]) == ("query.include", "wotes")


def test_a_proposal_is_found_by_its_sources_own_id(api: httpx.Client) -> None:
    """1,483 real ids have spaces: they are data, looked up by query."""
    found = api.get("/v1/proposals", params={"source": "test", "external_id": "p-1"}).json()["items"]
    nothing = api.get("/v1/proposals", params={"source": "test", "external_id": "p 1"}).json()["items"]

    assert [each["id"] for each in found] == [PROPOSAL]
    assert nothing == []


def test_the_page_and_the_tally_of_its_own_say_the_same(api: httpx.Client, clock: FixedClock) -> None:
    """Two counts of one vote that differ would each make the other unbelievable."""
    for moment in (clock.now, clock.now - timedelta(days=2) + timedelta(hours=2)):
        page = api.get(PAGE, params={"include": "tally", "as_of": moment.isoformat()}).json()["tally"]
        alone = api.get(f"{PAGE}/tally", params={"as_of": moment.isoformat()}).json()

        assert {name: alone[name] for name in page} == page


def _vote(session: Session, clock: FixedClock) -> None:
    session.add(
        Vote(
            id=b"\xff" * 16,
            dao_id=DAO,
            proposal_id=PROPOSAL,
            source="test",
            voter="0xnew",
            choice="1",
            content=b"\0" * 8,
            known_at=clock.now,
            recorded_at=clock.now,
        )
    )
    decision_log.append(
        session,
        kind=EntryKind.VOTES_INGESTED,
        dao_id=DAO,
        actor=SYSTEM,
        subject={"dao": DAO},
        data={"count": 1, "inserted": 1, "unchanged": 0, "revised": 0, "refused": 0, "sha256": "0" * 64},
        ts=clock.now,
        recorded_at=clock.now,
    )
