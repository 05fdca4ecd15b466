"""What a delegate's queue is made of, as known at a time: only what was open then, and blind to everything later."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from governance.delegate_queue import Queued, queue
from governance.intake.batches import Kind
from governance.records.delegate_queue import daos_of, open_proposals, records_of
from tests.ingest_rows import a_proposal, a_vote, take

OPENED = datetime(2024, 6, 1, tzinfo=UTC)
IMPORTED = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ME = f"0x{1:040x}"
TITLES = ("Fund the harbour", "Lower the fee", "Elect a council", "Fund the light house")


def _world(session: Session) -> None:
    """Two DAOs, a proposal every two days in each, open for a week; six voters with habits of their own."""
    dice = random.Random(5)
    proposals: list[dict[str, Any]] = []
    votes: list[dict[str, Any]] = []
    for dao in ("ebb.eth", "tide.eth"):
        for number in range(10):
            opens = int((OPENED + 2 * number * DAY).timestamp())
            name = f"{dao}-{number}"
            proposals.append(
                a_proposal(dao=dao, proposal_id=name, title=TITLES[number % 4], created=opens, start=opens, end=opens + 7 * 86_400)
            )
            votes += [
                a_vote(dao=dao, proposal_id=name, voter=f"0x{voter:040x}", choice=str(dice.randrange(1, 3)), vp=float(voter),
                       created=opens + dice.randrange(7 * 86_400))
                for voter in range(1, 7)
                if dice.random() < voter / 7
            ]  # fmt: skip
    take(session, Kind.PROPOSAL, proposals, at=IMPORTED)
    take(session, Kind.VOTE, votes, at=IMPORTED)


def _queue(session: Session, address: str, at: datetime) -> list[Queued]:
    daos = daos_of(session, address, as_of=at)
    found = open_proposals(session, daos, as_of=at, most=50)
    waiting = [each for each in found if all(vote.voter != address for vote in each.votes)]
    return queue(waiting, records_of(session, address, daos, as_of=at), as_of=at, passes={})


def test_only_what_is_open_then_and_not_voted_on_waits(session: Session) -> None:
    """A proposal that has closed, or that opens tomorrow, or on which the delegate has voted, needs nobody today."""
    _world(session)
    at = OPENED + 9 * DAY
    found = [each.proposal for each in _queue(session, f"0x{3:040x}", at)]
    assert found
    assert all(each.opened_at <= at < (each.ends_at or at) for each in found)
    voted = session.execute(text("SELECT proposal_id FROM vote WHERE voter = :voter"), {"voter": f"0x{3:040x}"}).scalars().all()
    still_to_vote = {each.proposal_id for each in found} & set(voted)
    assert still_to_vote, "some of them the voter did vote on later: that is what the queue is for"
    assert all(vote.cast_at <= at for each in found for vote in each.votes)
    assert _queue(session, "0xstranger", at) == []


def test_nothing_later_moves_the_queue(session: Session) -> None:
    """Later votes turned round, given to others, deleted; later results reversed: not an entry, not a digit changes."""
    _world(session)
    asked = [(f"0x{voter:040x}", OPENED + day * DAY) for voter in (1, 3, 6) for day in (4, 9, 15)]
    before = [_queue(session, address, at) for address, at in asked]
    assert sum(len(each) for each in before) > 10
    falsehoods = ("UPDATE vote SET choice = '2', power = '1000000'", f"UPDATE vote SET voter = '{ME}'", "DELETE FROM vote")
    for (address, at), answer in zip(asked, before, strict=True):
        with session.begin_nested() as undo:
            moment = int(at.timestamp()) * 1_000_000 if session.get_bind().dialect.name == "sqlite" else at
            session.execute(text("UPDATE proposal SET outcome = 'fail', title = 'Later' WHERE known_at > :at"), {"at": moment})
            session.execute(text("UPDATE proposal SET outcome = 'fail' WHERE ends_at > :at"), {"at": moment})
            for falsehood in falsehoods:
                session.execute(text(f"{falsehood} WHERE cast_at > :at"), {"at": moment})
                assert _queue(session, address, at) == answer
            undo.rollback()
