"""How the votes on a DAO's other open proposals stood at a time, as a forecast may see them."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import String, bindparam, select
from sqlmodel import Session

from governance.evidence import KnownProposal, KnownVote, OpenVote
from governance.open_votes import FIRST_VOTES, MOST_PROPOSALS, open_vote
from governance.records import as_of as known
from governance.records.columns import UtcDateTime
from governance.records.prepared import Prepared

_VOTES: Final = known.VOTES.table.c
_AS_OF: Final = bindparam("as_of", type_=UtcDateTime())
_FIRST: Final = Prepared(
    select(*(_VOTES[name] for name in ("id", "voter", "choice", "power", "cast_at", "revision")))
    .where(
        _VOTES.proposal_id == bindparam("proposal", type_=String()),
        _VOTES.known_at <= _AS_OF,
        _VOTES.cast_at <= _AS_OF,
        _VOTES.cast_at_estimated.is_(False),
    )
    .order_by(_VOTES.known_at, _VOTES.id)
    .limit(FIRST_VOTES)
)


def open_votes(
    session: Session, open_ids: Sequence[str], *, read: Callable[[dict[str, Any]], KnownProposal], as_of: datetime
) -> tuple[OpenVote, ...]:
    """Of the newest of the open proposals (`open_ids` by publication), those with a vote; `read` makes a proposal of its row."""
    found = []
    for proposal_id in open_ids[-MOST_PROPOSALS:]:
        rows = known.as_then(session, known.VOTES, _FIRST.rows(session, proposal=proposal_id, as_of=as_of), as_of=as_of)
        votes = [KnownVote(row["voter"], row["choice"], row["power"], row["cast_at"]) for row in rows]
        if votes:
            proposal = read(known.read_one(session, known.PROPOSALS, proposal_id, as_of=as_of))
            found.append(open_vote(proposal, votes))
    return tuple(each for each in found if each is not None)
