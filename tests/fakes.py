"""Stand-ins that say the same thing every time."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@dataclass
class FixedClock:
    """A wall clock that moves only when told to; call it for the time."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def advance(self, *, days: float = 0, hours: float = 0, seconds: float = 0) -> datetime:
        """Move forward and give the new time."""
        self.now += timedelta(days=days, hours=hours, seconds=seconds)
        return self.now
