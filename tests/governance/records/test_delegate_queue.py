"""What a delegate's queue is made of, as known at a time: only what was open then, and blind to everything later."""

import hashlib
import random
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, select

from governance.delegate_queue import Queued, queue
from governance.evidence import Stance
from governance.identity import proposal_id
from governance.intake.batches import Kind
from governance.records.delegate_queue import daos_of, open_proposals, records_of, texts_of_sides
from governance.records.evidence import Reading
from governance.records.posts import Post
from governance.records.votes import Vote
from tests.ingest_rows import a_post, a_proposal, a_vote, take

OPENED = datetime(2024, 6, 1, tzinfo=UTC)
IMPORTED = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ME = f"0x{1:040x}"
# A source that tells only when a vote really closed.
OPEN_ENDED = "daohaus"
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
    waiting = open_proposals(session, daos, address, as_of=at, most=50)
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
    moments = [each.latest_vote_at for each in found if each.votes]
    assert moments
    assert all(moment is not None and moment <= at for moment in moments)
    assert all(each.latest_vote_at is None for each in found if not each.votes)
    assert _queue(session, "0xstranger", at) == []


def test_what_closes_first_is_looked_at_and_open_ends_last(session: Session) -> None:
    """Of more than are looked at, those nobody tells an end of give way; on every database, and whatever their real close."""
    opens = int(OPENED.timestamp())
    fixed = [a_proposal(dao="ebb.eth", proposal_id=f"f{day}", created=opens, start=opens, end=opens + day * 86_400) for day in (3, 2)]
    unfixed = [
        a_proposal(source=OPEN_ENDED, dao="ebb.eth", proposal_id=f"u{number}", created=opens - number, start=opens - number, end=end)
        for number, end in ((1, opens + 9 * 86_400), (2, opens + 86_400), (0, None))
    ]
    take(session, Kind.PROPOSAL, [*fixed, *unfixed], at=IMPORTED)
    at = OPENED + timedelta(hours=1)
    found = open_proposals(session, ["ebb.eth"], ME, as_of=at, most=5)
    # A real close that came soon, late or never moves nothing: the newest opening first, then by id.
    assert [each.proposal_id for each in found] == [proposal_id("ebb.eth", name) for name in ("f2", "f3", "u0", "u1", "u2")]
    assert [each.proposal_id for each in open_proposals(session, ["ebb.eth"], ME, as_of=at, most=2)] == [
        proposal_id("ebb.eth", name) for name in ("f2", "f3")
    ]


def test_what_was_voted_on_takes_no_place_and_a_revision_is_dated(session: Session) -> None:
    """Of more than are looked at, those that wait for the delegate are; and an older forecast can be told from what was revised since."""
    opens = int(OPENED.timestamp())
    rows = [a_proposal(dao="ebb.eth", proposal_id=f"f{day}", created=opens, start=opens, end=opens + day * 86_400) for day in (2, 3, 4)]
    take(session, Kind.PROPOSAL, rows, at=IMPORTED)
    take(session, Kind.VOTE, [a_vote(dao="ebb.eth", proposal_id=f"f{day}", voter=ME, created=opens + 60) for day in (2, 3)], at=IMPORTED)
    revised = OPENED + timedelta(minutes=30)
    take(session, Kind.PROPOSAL, [{**rows[2], "body": "Another body."}], at=revised)

    (first,) = open_proposals(session, ["ebb.eth"], ME, as_of=OPENED + timedelta(hours=1), most=2)

    assert (first.proposal_id, first.revised_at) == (proposal_id("ebb.eth", "f4"), revised)
    assert open_proposals(session, ["ebb.eth"], ME, as_of=revised - timedelta(minutes=1), most=2)[-1].revised_at != revised


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


def _read(session: Session, id_: str, said: str, label: str, *, sure: str, at: datetime, kind: str = "post") -> None:
    """The reading on record of a text about the proposal, known and recorded at `at`."""
    session.add(
        Reading(
            id=f"{id_}_{at}", dao_id="tide.eth", subject_kind=kind, subject_id=id_, proposal_id=proposal_id("tide.eth", "0x01"),
            task="stance", label=label, scores=["0.010000", sure, "0.020000"], windows=1, model_sha256="6" * 64,
            text_sha256=hashlib.sha256(said.encode()).hexdigest(), known_at=at, recorded_at=at,
        )
    )  # fmt: skip
    session.flush()


def _said(session: Session, as_of: datetime) -> dict[Stance, list[str]]:
    about = proposal_id("tide.eth", "0x01")
    found = texts_of_sides(session, [about, "prop_without"], as_of=as_of)
    assert found["prop_without"] == {Stance.FOR: (), Stance.AGAINST: ()}
    return {side: [each.text for each in texts] for side, texts in found[about].items()}


def test_the_surest_texts_of_each_side_are_given_as_worded_then(session: Session) -> None:
    """Posts and reasons alike, by stored readings; a text changed later keeps its words, one changed since its reading is out."""
    first, second = IMPORTED, IMPORTED + DAY
    take(session, Kind.PROPOSAL, [a_proposal()], at=first)
    take(session, Kind.VOTE, [a_vote(reason="A bad deal for all.")], at=first)
    posts = {"A good plan indeed.": 70, "A fine plan, it seems.": 71, "Read by nobody.": 72}
    take(
        session,
        Kind.POST,
        [a_post(text=said, post_id=id_, dao="tide.eth", linked_proposal="0x01") for said, id_ in posts.items()],
        at=first,
    )
    ids = dict(session.exec(select(Post.text, Post.id)).all())
    vote = session.exec(select(Vote.id)).one().hex()
    _read(session, ids["A good plan indeed."], "A good plan indeed.", "for", sure="0.700000", at=first)
    _read(session, ids["A fine plan, it seems."], "A fine plan, it seems.", "for", sure="0.900000", at=first)
    _read(session, vote, "A bad deal for all.", "against", sure="0.800000", at=first, kind="vote")
    before = {Stance.FOR: ["A fine plan, it seems.", "A good plan indeed."], Stance.AGAINST: ["A bad deal for all."]}
    assert _said(session, first) == before

    changed = a_post(text="On reflection, no.", post_id=71, dao="tide.eth", linked_proposal="0x01")
    take(session, Kind.POST, [changed], at=second)
    assert _said(session, second) == {**before, Stance.FOR: ["A good plan indeed."]}
    _read(session, ids["A fine plan, it seems."], "On reflection, no.", "against", sure="0.990000", at=second)
    assert _said(session, second) == {Stance.FOR: ["A good plan indeed."], Stance.AGAINST: ["On reflection, no.", "A bad deal for all."]}
    assert _said(session, first) == before
