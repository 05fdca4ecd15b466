"""Retrains the outcome forecast on what the deployment has seen end, and lets the better model serve."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlmodel import Session

from governance.actors import Actor
from governance.canonical import digest, timestamp
from governance.errors import Conflict, InvalidInput
from governance.outcome_lessons import OutcomeAnswer, OutcomeCandidate, OutcomeTrainer
from governance.records import daos, model_versions
from governance.records.daos import dao_time
from governance.records.history import daos_with_results, known_answers
from governance.records.model_versions import OUTCOME
from governance.workflow.promote import Training, record_candidate

# Half a hundredth of a nat: about what a better Brier score of .002 is worth, and above what reshuffling a few answers moves.
DEFAULT_MARGIN_MICRONATS: Final = 5_000


@dataclass(frozen=True, slots=True)
class Lessons:
    """What there is to learn from: answers, the weights that serve (None: those that ship), verdicts so far by name."""

    dao_id: str | None
    answers: tuple[OutcomeAnswer, ...]
    incumbent: bytes | None
    champion: str | None
    verifications: Mapping[str, int]
    as_of: datetime


def collect_lessons(session: Session, *, dao_id: str | None, now: datetime) -> Lessons:
    """Every proposal with an official result known now, of one DAO or of all, as a question with its answer. Writes nothing.

    Raises:
        NotFound: there is no such DAO.
    """
    chosen = daos_with_results(session) if dao_id is None else [daos.get_dao(session, dao_id).id]
    moments = {each: dao_time(session, each, now) for each in chosen}
    answers = [answer for each, moment in moments.items() for answer in known_answers(session, each, as_of=moment)]
    champion = model_versions.champion(session, OUTCOME)
    return Lessons(
        dao_id=dao_id,
        answers=tuple(answers),
        incumbent=None if champion is None else model_versions.weights(session, champion),
        champion=None if champion is None else champion.sha256,
        verifications=model_versions.verdict_counts(session, dao_id),
        # Invented DAOs may run ahead of the wall clock.
        as_of=max([now, *moments.values()]),
    )


def train_candidate(lessons: Lessons, *, trainer: OutcomeTrainer, margin_micronats: int) -> OutcomeCandidate:
    """A candidate, and whether it may serve. Takes seconds to minutes; needs no database.

    Raises:
        Conflict: too few proposals have ended, or all of them alike.
        ModelUnavailable: the model that serves, or the encoder, cannot load.
    """
    try:
        return trainer.train(lessons.answers, lessons.incumbent, as_of=lessons.as_of, margin_micronats=margin_micronats)
    except InvalidInput as refusal:
        there, usable, rule = len(lessons.answers), refusal.details["value"], refusal.details["rule"]
        raise Conflict(
            f"too little to learn from: {there} results are known, {usable} of them before the held-out time; {rule}",
            known_results=there,
            usable=usable,
            rule=rule,
        ) from refusal


def record_training(
    session: Session, lessons: Lessons, candidate: OutcomeCandidate, *, margin_micronats: int, actor: Actor, now: datetime
) -> None:
    """Keep the candidate's weights; it forecasts from now on if it was better by the margin.

    Raises:
        Conflict: another model was promoted while this one was trained.

    Logs:
        model.trained, then model.promoted or promotion.withheld.
    """
    training = Training(
        task=OUTCOME,
        dao_id=lessons.dao_id,
        champion=lessons.champion,
        data={
            "digest": answers_digest(lessons.answers),
            "answers": len(lessons.answers),
            "daos": len({answer.question.proposal.dao_id for answer in lessons.answers}),
            "trained": candidate.trained_answers,
        },
        licence="Apache-2.0",
        limits="P(passes) is refitted on this deployment's own results; approval share and turnout stay the incumbent's.",
        beside={"verifications": dict(lessons.verifications)},
    )
    record_candidate(session, training, candidate, margin_micronats=margin_micronats, actor=actor, now=now)


def answers_digest(answers: Sequence[OutcomeAnswer]) -> str:
    """Names the answers a model was made of, in no order: DAO, proposal, the moment it was asked about, and how it ended."""
    rows = [
        [each.question.proposal.dao_id, each.question.proposal.proposal_id, timestamp(each.question.as_of), each.passed] for each in answers
    ]
    return digest(sorted(rows, key=lambda row: [str(value) for value in row]))
