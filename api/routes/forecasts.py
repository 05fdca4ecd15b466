"""Forecasts: how a proposal ends, from what was known at a time."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from api.dependencies import ClockDep, ForecasterDep, ReadDep, WriterDep, require
from api.errors import problems
from api.listing import AsOf, moment
from api.pagination import Page, PageDep
from governance.actors import Actor, Role
from governance.errors import Conflict, InvalidInput, ModelUnavailable, NotFound
from governance.records.columns import from_microseconds, to_microseconds
from governance.records.forecasts import dao_of, recorded
from governance.workflow.forecast import Forecast, forecast, forecast_then, record_forecast

router = APIRouter(prefix="/proposals/{proposal_id}", tags=["forecasts"])

_FIXED = r"^-?[0-9]+\.[0-9]{6}$"


class LikelihoodOut(BaseModel):
    """A probability beside the rate it must beat; both null where nothing is known, with the reason."""

    probability: str | None = Field(pattern=_FIXED, examples=["0.912000"])
    base_rate: str | None = Field(pattern=_FIXED, description="The DAO's own recency-weighted rate.", examples=["0.870000"])
    history_size: int = Field(description="How many closed proposals tell it.", examples=[180])
    reason: str | None = Field(description="Why there is no probability, or why the rate is served.")


class ExpectedRangeOut(BaseModel):
    """A quantity's middle, with intervals (low, high) that hold the truth in 50 % and 90 % of cases."""

    middle: str = Field(pattern=_FIXED, examples=["96.000000"])
    interval_50: list[str] = Field(examples=[["80.000000", "121.000000"]])
    interval_90: list[str] = Field(examples=[["41.000000", "210.000000"]])


class ChoiceOut(BaseModel):
    """The probability that one choice ends ahead of the others. Leading is not passing: a quorum may be missed."""

    choice: int = Field(description="Counted from 1, in the proposal's order.", examples=[1])
    leads: str = Field(pattern=_FIXED, examples=["0.640000"])


class ReasonOut(BaseModel):
    """One fact that moved `passes` away from `base_rate`. All parts together are exactly the difference in log-odds."""

    fact: str = Field(examples=["votes so far"])
    words: str = Field(examples=["14 of 20 voters so far are for, 6 against"])
    log_odds: str = Field(pattern=_FIXED, examples=["0.412000"])
    rows: list[str] = Field(description="What it rests on: proposal ids or voters.")


class OutcomeForecastOut(BaseModel):
    """What the model says of one proposal. Numbers are decimal text with six places; shares and probabilities are 0 to 1.

    `passes`, `reaches_quorum` and `executed` are three questions with three answers; none stands in for another. Forecasts
    on record from before the second version have none of the fields that came with it.
    """

    model_config = ConfigDict(extra="ignore")

    id: str = Field(description="Follows from the content: the same forecast has the same id.")
    dao_id: str
    proposal_id: str
    as_of: datetime = Field(description="Nothing later than this was looked at.")
    passes: str = Field(pattern=_FIXED, description="Probability that it passes.", examples=["0.731000"])
    base_rate: str = Field(pattern=_FIXED, description="How often the DAO's closed proposals passed: the baseline.", examples=["0.580000"])
    lift: str = Field(pattern=_FIXED, description="`passes` minus `base_rate`.", examples=["0.151000"])
    history_size: int = Field(description="How many closed proposals of the DAO were known then.", examples=[212])
    reaches_quorum: LikelihoodOut | None = Field(default=None, description="Probability that the power taking part reaches the quorum.")
    executed: LikelihoodOut | None = Field(
        default=None, description="Probability that it passes and is carried out, where the source tells."
    )
    approval_share: str | None = Field(examples=["0.804000"])
    approval_interval: list[str] | None = Field(description="Low and high, at 90 %.")
    turnout: str | None = Field(description="Expected number of voters.", examples=["96.000000"])
    turnout_interval: list[str] | None = Field(description="Low and high, at 90 %.")
    expected_share: ExpectedRangeOut | None = Field(default=None, description="Approval share with both intervals.")
    expected_voters: ExpectedRangeOut | None = Field(default=None, description="Turnout by head with both intervals.")
    expected_power: ExpectedRangeOut | None = Field(default=None, description="Turnout in voting power; null where votes have none.")
    power_reason: str | None = Field(default=None, description="Why there is no turnout in power.")
    choices: list[ChoiceOut] = Field(default=[], description="For every way of voting; no skill is claimed.")
    choices_by: str | None = Field(default=None, description="`power`, or `heads` where power is not known.", examples=["power"])
    served: str = Field(description="`model`, or `base_rate` where the model has shown no skill.", examples=["model"])
    reason: str | None = Field(description="Why the base rate was served.")
    reasons: list[ReasonOut] = Field(default=[], description="What moved the number, the largest part first.")
    latest_result_at: datetime | None = Field(default=None, description="When the newest result of the DAO became known.")
    latest_vote_at: datetime | None = Field(default=None, description="When the newest vote that was seen was cast.")
    votes_seen: int
    votes_known: bool = Field(description="Whether votes were collected up to `as_of`; if not, their absence means nothing.")
    features: dict[str, str] = Field(description="The numbers the model saw, by name.")
    model_sha256: str
    recorded_at: datetime | None = Field(
        default=None, description="When it was put on record; null: computed now, by a model that may be younger than `as_of`."
    )
    sha256: str = Field(description="Digest of the forecast's canonical form, as logged.")


@router.get("/forecast", operation_id="getForecast", responses=problems(NotFound, InvalidInput, Conflict, ModelUnavailable))
def get(proposal_id: str, session: ReadDep, clock: ClockDep, forecaster: ForecasterDep, as_of: AsOf = None) -> OutcomeForecastOut:
    """How the proposal ends, as of now (for a closed one: just before its close) or any moment while it was open.

    What was said, where a forecast for just that moment is on record; else what would have been said, computed by today's model
    from what was known then (`recorded_at` null; nothing is recorded).
    """
    return _shown(forecast_then(session, proposal_id, forecaster=forecaster, now=clock(), as_of=as_of))


@router.post(
    "/forecast", operation_id="makeForecast", status_code=201, responses=problems(NotFound, InvalidInput, Conflict, ModelUnavailable)
)
def make(
    *,
    proposal_id: str,
    session: ReadDep,
    writer: WriterDep,
    clock: ClockDep,
    forecaster: ForecasterDep,
    actor: Annotated[Actor, Depends(require(Role.INGESTER))],
    as_of: AsOf = None,
) -> OutcomeForecastOut:
    """Forecast the proposal and put the forecast on record, where recommendations find it as evidence (role ingester)."""
    now = clock()
    made = forecast(session, proposal_id, forecaster=forecaster, now=now, as_of=as_of)
    return _shown(writer.run(lambda unit: record_forecast(unit, made, actor=actor, now=now)))


@router.get("/forecasts", operation_id="listForecasts", responses=problems(NotFound, InvalidInput))
def list_all(proposal_id: str, session: ReadDep, clock: ClockDep, page: PageDep, as_of: AsOf = None) -> Page[OutcomeForecastOut]:
    """The forecasts on record, newest `as_of` first; old ones stay as they were given."""
    at = moment(session, dao_of(session, proposal_id), as_of, clock())
    after = None if page.after is None else (from_microseconds(int(page.after[0])), str(page.after[1]))
    rows = recorded(session, proposal_id, as_of=at, after=after, limit=page.limit + 1)
    made = [
        Forecast(row.id, row.dao_id, row.proposal_id, row.as_of, row.body, row.sha256, row.model_sha256, row.recorded_at) for row in rows
    ]
    return Page(
        items=[_shown(each) for each in made[: page.limit]],
        next_cursor=page.next_cursor([(to_microseconds(each.as_of), each.id) for each in made]),
        as_of=at,
        indexed_to=max((each.as_of for each in made[: page.limit]), default=None),
        complete=True,
    )


def _shown(made: Forecast) -> OutcomeForecastOut:
    ids: dict[str, Any] = {
        "id": made.id,
        "dao_id": made.dao_id,
        "proposal_id": made.proposal_id,
        "as_of": made.as_of,
        "sha256": made.sha256,
    }
    return OutcomeForecastOut.model_validate({**made.body, **ids, "model_sha256": made.model_sha256, "recorded_at": made.recorded_at})
