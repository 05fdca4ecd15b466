"""What else goes on in a DAO beside one of its proposals, as it was known at a time."""

from datetime import datetime
from typing import Final

from sqlalchemy import String, and_, bindparam, func, not_, select
from sqlmodel import Session

from governance.evidence import OPEN_AT_MOST, KnownActivity
from governance.records import as_of as known
from governance.records.columns import UtcDateTime
from governance.records.prepared import Prepared

_PROPOSALS, _VOTES = known.PROPOSALS.table.c, known.VOTES.table.c
_DAO, _AS_OF = bindparam("dao", type_=String()), bindparam("as_of", type_=UtcDateTime())
_PROPOSAL, _SINCE = bindparam("proposal", type_=String()), bindparam("since", type_=UtcDateTime())
# Most proposals had closed by then whatever else is read of them: these need no second look.
_HAD_CLOSED = and_(_PROPOSALS.revision == 1, _PROPOSALS.result_known_at <= _AS_OF, _PROPOSALS.outcome.is_not(None))
_LATELY: Final = Prepared(
    select(*(_PROPOSALS[name] for name in ("id", "revision", "known_at", "end_fixed", "ends_at", "result_known_at", "outcome"))).where(
        _PROPOSALS.dao_id == _DAO,
        _PROPOSALS.known_at > _SINCE,
        _PROPOSALS.known_at <= _AS_OF,
        _PROPOSALS.id != _PROPOSAL,
        not_(_HAD_CLOSED),
    )
)
_TIMED = (_VOTES.dao_id == _DAO, _VOTES.known_at <= _AS_OF, _VOTES.cast_at.is_not(None), _VOTES.cast_at_estimated.is_(False))
_ELSEWHERE: Final = Prepared(select(func.count()).where(*_TIMED, _VOTES.known_at >= _SINCE, _VOTES.proposal_id != _PROPOSAL))
_LAST: Final = Prepared(select(_VOTES.known_at).where(*_TIMED).order_by(_VOTES.known_at.desc()).limit(1))


def open_beside(session: Session, dao_id: str, proposal_id: str, *, as_of: datetime) -> list[str]:
    """The DAO's other open proposals by publication, ids; one is open until its fixed end, or until its result was known."""
    lately = _LATELY.rows(session, dao=dao_id, proposal=proposal_id, since=as_of - OPEN_AT_MOST, as_of=as_of)
    published = {row["id"]: row["known_at"] for row in lately}
    rows = known.as_then(session, known.PROPOSALS, lately, as_of=as_of)
    running = [row["id"] for row in rows if row["outcome"] is None and (row["ends_at"] is None or row["ends_at"] > as_of)]
    return sorted(running, key=lambda each: (published[each], each))


def dao_activity(
    session: Session, dao_id: str, proposal_id: str, *, running: int, published_at: datetime, as_of: datetime, votes_known: bool
) -> KnownActivity:
    """How many of the DAO's other proposals are `running` (`open_beside`), and its votes."""
    if not votes_known:
        return KnownActivity(running)
    ((elsewhere,),) = _ELSEWHERE.tuples(session, dao=dao_id, proposal=proposal_id, since=published_at, as_of=as_of)
    last = _LAST.tuples(session, dao=dao_id, as_of=as_of)
    return KnownActivity(running, elsewhere, last[0][0] if last else None)
