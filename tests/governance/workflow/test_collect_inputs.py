"""Whose words reach a recommendation: accounts with voting power that object, each once; no crowd, no praise, no row too many."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast

import pytest
from sqlmodel import Session

from governance.actors import SYSTEM
from governance.intake.batches import Kind
from governance.recommendation_inputs import RECOMMENDATION_RULES
from governance.recommendations import objected
from governance.records.daos import Dao, get_dao
from governance.records.parameters import get_parameter
from governance.strict_fields import decimal_text
from governance.workflow.analyse import read_texts, record_readings, unread_texts, wanted_readings
from governance.workflow.collect_inputs import collect_inputs
from governance.workflow.delegates import set_delegates
from governance.workflow.register_parameter import register_parameter
from governance.workflow.set_guardrail import set_guardrail
from governance.workflow.set_objective import set_objective
from tests.consent_world import HUMAN, electorate_body, wallet
from tests.ingest_rows import a_post, a_proposal, a_vote, take
from tests.token_economy import DAO, guardrail_body, objective_body, parameter_body
from tests.word_reader import WordReader

APR = "staking_apr_bps"
DAY = timedelta(days=1)


@pytest.fixture
def dao(session: Session, now: datetime) -> Session:
    """A DAO with six delegates, a parameter to steer, and a proposal whose own text is called bad."""
    session.add(Dao(id=DAO, name=DAO, invented=True, known_at=now - 30 * DAY, recorded_at=now))
    session.flush()
    set_delegates(session, DAO, electorate_body(*["10"] * 6), actor=HUMAN, now=now - 20 * DAY)
    register_parameter(session, DAO, parameter_body(), place={"kind": "manual_record"}, actor=HUMAN, now=now)
    set_objective(session, DAO, objective_body(), actor=HUMAN, now=now)
    set_guardrail(session, DAO, APR, guardrail_body(), actor=HUMAN, now=now)
    opened = _at(now - 8 * DAY)
    row = a_proposal(dao=DAO, created=opened, start=opened, end=opened + 7 * 86_400, body="A bad, bad body.")
    take(session, Kind.PROPOSAL, [row], at=now)
    return session


def _at(moment: datetime) -> int:
    return int(moment.timestamp())


def vote(number: int, reason: str, at: datetime, *, power: float | None = None) -> dict[str, object]:
    """A vote with a reason; wallets 1 to 6 are delegates."""
    return a_vote(dao=DAO, voter=wallet(number).address, created=_at(at), vp=power, reason=reason)


def crowd(count: int, text: str, at: datetime) -> list[dict[str, object]]:
    """Posts of accounts that nobody knows, under the proposal."""
    return [
        a_post(
            dao=DAO, post_id=1_000 + n, post_number=n + 1, author=f"bot{n}", text=text.format(n=n), created=_at(at), linked_proposal="0x01"
        )
        for n in range(count)
    ]


def objecting(session: Session, now: datetime) -> list[dict[str, str]]:
    """Have every text read and collect."""
    reader = WordReader()
    subjects = unread_texts(session, DAO, reader=reader, now=now, limit=10_000).subjects
    record_readings(session, DAO, read_texts(wanted_readings(session, subjects, reader=reader), reader=reader), actor=SYSTEM, now=now)
    inputs = collect_inputs(session, get_dao(session, DAO), get_parameter(session, DAO, APR), chain_id=31_337, ts=now)
    assert (inputs["v"], inputs["rules"]) == (2, RECOMMENDATION_RULES)
    return cast("list[dict[str, str]]", inputs["objections"])


def wary(rows: Sequence[dict[str, str]]) -> bool:
    """What the rules make of it."""
    return objected([decimal_text(row["weight"], field="weight") for row in rows])


def test_a_crowd_without_power_raises_no_caution(dao: Session, now: datetime) -> None:
    """Two hundred different posts against, and the proposal's own words; nobody among them has power."""
    take(dao, Kind.POST, crowd(200, "bad {n} bad thing number {n} of {n}", now - DAY), at=now)

    assert objecting(dao, now) == []


def test_newer_posts_and_praise_take_no_objection_away(dao: Session, now: datetime) -> None:
    """Five delegates object; then sixty voters with more power praise, and two hundred accounts post later."""
    take(dao, Kind.VOTE, [vote(n, "A bad deal.", now - 6 * DAY) for n in range(1, 6)], at=now)
    before = objecting(dao, now)
    assert [row["weight"] for row in before] == ["1.000000"] * 5
    assert wary(before)

    take(dao, Kind.VOTE, [vote(n, f"A good deal {n}.", now - DAY, power=90_000.0) for n in range(7, 67)], at=now)
    take(dao, Kind.POST, crowd(200, "good {n} good thing number {n} of {n}", now - DAY), at=now)

    assert objecting(dao, now) == before


def test_an_account_counts_once_whatever_it_writes(dao: Session, now: datetime) -> None:
    """Four delegates who object are four, though each text was read for stance and for sentiment."""
    take(dao, Kind.VOTE, [vote(n, "A bad deal.", now - 6 * DAY) for n in range(1, 5)], at=now)
    take(dao, Kind.VOTE, [vote(5, "A deal.", now - 6 * DAY), vote(6, "A good deal.", now - 6 * DAY)], at=now)

    found = objecting(dao, now)

    assert sorted(row["account"] for row in found) == sorted(wallet(n).address.lower() for n in range(1, 5))
    assert not wary(found)


def test_dust_is_no_voice_of_its_own(dao: Session, now: datetime) -> None:
    """A balance split over fifty wallets weighs what it is beside the registered delegates' power."""
    take(dao, Kind.VOTE, [vote(n, f"A bad deal {n}.", now - 6 * DAY, power=0.006) for n in range(7, 57)], at=now)

    found = objecting(dao, now)

    assert [row["weight"] for row in found] == ["0.050000"] * 50
    assert not wary(found)


def test_what_was_said_before_the_window_or_after_the_moment_does_not_count(dao: Session, now: datetime) -> None:
    """The same moment gives the same inputs, whatever is said later."""
    take(dao, Kind.VOTE, [vote(1, "A bad deal.", now - 6 * DAY), vote(2, "A bad deal.", now - 2 * DAY)], at=now)
    objecting(dao, now)

    dao_, parameter = get_dao(dao, DAO), get_parameter(dao, DAO, APR)
    then = collect_inputs(dao, dao_, parameter, chain_id=31_337, ts=now - 4 * DAY)["objections"]
    late = collect_inputs(dao, dao_, parameter, chain_id=31_337, ts=now + 9 * DAY)["objections"]

    assert [row["account"] for row in cast("list[dict[str, str]]", then)] == [wallet(1).address.lower()]
    assert [row["account"] for row in cast("list[dict[str, str]]", late)] == [wallet(2).address.lower()]
