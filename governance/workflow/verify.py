"""Verifies an executed change: what the KPIs did until its horizon, against the ranges that were approved with it."""

from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from governance import kpis
from governance.actors import Actor
from governance.canonical import digest, timestamp
from governance.decision_log import EntryKind
from governance.errors import Conflict
from governance.executions import State
from governance.identity import derived
from governance.input_limits import ObservedValue
from governance.kpis import ExpectedKpi, MeasuredKpi, Verdict
from governance.records import decision_log, executions, parameters, recommendations
from governance.records import recommendation_evidence as evidence
from governance.records.daos import dao_time
from governance.records.recommendations import Recommendation, Verification, get_recommendation
from governance.strict_fields import decimal_text


def verify(session: Session, recommendation_id: str, *, actor: Actor, now: datetime) -> Verification:
    """The verdict on an executed change of a parameter: met, missed or inconclusive.

    The yardstick is the document that was approved. The horizon runs from the execution. When the parameter moved again
    before the horizon was over, nobody can tell the two moves apart: inconclusive. A verdict of met or missed stands; an
    inconclusive one is asked again when more was observed.

    Raises:
        NotFound: no such recommendation.
        Conflict: it was not executed, it expects no KPIs, or its horizon is not over.

    Logs:
        verification.recorded, when there is a new verdict.
    """
    row = get_recommendation(session, recommendation_id)
    executed_at = _executed_at(session, row)
    ts, end = dao_time(session, row.dao_id, now), executed_at + timedelta(seconds=int(row.document["horizon_s"]))
    if ts < end:
        raise Conflict("the horizon is not over", field="horizon", value=timestamp(end), rule="now >= executed_at + horizon_s")
    earlier = recommendations.verifications_of(session, row.id)
    if earlier and earlier[-1].verdict != Verdict.INCONCLUSIVE:
        return earlier[-1]
    measured = [_measure(session, row, ExpectedKpi.from_body(kpi), end=end) for kpi in row.document["kpis"]]
    again = _moved_again(session, row, executed_at=executed_at, end=end)
    verdict = Verdict.INCONCLUSIVE if again is not None else kpis.verdict(measured)
    body: dict[str, Any] = {
        "number": len(earlier) + 1,
        "verdict": verdict.value,
        "kpis": [kpi.body() for kpi in measured],
        "executed_at": timestamp(executed_at),
        "horizon_end": timestamp(end),
        "moved_again_at": None if again is None else timestamp(again),
        "recommendation_digest": row.digest,
    }
    if earlier and digest({**earlier[-1].body, "number": 0}) == digest({**body, "number": 0}):
        return earlier[-1]
    return _record(session, row, body, actor=actor, ts=ts, now=now)


def _executed_at(session: Session, row: Recommendation) -> datetime:
    execution = executions.find_execution(session, row.id)
    if row.state != State.EXECUTED or execution is None or execution.executed_at is None:
        raise Conflict("only an executed change is verified", field="state", value=row.state, rule="EXECUTED")
    if not row.document["kpis"]:
        raise Conflict("it expects no KPIs", field="kind", value=row.kind, rule="a parameter_change")
    return execution.executed_at


def _measure(session: Session, row: Recommendation, expected: ExpectedKpi, *, end: datetime) -> MeasuredKpi:
    seen = evidence.observations_known(session, row.dao_id, [expected.metric], since=end - expected.window, now=end)
    values = [ObservedValue(o.metric, o.source, o.observed_at, decimal_text(o.value, field="value")) for o in seen]
    return kpis.measure(expected, values, units={o.unit for o in seen}, end=end)


def _moved_again(session: Session, row: Recommendation, *, executed_at: datetime, end: datetime) -> datetime | None:
    if row.parameter_id is None:
        return None
    later = [value.known_at for value in parameters.values_of(session, row.parameter_id) if executed_at < value.known_at <= end]
    return later[0] if later else None


def _record(session: Session, row: Recommendation, body: dict[str, Any], *, actor: Actor, ts: datetime, now: datetime) -> Verification:
    found = Verification(
        id=derived("ver", "verification", row.id, str(body["number"])),
        dao_id=row.dao_id,
        recommendation_id=row.id,
        verdict=body["verdict"],
        body=body,
        known_at=ts,
        recorded_at=now,
    )
    session.add(found)
    session.flush()
    decision_log.append(
        session,
        kind=EntryKind.VERIFICATION_RECORDED,
        dao_id=row.dao_id,
        actor=actor,
        subject={"recommendation": row.id, "verification": found.id},
        data=body,
        ts=ts,
        recorded_at=now,
    )
    return found
