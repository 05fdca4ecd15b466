"""The votes on a proposal as a forecast may see them: those cast by a time, at a time the source really tells."""

from datetime import datetime
from typing import Final

from sqlalchemy import String, bindparam, func, select
from sqlmodel import Session

from governance.evidence import KnownVote
from governance.records import as_of as known
from governance.records.columns import UtcDateTime
from governance.records.prepared import Prepared

_AS_OF = bindparam("as_of", type_=UtcDateTime())
_VOTES = known.VOTES.table.c
_BY_THEN = (
    _VOTES.proposal_id == bindparam("proposal", type_=String()),
    _VOTES.known_at <= _AS_OF,
    _VOTES.cast_at <= _AS_OF,
    _VOTES.cast_at_estimated.is_(False),
)
_CAST = (
    select(*(_VOTES[name] for name in ("id", "voter", "choice", "power", "cast_at", "revision")))
    .where(*_BY_THEN)
    .order_by(_VOTES.known_at, _VOTES.id)
)
_VOTERS: Final = Prepared(select(func.count(_VOTES.voter.distinct())).where(*_BY_THEN))
_ALL: Final = Prepared(_CAST)
_FIRST: Final = Prepared(_CAST.limit(bindparam("most")))


def known_votes(session: Session, proposal_id: str, *, as_of: datetime, most: int | None = None) -> tuple[KnownVote, ...]:
    """The votes cast by `as_of`, oldest first, `most` at most. Votes without a time, or with an estimated one, could lie on either side."""
    if most is None:
        rows = _ALL.rows(session, proposal=proposal_id, as_of=as_of)
    else:
        rows = _FIRST.rows(session, proposal=proposal_id, as_of=as_of, most=most)
    then = known.as_then(session, known.VOTES, rows, as_of=as_of)
    return tuple(KnownVote(row["voter"], row["choice"], row["power"], row["cast_at"]) for row in then)


def voters_by(session: Session, proposal_id: str, *, as_of: datetime) -> int | None:
    """How many had voted by `as_of`; None where no vote is known, since nobody may have looked."""
    ((voters,),) = _VOTERS.tuples(session, proposal=proposal_id, as_of=as_of)
    return int(voters) or None
