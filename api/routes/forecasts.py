"""Forecasts: how a proposal ends, from what was known at a time."""

from datetime import datetime
from threading import Lock
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
from governance.workflow.forecast import Forecast, forecast, record_forecast

router = APIRouter(prefix="/proposals/{proposal_id}", tags=["forecasts"])

# The forecaster remembers the history it saw last and is not for several threads at once.
_ONE_AT_A_TIME = Lock()
_FIXED = r"^-?[0-9]+\.[0-9]{6}$"


class OutcomeForecastOut(BaseModel):
    """What the model says of one proposal. Numbers are decimal text with six places; shares and probabilities are 0 to 1."""

    model_config = ConfigDict(extra="ignore")

    id: str = Field(description="Follows from the content: the same forecast has the same id.")
    dao_id: str
    proposal_id: str
    as_of: datetime = Field(description="Nothing later than this was looked at.")
    passes: str = Field(pattern=_FIXED, description="Probability that it passes.", examples=["0.731000"])
    base_rate: str = Field(pattern=_FIXED, description="How often the DAO's closed proposals passed: the baseline.", examples=["0.580000"])
    lift: str = Field(pattern=_FIXED, description="`passes` minus `base_rate`.", examples=["0.151000"])
    history_size: int = Field(description="How many closed proposals of the DAO were known then.", examples=[212])
    approval_share: str | None = Field(examples=["0.804000"])
    approval_interval: list[str] | None = Field(description="Low and high, at 90 %.")
    turnout: str | None = Field(description="Expected number of voters.", examples=["96.000000"])
    turnout_interval: list[str] | None = Field(description="Low and high, at 90 %.")
    served: str = Field(description="`model`, or `base_rate` where history is too short.", examples=["model"])
    reason: str | None = Field(description="Why the base rate was served.")
    votes_seen: int
    votes_known: bool = Field(description="Whether votes were collected up to `as_of`; if not, their absence means nothing.")
    features: dict[str, str] = Field(description="The numbers the model saw, by name.")
    model_sha256: str
    sha256: str = Field(description="Digest of the forecast's canonical form, as logged.")


@router.get("/forecast", operation_id="getForecast", responses=problems(NotFound, InvalidInput, Conflict, ModelUnavailable))
def get(proposal_id: str, session: ReadDep, clock: ClockDep, forecaster: ForecasterDep, as_of: AsOf = None) -> OutcomeForecastOut:
    """How the proposal ends, as of now (for a closed one: just before its close) or any moment while it was open.

    Computed from what was known then; nothing is recorded.
    """
    with _ONE_AT_A_TIME:
        return _shown(forecast(session, proposal_id, forecaster=forecaster, now=clock(), as_of=as_of))


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
    with _ONE_AT_A_TIME:
        made = forecast(session, proposal_id, forecaster=forecaster, now=now, as_of=as_of)
    return _shown(writer.run(lambda unit: record_forecast(unit, made, actor=actor, now=now)))


@router.get("/forecasts", operation_id="listForecasts", responses=problems(NotFound, InvalidInput))
def list_all(proposal_id: str, session: ReadDep, clock: ClockDep, page: PageDep, as_of: AsOf = None) -> Page[OutcomeForecastOut]:
    """The forecasts on record, newest `as_of` first; old ones stay as they were given."""
    at = moment(session, dao_of(session, proposal_id), as_of, clock())
    after = None if page.after is None else (from_microseconds(int(page.after[0])), str(page.after[1]))
    rows = recorded(session, proposal_id, as_of=at, after=after, limit=page.limit + 1)
    made = [Forecast(row.id, row.dao_id, row.proposal_id, row.as_of, row.body, row.sha256, row.model_sha256) for row in rows]
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
    return OutcomeForecastOut.model_validate({**made.body, **ids, "model_sha256": made.model_sha256})
