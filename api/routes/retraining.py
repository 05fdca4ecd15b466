"""Retraining: a candidate from the deployment's own closed proposals, promoted only when it is better by the stated margin."""

from threading import Lock
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from api.dependencies import ClockDep, ModelsDep, ReadDep, SettingsDep, WriterDep, require
from api.errors import problems
from api.promoted_models import write_champion
from governance.actors import Actor, Role
from governance.errors import Conflict, InvalidInput, ModelUnavailable, NotFound
from governance.evidence import OutcomeCandidate
from governance.promotions import Promotion
from governance.workflow.retrain import DEFAULT_MARGIN_MICRONATS, Lessons, collect_lessons, record_training, train_candidate

router = APIRouter(prefix="/models", tags=["models"])

# Training takes both cores for minutes; a second one at a time would only slow the first.
_ONE_AT_A_TIME = Lock()


class RetrainingIn(BaseModel):
    """From which results, and how much better the candidate must be."""

    model_config = ConfigDict(extra="forbid", strict=True)

    dao_id: str | None = Field(None, max_length=128, description="Only results of this DAO; default all.")
    margin_micronats: int = Field(
        DEFAULT_MARGIN_MICRONATS, ge=0, le=10_000_000, description="By how many millionths of a nat its log loss must be lower."
    )


class RetrainingOut(BaseModel):
    """The candidate, its figures on time that neither model learnt from, and whether it serves now."""

    model_sha256: str = Field(description="SHA-256 of the candidate's weights.")
    decision: Literal["promoted", "withheld"]
    reason: str | None = Field(description="Why it was withheld.")
    serves: str = Field(description="SHA-256 of the model that serves from now on.")
    gain_micronats: int = Field(description="The incumbent's log loss minus the candidate's, in millionths of a nat.")
    margin_micronats: int
    log_loss_micronats: int
    incumbent_log_loss_micronats: int
    known_results: int = Field(description="Results known now.")
    trained_answers: int = Field(description="Those it learnt from.")
    held_out_answers: int = Field(description="Those both were judged on: the latest.")
    verifications: dict[str, int] = Field(description="Verifications of executed changes so far, by verdict.")


@router.post("/outcome/retraining", operation_id="retrainOutcome", responses=problems(NotFound, InvalidInput, Conflict, ModelUnavailable))
def retrain(
    *,
    body: RetrainingIn,
    session: ReadDep,
    writer: WriterDep,
    clock: ClockDep,
    models: ModelsDep,
    settings: SettingsDep,
    actor: Annotated[Actor, Depends(require(Role.ADMIN))],
) -> RetrainingOut:
    """Fit the outcome forecast to the deployment's own results and let it serve if it is better by the margin (role admin).

    Takes seconds to minutes. Trained, and promoted or withheld, are both logged.
    """
    if not _ONE_AT_A_TIME.acquire(blocking=False):
        raise Conflict("a retraining is running; ask again when it is done")
    try:
        now, margin = clock(), body.margin_micronats
        lessons = collect_lessons(session, dao_id=body.dao_id, now=now)
        session.rollback()  # a long training would keep the database from tidying up
        candidate = train_candidate(lessons, trainer=models.trainer(), margin_micronats=margin)
        writer.run(lambda unit: record_training(unit, lessons, candidate, margin_micronats=margin, actor=actor, now=now))
        if isinstance(candidate.decision, Promotion):
            write_champion(settings, session)
            models.reload()
    finally:
        _ONE_AT_A_TIME.release()
    return _shown(lessons, candidate, margin)


def _shown(lessons: Lessons, candidate: OutcomeCandidate, margin: int) -> RetrainingOut:
    decision = candidate.decision
    promoted = isinstance(decision, Promotion)
    return RetrainingOut(
        model_sha256=candidate.digest,
        decision="promoted" if promoted else "withheld",
        reason=None if isinstance(decision, Promotion) else decision.reason,
        serves=candidate.digest if promoted else candidate.incumbent.model_digest,
        gain_micronats=decision.gain_micronats,
        margin_micronats=margin,
        log_loss_micronats=candidate.result.log_loss_micronats,
        incumbent_log_loss_micronats=candidate.incumbent.log_loss_micronats,
        known_results=len(lessons.answers),
        trained_answers=candidate.trained_answers,
        held_out_answers=candidate.result.answers,
        verifications=dict(lessons.verifications),
    )
