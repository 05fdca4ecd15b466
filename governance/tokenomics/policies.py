"""Policies: rules that turn the distance from a target into a candidate move."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from governance import strict_fields as fields
from governance.tokenomics.series import DailySeries
from governance.tokenomics.signals import relative_deviation

# Where the constants come from:
# - ki: Cosmos x/mint moves yearly inflation by 0.13 per year at full relative error: 1,300 bps / 365 days.
# - leak: RAI's recorded per-second leak 0.9999997112, over 86,400 s: an error is forgotten with a half-life of 28 days.
# - dead band: Ampleforth does nothing within 2.5 % of its target.
# - max_move: Aave's risk stewards may move a base rate by 100 bps at a time.
# - kp: ours, so that a relative error of 20 % asks for one full steward step.
# - windup: ours, so that the integral alone never asks for more than one full step (28 * 3.56 = 99.7 bps).
PI_DEFAULTS: Final[Mapping[str, str]] = {
    "kp": "500.000000",
    "ki_per_day": "3.561644",
    "leak_per_day": "0.975356",
    "dead_band": "0.025000",
    "windup_days": "28.000000",
    "max_move": "100",
}


@dataclass(frozen=True, slots=True)
class Move:
    """What a policy asks for: whole units of the parameter, and the numbers that led there."""

    amount: int
    proportional: float
    integral: float
    asked: float


def hold() -> Move:
    """Do nothing: what every other policy is measured against."""
    return Move(0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class ProportionalIntegral:
    """Proportional–integral control of a relative error, with dead band, leak, bounded integral and bounded move.

    `max_move` is the policy's own reach, chosen by the DAO with the policy; it is not a guardrail and replaces none: a
    move that a guardrail refuses is refused whole. After RAI's controller: I = leak·I + (P + P_before)/2·dt,
    out = kp·P + ki·I.
    """

    kp: float
    ki_per_day: float
    leak_per_day: float
    dead_band: float
    windup_days: float
    max_move: int

    @classmethod
    def from_settings(cls, settings: object) -> "ProportionalIntegral":
        """Read the settings (decimal text, all of them); `InvalidInput` names the one that is missing or out of range."""
        given = fields.only(settings, tuple(PI_DEFAULTS), field="policy.settings")

        def number(key: str, low: str, high: str) -> float:
            return float(fields.decimal(given, key, field="policy.settings", low=low, high=high))

        return cls(
            kp=number("kp", "0", "100000"),
            ki_per_day=number("ki_per_day", "0", "10000"),
            leak_per_day=number("leak_per_day", "0", "1"),
            dead_band=number("dead_band", "0", "1"),
            windup_days=number("windup_days", "0", "366"),
            max_move=fields.amount(given, "max_move", field="policy.settings", low=1),
        )

    def move(self, series: DailySeries, *, target: float, since_day: int | None) -> Move:
        """The move for the newest error; errors before `since_day` (the last change) are not counted a second time.

        Zero inside the dead band (strictly below it). Amounts are rounded half to even.
        """
        days = [day for day in series.days() if since_day is None or day <= since_day]
        error, integral, before = relative_deviation(series.last(), target=target), 0.0, None
        for day in days:
            now = relative_deviation(series.values[day], target=target)
            if before is not None:
                gap = before[0] - day
                for _ in range(gap):
                    integral = integral * self.leak_per_day
                integral = integral + (now + before[1]) / 2 * gap
                integral = max(-self.windup_days, min(self.windup_days, integral))
            before = (day, now)
        asked = self.kp * error + self.ki_per_day * integral
        if abs(error) < self.dead_band:
            return Move(0, error, integral, asked)
        return Move(max(-self.max_move, min(self.max_move, round(asked))), error, integral, asked)
