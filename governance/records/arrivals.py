"""How a DAO's last closed proposals had filled up, as a forecast may see it. What was once read of a proposal is kept."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlmodel import Session

from governance.arrivals import LAST_PROPOSALS, Curve, arrivals
from governance.evidence import Arrival, ClosedProposal, KnownProposal
from governance.records.kept_per_dao import KeptPerDao
from governance.records.known_votes import known_votes
from governance.records.voters_before import known_progress

# The largest DAO's 145,000 votes take about 2 MB.
_CURVES: Final = KeptPerDao[dict[tuple[str, datetime], Curve]](lambda _session, _dao_id, _before: {}, most=32)


def last_arrivals(session: Session, asked: KnownProposal, history: Sequence[ClosedProposal], *, as_of: datetime) -> tuple[Arrival, ...]:
    """Of the last proposals of `history`, which is in the order in which results became known.

    Each by its votes as they were known at its close.
    """
    curves = _CURVES.of(session, asked.dao_id)

    def curve(closed: ClosedProposal) -> Curve:
        key = closed.proposal.proposal_id, closed.closed_at
        if key not in curves:
            curves[key] = Curve.of(known_votes(session, key[0], as_of=key[1]), known_progress(session, key[0], as_of=key[1]))
        return curves[key]

    return arrivals(asked, as_of, history[-LAST_PROPOSALS:], curve)
