"""Retraining the text model: vote reasons teach it the DAO's own words, and it reads on only if it is better by the margin."""

from threading import Lock
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from api.dependencies import ClockDep, ModelsDep, ReadDep, SettingsDep, WriterDep, require
from api.errors import problems
from api.promoted_models import write_champion
from governance.actors import Actor, Role
from governance.errors import Conflict, InvalidInput, ModelUnavailable, NotFound
from governance.promotions import Promotion
from governance.records.model_versions import TEXT
from governance.text_lessons import TextCandidate
from governance.workflow.retrain_text import (
    DEFAULT_MARGIN_MICRONATS,
    TextLessons,
    collect_text_lessons,
    record_text_training,
    train_text_candidate,
)

router = APIRouter(prefix="/models", tags=["models"])

# Training takes both cores; a second one at a time would only slow the first.
_ONE_AT_A_TIME = Lock()


class TextRetrainingIn(BaseModel):
    """From whose reasons, and how much better the candidate must be."""

    model_config = ConfigDict(extra="forbid", strict=True)

    dao_id: str | None = Field(None, max_length=128, description="Only reasons of this DAO; default all.")
    margin_micronats: int = Field(
        DEFAULT_MARGIN_MICRONATS, ge=0, le=10_000_000, description="By how many millionths of a nat its log loss must be lower."
    )


class TextRetrainingOut(BaseModel):
    """The candidate, its figures on time that neither model learnt from, and whether it reads now."""

    model_sha256: str = Field(description="SHA-256 of the candidate's weights.")
    decision: Literal["promoted", "withheld"]
    reason: str | None = Field(description="Why it was withheld.")
    serves: str = Field(description="SHA-256 of the model that reads from now on.")
    gain_micronats: int = Field(description="The incumbent's log loss minus the candidate's, in millionths of a nat.")
    margin_micronats: int
    log_loss_micronats: int
    incumbent_log_loss_micronats: int
    known_reasons: int = Field(description="Vote reasons known now.")
    usable_reasons: int = Field(description="Those that state a stance and are no repetitions.")
    trained_reasons: int = Field(description="Those it learnt from.")
    held_out_reasons: int = Field(description="Those both were judged on: the latest, about other proposals.")
    figures: dict[Literal["candidate", "incumbent"], dict[str, str]] = Field(
        description="Macro-F1 with its 95 % interval, accuracy, and the recall of each label, on the held-out reasons."
    )


@router.post("/text/retraining", operation_id="retrainText", responses=problems(NotFound, InvalidInput, Conflict, ModelUnavailable))
def retrain(
    *,
    body: TextRetrainingIn,
    session: ReadDep,
    writer: WriterDep,
    clock: ClockDep,
    models: ModelsDep,
    settings: SettingsDep,
    actor: Annotated[Actor, Depends(require(Role.ADMIN))],
) -> TextRetrainingOut:
    """Teach the stance head from votes that came with a reason, and let it read if it is better by the margin (role admin).

    Takes seconds to minutes. Trained, and promoted or withheld, are both logged. What was read before keeps its readings;
    the next analysis reads with the new model.
    """
    if not _ONE_AT_A_TIME.acquire(blocking=False):
        raise Conflict("a retraining is running; ask again when it is done")
    try:
        now, margin = clock(), body.margin_micronats
        lessons = collect_text_lessons(session, dao_id=body.dao_id, now=now)
        session.rollback()  # a long training would keep the database from tidying up
        candidate = train_text_candidate(lessons, trainer=models.text_trainer(), margin_micronats=margin)
        writer.run(lambda unit: record_text_training(unit, lessons, candidate, margin_micronats=margin, actor=actor, now=now))
        if isinstance(candidate.decision, Promotion):
            write_champion(settings, session, TEXT)
            models.reload()
    finally:
        _ONE_AT_A_TIME.release()
    return _shown(lessons, candidate, margin)


def _shown(lessons: TextLessons, candidate: TextCandidate, margin: int) -> TextRetrainingOut:
    decision = candidate.decision
    promoted = isinstance(decision, Promotion)
    return TextRetrainingOut(
        model_sha256=candidate.digest,
        decision="promoted" if promoted else "withheld",
        reason=None if isinstance(decision, Promotion) else decision.reason,
        serves=candidate.digest if promoted else candidate.incumbent.model_digest,
        gain_micronats=decision.gain_micronats,
        margin_micronats=margin,
        log_loss_micronats=candidate.result.log_loss_micronats,
        incumbent_log_loss_micronats=candidate.incumbent.log_loss_micronats,
        known_reasons=len(lessons.lessons),
        usable_reasons=candidate.usable,
        trained_reasons=candidate.trained,
        held_out_reasons=candidate.result.answers,
        figures={"candidate": dict(candidate.figures["candidate"]), "incumbent": dict(candidate.figures["incumbent"])},
    )
