"""Retraining the text model: vote reasons teach it the DAO's own words, and it reads on only if it is better by the margin."""

from threading import Lock
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from api.dependencies import ClockDep, ModelsDep, ReadDep, SettingsDep, WriterDep, require
from api.errors import problems
from api.promoted_models import write_champion
from api.promotions import ComparisonOut, comparison, one_at_a_time
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

_RUNNING = Lock()


class TextRetrainingIn(BaseModel):
    """From whose reasons, and how much better the candidate must be."""

    model_config = ConfigDict(extra="forbid", strict=True)

    dao_id: str | None = Field(None, max_length=128, description="Only reasons of this DAO; default all.")
    margin_micronats: int = Field(
        DEFAULT_MARGIN_MICRONATS, ge=0, le=10_000_000, description="By how many millionths of a nat its log loss must be lower."
    )


class TextRetrainingOut(ComparisonOut):
    """The candidate, its figures on time that neither model learnt from, and whether it reads now."""

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
    with one_at_a_time(_RUNNING):
        now, margin = clock(), body.margin_micronats
        lessons = collect_text_lessons(session, dao_id=body.dao_id, now=now)
        session.rollback()  # a long training would keep the database from tidying up
        candidate = train_text_candidate(lessons, trainer=models.text_trainer(), margin_micronats=margin)
        writer.run(lambda unit: record_text_training(unit, lessons, candidate, margin_micronats=margin, actor=actor, now=now))
        if isinstance(candidate.decision, Promotion):
            write_champion(settings, session, TEXT)
            models.reload()
    return _shown(lessons, candidate, margin)


def _shown(lessons: TextLessons, candidate: TextCandidate, margin: int) -> TextRetrainingOut:
    return TextRetrainingOut(
        **comparison(candidate, margin),
        known_reasons=len(lessons.lessons),
        usable_reasons=candidate.usable,
        trained_reasons=candidate.trained,
        held_out_reasons=candidate.result.answers,
        figures={"candidate": dict(candidate.figures["candidate"]), "incumbent": dict(candidate.figures["incumbent"])},
    )
