"""How often one caller may ask, with the `limits` package; answers tell what is left."""

import math
import time
from dataclasses import dataclass

from limits import RateLimitItem, parse_many
from limits.storage import Storage
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


class WindowCounts(Storage):
    """Counts of the windows that are open, in this process.

    The package's own memory storage starts a thread for each hundredth of a second in which requests come, and each
    start waits for the interpreter; here windows that ended are swept on the way, a while after the last time. Only the
    event loop counts, so there are no locks.
    """

    STORAGE_SCHEME = None
    _SWEPT_EVERY_S = 1.0

    def __init__(self) -> None:
        super().__init__()
        self._windows: dict[str, tuple[int, float]] = {}
        self._swept_at = 0.0

    @property
    def base_exceptions(self) -> type[Exception]:
        """What a storage elsewhere could raise; this one raises nothing."""
        return ValueError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count `amount`; a window opens with its first hit, and stays open for `expiry` seconds."""
        now = time.time()
        if now - self._swept_at >= self._SWEPT_EVERY_S:
            self.sweep(now)
        count, ends = self._windows.get(key, (0, 0.0))
        if ends <= now:
            count, ends = 0, now + expiry
        self._windows[key] = count + amount, ends
        return count + amount

    def sweep(self, now: float) -> None:
        """Forget the windows that ended."""
        self._windows = {name: window for name, window in self._windows.items() if window[1] > now}
        self._swept_at = now

    def get(self, key: str) -> int:
        """How often the open window was hit."""
        count, ends = self._windows.get(key, (0, 0.0))
        return count if ends > time.time() else 0

    def get_expiry(self, key: str) -> float:
        """When the window ends, in Unix seconds; now where none is open."""
        now = time.time()
        return max(now, self._windows.get(key, (0, now))[1])

    def check(self) -> bool:
        """Whether counting works."""
        return True

    def reset(self) -> int:
        """Forget everything; how many windows there were."""
        forgotten, self._windows = len(self._windows), {}
        return forgotten

    def clear(self, key: str) -> None:
        """Forget one window."""
        self._windows.pop(key, None)


class RateLimits:
    """Counts per caller and kind of request, in this process."""

    def __init__(self, settings: Settings) -> None:
        self._limiter = FixedWindowRateLimiter(WindowCounts())
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
