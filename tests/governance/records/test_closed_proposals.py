"""What counts as a closed proposal, and how many voted on it: alike in service and in the dumps that models learn from."""

from datetime import UTC, datetime

import pytest
from sqlmodel import Session

from governance.intake.batches import Kind
from governance.intake.proposals import OFFICIAL_RULES
from governance.outcome_sources import HEADCOUNT_PROXY
from governance.records.history import closed_proposals
from tests.ingest_rows import OPENED, a_proposal, a_vote, take

DAO = "tide.eth"
DAY = 86_400
CLOSE = OPENED + 7 * DAY
LATER = datetime.fromtimestamp(CLOSE + DAY, UTC)


@pytest.mark.parametrize("rule", sorted(OFFICIAL_RULES))
def test_what_the_platform_or_voting_power_settled_is_history(session: Session, rule: str) -> None:
    """Snapshot settles nothing: there the majority of power is the result."""
    take(session, Kind.PROPOSAL, [a_proposal(outcome_rule=rule)])

    assert [(closed.passed, closed.voters) for closed in closed_proposals(session, DAO, as_of=LATER)] == [(True, 3)]


@pytest.mark.parametrize("rule", [HEADCOUNT_PROXY, "recomputed_support_and_quorum", "somebody's guess", None])
def test_an_estimate_is_none(session: Session, rule: str | None) -> None:
    """Nobody learns from a majority of heads where power decided."""
    take(session, Kind.PROPOSAL, [a_proposal(outcome_rule=rule)])

    assert closed_proposals(session, DAO, as_of=LATER) == ()


def test_voters_that_a_source_does_not_count_are_counted_by_their_votes(session: Session) -> None:
    """Each once, those known at the close at a time that is told; where there is none, nobody knows."""
    take(session, Kind.PROPOSAL, [a_proposal(votes_count=None), a_proposal(proposal_id="0x02", votes_count=None)])
    cast = [("0xann", OPENED), ("0xann", OPENED + DAY), ("0xbob", CLOSE), ("0xlate", CLOSE + 1)]
    votes = [a_vote(voter=voter, created=moment) for voter, moment in cast]
    take(session, Kind.VOTE, [*votes, a_vote(voter="0xguess", created=OPENED, created_estimated=True)])

    assert [closed.voters for closed in closed_proposals(session, DAO, as_of=LATER)] == [2, None]


def test_a_vote_that_comes_in_later_is_counted_from_then_on(session: Session) -> None:
    """What was read of the DAO before does not stand in its way."""
    take(session, Kind.PROPOSAL, [a_proposal(votes_count=None)])
    for count, voter in enumerate(("0xann", "0xbob"), start=1):
        take(session, Kind.VOTE, [a_vote(voter=voter)])
        session.expire_all()
        assert [closed.voters for closed in closed_proposals(session, DAO, as_of=LATER)] == [count]
