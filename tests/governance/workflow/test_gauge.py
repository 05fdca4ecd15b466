"""The alarm's weekly values: those that rest on evidence are out of reach for accounts without voting power."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session

from governance.actors import SYSTEM
from governance.intake.batches import Kind
from governance.mood.alarm import FEWEST_WEEKS, WEEKS, Alarm, Status
from governance.workflow.analyse import read_texts, record_readings, unread_texts, wanted_readings
from governance.workflow.gauge import gauge_alarm
from tests.ingest_rows import OPENED, a_post, a_proposal, a_vote, take
from tests.word_reader import WordReader

DAO = "tide.eth"
WEEK = 7 * 86_400
ENDS = datetime.fromtimestamp(OPENED, UTC)
NOW = ENDS + timedelta(days=900)


def week_begins(week: int) -> int:
    """The first second of a week, numbered from the oldest that the alarm looks at."""
    return OPENED - (WEEKS - week) * WEEK


def served(session: Session) -> tuple[Alarm, bool, list[float]]:
    """The alarm once every text is read, what it rests on, and the weekly values as they are shown."""
    reader = WordReader()
    subjects = unread_texts(session, DAO, reader=reader, now=NOW, limit=10_000).subjects
    record_readings(session, DAO, read_texts(wanted_readings(session, subjects, reader=reader), reader=reader), actor=SYSTEM, now=NOW)
    alarm, evidenced, weeks = gauge_alarm(session, DAO, task="sentiment", as_of=ENDS)
    return alarm, evidenced, [each.mood.by_account.value for each in weeks if each.mood.by_account is not None]


@pytest.mark.parametrize("push", ["good", "bad"])
def test_a_thousand_accounts_without_power_change_nothing_in_an_alarm_that_rests_on_evidence(session: Session, push: str) -> None:
    """They neither ring it nor keep it still nor move its means; what is served by account does move, within its bound."""
    ids = [f"0x{week:02x}" for week in range(WEEKS)]
    opened = [week_begins(week) + 3_600 for week in range(WEEKS)]
    proposals = [a_proposal(proposal_id=id_, created=at, start=at, end=at + WEEK) for id_, at in zip(ids, opened, strict=True)]
    # A voter gives a reason each week, and from the nineteenth on the reasons are bad.
    votes = [
        a_vote(proposal_id=id_, created=at + 3_600, vp=60.0, reason=f"A {'bad' if week >= 18 else 'plain'} thing, the {week}th.")
        for week, (id_, at) in enumerate(zip(ids, opened, strict=True))
    ]
    take(session, Kind.PROPOSAL, proposals, at=NOW)
    take(session, Kind.VOTE, votes, at=NOW)
    alone, evidenced, before = served(session)

    # From two weeks before the fall on, where they would blur or sharpen it.
    posts = [
        a_post(
            dao=DAO, post_id=100 + n, post_number=n, author=f"bot{n}", text=f"{push} {n} thing", created=week_begins(16 + n % 10) + 7_200
        )
        for n in range(1_000)
    ]
    take(session, Kind.POST, posts, at=NOW)
    flooded, still_evidenced, after = served(session)

    assert (evidenced, still_evidenced, alone.status) == (True, True, Status.FIRED)
    assert flooded == alone
    assert after != before


@pytest.mark.parametrize("weeks", [1, FEWEST_WEEKS - 1])
def test_accounts_without_power_ring_no_alarm_where_anyone_with_power_spoke(session: Session, weeks: int) -> None:
    """Too few weeks of evidence leave the alarm unknown; they do not hand it to whoever posts most."""
    ids = [f"0x{week:02x}" for week in range(weeks)]
    opened = [week_begins(WEEKS - weeks + week) + 3_600 for week in range(weeks)]
    take(session, Kind.PROPOSAL, [a_proposal(proposal_id=id_, created=at, start=at) for id_, at in zip(ids, opened, strict=True)], at=NOW)
    votes = [
        a_vote(proposal_id=id_, created=at + 3_600, vp=60.0, reason=f"A plain thing, the {id_}.")
        for id_, at in zip(ids, opened, strict=True)
    ]
    take(session, Kind.VOTE, votes, at=NOW)
    posts = [
        a_post(
            dao=DAO,
            post_id=100 + n,
            post_number=n,
            author=f"bot{n}",
            text=f"{'good' if n % WEEKS < 18 else 'bad'} {n} thing",
            created=week_begins(n % WEEKS) + 7_200,
        )
        for n in range(10 * WEEKS)
    ]
    take(session, Kind.POST, posts, at=NOW)

    alarm, evidenced, _ = served(session)

    assert (alarm.status, alarm.weeks, evidenced) == (Status.UNKNOWN, weeks, True)


def test_where_nobody_with_power_spoke_the_alarm_says_that_it_rests_on_nothing(session: Session) -> None:
    """Without evidence anyone can ring it, and the answer says so."""
    posts = [
        a_post(
            dao=DAO,
            post_id=n,
            post_number=n,
            author=f"a{n}",
            text=f"{'good' if n < 18 else 'bad'} {n} thing",
            created=week_begins(n) + 7_200,
        )
        for n in range(WEEKS)
    ]
    take(session, Kind.POST, posts, at=NOW)

    alarm, evidenced, _ = served(session)

    assert (alarm.status, evidenced) == (Status.FIRED, False)
