"""Keeps a candidate's weights, and lets it serve if it was better by the margin: the same for every task, and logged."""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session

from governance.actors import Actor
from governance.decision_log import EntryKind
from governance.errors import Conflict
from governance.promotions import Candidate, Promotion
from governance.records import decision_log, model_versions
from governance.records.daos import dao_time
from governance.records.model_versions import CANDIDATE, CHAMPION


def record_candidate(
    session: Session,
    candidate: Candidate,
    *,
    task: str,
    replaces: str | None,
    learnt: Mapping[str, object],
    card: Mapping[str, object],
    margin_micronats: int,
    dao_id: str | None,
    actor: Actor,
    now: datetime,
) -> None:
    """Keep the candidate's weights; it is champion from now on if it was better by the margin.

    `replaces` is the champion it was compared with (None: what ships), `learnt` what it learnt from and reached, as it is logged;
    `card` says beside that what the list of models says of it.

    Raises:
        Conflict: another model was promoted while this one was trained.

    Logs:
        model.trained, then model.promoted or promotion.withheld.
    """
    serving = model_versions.champion(session, task)
    if (None if serving is None else serving.sha256) != replaces:
        raise Conflict("another model was promoted while this one was trained; retrain to compare with that one")
    promoted = isinstance(candidate.decision, Promotion)
    alias = CHAMPION if promoted else CANDIDATE
    told = {**_compared(candidate, task, margin_micronats), **learnt}
    name = f"{task}-{candidate.digest[:12]}"
    model_versions.add(session, candidate.data, task=task, name=name, alias=alias, body={**told, **card}, recorded_at=now)
    entries = (
        (EntryKind.MODEL_TRAINED, told),
        (EntryKind.MODEL_PROMOTED if promoted else EntryKind.PROMOTION_WITHHELD, _decision(candidate, task, margin_micronats)),
    )
    for kind, data in entries:
        decision_log.append(
            session,
            kind=kind,
            dao_id=dao_id,
            actor=actor,
            subject={"model": candidate.digest},
            data=data,
            ts=now if dao_id is None else dao_time(session, dao_id, now),
            recorded_at=now,
        )


def held_out_losses(candidate: Candidate) -> dict[str, object]:
    """Both log losses on the held-out answers, in millionths of a nat."""
    return {
        "log_loss_micronats": candidate.result.log_loss_micronats,
        "incumbent_log_loss_micronats": candidate.incumbent.log_loss_micronats,
    }


def _compared(candidate: Candidate, task: str, margin_micronats: int) -> dict[str, object]:
    return {
        "task": task,
        "model_digest": candidate.digest,
        "weights": {"sha256": candidate.digest},
        "incumbent_digest": candidate.incumbent.model_digest,
        "margin_micronats": margin_micronats,
    }


def _decision(candidate: Candidate, task: str, margin_micronats: int) -> dict[str, object]:
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
