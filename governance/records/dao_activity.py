"""What else goes on in a DAO beside one of its proposals, as it was known at a time."""

from datetime import datetime
from typing import Final

from sqlalchemy import String, bindparam, func, select
from sqlmodel import Session

from governance.evidence import KnownActivity
from governance.records import as_of as known
from governance.records.columns import UtcDateTime
from governance.records.prepared import Prepared

_VOTES = known.VOTES.table.c
_DAO, _AS_OF = bindparam("dao", type_=String()), bindparam("as_of", type_=UtcDateTime())
_PROPOSAL, _SINCE = bindparam("proposal", type_=String()), bindparam("since", type_=UtcDateTime())
_TIMED = (_VOTES.dao_id == _DAO, _VOTES.known_at <= _AS_OF, _VOTES.cast_at.is_not(None), _VOTES.cast_at_estimated.is_(False))
_ELSEWHERE: Final = Prepared(select(func.count()).where(*_TIMED, _VOTES.known_at >= _SINCE, _VOTES.proposal_id != _PROPOSAL))
_LAST: Final = Prepared(select(_VOTES.known_at).where(*_TIMED).order_by(_VOTES.known_at.desc()).limit(1))


def dao_activity(
    session: Session, dao_id: str, proposal_id: str, *, running: int, published_at: datetime, as_of: datetime, votes_known: bool
) -> KnownActivity:
    """How many of the DAO's other proposals are `running`, and its votes."""
    if not votes_known:
        return KnownActivity(running)
    ((elsewhere,),) = _ELSEWHERE.tuples(session, dao=dao_id, proposal=proposal_id, since=published_at, as_of=as_of)
    last = _LAST.tuples(session, dao=dao_id, as_of=as_of)
    return KnownActivity(running, elsewhere, last[0][0] if last else None)
