"""Asks who could still swing a proposal, from what was known at a time. Writes nothing."""

from datetime import datetime, timedelta

from sqlmodel import Session

from governance.canonical import timestamp
from governance.errors import Conflict
from governance.records.as_of import PROPOSALS, read_one
from governance.records.voter_history import voter_question
from governance.voting_records import Electors, VoterForecaster


def forecast_voters(
    session: Session, proposal_id: str, *, forecaster: VoterForecaster, today: datetime, as_of: datetime | None = None
) -> tuple[datetime, Electors]:
    """What is expected of each voter who has not voted at `as_of` (default: `today`, or just before the close), and that moment.

    Raises:
        NotFound: nobody could know of the proposal, or of its opening, at `as_of`.
        Conflict: the proposal had closed by `as_of`: nobody can swing it any more.
    """
    row = read_one(session, PROPOSALS, proposal_id, as_of=today)
    closed_at = row["ends_at"] if row["ends_at"] is not None and row["ends_at"] <= today else None
    if closed_at is None and row["outcome"] is not None:
        closed_at = row["result_known_at"]
    if as_of is not None and closed_at is not None and as_of >= closed_at:
        raise Conflict("the proposal had closed by then: ask as of a moment before", as_of=timestamp(as_of), closed_at=timestamp(closed_at))
    moment = as_of or (today if closed_at is None else closed_at - timedelta(microseconds=1))
    return moment, forecaster(voter_question(session, proposal_id, as_of=moment))
