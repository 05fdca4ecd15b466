"""What else goes on in a DAO: counted from a dump and from a database, alike, and nothing later."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session

from benchmarks.outcome_lookahead import until
from governance.evidence import KnownActivity
from governance.identity import proposal_id
from governance.intake.batches import Kind
from governance.records.dao_activity import dao_activity
from governance.records.history import outcome_question
from governance.records.open_votes import open_proposals
from nlp.outcome_activity import Activity, Arrivals, OpenVotes
from tests.ingest_rows import OPENED, a_proposal, a_vote, take
from tests.outcome_world import cases, imported

DAY = 86_400
THIS = proposal_id("tide.eth", "0x01")


def at(seconds: int) -> datetime:
    """A moment in Unix seconds."""
    return datetime.fromtimestamp(seconds, UTC)


def in_database(session: Session, moment: datetime, *, votes_known: bool = True) -> KnownActivity:
    """What the database says of proposal 0x01 at `moment`."""
    running = sum(each != THIS for each in open_proposals(session, "tide.eth", as_of=moment))
    return dao_activity(session, "tide.eth", THIS, running=running, published_at=at(OPENED), as_of=moment, votes_known=votes_known)


def test_open_proposals_and_votes_on_others_are_counted(session: Session) -> None:
    """Itself, what has closed, other DAOs' and what is too old to be open does not count; neither do votes before publication."""
    days = {"0x02": (-2, 5), "0x03": (-9, -2), "0x04": (1, 8), "0x05": (-70, 90)}
    others = [
        a_proposal(proposal_id=name, created=OPENED + begin * DAY, start=OPENED + begin * DAY, end=OPENED + end * DAY)
        for name, (begin, end) in days.items()
    ]
    take(session, Kind.PROPOSAL, [a_proposal(), *others, a_proposal(proposal_id="0x06", dao="ebb.eth")])
    cast = [("0x02", -1), ("0x02", 1), ("0x02", 2), ("0x01", 1), ("0x04", 3)]
    rows = [a_vote(proposal_id=name, voter=f"v{place}", created=OPENED + day * DAY) for place, (name, day) in enumerate(cast)]
    take(session, Kind.VOTE, [*rows, a_vote(proposal_id="0x02", voter="guess", created=OPENED + DAY, created_estimated=True)])

    assert in_database(session, at(OPENED)) == KnownActivity(1, 0, at(OPENED - DAY))
    assert in_database(session, at(OPENED + 2 * DAY)) == KnownActivity(2, 2, at(OPENED + 2 * DAY))
    assert in_database(session, at(OPENED + 6 * DAY)) == KnownActivity(1, 3, at(OPENED + 3 * DAY))
    assert in_database(session, at(OPENED + 6 * DAY), votes_known=False) == KnownActivity(1)


def test_an_end_that_nobody_knew_yet_closes_nothing(session: Session) -> None:
    """Where the recorded end depends on the outcome, a proposal is open until its result was known, whatever a later revision says."""
    other = a_proposal(proposal_id="0x02", source="grasia_daostack", created=OPENED - DAY, start=OPENED - DAY, end=OPENED + 3 * DAY)
    take(session, Kind.PROPOSAL, [a_proposal(), other])
    then = [in_database(session, at(OPENED + day * DAY)).open_proposals for day in (1, 2, 4)]
    take(session, Kind.PROPOSAL, [{**other, "end": OPENED + DAY, "title": "another"}], at=at(OPENED + 50 * DAY))
    session.expire_all()

    assert then == [1, 1, 0]
    assert [in_database(session, at(OPENED + day * DAY)).open_proposals for day in (1, 2, 4)] == then


def test_a_dump_and_a_database_say_the_same(session: Session) -> None:
    """What the model learnt from must be what it is told in service."""
    world = cases(12)
    imported(session, world)

    counted = Activity(world)
    for case in world[2:9]:
        moment = case.opened_at + timedelta(hours=50)
        asked = proposal_id("tide.eth", case.closed.proposal.proposal_id)
        told = outcome_question(session, asked, moment).activity
        assert told is not None
        assert counted.of(case, moment) == told
        assert told.votes_elsewhere


@pytest.mark.parametrize("seen", [Activity, OpenVotes, Arrivals])
def test_a_later_vote_close_or_proposal_changes_nothing(seen: type[Activity | OpenVotes | Arrivals]) -> None:
    """What went on at a moment is the same with and without what came after it; without the DAO's other proposals it is not."""
    world = cases(34)
    moment = world[30].opened_at + timedelta(hours=50)
    known = [until(case, moment) for case in world if case.opened_at <= moment]

    assert seen(known).of(known[30], moment) == seen(world).of(world[30], moment)
    assert seen(known[30:31]).of(known[30], moment) != seen(world).of(world[30], moment)


def test_where_votes_are_not_collected_only_proposals_count() -> None:
    """No vote then means nothing."""
    world = [replace(case, votes_from=None, votes_to=None) for case in cases(6)]

    assert Activity(world).of(world[3], world[3].opened_at).votes_elsewhere is None
