"""Forecasts how a proposal ends from what was known at a time, and puts the forecast on record."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlmodel import Session

from governance import identity
from governance.actors import Actor
from governance.canonical import digest, fixed, timestamp
from governance.decision_log import EntryKind
from governance.errors import Conflict
from governance.evidence import ExpectedRange, Likelihood, OutcomeForecast, OutcomeForecaster
from governance.records import decision_log, forecasts, ingested_daos
from governance.records.as_of import PROPOSALS, read_one
from governance.records.daos import dao_time
from governance.records.history import outcome_question


@dataclass(frozen=True, slots=True)
class Forecast:
    """A forecast as it is recorded: `body` is canonical, `sha256` its digest, and the id follows from it.

    `recorded_at` is None for one that was computed just now and is not on record.
    """

    id: str
    dao_id: str
    proposal_id: str
    as_of: datetime
    body: dict[str, object]
    sha256: str
    model_sha256: str
    recorded_at: datetime | None = None


def forecast(
    session: Session, proposal_id: str, *, forecaster: OutcomeForecaster, now: datetime, as_of: datetime | None = None
) -> Forecast:
    """What `forecaster` says of the proposal at `as_of` (default: the DAO's now, or just before the close). Writes nothing.

    Raises:
        NotFound: nobody could know of the proposal at `as_of`.
        Conflict: `as_of` is not before the close, or still to come.
        ModelUnavailable: the model cannot load.
    """
    dao_id = forecasts.dao_of(session, proposal_id)
    today = dao_time(session, dao_id, now)
    moment = _moment(session, proposal_id, as_of=as_of, today=today)
    question = outcome_question(session, proposal_id, moment)
    answer = forecaster.forecast(question)
    body = _body(answer, proposal_id=proposal_id, as_of=moment, votes=len(question.votes), votes_known=question.votes_known)
    sha256 = digest(body)
    return Forecast(identity.of_digest("fct", sha256), dao_id, proposal_id, moment, body, sha256, answer.model_digest)


def forecast_then(session: Session, proposal_id: str, *, forecaster: OutcomeForecaster, now: datetime, as_of: datetime | None) -> Forecast:
    """What was said for `as_of`, where a forecast of that moment is on record; else what would have been, as `forecast` says it."""
    said = None if as_of is None else forecasts.said_at(session, proposal_id, as_of)
    if said is None:
        return forecast(session, proposal_id, forecaster=forecaster, now=now, as_of=as_of)
    return Forecast(said.id, said.dao_id, said.proposal_id, said.as_of, said.body, said.sha256, said.model_sha256, said.recorded_at)


def record_forecast(session: Session, made: Forecast, *, actor: Actor, now: datetime) -> Forecast:
    """Put `made` on record; the same forecast again changes nothing.

    Logs:
        forecast.made.
    """
    if not forecasts.add(session, id_=made.id, dao_id=made.dao_id, proposal_id=made.proposal_id, as_of=made.as_of, body=made.body,
                         sha256=made.sha256, model_sha256=made.model_sha256, recorded_at=now):  # fmt: skip
        return replace(made, recorded_at=forecasts.recorded_at(session, made.id))
    decision_log.append(
        session,
        kind=EntryKind.FORECAST_MADE,
        dao_id=made.dao_id,
        actor=actor,
        subject={"dao": made.dao_id, "proposal": made.proposal_id, "forecast": made.id},
        data={"forecast": made.id, "sha256": made.sha256, "proposal": made.proposal_id, "model_digest": made.model_sha256},
        ts=dao_time(session, made.dao_id, now),
        recorded_at=now,
    )
    ingested_daos.grow_data_version(session, [made.dao_id])
    return replace(made, recorded_at=now)


def _moment(session: Session, proposal_id: str, *, as_of: datetime | None, today: datetime) -> datetime:
    closed_at = _closed_at(session, proposal_id, today)
    if as_of is None:
        return today if closed_at is None else closed_at - timedelta(microseconds=1)
    if as_of > today:
        raise Conflict("a forecast is made of what is known, and that moment is still to come", as_of=timestamp(as_of))
    if closed_at is not None and as_of >= closed_at:
        raise Conflict("the proposal had closed by then: ask as of a moment before", as_of=timestamp(as_of), closed_at=timestamp(closed_at))
    return as_of


def _closed_at(session: Session, proposal_id: str, today: datetime) -> datetime | None:
    """When the proposal closed, as far as anybody knows today; None while it is open."""
    row = read_one(session, PROPOSALS, proposal_id, as_of=today)
    ends_at: datetime | None = row["ends_at"]
    if ends_at is not None and row["known_at"] < ends_at <= today:
        return ends_at
    told: datetime = row["result_known_at"]
    return told if row["outcome"] is not None and row["known_at"] < told <= today else None


def _body(answer: OutcomeForecast, *, proposal_id: str, as_of: datetime, votes: int, votes_known: bool) -> dict[str, object]:
    """The forecast as a document: numbers are decimal text with six places."""
    return {
        "v": 2,
        "proposal": proposal_id,
        "as_of": timestamp(as_of),
        "passes": fixed(answer.passes),
        "base_rate": fixed(answer.base_rate),
        "lift": fixed(answer.lift),
        "history_size": answer.history_size,
        "reaches_quorum": _likelihood(answer.quorum),
        "executed": _likelihood(answer.execution),
        "approval_share": _number(answer.approval_share),
        "approval_interval": _range(answer.approval_interval),
        "turnout": _number(answer.turnout),
        "turnout_interval": _range(answer.turnout_interval),
        "level": "0.900000",
        "expected_share": _expected(answer.share),
        "expected_voters": _expected(answer.heads),
        "expected_power": _expected(answer.power),
        "power_reason": None if answer.power is not None else "no voting power is known of this DAO's closed proposals: turnout is by head",
        "choices": [{"choice": each.choice, "leads": fixed(each.leads)} for each in answer.choices],
        "choices_by": answer.choices_by,
        "served": answer.served,
        "reason": answer.reason,
        "reasons": [
            {"fact": each.fact, "words": each.words, "log_odds": fixed(each.log_odds), "rows": list(each.rows)} for each in answer.reasons
        ],
        "latest_result_at": None if answer.latest_result_at is None else timestamp(answer.latest_result_at),
        "latest_vote_at": None if answer.latest_vote_at is None else timestamp(answer.latest_vote_at),
        "model_sha256": answer.model_digest,
        "votes_seen": votes,
        "votes_known": votes_known,
        "features": {name: fixed(value) for name, value in sorted(answer.features.items())},
    }


def _number(value: float | None) -> str | None:
    return None if value is None else fixed(value)


def _range(found: tuple[float, float] | None) -> list[str] | None:
    return None if found is None else [fixed(found[0]), fixed(found[1])]


def _likelihood(found: Likelihood) -> dict[str, object]:
    return {
        "probability": _number(found.probability),
        "base_rate": _number(found.base_rate),
        "history_size": found.history_size,
        "reason": found.reason,
    }


def _expected(found: ExpectedRange | None) -> dict[str, object] | None:
    return None if found is None else {"middle": fixed(found.middle), "interval_50": _range(found.half), "interval_90": _range(found.most)}
