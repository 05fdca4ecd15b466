"""Who is heard in a discussion, in which order, and as worded when, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session

from governance.identity import proposal_id
from governance.intake.batches import Kind
from governance.records.discussion import posts_by_account, reasons_by_voter, spread
from tests.ingest_rows import OPENED, a_post, a_proposal, a_vote, take

PROPOSAL = proposal_id("tide.eth", "0x01")
IMPORTED = datetime(2026, 11, 21, 12, tzinfo=UTC)
CORRECTED = IMPORTED + timedelta(days=2)


@pytest.fixture(autouse=True)
def _proposal(session: Session) -> None:
    """What the texts are about."""
    take(session, Kind.PROPOSAL, [a_proposal()], at=IMPORTED)


def _posts(session: Session, *authors: str | None) -> None:
    """One post each, an hour apart, whose text is its number."""
    rows = [
        a_post(post_id=number, author=author, text=str(number), created=OPENED + 3_600 * number, dao="tide.eth", linked_proposal="0x01")
        for number, author in enumerate(authors)
    ]
    take(session, Kind.POST, rows, at=IMPORTED)


def _vote(number: int, power: float | None, reason: str | None, **changes: object) -> dict[str, object]:
    return a_vote(voter=f"0x{number:040x}", vp=power, reason=reason, created=OPENED + 7_200 + number, **changes)


def _reasons(session: Session, *, as_of: datetime = CORRECTED, most: int = 10) -> list[str]:
    return [said.text for voter in reasons_by_voter(session, PROPOSAL, as_of=as_of, most=most).accounts for said in voter]


def test_one_post_of_each_account_comes_before_a_second_of_any(session: Session) -> None:
    """The loud one has as many turns as are left over; posts without an author are one account."""
    _posts(session, "loud", None, "ann", None, *["loud"] * 20)

    four = posts_by_account(session, PROPOSAL, as_of=IMPORTED, most=4, backed={})
    all_ = posts_by_account(session, PROPOSAL, as_of=IMPORTED, most=24, backed={})

    assert sorted((texts[0].author or "", len(texts)) for texts in four.accounts) == [("", 1), ("ann", 1), ("loud", 2)]
    assert (four.whole, all_.whole) == (False, True)
    assert sum(len(texts) for texts in all_.accounts) == 24


def test_accounts_and_their_posts_come_from_the_whole_discussion(session: Session) -> None:
    """Four of a hundred accounts stand in its four quarters; the same for four posts of one account."""
    _posts(session, *(f"a{number}" for number in range(100)), *["loud"] * 100)

    found = posts_by_account(session, PROPOSAL, as_of=datetime.fromtimestamp(OPENED + 3_600 * 99.5, UTC), most=4, backed={})
    everything = posts_by_account(session, PROPOSAL, as_of=IMPORTED, most=1_000, backed={})

    assert sorted(int(text.text) // 25 for (text,) in found.accounts) == [0, 1, 2, 3]
    loud = next(texts for texts in everything.accounts if texts[0].author == "loud")
    assert sorted((int(text.text) - 100) // 25 for text in loud[:4]) == [0, 1, 2, 3]


def test_reasons_come_by_voting_power_and_those_of_unknown_power_last(session: Session) -> None:
    """A vote without a reason says nothing."""
    votes = [_vote(1, 2.0, "two"), _vote(2, None, "none"), _vote(3, 1_000.0, "thousand"), _vote(4, 30.0, "thirty"), _vote(5, 9e9, None)]
    take(session, Kind.VOTE, votes, at=IMPORTED)

    assert _reasons(session) == ["thousand", "thirty", "two", "none"]
    assert _reasons(session, most=2) == ["thousand", "thirty"]


def test_power_and_reason_are_those_known_then(session: Session) -> None:
    """What was reworded, taken back or corrected since is heard as it was."""
    take(session, Kind.VOTE, [_vote(1, 1.0, "small"), _vote(2, 5.0, "big"), _vote(3, 3.0, "taken back")], at=IMPORTED)
    take(session, Kind.VOTE, [_vote(1, 9.0, "grown"), _vote(3, 3.0, None)], at=CORRECTED)

    assert _reasons(session, as_of=IMPORTED) == ["big", "taken back", "small"]
    assert _reasons(session) == ["grown", "big"]
    assert _reasons(session, as_of=datetime.fromtimestamp(OPENED, UTC)) == []


def test_any_beginning_of_a_spread_covers_the_whole() -> None:
    """Nothing is lost, and of what has four equal quarters each has one of the first four."""
    for many in (*range(20), 100, 1_000):
        found = spread(range(many))
        assert sorted(found) == list(range(many))
        assert not many or many % 4 or {4 * place // many for place in found[:4]} == {0, 1, 2, 3}
    assert spread("abcdefgh") == ["a", "e", "c", "g", "b", "f", "d", "h"]
