"""Objectives: what the DAO wants of a parameter, its KPIs, and how sure it wants to be."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from api.dependencies import ClockDep, ReadDep, WriterDep, require
from api.errors import problems
from api.listing import AsOf, moment
from api.pagination import Page, PageDep
from api.routes.guardrails import DECIMAL_PATTERN, METRIC_PATTERN
from api.routes.parameters import Amount, Name
from governance.actors import Actor, Role
from governance.errors import Conflict, InvalidInput, NotFound
from governance.records import objectives as records
from governance.records.daos import Objective
from governance.tokenomics.policies import PI_DEFAULTS
from governance.workflow.set_objective import set_objective

router = APIRouter(prefix="/daos/{dao_id}/objectives", tags=["objectives"])

Decimal = Annotated[str, Field(pattern=DECIMAL_PATTERN, max_length=158)]


class MetricBody(BaseModel):
    """A metric as the DAO's observations name it, and the unit its values must carry."""

    model_config = ConfigDict(extra="forbid", strict=True)

    metric: str = Field(pattern=METRIC_PATTERN, examples=["staked_share"])
    unit: str = Field(min_length=1, max_length=64, examples=["share"])


class MetricsBody(BaseModel):
    """What the simulated economy reads."""

    model_config = ConfigDict(extra="forbid", strict=True)

    staked_share: MetricBody = Field(description="Staked tokens as a share of the supply, above 0 and below 1.")
    supply: MetricBody
    price: MetricBody
    pool_token: MetricBody = Field(description="The pool's reserve of the token.")
    pool_quote: MetricBody = Field(description="The pool's reserve of what the price is in; must agree with the price.")


class RiskBody(BaseModel):
    """How sure the DAO wants to be before anything is recommended."""

    model_config = ConfigDict(extra="forbid", strict=True)

    level: Decimal = Field(description="Two-sided certainty, 0.5 to 0.99.", examples=["0.90"])
    min_benefit: Decimal = Field(description="Least benefit over hold at that certainty, as a share of the supply.", examples=["0.002"])
    issuance_weight: Decimal = Field(description="What a token issued beyond hold counts against one more token staked.", examples=["1.0"])
    max_price_cost: Decimal = Field(description="Largest mean shortfall of the price against hold.", examples=["0.02"])


class SettingsBody(BaseModel):
    """Constants of the controller; docs/recommendations.md says where the defaults come from."""

    model_config = ConfigDict(extra="forbid", strict=True)

    kp: Decimal = Field(PI_DEFAULTS["kp"], description="Units of the parameter per unit of relative error.")
    ki_per_day: Decimal = Field(PI_DEFAULTS["ki_per_day"], description="The same per day that the error lasts.")
    leak_per_day: Decimal = Field(PI_DEFAULTS["leak_per_day"], description="What is left of the integral after a day.")
    dead_band: Decimal = Field(PI_DEFAULTS["dead_band"], description="Relative error below which nothing moves.")
    windup_days: Decimal = Field(PI_DEFAULTS["windup_days"], description="Bound of the integral.")
    max_move: Amount = Field(PI_DEFAULTS["max_move"], description="The controller's own reach; it replaces no guardrail.")


class PolicyBody(BaseModel):
    """What turns the distance from the target into a candidate move."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Literal["proportional_integral"]
    settings: SettingsBody


class ObjectiveBody(BaseModel):
    """Bring the staked share to `target` by moving a reward rate, at a price the DAO is ready to pay."""

    model_config = ConfigDict(extra="forbid", strict=True)

    v: Literal[1]
    name: Name = Field(examples=["more_staked"])
    kind: Literal["growth"]
    parameter: Name
    metrics: MetricsBody
    apr_metric: MetricBody | None = Field(description="The reward rate in force by day, in basis points; null: what the register says.")
    target: Decimal = Field(description="The staked share wanted, 0.01 to 0.99.", examples=["0.500000"])
    horizon_s: int = Field(
        ge=7 * 86_400, le=120 * 86_400, multiple_of=86_400, description="Whole days until the KPIs are judged.", examples=[2_419_200]
    )
    min_history_days: int = Field(ge=14, le=180, examples=[45])
    risk: RiskBody
    reward_sale_share: Decimal = Field(description="How much of the extra rewards is taken to be sold, 0 to 1.", examples=["0.5"])
    kpis: list[Literal["staked_share", "price"]] = Field(min_length=1, max_length=2, description="Judged after the horizon, each once.")
    policy: PolicyBody


class ObjectiveOut(BaseModel):
    """One version of an objective."""

    id: str
    dao_id: str
    name: str
    version: int
    objective: ObjectiveBody
    known_at: datetime
    recorded_at: datetime


@router.put("", operation_id="setObjective", responses=problems(NotFound, InvalidInput, Conflict))
def put(
    dao_id: str, body: ObjectiveBody, writer: WriterDep, clock: ClockDep, actor: Annotated[Actor, Depends(require(Role.PROPOSER))]
) -> ObjectiveOut:
    """Set an objective, or a new version of it (role proposer). It binds nobody: what is recommended for it needs consent.

    The same body again is answered with the standing version.
    """
    return writer.run(lambda session: _shown(set_objective(session, dao_id, body.model_dump(), actor=actor, now=clock())))


@router.get("", operation_id="listObjectives", responses=problems(NotFound, InvalidInput))
def list_all(dao_id: str, session: ReadDep, clock: ClockDep, page: PageDep, *, as_of: AsOf = None) -> Page[ObjectiveOut]:
    """The version that counts, or counted at `as_of`, of each of the DAO's objectives, by name."""
    at = moment(session, dao_id, as_of, clock())
    after = "" if page.after is None else str(page.after[0])
    rows = [row for row in records.current_objectives(session, dao_id, known_by=at) if row.name > after][: page.limit + 1]
    shown = rows[: page.limit]
    return Page(
        items=[_shown(row) for row in shown],
        next_cursor=page.next_cursor([(row.name,) for row in rows]),
        as_of=at,
        indexed_to=max((row.known_at for row in shown), default=None),
        complete=True,
    )


@router.get("/{name}", operation_id="getObjective", responses=problems(NotFound))
def read(dao_id: str, name: str, session: ReadDep, clock: ClockDep, *, as_of: AsOf = None) -> ObjectiveOut:
    """The version of one objective that counts now, or counted at `as_of`."""
    versions = records.objective_versions(session, dao_id, name, known_by=moment(session, dao_id, as_of, clock()))
    if not versions:
        raise NotFound("objective", name)
    return _shown(versions[-1])


def _shown(row: Objective) -> ObjectiveOut:
    return ObjectiveOut(
        id=row.id,
        dao_id=row.dao_id,
        name=row.name,
        version=row.version,
        objective=ObjectiveBody.model_validate(row.body),
        known_at=row.known_at,
        recorded_at=row.recorded_at,
    )
