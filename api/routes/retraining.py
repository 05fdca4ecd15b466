"""Retraining: a candidate from the deployment's own closed proposals, promoted only when it is better by the stated margin."""

from threading import Lock
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from api.dependencies import ClockDep, ModelsDep, ReadDep, SettingsDep, WriterDep, require
from api.errors import problems
from api.promoted_models import write_champion
from api.promotions import ComparisonOut, comparison, one_at_a_time
from governance.actors import Actor, Role
from governance.errors import Conflict, InvalidInput, ModelUnavailable, NotFound
from governance.outcome_lessons import OutcomeCandidate
from governance.promotions import Promotion
from governance.workflow.retrain import DEFAULT_MARGIN_MICRONATS, Lessons, collect_lessons, record_training, train_candidate

router = APIRouter(prefix="/models", tags=["models"])

_RUNNING = Lock()


class RetrainingIn(BaseModel):
    """From which results, and how much better the candidate must be."""

    model_config = ConfigDict(extra="forbid", strict=True)

    dao_id: str | None = Field(None, max_length=128, description="Only results of this DAO; default all.")
    margin_micronats: int = Field(
        DEFAULT_MARGIN_MICRONATS, ge=0, le=10_000_000, description="By how many millionths of a nat its log loss must be lower."
    )


class RetrainingOut(ComparisonOut):
    """The candidate, its figures on time that neither model learnt from, and whether it serves now."""

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
    with one_at_a_time(_RUNNING):
        now, margin = clock(), body.margin_micronats
        lessons = collect_lessons(session, dao_id=body.dao_id, now=now)
        session.rollback()  # a long training would keep the database from tidying up
        candidate = train_candidate(lessons, trainer=models.trainer(), margin_micronats=margin)
        writer.run(lambda unit: record_training(unit, lessons, candidate, margin_micronats=margin, actor=actor, now=now))
        if isinstance(candidate.decision, Promotion):
            write_champion(settings, session)
            models.reload()
    return _shown(lessons, candidate, margin)


def _shown(lessons: Lessons, candidate: OutcomeCandidate, margin: int) -> RetrainingOut:
    return RetrainingOut(
        **comparison(candidate, margin),
        known_results=len(lessons.answers),
        trained_answers=candidate.trained_answers,
        held_out_answers=candidate.result.answers,
        verifications=dict(lessons.verifications),
    )
