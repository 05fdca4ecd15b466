"""Which of a DAO's proposals were open at a time, and how the votes on them stood, as a forecast may see them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import String, and_, bindparam, not_, select
from sqlmodel import Session

from governance.evidence import OPEN_AT_MOST, OpenVote
from governance.open_votes import FIRST_VOTES, MOST_PROPOSALS, open_vote, tells
from governance.records import as_of as known
from governance.records.columns import UtcDateTime
from governance.records.known_proposals import known_proposal
from governance.records.known_votes import known_votes
from governance.records.prepared import Prepared

_PROPOSALS = known.PROPOSALS.table.c
_DAO, _AS_OF, _SINCE = bindparam("dao", type_=String()), bindparam("as_of", type_=UtcDateTime()), bindparam("since", type_=UtcDateTime())
# Most proposals had closed by then whatever else is read of them: these need no second look.
_HAD_CLOSED = and_(_PROPOSALS.revision == 1, _PROPOSALS.result_known_at <= _AS_OF, _PROPOSALS.outcome.is_not(None))
_LATELY: Final = Prepared(
    select(*(_PROPOSALS[name] for name in ("id", "revision", "known_at", "end_fixed", "ends_at", "result_known_at", "outcome"))).where(
        _PROPOSALS.dao_id == _DAO,
        _PROPOSALS.known_at > _SINCE,
        _PROPOSALS.known_at <= _AS_OF,
        not_(_HAD_CLOSED),
    )
)


def open_proposals(session: Session, dao_id: str, *, as_of: datetime) -> list[str]:
    """The ids of the DAO's open proposals by publication; one is open until its fixed end, or until its result was known."""
    lately = _LATELY.rows(session, dao=dao_id, since=as_of - OPEN_AT_MOST, as_of=as_of)
    published = {row["id"]: row["known_at"] for row in lately}
    rows = known.as_then(session, known.PROPOSALS, lately, as_of=as_of)
    running = [row["id"] for row in rows if row["outcome"] is None and (row["ends_at"] is None or row["ends_at"] > as_of)]
    return sorted(running, key=lambda each: (published[each], each))


def open_votes(session: Session, proposal_ids: Sequence[str], *, as_of: datetime) -> tuple[OpenVote, ...]:
    """Of the newest of these open proposals (by publication), those that tell and have a vote."""
    newest = [known_proposal(known.read_one(session, known.PROPOSALS, each, as_of=as_of)) for each in proposal_ids[-MOST_PROPOSALS:]]
    cast = [(each, known_votes(session, each.proposal_id, as_of=as_of, most=FIRST_VOTES)) for each in newest if tells(each)]
    return tuple(open_vote(proposal, votes) for proposal, votes in cast if votes)
