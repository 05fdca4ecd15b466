"""Parameters: the governed numbers of a token economy, their values, and what moving one would do."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

from api.dependencies import ClockDep, ReadDep, SettingsDep, WriterDep, require
from api.errors import problems
from api.listing import AsOf, moment
from api.pagination import Page, PageDep
from governance.actors import Actor, Role
from governance.errors import AlreadyRecorded, Conflict, InvalidInput, NotFound
from governance.parameters import ParameterKind, Unit
from governance.records import parameters as records
from governance.records.parameters import Parameter
from governance.strict_fields import amount_text
from governance.workflow.recommend import simulate
from governance.workflow.register_parameter import register_parameter

router = APIRouter(prefix="/daos/{dao_id}/parameters", tags=["parameters"])

AMOUNT_PATTERN = r"^-?(0|[1-9][0-9]{0,77})$"
NAME_PATTERN = r"^[a-z][a-z0-9_]{0,63}$"
Name = Annotated[str, Field(pattern=NAME_PATTERN, examples=["staking_apr_bps"])]
Amount = Annotated[str, Field(pattern=AMOUNT_PATTERN, max_length=79, examples=["800"])]


class ManualPlace(BaseModel):
    """The number is kept by hand."""

    model_config = ConfigDict(extra="forbid", strict=True)

    kind: Literal["manual_record"]
    note: str | None = Field(
        None, min_length=1, max_length=300, description="Who keeps it, and where.", examples=["set by the staking contract's owner"]
    )


class ContractPlace(BaseModel):
    """The number lives in a contract."""

    model_config = ConfigDict(extra="forbid", strict=True)

    kind: Literal["contract"]
    account: str = Field(
        min_length=1, max_length=300, description="CAIP-10 account.", examples=["eip155:1:0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"]
    )
    function: str = Field(min_length=1, max_length=300, description="The function that sets it.", examples=["setRewardRate(uint256)"])


class ParameterIn(BaseModel):
    """A parameter to register."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Name
    kind: Literal[
        "supply_delta_pct", "emission_rate", "burn_rate_pct", "staking_apr_bps", "fee_bps", "liquidity_incentive_rate",
        "compute_price_usd", "collateral_ratio", "rate_slope_bps", "cap_units",
    ] = Field(description="What it steers; the kind decides the unit.", examples=["staking_apr_bps"])  # fmt: skip
    unit: Literal["bps", "base_units", "base_units_per_day", "micro_usd"] = Field(description="Must be the kind's unit.", examples=["bps"])
    value: Amount = Field(description="Its present value, a whole number in `unit` as text.")
    place: ManualPlace | ContractPlace = Field(discriminator="kind", description="Where the number lives.")


class ParameterOut(BaseModel):
    """A governed parameter."""

    id: str
    dao_id: str
    name: str
    kind: ParameterKind
    unit: Unit
    value: str = Field(description="Its value now, a whole number in `unit` as text.", examples=["800"])
    version: int = Field(description="How many values it has had.")
    place: dict[str, Any]
    last_changed_at: datetime | None = Field(description="The DAO's time of the last executed change; null before the first.")
    known_at: datetime
    recorded_at: datetime


class ValueOut(BaseModel):
    """One value a parameter had."""

    version: int
    value: str
    set_by: str = Field(description="The key that registered it, or the execution that set it.")
    known_at: datetime = Field(description="Since when, on the DAO's clock.")
    recorded_at: datetime


class SimulationOut(BaseModel):
    """What a change would do against leaving things as they are. It decides nothing and is not recorded."""

    change: dict[str, str]
    refused: dict[str, str] | None = Field(description="The rule that would refuse it, with limit and value; null when none does.")
    effect: dict[str, Any] | None = Field(
        description="KPIs under hold and change, benefit and cost; null when the inputs allow no simulation."
    )
    inputs_sha256: str


@router.post("", operation_id="registerParameter", status_code=201, responses=problems(NotFound, InvalidInput, AlreadyRecorded))
def register(
    dao_id: str, body: ParameterIn, writer: WriterDep, clock: ClockDep, actor: Annotated[Actor, Depends(require(Role.PROPOSER))]
) -> ParameterOut:
    """Bring a number of the token economy under governance, with its present value (role proposer).

    From here on it changes only by an executed, consented change. The same registration again gives the first.
    """
    given = body.model_dump(exclude={"place"})
    place = body.place.model_dump(exclude_none=True)
    return writer.run(lambda session: _shown(register_parameter(session, dao_id, given, place=place, actor=actor, now=clock())))


@router.get("", operation_id="listParameters", responses=problems(NotFound, InvalidInput))
def list_all(dao_id: str, session: ReadDep, clock: ClockDep, page: PageDep, *, as_of: AsOf = None) -> Page[ParameterOut]:
    """The DAO's parameters by name, with the values they have, or had at `as_of`."""
    at = moment(session, dao_id, as_of, clock())
    after = "" if page.after is None else str(page.after[0])
    rows = records.parameters_of(session, dao_id, known_by=at, after=after, limit=page.limit + 1)
    shown = rows[: page.limit]
    return Page(
        items=[_at(session, row, at) for row in shown],
        next_cursor=page.next_cursor([(row.name,) for row in rows]),
        as_of=at,
        indexed_to=max((row.known_at for row in shown), default=None),
        complete=True,
    )


@router.get("/{name}", operation_id="getParameter", responses=problems(NotFound))
def read(dao_id: str, name: str, session: ReadDep, clock: ClockDep, *, as_of: AsOf = None) -> ParameterOut:
    """One parameter with its value now, or at `as_of`."""
    at = moment(session, dao_id, as_of, clock())
    row = records.get_parameter(session, dao_id, name)
    if row.known_at > at:
        raise NotFound("parameter", name)
    return _at(session, row, at)


@router.get("/{name}/history", operation_id="getParameterHistory", responses=problems(NotFound, InvalidInput))
def history(dao_id: str, name: str, session: ReadDep, clock: ClockDep, page: PageDep, *, as_of: AsOf = None) -> Page[ValueOut]:
    """Every value the parameter has had, oldest first, and what set it."""
    at = moment(session, dao_id, as_of, clock())
    values = records.values_of(session, records.get_parameter(session, dao_id, name).id, known_by=at)
    after = 0 if page.after is None else int(page.after[0])
    left = [value for value in values if value.version > after][: page.limit + 1]
    return Page(
        items=[ValueOut.model_validate(value.model_dump()) for value in left[: page.limit]],
        next_cursor=page.next_cursor([(value.version,) for value in left]),
        as_of=at,
        indexed_to=values[-1].known_at if values else None,
        complete=True,
    )


@router.get("/{name}/simulation", operation_id="simulateChange", responses=problems(NotFound, InvalidInput, Conflict))
def simulation(
    dao_id: str,
    name: str,
    *,
    proposed: Annotated[str, Query(pattern=AMOUNT_PATTERN, max_length=79, description="The value to try.", examples=["900"])],
    session: ReadDep,
    clock: ClockDep,
    settings: SettingsDep,
) -> SimulationOut:
    """What moving the parameter to `proposed` would do, simulated against hold. Nothing is recorded and nothing permitted.

    The effect is shown also where the guardrail would refuse the change; `refused` says so.
    """
    value = amount_text(proposed, field="proposed", low=0)
    if value > 10**9:
        raise InvalidInput("proposed", proposed, "at most 10^9: no rate is larger")
    return SimulationOut.model_validate(simulate(session, dao_id, name, value, chain_id=settings.chain_id, now=clock()))


def _shown(row: Parameter) -> ParameterOut:
    return ParameterOut.model_validate(row.model_dump())


def _at(session: Session, row: Parameter, at: datetime) -> ParameterOut:
    """The parameter with the value it had at `at`."""
    last = records.values_of(session, row.id, known_by=at)[-1]
    changed_at = last.known_at if last.version > 1 else None
    return _shown(row).model_copy(update={"value": last.value, "version": last.version, "last_changed_at": changed_at})
