"""How often one caller may ask, with the `limits` package; answers tell what is left."""

import math
import time
from dataclasses import dataclass

from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from api.refusals import TooManyRequests
from api.settings import Settings

_READS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a caller has left in the window that limits it most."""

    limit: int
    remaining: int
    reset_s: int

    def headers(self) -> list[tuple[bytes, bytes]]:
        """The `RateLimit-*` headers (draft-ietf-httpapi-ratelimit-headers, the three-header form)."""
        return [
            (b"ratelimit-limit", b"%d" % self.limit),
            (b"ratelimit-remaining", b"%d" % self.remaining),
            (b"ratelimit-reset", b"%d" % self.reset_s),
        ]


class RateLimits:
    """Counts per caller and kind of request, in this process."""

    def __init__(self, settings: Settings) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._reads = tuple(parse_many(settings.rate_limit_reads))
        self._writes = tuple(parse_many(settings.rate_limit_writes))

    def spend(self, caller: str, method: str) -> Allowance:
        """Count one request of `caller`, and say what is left.

        Raises:
            TooManyRequests: there was nothing left; the request is not to be worked on.
        """
        kind, rates = ("read", self._reads) if method in _READS else ("write", self._writes)
        for rate in rates:
            if not self._limiter.hit(rate, kind, caller):
                left = self._left(rate, kind, caller)
                raise TooManyRequests(f"{rate} are used up", limit=str(rate), retry_after_s=max(1, left.reset_s))
        return min((self._left(rate, kind, caller) for rate in rates), key=lambda left: left.remaining)

    def _left(self, rate: RateLimitItem, kind: str, caller: str) -> Allowance:
        stats = self._limiter.get_window_stats(rate, kind, caller)
        return Allowance(rate.amount, stats.remaining, max(0, math.ceil(stats.reset_time - time.time())))
