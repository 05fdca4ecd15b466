"""Keeps a candidate's weights, and lets it serve if it was better by the margin: the same for every task, and logged."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session

from governance.actors import Actor
from governance.decision_log import EntryKind
from governance.errors import Conflict
from governance.promotions import Candidate, Promotion
from governance.records import decision_log, model_versions
from governance.records.daos import dao_time
from governance.records.model_versions import CANDIDATE, CHAMPION


@dataclass(frozen=True, slots=True)
class Training:
    """What a candidate learnt from, and which model it was compared with.

    `champion` is the SHA-256 of that model (None: what ships), `dao_id` the DAO it learnt from (None: all of them). `data`,
    `figures` and `beside` are logged with what every training tells; the list of models adds `licence` and `limits`.
    """

    task: str
    dao_id: str | None
    champion: str | None
    data: Mapping[str, object]
    licence: str
    limits: str
    figures: Mapping[str, object] = field(default_factory=dict)
    beside: Mapping[str, object] = field(default_factory=dict)


def record_candidate(
    session: Session, training: Training, candidate: Candidate, *, margin_micronats: int, actor: Actor, now: datetime
) -> None:
    """Keep the candidate's weights; it is champion from now on if it was better by the margin.

    Raises:
        Conflict: another model was promoted while this one was trained.

    Logs:
        model.trained, then model.promoted or promotion.withheld.
    """
    serving = model_versions.champion(session, training.task)
    if (None if serving is None else serving.sha256) != training.champion:
        raise Conflict("another model was promoted while this one was trained; retrain to compare with that one")
    told, decided = _trained(training, candidate, margin_micronats), _decided(training.task, candidate, margin_micronats)
    promoted = isinstance(candidate.decision, Promotion)
    model_versions.add(
        session,
        candidate.data,
        task=training.task,
        name=f"{training.task}-{candidate.digest[:12]}",
        alias=CHAMPION if promoted else CANDIDATE,
        body={**told, "licence": training.licence, "limits": training.limits},
        recorded_at=now,
    )
    ts = now if training.dao_id is None else dao_time(session, training.dao_id, now)
    subject = {"model": candidate.digest}
    for kind, data in ((EntryKind.MODEL_TRAINED, told), (EntryKind.MODEL_PROMOTED if promoted else EntryKind.PROMOTION_WITHHELD, decided)):
        decision_log.append(session, kind=kind, dao_id=training.dao_id, actor=actor, subject=subject, data=data, ts=ts, recorded_at=now)


def _trained(training: Training, candidate: Candidate, margin_micronats: int) -> dict[str, object]:
    held_out = {"held_out": candidate.result.answers, "held_out_digest": candidate.result.held_out_digest}
    losses = {
        "log_loss_micronats": candidate.result.log_loss_micronats,
        "incumbent_log_loss_micronats": candidate.incumbent.log_loss_micronats,
    }
    return {
        "task": training.task,
        "model_digest": candidate.digest,
        "weights": {"sha256": candidate.digest},
        "incumbent_digest": candidate.incumbent.model_digest,
        "data": {**training.data, **held_out},
        "scores": {**losses, **training.figures},
        "margin_micronats": margin_micronats,
        **training.beside,
    }


def _decided(task: str, candidate: Candidate, margin_micronats: int) -> dict[str, object]:
    decision = candidate.decision
    told: dict[str, object] = {
        "task": task,
        "model_digest": candidate.digest,
        "gain_micronats": decision.gain_micronats,
        "margin_micronats": margin_micronats,
    }
    if isinstance(decision, Promotion):
        return {**told, "replaces": decision.replaces}
    return {**told, "serving": candidate.incumbent.model_digest, "reason": decision.reason}
