"""What the flag rules may see is what was known then, on both databases."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import Session

from governance.errors import NotFound
from governance.flags.case import Figures
from governance.flags.registry import assess
from governance.identity import proposal_id
from governance.intake.batches import Kind
from governance.records.evidence import Forecast
from governance.records.flags import case_of
from tests.ingest_rows import OPENED, a_post, a_proposal, a_vote, take

DAO = "tide.eth"
PROPOSAL = proposal_id(DAO, "0x01")
DAY = 86_400
MIDST = datetime.fromtimestamp(OPENED + 3 * DAY, UTC)


def _earlier(number: int) -> dict[str, Any]:
    """A closed proposal of earlier weeks."""
    opened = OPENED - (8 * number + 8) * DAY
    return a_proposal(proposal_id=f"0x1{number}", created=opened, start=opened, end=opened + 7 * DAY)


def _observed(metric: str, value: str, at: int = OPENED) -> dict[str, Any]:
    return {"dao": DAO, "metric": metric, "time": at, "value": value, "unit": "usd", "source": "dex"}


def _world(session: Session) -> None:
    """One proposal with votes, six closed ones before it, and a discussion."""
    earlier = [_earlier(number) for number in range(6)]
    take(session, Kind.PROPOSAL, [a_proposal(quorum="100"), *earlier])
    voters = [f"0x{number:040x}" for number in range(6)]
    before = [
        a_vote(proposal_id=row["proposal_id"], voter=voter, vp="20", created=row["start"] + 60) for row in earlier for voter in voters
    ]
    take(session, Kind.VOTE, [*(a_vote(voter=voter, vp="10.5") for voter in voters), *before])
    take(session, Kind.POST, [a_post(dao=DAO, linked_proposal="0x01", created=OPENED + 60, author_created=OPENED - DAY)])
    take(session, Kind.OBSERVATION, [_observed("price", "2"), _observed("treasury_liquid", "9")])


def test_the_case_holds_what_rules_need(session: Session) -> None:
    """Votes, earlier votes, discussion and figures all reach the rules."""
    _world(session)

    case = case_of(session, DAO, PROPOSAL, as_of=MIDST)

    assert len(case.ballots or ()) == 6
    assert case.quorum == 100
    assert [len(past.ballots) for past in case.past] == [6] * 6
    assert case.past[0].ends_at is not None
    assert [past.defeated for past in case.past] == [False] * 6
    assert case.posts is not None
    assert case.posts[0].account_since == datetime.fromtimestamp(OPENED - DAY, UTC)
    assert case.figures == Figures(treasury=Decimal(9), price=Decimal(2), active_supply=Decimal(63))
    assert (case.emergency_path, case.calls, case.executable) == (False, None, None)


def test_later_rows_change_no_case(session: Session) -> None:
    """Deleting the future is not enough: falsifying it must change nothing either."""
    _world(session)
    before = case_of(session, DAO, PROPOSAL, as_of=MIDST)

    late = OPENED + 4 * DAY
    take(session, Kind.VOTE, [a_vote(voter="0x" + "9" * 40, vp="900000", created=late), a_vote(vp="1", choice="2", created=late)])
    take(session, Kind.PROPOSAL, [a_proposal(proposal_id="0x77", created=late, start=late, end=late + DAY)])
    take(session, Kind.POST, [a_post(dao=DAO, linked_proposal="0x01", post_id=99, created=late)])
    take(session, Kind.OBSERVATION, [_observed("price", "7", late)])

    after = case_of(session, DAO, PROPOSAL, as_of=MIDST)
    assert after == before
    assert assess(after) == assess(before)
    assert case_of(session, DAO, PROPOSAL, as_of=MIDST + timedelta(days=2)) != before


def test_what_is_told_anew_later_changes_no_case(session: Session) -> None:
    """Of edits, moved ends and votes of others the case of then knows nothing; nor of a forecast that was made afterwards."""
    post = a_post(dao=DAO, linked_proposal="0x01", created=OPENED + 60, author_created=OPENED - DAY)
    running = a_proposal(proposal_id="0x55", created=OPENED - DAY, start=OPENED - DAY, end=OPENED + 7 * DAY)
    _world(session)
    take(session, Kind.PROPOSAL, [running])
    before = case_of(session, DAO, PROPOSAL, as_of=MIDST)

    later = datetime(2027, 1, 1, tzinfo=UTC)
    take(session, Kind.POST, [{**post, "text": "Deleted by its author.", "author_created": OPENED - 900 * DAY}], at=later)
    take(session, Kind.PROPOSAL, [{**_earlier(0), "end": OPENED + 5 * DAY}, {**running, "end": OPENED + 2 * DAY}], at=later)
    forecast: dict[str, Any] = {
        "dao_id": DAO,
        "proposal_id": PROPOSAL,
        "body": {"reaches_quorum": {"probability": "0.01"}},
        "sha256": "0" * 64,
    }
    session.add(Forecast(id="fct_late", as_of=MIDST - timedelta(hours=1), model_sha256="1" * 64, recorded_at=later, **forecast))
    session.flush()

    assert [past.live for past in before.past].count(True) == 1
    assert case_of(session, DAO, PROPOSAL, as_of=MIDST) == before


def test_a_post_dated_anew_later_opened_its_thread_then(session: Session) -> None:
    """Which post opened a discussion goes by the times that were told then."""
    opening = a_post(dao=DAO, linked_proposal="0x01", created=OPENED - 10 * DAY, author_created=OPENED - 11 * DAY)
    reply = {**opening, "post_id": 2, "post_number": 2, "created": OPENED - 9 * DAY, "author_created": OPENED - 900 * DAY}
    take(session, Kind.PROPOSAL, [a_proposal()])
    take(session, Kind.POST, [opening, reply])
    before = case_of(session, DAO, PROPOSAL, as_of=MIDST)

    later = datetime(2027, 1, 1, tzinfo=UTC)
    take(session, Kind.POST, [{**opening, "created": OPENED - 5 * DAY}], at=later)

    (thread,) = before.threads or ()
    assert thread.account_since == datetime.fromtimestamp(OPENED - 11 * DAY, UTC)
    assert case_of(session, DAO, PROPOSAL, as_of=MIDST) == before


def test_votes_that_came_later_do_not_decide_which_earlier_ones_are_read(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """How many votes an earlier proposal has is counted as of then."""
    monkeypatch.setattr("governance.records.flags._MOST_BALLOTS", 40)
    _world(session)
    before = case_of(session, DAO, PROPOSAL, as_of=MIDST)

    late = [a_vote(proposal_id="0x10", voter=f"0x{9_000 + number:040x}", vp="1", created=OPENED + 6 * DAY) for number in range(30)]
    take(session, Kind.VOTE, late)

    assert case_of(session, DAO, PROPOSAL, as_of=MIDST) == before


def test_a_basis_drawn_up_in_the_future_is_none(session: Session) -> None:
    """A change that says it was drawn up later than now has no age that could be judged."""
    change = {"name": "cap", "unit": "usd", "to": "100", "approved_from": "90", "live": "90", "made_at": "2099-01-01T00:00:00Z"}
    take(session, Kind.PROPOSAL, [a_proposal(chain={"read_at": "2023-11-16T00:00:00Z", "changes": [change]})])

    (told,) = case_of(session, DAO, PROPOSAL, as_of=MIDST).chain.changes or ()

    assert (told.live, told.made_at) == (Decimal(90), None)


def test_a_result_is_no_input_before_the_close(session: Session) -> None:
    """How the others ended is known only when they ended."""
    _world(session)

    moment = datetime.fromtimestamp(OPENED - 2 * DAY, UTC)
    case = case_of(session, DAO, proposal_id(DAO, "0x11"), as_of=moment)

    (running,) = [past for past in case.past if past.external_id == "0x10"]
    assert (running.live, running.defeated, running.ends_at, running.ballots) == (True, None, None, ())


def test_the_forecast_on_record_says_how_likely_quorum_is(session: Session) -> None:
    """One number of one model; a forecast for a later moment is not seen."""
    _world(session)
    for number, (moment, odds) in enumerate([(MIDST - timedelta(hours=1), "0.310000"), (MIDST + timedelta(hours=1), "0.990000")]):
        body = {"reaches_quorum": {"probability": odds}}
        session.add(
            Forecast(
                id=f"fct_{number}",
                dao_id=DAO,
                proposal_id=PROPOSAL,
                as_of=moment,
                body=body,
                sha256="0" * 64,
                model_sha256="1" * 64,
                recorded_at=MIDST,
            )
        )
    session.flush()

    assert case_of(session, DAO, PROPOSAL, as_of=MIDST).quorum_probability == Decimal("0.31")


def test_what_nobody_could_know_is_not_found(session: Session) -> None:
    """A proposal of another DAO, or of tomorrow."""
    _world(session)

    with pytest.raises(NotFound):
        case_of(session, "ebb.eth", PROPOSAL, as_of=MIDST)
    with pytest.raises(NotFound):
        case_of(session, DAO, PROPOSAL, as_of=datetime.fromtimestamp(OPENED - 1, UTC))
