"""Guardrails: how far, how often and on which inputs a parameter may move."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from api.dependencies import ClockDep, ReadDep, WriterDep, require
from api.errors import problems
from api.listing import AsOf, moment
from api.pagination import Page, PageDep
from api.routes.parameters import AMOUNT_PATTERN, Amount, Name
from governance.actors import Actor, Role
from governance.errors import ConsentRequired, InvalidInput, NotFound
from governance.records import parameters as records
from governance.records.parameters import GuardrailVersion
from governance.workflow.set_guardrail import set_guardrail

router = APIRouter(prefix="/daos/{dao_id}/parameters/{name}/guardrail", tags=["guardrails"])

DECIMAL_PATTERN = r"^-?(0|[1-9][0-9]{0,77})(\.[0-9]{1,78})?$"
METRIC_PATTERN = r"^[a-z][a-z0-9_.:/-]{0,127}$"
_YEAR_S = 366 * 86_400
Seconds = Annotated[int, Field(ge=1, le=_YEAR_S)]
OptionalAmount = Annotated[str | None, Field(pattern=AMOUNT_PATTERN, max_length=79)]
OptionalBps = Annotated[int | None, Field(ge=1, le=1_000_000)]


class WindowBody(BaseModel):
    """A bound on the sum of the sizes of all moves in a rolling window, up and down alike, executed and queued."""

    model_config = ConfigDict(extra="forbid", strict=True)

    length_s: Seconds = Field(examples=[2_592_000])
    max_change: OptionalAmount = Field(description="In the parameter's unit; null if only the relative bound is set.", examples=["300"])
    max_change_relative_bps: OptionalBps = Field(description="Basis points of the value at the window's start.", examples=[None])


class InputsBody(BaseModel):
    """What a decision may be based on."""

    model_config = ConfigDict(extra="forbid", strict=True)

    max_age_s: int = Field(ge=1, le=90 * 86_400, description="Oldest that any metric may be.", examples=[129_600])
    max_disagreement_bps: int = Field(ge=0, le=10_000, description="How far fresh sources of one metric may be apart.", examples=[150])
    min_sources: int = Field(ge=1, le=16, description="How many fresh sources each metric needs.", examples=[2])


class BreakerBody(BaseModel):
    """Halts when the metric reaches `halt`, until it reaches `restart`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    metric: str = Field(pattern=METRIC_PATTERN, examples=["collateral_ratio"])
    direction: Literal["below", "above"]
    warn: str = Field(pattern=DECIMAL_PATTERN, max_length=158, examples=["0.95"])
    halt: str = Field(pattern=DECIMAL_PATTERN, max_length=158, examples=["0.90"])
    restart: str = Field(pattern=DECIMAL_PATTERN, max_length=158, examples=["0.93"])


class GuardrailBody(BaseModel):
    """A whole guardrail; nothing in it has a default. All limits are inclusive; a change that does not fit is refused, never clipped."""

    model_config = ConfigDict(extra="forbid", strict=True)

    v: Literal[1]
    parameter: Name
    unit: Literal["bps", "base_units", "base_units_per_day", "micro_usd"] = Field(examples=["bps"])
    floor: Amount = Field(examples=["200"])
    ceiling: Amount = Field(examples=["2000"])
    max_step: OptionalAmount = Field(
        description="Largest single move, in the unit; null if only the relative bound is set.", examples=["100"]
    )
    max_step_relative_bps: OptionalBps = Field(description="Largest single move, in basis points of the current value.", examples=[None])
    window: WindowBody
    cooldown_s: Seconds = Field(description="Least time between two executed changes.", examples=[259_200])
    min_delay_s: Seconds = Field(description="Least time between approval and signing; at least 3600.", examples=[86_400])
    dead_band: Amount = Field(description="Smallest move worth making.", examples=["5"])
    forbid_zero: bool = Field(examples=[True])
    expires_after_s: Seconds = Field(description="How long a recommendation can be consented to and executed.", examples=[604_800])
    inputs: InputsBody
    circuit_breaker: BreakerBody | None = Field(description="Null: the DAO set none.", examples=[None])


class GuardrailOut(BaseModel):
    """One version of a guardrail; `sha256` is what each consent binds to."""

    dao_id: str
    parameter_id: str
    version: int
    guardrail: GuardrailBody
    sha256: str
    set_by: str = Field(description="The key that set the first version, or the execution that set a later one.")
    known_at: datetime
    recorded_at: datetime


@router.put("", operation_id="setGuardrail", responses=problems(NotFound, InvalidInput, ConsentRequired))
def put(
    dao_id: str,
    name: str,
    *,
    body: GuardrailBody,
    writer: WriterDep,
    clock: ClockDep,
    actor: Annotated[Actor, Depends(require(Role.PROPOSER))],
) -> GuardrailOut:
    """Set the parameter's first guardrail (role proposer). Every later one needs the delegates' consent: `proposeChange`.

    The same body again is answered with the standing version.
    """
    return writer.run(lambda session: _shown(set_guardrail(session, dao_id, name, body.model_dump(), actor=actor, now=clock())))


@router.get("", operation_id="getGuardrail", responses=problems(NotFound))
def read(dao_id: str, name: str, session: ReadDep, clock: ClockDep, *, as_of: AsOf = None) -> GuardrailOut:
    """The guardrail that counts now, or counted at `as_of`."""
    at = moment(session, dao_id, as_of, clock())
    versions = records.guardrail_versions(session, records.get_parameter(session, dao_id, name).id, known_by=at)
    if not versions:
        raise NotFound("guardrail of parameter", name)
    return _shown(versions[-1])


@router.get("/versions", operation_id="listGuardrailVersions", responses=problems(NotFound, InvalidInput))
def list_versions(dao_id: str, name: str, session: ReadDep, clock: ClockDep, page: PageDep, *, as_of: AsOf = None) -> Page[GuardrailOut]:
    """Every version of the guardrail, oldest first."""
    at = moment(session, dao_id, as_of, clock())
    versions = records.guardrail_versions(session, records.get_parameter(session, dao_id, name).id, known_by=at)
    after = 0 if page.after is None else int(page.after[0])
    left = [row for row in versions if row.version > after][: page.limit + 1]
    return Page(
        items=[_shown(row) for row in left[: page.limit]],
        next_cursor=page.next_cursor([(row.version,) for row in left]),
        as_of=at,
        indexed_to=versions[-1].known_at if versions else None,
        complete=True,
    )


def _shown(row: GuardrailVersion) -> GuardrailOut:
    return GuardrailOut(
        dao_id=row.dao_id,
        parameter_id=row.parameter_id,
        version=row.version,
        guardrail=GuardrailBody.model_validate(row.body),
        sha256=row.sha256,
        set_by=row.set_by,
        known_at=row.known_at,
        recorded_at=row.recorded_at,
    )
