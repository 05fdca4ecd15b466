"""Voters: who could still swing a proposal, with what is expected of each from their own record."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.dependencies import ClockDep, ReadDep
from api.errors import problems
from api.listing import AsOf, moment
from governance.canonical import fixed
from governance.errors import Conflict, InvalidInput, NotFound
from governance.records.forecasts import dao_of
from governance.voting_records import Electors, VoterForecast, VoterQuestion
from governance.workflow.forecast_voters import forecast_voters

router = APIRouter(prefix="/proposals/{proposal_id}/voters", tags=["forecasts"])


class ExpectedVoterOut(BaseModel):
    """One voter who has not voted yet. Probabilities are decimal text, 0 to 1."""

    address: str = Field(examples=["0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"])
    votes: str = Field(description="Probability that they still vote.", examples=["0.620000"])
    supports: str = Field(description="If they take a side, the probability that it is for.", examples=["0.910000"])
    weight: str | None = Field(
        description="Their last known voting power, exact decimal text; null where none is known.", examples=["25000"]
    )
    decides_alone: bool = Field(description="Whether their weight is more than what the leading side is ahead.")
    record: str = Field(
        description="Their own record, in words.",
        examples=["voted on 12 of 20 past proposals; for on 9 of the 10 on which they took a side"],
    )


class ExpectedVotersOut(BaseModel):
    """The voters who could still swing a proposal, by probability to vote times weight."""

    proposal_id: str
    as_of: datetime = Field(description="Nothing later than this was looked at.")
    basis: str = Field(description="`power`; or `heads` where votes have no known power, each voter then weighing one.", examples=["power"])
    standing_for: str = Field(description="What the votes so far give for it, exactly.", examples=["1200000"])
    standing_against: str = Field(examples=["900000"])
    expected_for: str = Field(description="The same with what is expected to come.", examples=["1710000.000000"])
    expected_against: str = Field(examples=["1010000.000000"])
    dao_votes: str = Field(description="How often a voter of the DAO votes: the baseline.", examples=["0.310000"])
    dao_supports: str = Field(description="How often they are for.", examples=["0.870000"])
    past_proposals: int = Field(description="How many earlier proposals the records rest on.", examples=[60])
    known_voters: int = Field(description="Voters of those proposals who have not voted on this one.", examples=[412])
    voters: list[ExpectedVoterOut]


@router.get("", operation_id="getVoters", responses=problems(NotFound, InvalidInput, Conflict))
def voters(
    proposal_id: str,
    session: ReadDep,
    clock: ClockDep,
    as_of: AsOf = None,
    limit: Annotated[int, Query(ge=1, le=200, description="Most voters to give.")] = 20,
) -> ExpectedVotersOut:
    """Who could still swing the proposal, as of now (for a closed one: just before its close) or any moment while it was open.

    From each voter's own record up to then, pooled with their DAO's. By power where the votes have power, else by head.
    """
    dao_id = dao_of(session, proposal_id)
    today = moment(session, dao_id, None, clock())
    at = None if as_of is None else moment(session, dao_id, as_of, clock())
    asked, found = forecast_voters(session, proposal_id, forecaster=_forecast, today=today, as_of=at)
    return ExpectedVotersOut(
        proposal_id=proposal_id,
        as_of=asked,
        basis=found.basis,
        standing_for=found.standing_for,
        standing_against=found.standing_against,
        expected_for=fixed(found.expected_for),
        expected_against=fixed(found.expected_against),
        dao_votes=fixed(found.dao_votes),
        dao_supports=fixed(found.dao_supports),
        past_proposals=found.past_proposals,
        known_voters=len(found.voters),
        voters=[_shown(each) for each in found.voters[:limit]],
    )


def _forecast(question: VoterQuestion) -> Electors:
    from nlp import voters  # noqa: PLC0415  # as in `api.models`: a start does not wait for it

    return voters.forecast_voters(question)


def _shown(each: VoterForecast) -> ExpectedVoterOut:
    return ExpectedVoterOut(
        address=each.voter,
        votes=fixed(each.votes),
        supports=fixed(each.supports),
        weight=each.weight,
        decides_alone=each.decides_alone,
        record=f"voted on {each.voted_on} of {each.could_vote_on} past proposals; "
        f"for on {each.supported} of the {each.took_side} on which they took a side",
    )
