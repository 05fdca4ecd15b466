"""Governed parameters: their kinds, their units and one exact change of one of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from governance import strict_fields as fields
from governance.errors import InvalidInput


class Unit(StrEnum):
    """What one step of the integer value means."""

    BPS = "bps"  # one hundredth of one percent
    BASE_UNITS = "base_units"  # of the token
    BASE_UNITS_PER_DAY = "base_units_per_day"
    MICRO_USD = "micro_usd"


class ParameterKind(StrEnum):
    """What a parameter steers."""

    SUPPLY_DELTA_PCT = "supply_delta_pct"
    EMISSION_RATE = "emission_rate"
    BURN_RATE_PCT = "burn_rate_pct"
    STAKING_APR_BPS = "staking_apr_bps"
    FEE_BPS = "fee_bps"
    LIQUIDITY_INCENTIVE_RATE = "liquidity_incentive_rate"
    COMPUTE_PRICE_USD = "compute_price_usd"
    COLLATERAL_RATIO = "collateral_ratio"
    RATE_SLOPE_BPS = "rate_slope_bps"
    CAP_UNITS = "cap_units"


UNITS: Final[Mapping[ParameterKind, Unit]] = {
    ParameterKind.SUPPLY_DELTA_PCT: Unit.BPS,
    ParameterKind.EMISSION_RATE: Unit.BASE_UNITS_PER_DAY,
    ParameterKind.BURN_RATE_PCT: Unit.BPS,
    ParameterKind.STAKING_APR_BPS: Unit.BPS,
    ParameterKind.FEE_BPS: Unit.BPS,
    ParameterKind.LIQUIDITY_INCENTIVE_RATE: Unit.BASE_UNITS_PER_DAY,
    ParameterKind.COMPUTE_PRICE_USD: Unit.MICRO_USD,
    ParameterKind.COLLATERAL_RATIO: Unit.BPS,
    ParameterKind.RATE_SLOPE_BPS: Unit.BPS,
    ParameterKind.CAP_UNITS: Unit.BASE_UNITS,
}

# A supply may shrink; every other kind is a size and starts at zero.
SIGNED: Final = frozenset({ParameterKind.SUPPLY_DELTA_PCT})


@dataclass(frozen=True, slots=True)
class TokenParameter:
    """A governed number: `value` is an integer in `unit`, which its kind decides."""

    name: str
    kind: ParameterKind
    value: int

    @property
    def unit(self) -> Unit:
        """The unit that the kind has."""
        return UNITS[self.kind]

    @classmethod
    def from_body(cls, body: object) -> "TokenParameter":
        """Read {"name", "kind", "unit", "value"}; `InvalidInput` when the unit is not the kind's or the value has a wrong sign."""
        fields_of = fields.only(body, ("name", "kind", "unit", "value"), field="parameter")
        kind = ParameterKind(fields.one_of(fields_of, "kind", [kind.value for kind in ParameterKind], field="parameter"))
        if fields_of["unit"] != UNITS[kind].value:
            raise InvalidInput("parameter.unit", fields_of["unit"], f"a {kind.value} is counted in {UNITS[kind].value}")
        low = -fields.MAX_AMOUNT if kind in SIGNED else 0
        return cls(fields.name(fields_of, "name", field="parameter"), kind, fields.amount(fields_of, "value", field="parameter", low=low))


@dataclass(frozen=True, slots=True)
class ParameterChange:
    """One exact change: from what the parameter is to what it shall be, in its unit."""

    parameter: str
    unit: str
    current: int
    proposed: int

    def body(self) -> dict[str, object]:
        """The change as it stands in a recommendation document."""
        return {"parameter": self.parameter, "from": str(self.current), "to": str(self.proposed), "unit": self.unit}

    def rollback(self) -> "ParameterChange":
        """The change that undoes this one."""
        return ParameterChange(self.parameter, self.unit, current=self.proposed, proposed=self.current)

    @classmethod
    def from_body(cls, body: object) -> "ParameterChange":
        """Read what `body()` wrote; anything else is `InvalidInput`."""
        given = fields.only(body, ("parameter", "from", "to", "unit"), field="change")
        return cls(
            parameter=fields.name(given, "parameter", field="change"),
            unit=fields.one_of(given, "unit", [unit.value for unit in Unit], field="change"),
            current=fields.amount(given, "from", field="change"),
            proposed=fields.amount(given, "to", field="change"),
        )


@dataclass(frozen=True, slots=True)
class ExecutedChange:
    """A change that was applied, and when (the DAO's time)."""

    before: int
    after: int
    at: datetime
