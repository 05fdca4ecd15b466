"""Forecasts on record."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import String, and_, bindparam, or_
from sqlmodel import Session, col, select

from governance.errors import NotFound
from governance.records.evidence import Forecast
from governance.records.prepared import Prepared
from governance.records.proposals import Proposal

_DAO_OF: Final = Prepared(select(col(Proposal.dao_id)).where(col(Proposal.id) == bindparam("proposal", type_=String())))


def dao_of(session: Session, proposal_id: str) -> str:
    """The proposal's DAO, or `NotFound`."""
    found = _DAO_OF.tuples(session, proposal=proposal_id)
    if not found:
        raise NotFound("proposal", proposal_id)
    return str(found[0][0])


def add(
    session: Session,
    *,
    id_: str,
    dao_id: str,
    proposal_id: str,
    as_of: datetime,
    body: Mapping[str, object],
    sha256: str,
    model_sha256: str,
    recorded_at: datetime,
) -> bool:
    """Store a forecast; False when it is there already."""
    if session.get(Forecast, id_) is not None:
        return False
    session.add(
        Forecast(
            id=id_,
            dao_id=dao_id,
            proposal_id=proposal_id,
            as_of=as_of,
            body=dict(body),
            sha256=sha256,
            model_sha256=model_sha256,
            recorded_at=recorded_at,
        )
    )
    session.flush()
    return True


def recorded_at(session: Session, id_: str) -> datetime | None:
    """When the forecast was put on record; None where it was not."""
    return session.exec(select(Forecast.recorded_at).where(Forecast.id == id_)).first()


def said_at(session: Session, proposal_id: str, as_of: datetime) -> Forecast | None:
    """The proposal's forecast on record for just this moment; of several (models change) the one recorded first."""
    query = select(Forecast).where(Forecast.proposal_id == proposal_id, Forecast.as_of == as_of)
    return session.exec(query.order_by(col(Forecast.recorded_at), col(Forecast.id)).limit(1)).first()


def recorded(session: Session, proposal_id: str, *, as_of: datetime, after: tuple[datetime, str] | None, limit: int) -> Sequence[Forecast]:
    """The proposal's forecasts made for moments up to `as_of`, newest first, from behind `after`."""
    query = select(Forecast).where(Forecast.proposal_id == proposal_id, col(Forecast.as_of) <= as_of)
    if after is not None:
        moment, id_ = after
        query = query.where(or_(col(Forecast.as_of) < moment, and_(col(Forecast.as_of) == moment, col(Forecast.id) < id_)))
    return session.exec(query.order_by(col(Forecast.as_of).desc(), col(Forecast.id).desc()).limit(limit)).all()
