"""The queue put together: flags and forecasts as they are on record, and what was not judged is not called clear."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session

from governance.actors import SYSTEM
from governance.evidence import OutcomeForecast, OutcomeQuestion
from governance.identity import proposal_id
from governance.intake.batches import Kind
from governance.records.evidence import Flag
from governance.workflow.forecast import forecast, record_forecast
from governance.workflow.queue_for import DelegateQueue, queue_for
from tests.ingest_rows import OPENED, a_proposal, a_vote, take

DAO = "tide.eth"
ME = "0x1111111111111111111111111111111111111111"
OPEN = [proposal_id(DAO, name) for name in ("a", "b", "c")]
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
AT = datetime.fromtimestamp(OPENED, UTC) + timedelta(days=10)


class Forecaster:
    """Says .7 by a model of its own."""

    def __init__(self, digest: str = "7") -> None:
        self._digest = digest * 64

    def forecast(self, question: OutcomeQuestion) -> OutcomeForecast:  # noqa: ARG002  # the answer is canned
        return OutcomeForecast(0.7, 0.5, 0.2, 3, 0.6, (0.5, 0.7), 12.0, (8.0, 20.0), "model", None, self._digest, {})

    def digest(self) -> str:
        return self._digest


@pytest.fixture
def world(session: Session) -> Session:
    """A DAO in which the delegate voted once, with three proposals alike open at AT."""
    opens = int(AT.timestamp()) - 86_400
    waiting = [
        a_proposal(proposal_id=name, title="Lower it", created=opens, start=opens, end=opens + 3 * 86_400) for name in ("a", "b", "c")
    ]
    take(session, Kind.PROPOSAL, [a_proposal(), *waiting], at=NOW)
    take(session, Kind.VOTE, [a_vote()], at=NOW)
    return session


def _flag(session: Session, proposal: str, rule: str, status: str, *, severity: str | None = None, at: datetime = AT) -> None:
    body = {"rule": rule, "status": status, "severity": severity}
    session.add(
        Flag(
            id=f"{proposal}{rule}{at}", dao_id=DAO, proposal_id=proposal, rule=rule, rule_version=1, status=status, body=body,
            as_of=at, recorded_at=at,
        )
    )  # fmt: skip
    session.flush()


def _queue(session: Session, *, as_of: datetime = AT, forecaster: Forecaster | None = None) -> DelegateQueue:
    return queue_for(session, ME, forecaster=forecaster or Forecaster(), as_of=as_of, now=NOW)


def test_what_nobody_judged_is_not_clear(world: Session) -> None:
    """Judged and nothing fired is an answer; no answer is none; and what fires tomorrow was not known today."""
    _flag(world, OPEN[0], "R01", "clear")
    _flag(world, OPEN[0], "R02", "unknown")
    _flag(world, OPEN[1], "R01", "fired", severity="critical")
    _flag(world, OPEN[2], "R01", "fired", severity="critical", at=AT + timedelta(hours=1))
    found = _queue(world)
    assert found.flags == {OPEN[0]: (), OPEN[1]: ("R01",)}
    assert _queue(world, as_of=AT + timedelta(hours=1)).flags[OPEN[2]] == ("R01",)


def test_a_fired_flag_moves_a_proposal_up(world: Session) -> None:
    """Of proposals alike, the one with the gravest flag is first; the rest stay in the order of their ids."""
    last = max(OPEN)
    assert [each.proposal.proposal_id for each in _queue(world).entries] == sorted(OPEN)
    _flag(world, last, "R01", "fired", severity="warning")
    entries = _queue(world).entries
    assert [each.proposal.proposal_id for each in entries] == [last, *sorted(set(OPEN) - {last})]
    assert [each.parts["flags"] for each in entries] == [0.5, 0.0, 0.0]


def test_a_forecast_on_record_names_the_model_that_made_it(world: Session) -> None:
    """The queue shows what was said, with the model, the lift and the history of then; else what is said now."""
    made = forecast(world, OPEN[0], forecaster=Forecaster("8"), now=NOW, as_of=AT)
    record_forecast(world, made, actor=SYSTEM, now=NOW)
    found = _queue(world)
    assert [found.forecasts[each]["model_sha256"] for each in OPEN] == ["8" * 64, "7" * 64, "7" * 64]
    assert all((body["lift"], body["history_size"]) == ("0.200000", 3) for body in found.forecasts.values())
