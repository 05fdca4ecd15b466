"""Objectives: what the DAO wants of a parameter, how it is measured, and how sure it wants to be."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from governance import strict_fields as fields
from governance.errors import InvalidInput
from governance.parameters import ParameterKind
from governance.tokenomics.policies import ProportionalIntegral

DAY_S: Final = 86_400
# What the simulated economy reads. `apr` is the reward rate in force by day, where the DAO observes it.
ROLES: Final = ("staked_share", "supply", "price", "pool_token", "pool_quote")
KPI_ROLES: Final = ("staked_share", "price")
KPI_WINDOW_DAYS: Final = 7  # a KPI is the mean of the horizon's last week, so that one day's noise decides nothing

_KEYS: Final = (
    "v", "name", "kind", "parameter", "metrics", "apr_metric", "target", "horizon_s", "min_history_days", "risk",
    "reward_sale_share", "kpis", "policy",
)  # fmt: skip
_RISK_KEYS: Final = ("level", "min_benefit", "issuance_weight", "max_price_cost")


@dataclass(frozen=True, slots=True)
class Metric:
    """The DAO's name of a metric and the unit its values must carry: a share read as percent would be a hundredfold error."""

    name: str
    unit: str


@dataclass(frozen=True, slots=True)
class Risk:
    """How sure the DAO wants to be. `level` is two-sided; costs and benefits are shares of the supply and of the price."""

    level: Fraction
    min_benefit: float
    issuance_weight: float
    max_price_cost: float


@dataclass(frozen=True, slots=True)
class GrowthObjective:
    """Bring the staked share to `target` by moving a reward rate, paying for the extra issuance.

    The benefit of a change over *hold*, on one simulated path: how much closer the staked share's mean over the
    horizon's last week comes to the target, less `issuance_weight` times the extra issuance as a share of the supply.
    `reward_sale_share` is how much of the extra rewards is taken to be sold into the pool.
    """

    name: str
    parameter: str
    metrics: Mapping[str, Metric]
    apr_metric: Metric | None
    target: float
    horizon_days: int
    min_history_days: int
    risk: Risk
    reward_sale_share: float
    kpis: tuple[str, ...]
    policy: ProportionalIntegral

    @classmethod
    def from_body(cls, body: object) -> "GrowthObjective":
        """Read an objective; `InvalidInput` for anything missing, extra or out of range."""
        given = fields.only(body, _KEYS, field="objective")
        fields.whole(given, "v", field="objective", low=1, high=1)
        fields.one_of(given, "kind", ("growth",), field="objective")
        roles = fields.only(given["metrics"], ROLES, field="objective.metrics")
        policy = fields.only(given["policy"], ("name", "settings"), field="objective.policy")
        fields.one_of(policy, "name", ("proportional_integral",), field="objective.policy")
        apr = given["apr_metric"]
        return cls(
            name=fields.name(given, "name", field="objective"),
            parameter=fields.name(given, "parameter", field="objective"),
            metrics={role: _metric(roles[role], f"objective.metrics.{role}") for role in ROLES},
            apr_metric=None if apr is None else _metric(apr, "objective.apr_metric"),
            target=float(fields.decimal(given, "target", field="objective", low="0.01", high="0.99")),
            horizon_days=_days(given),
            min_history_days=fields.whole(given, "min_history_days", field="objective", low=14, high=180),
            risk=_risk(given["risk"]),
            reward_sale_share=float(fields.decimal(given, "reward_sale_share", field="objective", low="0", high="1")),
            kpis=_kpis(given["kpis"]),
            policy=ProportionalIntegral.from_settings(policy["settings"]),
        )

    def read_metrics(self) -> list[str]:
        """Every metric a decision reads: all must be fresh together."""
        return sorted({metric.name for metric in self.metrics.values()} | ({self.apr_metric.name} if self.apr_metric else set()))

    def unit_of(self, metric: str) -> str | None:
        """The unit the metric's values must carry; None for a metric this objective does not read."""
        known = [*self.metrics.values(), *([self.apr_metric] if self.apr_metric else [])]
        return next((m.unit for m in known if m.name == metric), None)

    def must_fit(self, kind: ParameterKind) -> None:
        """Raise `InvalidInput` unless this objective steers parameters of `kind`."""
        if kind is not ParameterKind.STAKING_APR_BPS:
            raise InvalidInput("objective.kind", "growth", f"steers a staking_apr_bps, not a {kind.value}")


def _metric(body: object, field: str) -> Metric:
    given = fields.only(body, ("metric", "unit"), field=field)
    unit = given["unit"]
    if not isinstance(unit, str) or not 0 < len(unit) <= 64:
        raise InvalidInput(f"{field}.unit", unit, "must be 1 to 64 characters")
    return Metric(fields.metric(given, "metric", field=field), unit)


def _risk(body: object) -> Risk:
    given = fields.only(body, _RISK_KEYS, field="objective.risk")
    return Risk(
        level=fields.decimal(given, "level", field="objective.risk", low="0.5", high="0.99"),
        min_benefit=float(fields.decimal(given, "min_benefit", field="objective.risk", low="0", high="1")),
        issuance_weight=float(fields.decimal(given, "issuance_weight", field="objective.risk", low="0", high="100")),
        max_price_cost=float(fields.decimal(given, "max_price_cost", field="objective.risk", low="0", high="1")),
    )


def _days(given: Mapping[str, object]) -> int:
    seconds = fields.whole(given, "horizon_s", field="objective", low=KPI_WINDOW_DAYS * DAY_S, high=120 * DAY_S)
    if seconds % DAY_S:
        raise InvalidInput("objective.horizon_s", seconds, "must be whole days of 86400 s")
    return seconds // DAY_S


def _kpis(value: object) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or not value or any(item not in KPI_ROLES for item in value) or len(set(value)) != len(value):
        raise InvalidInput("objective.kpis", str(value), f"must name one or more of {', '.join(KPI_ROLES)}, each once")
    return tuple(value)
