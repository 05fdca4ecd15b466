"""The figures of a DAO's health as of a moment: nothing that was judged, corrected or cast later is in them."""

from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from governance.identity import proposal_id
from governance.intake.batches import Kind
from governance.records.dao_reads import VoteSample, open_flags, vote_sample
from governance.records.evidence import Flag
from tests.ingest_rows import OPENED, a_proposal, a_vote, take

DAO = "tide.eth"
IMPORTED = datetime(2026, 11, 21, 12, tzinfo=UTC)
CORRECTED = IMPORTED + timedelta(days=1)
ANN, BEN = f"0x{1:040x}", f"0x{2:040x}"


def _flag(session: Session, status: str, *, at: datetime, recorded_at: datetime | None = None) -> None:
    """One rule's answer on the one proposal, for the moment `at`."""
    session.add(
        Flag(
            id=f"flag_{status}_{at}_{recorded_at}", dao_id=DAO, proposal_id=proposal_id(DAO, "0x01"), rule="R01", rule_version=1,
            status=status, body={}, as_of=at, recorded_at=recorded_at or at,
        )
    )  # fmt: skip
    session.flush()


def _sample(session: Session, as_of: datetime) -> VoteSample:
    return vote_sample(session, DAO, as_of=as_of, proposals=20)


def test_a_flag_counts_from_the_moment_it_judges(session: Session) -> None:
    """One that fires tomorrow is not open today, and one that clears tomorrow still is."""
    take(session, Kind.PROPOSAL, [a_proposal()], at=IMPORTED)
    _flag(session, "fired", at=IMPORTED + timedelta(hours=1))
    _flag(session, "clear", at=IMPORTED + timedelta(hours=3))
    assert [open_flags(session, DAO, as_of=IMPORTED + timedelta(hours=hour)) for hour in range(5)] == [0, 1, 1, 0, 0]


def test_of_two_answers_for_one_moment_the_later_recorded_counts(session: Session) -> None:
    """A moment may be judged again, by a later version of the rule: the two are one answer, not two."""
    take(session, Kind.PROPOSAL, [a_proposal()], at=IMPORTED)
    for hour, status in enumerate(("fired", "clear", "fired")):
        _flag(session, status, at=IMPORTED, recorded_at=IMPORTED + timedelta(hours=hour))
        assert open_flags(session, DAO, as_of=IMPORTED) == (status == "fired")


def test_a_power_corrected_later_keeps_its_value_before(session: Session) -> None:
    """What a source corrects today does not change how concentrated the DAO was known to be yesterday."""
    take(session, Kind.PROPOSAL, [a_proposal()], at=IMPORTED)
    take(session, Kind.VOTE, [a_vote(voter=ANN, vp=1.0), a_vote(voter=BEN, vp=2.0)], at=IMPORTED)
    before = _sample(session, IMPORTED)
    take(session, Kind.VOTE, [a_vote(voter=ANN, vp=1_000.0)], at=CORRECTED)

    assert _sample(session, IMPORTED) == before
    assert before.power_by_voter == {ANN: "1", BEN: "2"}
    assert _sample(session, CORRECTED).power_by_voter == {ANN: "1000", BEN: "2"}


def test_voters_are_counted_with_or_without_a_power(session: Session) -> None:
    """Who voted on several of the proposals, or several times on one, is one voter; a later vote is no vote yet."""
    take(session, Kind.PROPOSAL, [a_proposal(), a_proposal(proposal_id="0x02")], at=IMPORTED)
    votes = [
        a_vote(voter=ANN, vp=None), a_vote(voter=ANN, vp=3.0, created=OPENED + 8_000), a_vote(voter=BEN, vp=None, created=OPENED + 8_000),
        a_vote(voter=ANN, vp=None, proposal_id="0x02", created=OPENED + 8_000),
    ]  # fmt: skip
    take(session, Kind.VOTE, votes, at=IMPORTED)
    found = _sample(session, IMPORTED)
    assert (sorted(found.voters_per_proposal), found.voters, found.power_by_voter) == ([1, 2], 2, {ANN: "3"})
    assert _sample(session, datetime.fromtimestamp(OPENED + 7_500, UTC)).voters == 1
