"""How a DAO's last closed proposals had filled up, as a forecast may see it. What was once read of a proposal is kept."""

from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from threading import Lock
from typing import Final

from sqlmodel import Session

from governance.arrivals import MOST_PROPOSALS, Curve, arrivals
from governance.evidence import Arrival, ClosedProposal, KnownProposal
from governance.records.daos import rows_version
from governance.records.known_votes import known_votes
from governance.records.voters_before import known_progress

# Whose curves one process keeps; the largest DAO's 145,000 votes take about 2 MB.
_KEPT: Final = 32

_Curves = dict[tuple[str, datetime], Curve]
_kept: "OrderedDict[tuple[str, str], tuple[int, _Curves]]" = OrderedDict()
_lock = Lock()


def last_arrivals(session: Session, asked: KnownProposal, history: Sequence[ClosedProposal], *, as_of: datetime) -> tuple[Arrival, ...]:
    """Of the last proposals of `history`, which is in the order in which results became known."""
    curves = _curves(session, asked.dao_id)
    return arrivals(asked, as_of, history[-MOST_PROPOSALS:], lambda closed: _curve(session, closed, curves))


def _curves(session: Session, dao_id: str) -> _Curves:
    """The curves that were read at this version of the DAO's data."""
    version, key = rows_version(session, dao_id), (str(session.get_bind().engine.url), dao_id)
    with _lock:
        kept = _kept.get(key)
        if kept is None or kept[0] != version:
            kept = _kept[key] = (version, {})
            if len(_kept) > _KEPT:
                _kept.popitem(last=False)
        _kept.move_to_end(key)
        return kept[1]


def _curve(session: Session, closed: ClosedProposal, curves: _Curves) -> Curve:
    """As its votes were known at the close."""
    key = closed.proposal.proposal_id, closed.closed_at
    if key not in curves:
        votes = known_votes(session, key[0], as_of=key[1])
        curves[key] = Curve.of(votes, known_progress(session, key[0], as_of=key[1]))
    return curves[key]
