"""Tallies: what a proposal's votes add up to, by its own way of voting, as known at a time."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.dependencies import ClockDep, ReadDep
from api.errors import problems
from api.listing import AsOf, moment
from governance.errors import InvalidInput, NotFound
from governance.records.as_of import PROPOSALS, read_one, votes_cast
from governance.records.forecasts import dao_of
from governance.tally import VotingType, count, voting_type

router = APIRouter(prefix="/proposals/{proposal_id}/tally", tags=["votes"])


class ChoiceOut(BaseModel):
    """What one choice has."""

    choice: int = Field(description="Counted from 1.", examples=[1])
    label: str | None = Field(description="What the proposal calls it.", examples=["For"])
    heads: int
    power: str | None = Field(description="Decimal text; null where none of its votes has a known power.", examples=["1200.5"])


class CountedOut(BaseModel):
    """The votes added up: of one voter the last one counts."""

    proposal_id: str
    voting_type: VotingType | None = Field(description="Null where the platform does not say: then the form of each choice tells.")
    voters: int
    without_choice: int = Field(description="Voters whose choice the source does not tell.")
    uncounted: int = Field(description="Voters whose choice is none that the proposal has.")
    without_power: int = Field(description="Counted by head, but the source tells no power: sums leave them out.")
    choices: list[ChoiceOut]
    as_of: datetime


@router.get("", operation_id="getTally", responses=problems(NotFound, InvalidInput))
def get(proposal_id: str, session: ReadDep, clock: ClockDep, as_of: AsOf = None) -> CountedOut:
    """Heads and power per choice, exactly, under single-choice, approval, weighted, quadratic or ranked voting.

    Ranked votes are counted by first preference. It is our count of the votes that are here, not the platform's result.
    """
    at = moment(session, dao_of(session, proposal_id), as_of, clock())
    row = read_one(session, PROPOSALS, proposal_id, as_of=at)
    found = count(votes_cast(session, proposal_id, as_of=at), kind=row["kind"], choices=row["choices"])
    labels = dict(enumerate(row["choices"] or (), start=1))
    return CountedOut(
        proposal_id=proposal_id,
        voting_type=voting_type(row["kind"]),
        voters=found.voters,
        without_choice=found.without_choice,
        uncounted=found.uncounted,
        without_power=found.without_power,
        choices=[
            ChoiceOut(choice=place, label=labels.get(place), heads=each.heads, power=found.power_of(place))
            for place, each in sorted(found.choices.items())
        ],
        as_of=at,
    )
