"""A frontend's page in one call: exact tallies, capped votes with a cursor, as known at a time, never outdated."""

from datetime import timedelta

import httpx
import pytest
from sqlmodel import Session

from api.runtime import Runtime
from governance.actors import SYSTEM
from governance.decision_log import EntryKind
from governance.records import decision_log
from governance.records.proposal_page import MANY_VOTES
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


def test_the_short_way_and_the_long_way_give_the_same_page(api: httpx.Client, runtime: Runtime, clock: FixedClock) -> None:
    """A page asked for plainly is answered ahead of routing: that must be nothing a reader could tell, however many votes."""
    for write in (lambda session: _votes(session, clock), None):
        for include in ("", "tally", EVERYTHING):
            plainly = api.get(PAGE, params={"include": include})
            by_route = api.get(PAGE, params={"include": include, "votes_limit": 50})
            assert (plainly.status_code, plainly.headers.keys()) == (200, by_route.headers.keys())
            shown, also_shown = plainly.json(), by_route.json()
            assert shown == also_shown
        if write is not None:
            runtime.writer.run(write)

    assert shown["tally"]["votes"] == 7 + MANY_VOTES
    assert api.get(f"/v1/proposals/prop_{'a' * 26}").json()["code"] == "not_found"


def test_a_page_shows_votes_and_posts_as_they_stood(api: httpx.Client, runtime: Runtime, clock: FixedClock) -> None:
    """A correction that came later must not be read into what a page said then."""
    vote = {"proposal_id": "p-1", "voter": "0xchanged", "choice": 1, "created": int(clock.now.timestamp()) - 60}
    post = {"forum": "forum.test", "post_id": 9, "topic_id": 1, "linked_proposal": "p-1", "created": int(clock.now.timestamp()) - 60}
    for power, text in (("1.5", "First."), ("2.5", "Second.")):
        for noun, row in (("votes", {**vote, "vp": power}), ("posts", {**post, "text": text})):
            assert api.post(f"/v1/daos/{DAO}/{noun}", json=row).is_success
        clock.advance(days=1)

    shown = []
    for days in (2, 1):
        asked = {"include": "votes,posts", "as_of": (clock.now - timedelta(days=days)).isoformat()}
        page = api.get(PAGE, params=asked).json()
        power = next(vote["power"] for vote in page["votes"]["items"] if vote["voter"] == "0xchanged")
        shown.append((power, page["posts"][0]["text"]))
    assert shown == [("1.5", "First."), ("2.5", "Second.")]


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


def _votes(session: Session, clock: FixedClock) -> None:
    for number in range(MANY_VOTES):
        _vote(session, clock, number)


def _vote(session: Session, clock: FixedClock, number: int = 0) -> None:
    session.add(
        Vote(
            id=b"\xff" * 12 + number.to_bytes(4, "big"),
            dao_id=DAO,
            proposal_id=PROPOSAL,
            source="test",
            voter=f"0xnew{number}",
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
