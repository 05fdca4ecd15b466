"""Teaches the text model from the deployment's own vote reasons, and lets the better model read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlmodel import Session

from governance.actors import Actor
from governance.errors import Conflict, InvalidInput
from governance.records import daos, model_versions
from governance.records.daos import dao_time
from governance.records.model_versions import TEXT
from governance.records.vote_reasons import daos_with_reasons, stance_lessons
from governance.text_lessons import StanceLesson, TextCandidate, TextTrainer, lessons_digest
from governance.workflow.promote import Training, record_candidate

# A hundredth of a nat: what is not worth reading everything again for.
DEFAULT_MARGIN_MICRONATS: Final = 10_000


@dataclass(frozen=True, slots=True)
class TextLessons:
    """What there is to learn from: lessons, and the weights that serve (None: those that ship)."""

    dao_id: str | None
    lessons: tuple[StanceLesson, ...]
    incumbent: bytes | None
    champion: str | None


def collect_text_lessons(session: Session, *, dao_id: str | None, now: datetime) -> TextLessons:
    """Every vote with a reason known now, of one DAO or of all. Writes nothing.

    Raises:
        NotFound: there is no such DAO.
    """
    chosen = daos_with_reasons(session) if dao_id is None else [daos.get_dao(session, dao_id).id]
    lessons = [lesson for each in chosen for lesson in stance_lessons(session, each, as_of=dao_time(session, each, now))]
    champion = model_versions.champion(session, TEXT)
    return TextLessons(
        dao_id=dao_id,
        lessons=tuple(lessons),
        incumbent=None if champion is None else model_versions.weights(session, champion),
        champion=None if champion is None else champion.sha256,
    )


def train_text_candidate(lessons: TextLessons, *, trainer: TextTrainer, margin_micronats: int) -> TextCandidate:
    """A candidate, and whether it may read. Takes seconds to minutes; needs no database.

    Raises:
        Conflict: too few reasons are there, or all with the same vote.
        ModelUnavailable: the model that reads cannot load.
    """
    try:
        return trainer.train(lessons.lessons, lessons.incumbent, margin_micronats=margin_micronats)
    except InvalidInput as refusal:
        there, usable, rule = len(lessons.lessons), refusal.details["value"], refusal.details["rule"]
        raise Conflict(
            f"too little to learn from: {there} vote reasons are known, {usable} of them usable and before the held-out time; {rule}",
            known_reasons=there,
            usable=usable,
            rule=rule,
        ) from refusal


def record_text_training(
    session: Session, lessons: TextLessons, candidate: TextCandidate, *, margin_micronats: int, actor: Actor, now: datetime
) -> None:
    """Keep the candidate's weights; it reads from now on if it was better by the margin.

    Raises:
        Conflict: another model was promoted while this one was trained.

    Logs:
        model.trained, then model.promoted or promotion.withheld.
    """
    training = Training(
        task=TEXT,
        dao_id=lessons.dao_id,
        champion=lessons.champion,
        data={
            "digest": lessons_digest(lessons.lessons),
            "reasons": len(lessons.lessons),
            "daos": len({each.dao_id for each in lessons.lessons}),
            "usable": candidate.usable,
            "trained": candidate.trained,
        },
        licence="CC-BY-SA-4.0",
        limits="Only the stance head learnt, from vote reasons; the encoder and the sentiment head are the incumbent's.",
        figures={name: dict(values) for name, values in candidate.figures.items()},
    )
    record_candidate(session, training, candidate, margin_micronats=margin_micronats, actor=actor, now=now)
