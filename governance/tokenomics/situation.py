"""The situation a decision is made in: fresh, consistent inputs, made into series, stocks and history."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import Final

from governance.canonical import fixed
from governance.circuit_breaker import BreakerState
from governance.input_limits import BPS, disagreement_bps
from governance.recommendation_inputs import Inputs
from governance.tokenomics.comparison import history_of
from governance.tokenomics.economy import Stocks
from governance.tokenomics.objectives import ROLES
from governance.tokenomics.response import Day
from governance.tokenomics.series import DAY, DailySeries, daily
from governance.tokenomics.signals import in_fixed_point, momentum, relative_deviation, staleness, volatility, widest_disagreement

# Half a year: enough for the rate to have moved, not so much that the DAO of long ago answers for today's.
WINDOW_DAYS: Final = 180


class Abstain(Exception):
    """There is nothing to recommend, for `reason`; `rule` is what did not hold, `details` the values that decided."""

    def __init__(self, reason: str, rule: str, details: Mapping[str, str]) -> None:
        super().__init__(reason)
        self.reason = reason
        self.rule = rule
        self.details = details


@dataclass(frozen=True, slots=True)
class Situation:
    """What the inputs say once they have passed every check."""

    series: Mapping[str, DailySeries]
    stocks: Stocks
    history: tuple[Day, ...]
    signals: Mapping[str, str]

    def details(self) -> dict[str, str]:
        """The signals an abstention names."""
        return {"days": str(len(self.history)), **self.signals}


def situation(read: Inputs) -> Situation:
    """Check and arrange the inputs.

    Raises:
        GuardrailBreached: too old, too few sources, sources apart, or the breaker is open.
        Abstain: wrong unit, a value no economy can have, linked values that contradict each other, too short a history.
    """
    _units(read)
    breaker = read.guardrail.check_inputs(read.observations, read=read.objective.read_metrics(), now=read.now)
    names = {role: read.objective.metrics[role].name for role in ROLES}
    series = {role: daily(read.observations, metric=name, now=read.now, days=WINDOW_DAYS) for role, name in names.items()}
    _in_range(series)
    stocks = Stocks(**{role: series[role].last() for role in ROLES})
    _joint_state(read, stocks)
    history = history_of(series, _rates(read))
    if len(history) < read.objective.min_history_days:
        rule = f"at least {read.objective.min_history_days} whole days with a known rate"
        raise Abstain("too_few_observations", rule, {"days": str(len(history))})
    return Situation(series, stocks, history, _signals(read, series, breaker))


def _units(read: Inputs) -> None:
    for metric, units in sorted(read.units.items()):
        wanted = read.objective.unit_of(metric)
        if wanted is not None and units != {wanted}:
            raise Abstain("unusable_inputs", "unit", {"metric": metric, "expected": wanted, "got": ", ".join(sorted(units))[:200]})


def _in_range(series: Mapping[str, DailySeries]) -> None:
    for role, found in sorted(series.items()):
        high = 1.0 if role == "staked_share" else math.inf
        for value in found.values.values():
            if not 0.0 < value < high:
                raise Abstain("unusable_inputs", "value_range", {"role": role, "value": f"{value:.6g}"})


def _joint_state(read: Inputs, stocks: Stocks) -> None:
    """Values that belong together must agree, however fresh each is: the pool with the price, the observed rate with the registered one."""
    limit = read.guardrail.inputs.max_disagreement_bps
    pool, price = Fraction(stocks.pool_quote) / Fraction(stocks.pool_token), Fraction(stocks.price)
    apart = disagreement_bps(min(pool, price), max(pool, price))
    if apart is None or apart > limit:
        details = {"pool_price": fixed(float(pool)), "price": fixed(stocks.price), "limit_bps": str(limit)}
        raise Abstain("inputs_contradict", "pool_price", details)
    if read.objective.apr_metric is not None:
        rate = daily(read.observations, metric=read.objective.apr_metric.name, now=read.now, days=WINDOW_DAYS).last()
        if rate != read.parameter.value:
            raise Abstain("inputs_contradict", "parameter_value", {"observed": f"{rate:.6g}", "registered": str(read.parameter.value)})


def _rates(read: Inputs) -> dict[int, float]:
    """The rate in force on each day, in basis points: as observed, else what the register says since it says anything."""
    if read.objective.apr_metric is not None:
        return dict(daily(read.observations, metric=read.objective.apr_metric.name, now=read.now, days=WINDOW_DAYS).values)
    rates = {}
    for day in range(WINDOW_DAYS):
        known = [value for value, at in read.values if at <= read.now - day * DAY]
        if known:
            rates[day] = float(known[-1])
    return rates


def _signals(read: Inputs, series: Mapping[str, DailySeries], breaker: BreakerState) -> dict[str, str]:
    metrics = read.guardrail.metrics(read.objective.read_metrics())
    age = staleness(read.observations, metrics=metrics, now=read.now)
    share = series["staked_share"]
    return in_fixed_point(
        {
            "staked_share": share.last(),
            "deviation": relative_deviation(share.last(), target=read.objective.target),
            "momentum_7d": momentum(share),
            "price_volatility_1d": volatility(series["price"]),
            "staleness_s": None if age is None else age / timedelta(seconds=1),
            "disagreement_bps": widest_disagreement(read.observations, limits=read.guardrail.inputs, metrics=metrics, now=read.now),
            "issuance_a_year": share.last() * read.parameter.value / BPS,
            "breaker_warns": float(breaker is BreakerState.WARN),
        }
    )
