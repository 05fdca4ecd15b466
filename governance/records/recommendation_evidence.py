"""What a recommendation reads: observations, readings and forecasts as known at a time."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from governance.readings import UNREAD
from governance.records.evidence import Forecast, Reading
from governance.records.observations import Observation
from governance.records.readings import counts_at


def observations_known(session: Session, dao_id: str, metrics: Sequence[str], *, since: datetime, now: datetime) -> list[Observation]:
    """Every value of `metrics` observed from `since` to `now` and known by then, in an order that depends on nothing else."""
    query = (
        select(Observation)
        .where(Observation.dao_id == dao_id, col(Observation.metric).in_(list(metrics)))
        .where(col(Observation.observed_at) >= since, col(Observation.observed_at) <= now, col(Observation.known_at) <= now)
    )
    return list(session.exec(query.order_by(col(Observation.observed_at), col(Observation.metric), col(Observation.source))))


def readings_known(session: Session, dao_id: str, *, since: datetime, now: datetime, limit: int) -> list[Reading]:
    """How the newest `limit` of the DAO's texts known from `since` to `now` were read, newest first, each once per task.

    Texts that no model could read are not among them: they are on neither side, and would only make the others fewer.
    """
    counted = counts_at(Reading.__table__, now)  # type: ignore[attr-defined]  # SQLModel makes it
    query = select(Reading).where(Reading.dao_id == dao_id, col(Reading.known_at) >= since, col(Reading.label).not_in(UNREAD), counted)
    return list(session.exec(query.order_by(col(Reading.known_at).desc(), col(Reading.id)).limit(limit)))


def forecasts_known(session: Session, dao_id: str, *, since: datetime, now: datetime, limit: int) -> list[Forecast]:
    """The newest `limit` forecasts for the DAO's proposals made as of a time from `since` to `now`, newest first."""
    query = select(Forecast).where(Forecast.dao_id == dao_id, col(Forecast.as_of) >= since, col(Forecast.as_of) <= now)
    return list(session.exec(query.order_by(col(Forecast.as_of).desc(), col(Forecast.id)).limit(limit)))
