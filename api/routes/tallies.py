"""Tallies: what a proposal's votes add up to, by its own way of voting, as known at a time."""

from datetime import datetime

from fastapi import APIRouter

from api.dependencies import ClockDep, ReadDep
from api.errors import problems
from api.listing import AsOf, moment
from api.proposal_pages import tally_part
from api.proposal_parts import TallyOut
from governance.errors import InvalidInput, NotFound
from governance.records.as_of import PROPOSALS, read_one
from governance.records.forecasts import dao_of

router = APIRouter(prefix="/proposals/{proposal_id}/tally", tags=["votes"])


class ProposalTallyOut(TallyOut):
    """A proposal's tally, and the moment as of which it was counted."""

    proposal_id: str
    as_of: datetime


@router.get("", operation_id="getTally", responses=problems(NotFound, InvalidInput))
def get(proposal_id: str, session: ReadDep, clock: ClockDep, as_of: AsOf = None) -> ProposalTallyOut:
    """Heads and power per choice, exactly, under single-choice, approval, weighted, quadratic or ranked voting.

    Ranked votes are counted by first preference. It is our count of the votes that are here, not the platform's result.
    """
    at = moment(session, dao_of(session, proposal_id), as_of, clock())
    row = read_one(session, PROPOSALS, proposal_id, as_of=at)
    return ProposalTallyOut(proposal_id=proposal_id, as_of=at, **tally_part(session, row, as_of=at))
