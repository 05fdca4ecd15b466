"""Reading the past: what was known then, and nothing that came later."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session

from governance.errors import NotFound
from governance.identity import proposal_id
from governance.intake.batches import Kind
from governance.records.as_of import OBSERVATIONS, PROPOSALS, VOTES, Chosen, freshness, read_one, read_page, votes_cast
from governance.records.history import outcome_question
from tests.ingest_rows import OPENED, a_proposal, a_vote, an_observation, take

PROPOSAL = proposal_id("tide.eth", "0x01")


def at(seconds: int) -> datetime:
    """A moment in Unix seconds."""
    return datetime.fromtimestamp(seconds, UTC)


def test_a_result_is_known_at_the_close_and_not_before(session: Session) -> None:
    """A forecast asked of an open proposal must not see how it ended."""
    take(session, Kind.PROPOSAL, [a_proposal()])

    open_ = read_one(session, PROPOSALS, PROPOSAL, as_of=at(OPENED + 86_400))
    closed = read_one(session, PROPOSALS, PROPOSAL, as_of=at(OPENED + 7 * 86_400))
    assert (open_["outcome"], open_["state"], open_["result"]) == (None, None, None)
    assert open_["ends_at"] == at(OPENED + 7 * 86_400)
    assert (closed["outcome"], closed["result"]["scores"]) == ("pass", ["60.5", "20.25", "0"])


def test_an_end_that_depends_on_the_outcome_is_hidden_while_open(session: Session) -> None:
    """In some sources the recorded end is when the vote really closed: a leak worth .95 AUC."""
    take(session, Kind.PROPOSAL, [a_proposal(source="grasia_daostack")])

    assert read_one(session, PROPOSALS, PROPOSAL, as_of=at(OPENED + 86_400))["ends_at"] is None
    assert outcome_question(session, PROPOSAL, at(OPENED + 86_400)).proposal.ends_at is None


def test_nobody_knows_a_proposal_before_it_was_created(session: Session) -> None:
    """Known at creation, else at the start, else at the import."""
    take(session, Kind.PROPOSAL, [a_proposal(), a_proposal(proposal_id="bare", created=None, start=None, end=None)])

    with pytest.raises(NotFound):
        read_one(session, PROPOSALS, PROPOSAL, as_of=at(OPENED - 1))
    with pytest.raises(NotFound):
        read_one(session, PROPOSALS, proposal_id("tide.eth", "bare"), as_of=at(OPENED + 10**7))


def test_an_edited_text_is_read_as_it_stood(session: Session, now: datetime) -> None:
    """What a voter saw before the edit is part of the record."""
    take(session, Kind.PROPOSAL, [a_proposal()])
    take(session, Kind.PROPOSAL, [a_proposal(title="Raise the fee")], at=now + timedelta(days=1))

    assert read_one(session, PROPOSALS, PROPOSAL, as_of=now)["title"] == "Lower the fee"
    assert read_one(session, PROPOSALS, PROPOSAL, as_of=now)["outcome"] == "pass"
    assert read_one(session, PROPOSALS, PROPOSAL, as_of=now + timedelta(days=1))["title"] == "Raise the fee"


def test_a_result_that_comes_in_later_counts_from_the_close(session: Session) -> None:
    """Collected while open, collected again after the close: the world knew the result at the close, not at our visit."""
    while_open = a_proposal(scores=None, scores_total=None, votes_count=None, state="active", outcome=None, outcome_rule=None)
    take(session, Kind.PROPOSAL, [while_open], at=at(OPENED + 86_400))
    take(session, Kind.PROPOSAL, [a_proposal()], at=at(OPENED + 30 * 86_400))

    before, after = (read_one(session, PROPOSALS, PROPOSAL, as_of=at(OPENED + day * 86_400)) for day in (6, 8))
    assert (before["state"], before["outcome"]) == ("active", None)
    assert (after["outcome"], after["state"]) == ("pass", "closed")


def test_a_corrected_vote_is_read_as_it_was_told_then(session: Session, now: datetime) -> None:
    """A correction of a vote is known when it came, not when the vote was cast."""
    take(session, Kind.VOTE, [a_vote()])
    take(session, Kind.VOTE, [a_vote(vp=99.5)], at=now + timedelta(days=1))

    powers = [read_page(session, VOTES, Chosen(), as_of=moment, limit=5)[0]["power"] for moment in (now, now + timedelta(days=2))]
    cast = [votes_cast(session, PROPOSAL, as_of=moment)[0][2] for moment in (now, now + timedelta(days=2))]
    assert powers == cast == ["12.5", "99.5"]


def test_pages_walk_every_row_once(session: Session) -> None:
    """A list read page by page has neither gaps nor repeats, ties in time included."""
    take(session, Kind.VOTE, [a_vote(voter=f"v{n}", created=OPENED + 7_200 + n % 3) for n in range(20)])
    everything, seen, after = Chosen({"dao_id": "tide.eth"}), [], None
    while rows := read_page(session, VOTES, everything, as_of=at(OPENED + 10**6), after=after, limit=3):
        seen += [row["voter"] for row in rows]
        after = rows[-1]["known_at"], rows[-1]["id"]

    assert sorted(seen) == sorted(f"v{n}" for n in range(20))


def test_freshness_says_how_far_the_rows_reach(session: Session) -> None:
    """An answer without its age invites a wrong decision."""
    take(session, Kind.OBSERVATION, [an_observation()])
    noon = datetime(2024, 1, 1, 12, tzinfo=UTC)

    assert freshness(session, OBSERVATIONS, "tide.eth", as_of=noon).complete
    later = freshness(session, OBSERVATIONS, "tide.eth", as_of=noon + timedelta(days=1))
    assert (later.indexed_to, later.complete) == (noon, False)
    assert freshness(session, OBSERVATIONS, "nobody", as_of=noon).indexed_to is None


def test_a_question_holds_nothing_later_than_as_of(session: Session) -> None:
    """Shuffling the future must not change what a forecaster sees."""
    earlier = a_proposal(proposal_id="0x00", created=OPENED - 20 * 86_400, start=OPENED - 20 * 86_400, end=OPENED - 10 * 86_400)
    take(session, Kind.PROPOSAL, [earlier, a_proposal()])
    take(session, Kind.VOTE, [a_vote(voter="early"), a_vote(voter="late", created=OPENED + 3 * 86_400), a_vote(voter="x", created=None)])
    moment = at(OPENED + 86_400)

    question = outcome_question(session, PROPOSAL, moment)
    take(session, Kind.PROPOSAL, [a_proposal(proposal_id="0x03", created=OPENED + 2 * 86_400, start=OPENED + 2 * 86_400)])
    take(session, Kind.VOTE, [a_vote(voter="later still", created=OPENED + 4 * 86_400)])
    session.expire_all()
    again = outcome_question(session, PROPOSAL, moment)

    assert [vote.voter for vote in question.votes] == ["early"]
    assert [closed.proposal.proposal_id for closed in question.history] == [proposal_id("tide.eth", "0x00")]
    assert (again.votes, again.history, again.proposal) == (question.votes, question.history, question.proposal)


def test_only_official_outcomes_are_history(session: Session) -> None:
    """An outcome guessed from heads is right on 75 % of fails only; nothing is learned from it."""
    old = {"created": OPENED - 20 * 86_400, "start": OPENED - 20 * 86_400, "end": OPENED - 10 * 86_400}
    take(session, Kind.PROPOSAL, [a_proposal(), a_proposal(proposal_id="guess", outcome_rule="headcount_majority_proxy", **old)])

    assert outcome_question(session, PROPOSAL, at(OPENED + 60)).history == ()
