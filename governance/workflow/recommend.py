"""Asks for a recommendation: collects the inputs, runs the rules, stores and logs what they say."""

from datetime import datetime
from typing import Any, Final, cast

from sqlmodel import Session

from governance.actors import SYSTEM, Actor, ActorKind
from governance.canonical import canonical, digest, parse_timestamp
from governance.decision_log import EntryKind
from governance.executions import ACCEPTED, State
from governance.identity import of_digest
from governance.recommendation_inputs import RECOMMENDATION_RULES
from governance.recommendations import recommend as decide
from governance.recommendations import simulate_change
from governance.records import blobs, decision_log, parameters, recommendations
from governance.records.daos import Dao, dao_time, get_dao
from governance.records.parameters import Parameter
from governance.records.recommendations import Abstention, Recommendation
from governance.workflow.collect_inputs import collect_inputs
from governance.workflow.put_to_dao import put_to_dao

RECOMMENDER: Final = Actor(ActorKind.MODEL, RECOMMENDATION_RULES, "internal")
_NOT_DECIDED: Final = frozenset({State.PROPOSED, State.VOTING})


def recommend(session: Session, dao_id: str, parameter: str, *, actor: Actor, chain_id: int, now: datetime) -> Recommendation | Abstention:
    """A recommendation put to the DAO, or an abstention with its reason; both with inputs from which they can be recomputed.

    The DAO's open recommendation for the same parameter, if it has none of the consent it needs yet, is superseded by a
    new one; an abstention leaves it as it is. One that was approved is never superseded: then this abstains.

    Raises:
        NotFound: no such DAO or parameter.
        Conflict: the parameter has no objective or no guardrail.

    Logs:
        recommendation.made and recommendation.proposed (and recommendation.superseded), or recommendation.abstained.
    """
    dao, row = get_dao(session, dao_id), parameters.get_parameter(session, dao_id, parameter)
    ts = dao_time(session, dao_id, now)
    _expire_late(session, row, ts=ts, now=now)
    inputs = collect_inputs(session, dao, row, chain_id=chain_id, ts=ts)
    document = decide(inputs)
    blobs.put(session, canonical(inputs), dao_id=dao_id, recorded_at=now)
    if document["kind"] == "abstention":
        return _abstain(session, row, document, asked_by=actor, ts=ts, now=now)
    made = put_to_dao(session, dao, document, parameter_id=row.id, author=RECOMMENDER, asked_by=actor, ts=ts, now=now)
    _supersede(session, made, ts=ts, now=now)
    return made


def simulate(session: Session, dao_id: str, parameter: str, proposed: int, *, chain_id: int, now: datetime) -> dict[str, object]:
    """What moving the parameter to `proposed` would do against *hold*, as known now. Records nothing, permits nothing.

    Raises:
        NotFound: no such DAO or parameter.
        Conflict: the parameter has no objective or no guardrail.
    """
    dao: Dao = get_dao(session, dao_id)
    row = parameters.get_parameter(session, dao_id, parameter)
    inputs = collect_inputs(session, dao, row, chain_id=chain_id, ts=dao_time(session, dao_id, now))
    return simulate_change(inputs, proposed)


def _abstain(
    session: Session, parameter: Parameter, document: dict[str, object], *, asked_by: Actor, ts: datetime, now: datetime
) -> Abstention:
    sha256 = digest(document)
    row = Abstention(
        id=of_digest("abs", sha256),
        dao_id=parameter.dao_id,
        parameter_id=parameter.id,
        digest=sha256,
        document=document,
        inputs_sha256=cast("str", document["inputs_sha256"]),
        known_at=ts,
        recorded_at=now,
    )
    session.add(row)
    session.flush()
    data: dict[str, Any] = {"document": document, "digest": sha256, "inputs": {"sha256": row.inputs_sha256}, "asked_by": asked_by.id}
    decision_log.append(
        session,
        kind=EntryKind.RECOMMENDATION_ABSTAINED,
        dao_id=parameter.dao_id,
        actor=RECOMMENDER,
        subject={"abstention": row.id, "parameter": parameter.id},
        data=data,
        ts=ts,
        recorded_at=now,
    )
    return row


def _supersede(session: Session, made: Recommendation, *, ts: datetime, now: datetime) -> None:
    for other in recommendations.in_states(session, parameter_id=cast("str", made.parameter_id), states=_NOT_DECIDED):
        if other.id != made.id and other.kind == made.kind:
            recommendations.mark_superseded(session, other, by=made.id)
            data = {"by": made.id}
            recommendations.move(session, other, EntryKind.RECOMMENDATION_SUPERSEDED, actor=SYSTEM, data=data, ts=ts, recorded_at=now)


def _expire_late(session: Session, parameter: Parameter, *, ts: datetime, now: datetime) -> None:
    """What was approved and ran out of time is no longer queued."""
    for other in recommendations.in_states(session, parameter_id=parameter.id, states=ACCEPTED | _NOT_DECIDED):
        if ts >= parse_timestamp(other.document["expires_at"]):
            recommendations.move(session, other, EntryKind.RECOMMENDATION_EXPIRED, actor=SYSTEM, data={}, ts=ts, recorded_at=now)
