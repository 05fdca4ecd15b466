"""Rows come in: every one is accounted for, none is doubled, and order does not matter."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from governance.errors import NotFound
from governance.identity import proposal_id
from governance.intake.batches import Kind, Verdict
from governance.records.access import ImportRefusal
from governance.records.daos import Dao, get_dao
from governance.records.decision_log import LogEntry
from governance.records.observations import Observation, ObservationRevision
from governance.records.posts import Post
from governance.records.proposals import ForumLink, Proposal, ProposalRevision, VoteProgress
from governance.records.votes import Vote, VoteRevision
from governance.workflow.attribute import attribute
from tests.ingest_rows import OPENED, a_link, a_post, a_proposal, a_vote, an_observation, take


def test_each_kind_is_inserted_once_and_then_unchanged(session: Session) -> None:
    """Sources repeat themselves; a repeated row must not become a second fact."""
    progress = {"proposal_id": "0x01", "snapshot_at": OPENED, "status": "active", "total_vp": 0.0, "votes": 0, "end": OPENED + 9}
    rows: dict[Kind, dict[str, Any]] = {
        Kind.PROPOSAL: a_proposal(),
        Kind.VOTE: a_vote(),
        Kind.POST: a_post(),
        Kind.OBSERVATION: an_observation(),
        Kind.FORUM_LINK: a_link(),
        Kind.VOTE_PROGRESS: progress,
        Kind.DAO: {"name": "Other DAO"},
    }
    for kind, row in rows.items():
        assert take(session, kind, [row, row]).verdicts == [Verdict.INSERTED, Verdict.UNCHANGED], kind
        assert take(session, kind, [row]).verdicts == [Verdict.UNCHANGED], kind


def test_a_second_import_changes_nothing_not_even_the_log(session: Session, now: datetime) -> None:
    """An auditor who imports the same files again must find the same record."""
    rows = [a_vote(voter=f"voter {n}") for n in range(5)]
    take(session, Kind.PROPOSAL, [a_proposal()])
    take(session, Kind.VOTE, rows)
    before = (get_dao(session, "tide.eth").data_version, len(session.exec(select(LogEntry)).all()))

    session.expire_all()
    take(session, Kind.PROPOSAL, [a_proposal()], at=now + timedelta(days=1))
    take(session, Kind.VOTE, rows, at=now + timedelta(days=1))

    session.expire_all()
    assert (get_dao(session, "tide.eth").data_version, len(session.exec(select(LogEntry)).all())) == before


def test_a_bad_row_is_refused_alone_and_kept_in_the_report(session: Session) -> None:
    """One bad row must neither stop the import nor shrink what follows."""
    report = take(session, Kind.VOTE, [a_vote(), a_vote(voter=None), a_vote(voter="0x\0"), a_vote(voter="last")], file="votes.csv")

    assert report.counts() == {"inserted": 2, "unchanged": 0, "revised": 0, "refused": 2}
    kept = session.exec(select(ImportRefusal).order_by(ImportRefusal.row_number)).all()  # type: ignore[arg-type]
    assert [(r.file, r.row_number, r.field) for r in kept] == [("votes.csv", 2, "voter"), ("votes.csv", 3, "voter")]


def test_what_is_missing_is_stored_as_missing_never_as_zero(session: Session) -> None:
    """A vote without power is not a vote of power 0: sums over it would lie."""
    take(session, Kind.VOTE, [a_vote(vp=None, choice=None, created=None)])
    take(session, Kind.PROPOSAL, [{"dao": "tide.eth", "proposal_id": "bare"}])

    vote, proposal = session.exec(select(Vote)).one(), session.exec(select(Proposal)).one()
    assert (vote.power, vote.power_kind, vote.choice, vote.cast_at) == (None, None, None, None)
    assert (proposal.title, proposal.choices, proposal.quorum, proposal.result, proposal.ends_at) == (None, None, None, None, None)


def test_a_later_run_revises_and_keeps_what_was_there(session: Session, now: datetime) -> None:
    """A changed title is a new revision, known only from when it came; the first one stays readable."""
    take(session, Kind.PROPOSAL, [a_proposal()])
    report = take(session, Kind.PROPOSAL, [a_proposal(title="Raise the fee")], at=now + timedelta(days=1))

    assert report.verdicts == [Verdict.REVISED]
    session.expire_all()
    proposal = session.exec(select(Proposal)).one()
    kept = session.exec(select(ProposalRevision)).all()
    assert (proposal.title, proposal.revision) == ("Raise the fee", 2)
    assert {(r.content["title"], r.known_at) for r in kept} == {
        ("Lower the fee", proposal.known_at),
        ("Raise the fee", now + timedelta(days=1)),
    }


def test_a_content_once_seen_is_unchanged_for_ever(session: Session, now: datetime) -> None:
    """An old file imported again must not undo a newer correction."""
    take(session, Kind.OBSERVATION, [an_observation()])
    take(session, Kind.OBSERVATION, [an_observation(value="1.5")], at=now + timedelta(days=1))
    again = take(session, Kind.OBSERVATION, [an_observation()], at=now + timedelta(days=2))

    session.expire_all()
    assert again.verdicts == [Verdict.UNCHANGED]
    assert session.exec(select(Observation)).one().value == "1.5"
    assert {r.content["value"] for r in session.exec(select(ObservationRevision))} == {"1.25", "1.5"}


def test_revotes_are_kept_as_votes_of_their_own(session: Session) -> None:
    """A voter may change their mind; both votes are history, and the last one counts."""
    report = take(session, Kind.VOTE, [a_vote(), a_vote(choice="2", created=OPENED + 9_000)])

    assert report.verdicts == [Verdict.INSERTED, Verdict.INSERTED]


def test_a_vote_told_differently_is_a_revision(session: Session, now: datetime) -> None:
    """The same vote (voter, proposal, time) with another power is a correction, not a second vote."""
    take(session, Kind.VOTE, [a_vote()])
    report = take(session, Kind.VOTE, [a_vote(vp=13.5)], at=now + timedelta(days=1))
    again = take(session, Kind.VOTE, [a_vote(), a_vote(vp=13.5)], at=now + timedelta(days=2))

    session.expire_all()
    assert (report.verdicts, again.verdicts) == ([Verdict.REVISED], [Verdict.UNCHANGED, Verdict.UNCHANGED])
    assert (session.exec(select(Vote)).one().power, len(session.exec(select(VoteRevision)).all())) == ("13.5", 2)


def test_a_dao_is_registered_by_the_first_row_that_names_it(session: Session) -> None:
    """A dump needs no list of DAOs beforehand, and each registration is on the log."""
    take(session, Kind.PROPOSAL, [a_proposal(), a_proposal(dao="Prætorian DAO", proposal_id="0x02")])

    daos = {dao.name: dao.id for dao in session.exec(select(Dao))}
    assert daos["tide.eth"] == "tide.eth"
    assert daos["Prætorian DAO"].startswith("x-")
    assert [e.kind for e in session.exec(select(LogEntry).order_by(LogEntry.seq))].count("dao.registered") == 2  # type: ignore[arg-type]


def test_a_run_for_one_dao_takes_no_other_and_needs_it_registered(session: Session) -> None:
    """A key for one DAO must not write another's record."""
    take(session, Kind.PROPOSAL, [a_proposal()])

    report = take(session, Kind.PROPOSAL, [a_proposal(dao="other.eth"), a_proposal(dao=None, proposal_id="0x09")], dao="tide.eth")

    assert report.verdicts == [Verdict.REFUSED, Verdict.INSERTED]
    assert report.refused[0].field == "dao"
    votes = take(session, Kind.VOTE, [a_vote(dao="other.eth"), a_vote(dao=None)], dao="tide.eth")
    assert votes.verdicts == [Verdict.REFUSED, Verdict.INSERTED]
    with pytest.raises(NotFound):
        take(session, Kind.PROPOSAL, [a_proposal(dao=None)], dao="nobody.eth")


def test_one_row_stands_in_the_log_itself_and_many_by_digest(session: Session) -> None:
    """What came in can be checked against the log later, row by row or as a whole."""
    take(session, Kind.OBSERVATION, [an_observation()])
    take(session, Kind.VOTE, [a_vote(voter="a"), a_vote(voter="b")])

    entries = [e.document() for e in session.exec(select(LogEntry).order_by(LogEntry.seq)) if e.kind.endswith(".ingested")]  # type: ignore[arg-type]
    assert entries[0]["data"]["rows"][0]["value"] == "1.25"
    assert entries[1]["data"]["count"] == 2
    assert "rows" not in entries[1]["data"]
    assert len(entries[1]["data"]["sha256"]) == 64


def test_a_body_too_long_for_the_log_is_stored_beside_it(session: Session) -> None:
    """A real proposal can be longer than a log entry may be; it must still come in."""
    report = take(session, Kind.PROPOSAL, [a_proposal(body="x" * 200_000)])

    assert report.verdicts == [Verdict.INSERTED]


def test_posts_find_their_dao_and_proposal_whatever_comes_first(session: Session, now: datetime) -> None:
    """Links, posts and proposals lie in different files; their order says nothing."""
    take(session, Kind.POST, [a_post()])
    assert session.exec(select(Post)).one().dao_id == "forum.tide.example"
    take(session, Kind.FORUM_LINK, [a_link()])
    take(session, Kind.PROPOSAL, [a_proposal()])

    moved = attribute(session, now=now)

    session.expire_all()
    post = session.exec(select(Post)).one()
    assert (moved, post.dao_id, post.proposal_id) == (1, "tide.eth", proposal_id("tide.eth", "0x01"))
    assert attribute(session, now=now) == 0


def test_a_forum_of_several_daos_files_a_post_by_its_topic_or_by_its_own_name(session: Session, now: datetime) -> None:
    """Where the links of a forum name several DAOs, only a topic's own links decide."""
    take(session, Kind.POST, [a_post(), a_post(topic_id=8, post_id=80), a_post(topic_id=9, post_id=90)])
    take(session, Kind.FORUM_LINK, [a_link(), a_link(dao="other.eth", topic_id=8)])

    attribute(session, now=now)

    session.expire_all()
    assert {p.topic_id: p.dao_id for p in session.exec(select(Post))} == {7: "tide.eth", 8: "other.eth", 9: "forum.tide.example"}


def test_vote_progress_finds_its_proposal(session: Session, now: datetime) -> None:
    """The progress file names no DAO; the proposal it belongs to does."""
    row = {"proposal_id": "0x01", "snapshot_at": OPENED, "status": "active", "total_vp": 1.5, "votes": 2, "end": OPENED + 9}
    take(session, Kind.VOTE_PROGRESS, [row, {**row, "proposal_id": "unknown"}])
    take(session, Kind.PROPOSAL, [a_proposal()])

    attribute(session, now=now)

    session.expire_all()
    found = {p.external_id: (p.dao_id, p.proposal_id) for p in session.exec(select(VoteProgress))}
    assert found == {"0x01": ("tide.eth", proposal_id("tide.eth", "0x01")), "unknown": ("snapshot.dcl.eth", None)}


def test_a_link_told_twice_bears_the_first_source_in_the_alphabet(session: Session) -> None:
    """Which file came first must not show."""
    take(session, Kind.FORUM_LINK, [a_link(source="b")])
    take(session, Kind.FORUM_LINK, [a_link(source="c"), a_link(source="a")])

    session.expire_all()
    assert session.exec(select(ForumLink)).one().source == "a"


def test_names_that_differ_in_white_space_are_of_two_accounts(session: Session) -> None:
    """Whoever writes as "ann " must not speak for Ann, whose account may be linked to a voter."""
    take(session, Kind.POST, [a_post(post_id=n, post_number=n, author=name) for n, name in enumerate(("ann", "ann ", "\u2003ann"))])
    take(session, Kind.POST, [a_post(post_id=9, post_number=9, author="  ")])

    session.expire_all()
    assert {post.author for post in session.exec(select(Post))} == {"ann", "ann ", "\u2003ann", None}
