"""Single voters: each by their own record, pooled with the DAO's, and blind to everything that came later."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from governance.evidence import KnownProposal, KnownVote
from governance.identity import proposal_id
from governance.intake.batches import Kind
from governance.records.voter_history import voter_question
from governance.voting_records import Electors, PastProposal, VoterForecast, VoterQuestion
from nlp.voters import forecast_voters
from tests.ingest_rows import a_proposal, a_vote, take

OPENED = datetime(2024, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def _past(number: int, said: dict[str, str], *, settled: bool = True, power: dict[str, str] | None = None) -> PastProposal:
    """`number` weeks before; everybody votes half a day after the opening."""
    opened = OPENED - number * 7 * DAY
    votes = tuple(KnownVote(voter, choice, (power or {}).get(voter), opened + DAY / 2) for voter, choice in sorted(said.items()))
    return PastProposal(f"p{number}", opened, settled, ("For", "Against", "Abstain"), votes)


def _question(past: list[PastProposal], *votes: KnownVote, after: timedelta = timedelta(0)) -> VoterQuestion:
    proposal = KnownProposal("p", "d", "s", "Title", None, "basic", None, ("For", "Against", "Abstain"), OPENED, OPENED, None)
    return VoterQuestion(proposal, OPENED, OPENED + after, votes, tuple(past))


def _by_voter(found: Electors) -> dict[str, VoterForecast]:
    return {each.voter: each for each in found.voters}


def test_who_always_votes_and_who_once_did_are_told_apart() -> None:
    """Ann voted on all ten, Ben on the first of them only."""
    past = [_past(number, {"ann": "1"} | ({"ben": "2"} if number == 10 else {})) for number in range(1, 11)]
    found = _by_voter(forecast_voters(_question(past)))
    assert (found["ann"].votes > 0.8, found["ben"].votes < 0.2) == (True, True)
    assert (found["ann"].supports > 0.85, found["ben"].supports < found["ann"].supports - 0.05) == (True, True)
    assert (found["ann"].voted_on, found["ann"].could_vote_on, found["ben"].voted_on, found["ben"].could_vote_on) == (10, 10, 1, 10)


def test_a_short_record_stays_near_the_dao() -> None:
    """One vote against in a DAO that is always for is no certainty of anything."""
    past = [_past(number, {"ann": "1", "ben": "1", "cid": "1"} | ({"eve": "2"} if number == 1 else {})) for number in range(1, 9)]
    assert 0.5 < _by_voter(forecast_voters(_question(past)))["eve"].supports < 0.85


def test_votes_against_by_friends_of_everything_move_all_others() -> None:
    """If those who are always for vote against, this proposal is different: the rest are expected to follow, in part."""
    names = [f"v{number}" for number in range(10)]
    past = [_past(number, dict.fromkeys(names, "1")) for number in range(1, 9)]
    cast = [KnownVote(name, "2", None, OPENED + DAY / 4) for name in names[:5]]
    before = _by_voter(forecast_voters(_question(past)))
    after = _by_voter(forecast_voters(_question(past, *cast, after=DAY / 3)))
    assert set(after) == set(names[5:])
    assert after["v7"].supports < before["v7"].supports - 0.2


def test_who_has_not_voted_when_others_usually_have_is_less_expected() -> None:
    """Everybody votes within half a day; two days on, silence means no."""
    past = [_past(number, {"ann": "1", "ben": "1"}) for number in range(1, 9)]
    votes = [KnownVote("ben", "1", None, OPENED + DAY / 2)]
    assert _by_voter(forecast_voters(_question(past, *votes, after=2 * DAY)))["ann"].votes < 0.01


def test_power_counts_where_votes_have_it_and_heads_elsewhere() -> None:
    """One whose weight exceeds the lead can decide alone; by head nobody weighs more than one."""
    power = {"ann": "10.5", "ben": "10", "cid": "3"}
    past = [_past(number, {"ann": "1", "ben": "2", "cid": "1"}, power=power) for number in range(1, 6)]
    cid = KnownVote("cid", "1", "10.25", OPENED)
    by_power = forecast_voters(_question(past, cid))
    assert (by_power.basis, by_power.standing_for, by_power.standing_against) == ("power", "10.25", "0")
    assert {each.voter: each.decides_alone for each in by_power.voters} == {"ann": True, "ben": False}
    by_head = forecast_voters(_question(past, KnownVote("cid", "1", None, OPENED)))
    assert (by_head.basis, by_head.standing_for) == ("heads", "1")
    assert not any(each.decides_alone for each in by_head.voters)
    assert by_head.expected_for + by_head.expected_against == pytest.approx(1 + sum(each.votes for each in by_head.voters))


def test_nothing_is_known_of_a_dao_without_a_past() -> None:
    """No record, no voters: not a guess."""
    found = forecast_voters(_question([]))
    assert (found.voters, found.dao_votes, found.past_proposals) == ((), 0.5, 0)


def _world(seed: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    dice = random.Random(seed)
    opens = [int((OPENED + number * 5 * DAY).timestamp()) for number in range(8)]
    proposals = [a_proposal(proposal_id=f"p{n}", created=at, start=at, end=at + 6 * 86_400) for n, at in enumerate(opens)]
    votes = [
        a_vote(
            proposal_id=f"p{n}",
            voter=f"0x{v:040x}",
            choice=str(dice.randrange(1, 4)),
            vp=float(v + 1),
            created=at + dice.randrange(6 * 86_400),
        )
        for n, at in enumerate(opens)
        for v in range(12)
        if dice.random() < 0.6
    ]
    return proposals, votes


def test_nothing_later_moves_a_forecast(session: Session) -> None:
    """Every vote after the moment deleted, turned round or made a thousand times heavier: not a digit may change."""
    proposals, votes = _world(3)
    imported = datetime(2026, 11, 21, 12, tzinfo=UTC)
    take(session, Kind.PROPOSAL, proposals, at=imported)
    take(session, Kind.VOTE, votes, at=imported)
    asked = [(f"p{n}", OPENED + (5 * n + hours / 24) * DAY) for n in range(3, 8) for hours in (0, 30, 100)]
    ids = {name: proposal_id("tide.eth", name) for name, _ in asked}
    before = [forecast_voters(voter_question(session, ids[name], as_of=at)) for name, at in asked]
    assert sum(len(each.voters) for each in before) > 50

    falsehoods = ("UPDATE vote SET choice = '2', power = '1000000'", "UPDATE vote SET voter = 'somebody else'", "DELETE FROM vote")
    for (name, at), answer in zip(asked, before, strict=True):
        with session.begin_nested() as undo:
            moment = int(at.timestamp()) * 1_000_000 if session.get_bind().dialect.name == "sqlite" else at
            session.execute(text("UPDATE proposal SET outcome = 'fail' WHERE ends_at > :at"), {"at": moment})
            for falsehood in falsehoods:
                session.execute(text(f"{falsehood} WHERE cast_at > :at"), {"at": moment})
                assert forecast_voters(voter_question(session, ids[name], as_of=at)) == answer
            undo.rollback()
