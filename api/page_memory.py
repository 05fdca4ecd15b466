"""The pages asked for last: their bytes, and what these depend on."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

# Path and query.
PageKey = tuple[str, bytes]


@dataclass(slots=True)
class RememberedPage:
    """A page's bytes, and what they depend on. `good_until` is the next moment at which its phase changes by itself."""

    body: bytes
    tag: str
    dao_id: str
    data_version: int
    generation: int
    good_until: datetime | None


class PageMemory:
    """The pages asked for last, up to a number of bytes."""

    def __init__(self, most_bytes: int = 64 * 1024 * 1024) -> None:
        self._pages: OrderedDict[PageKey, RememberedPage] = OrderedDict()
        self._bytes = 0
        self._most = most_bytes
        self._lock = threading.Lock()

    def get(self, key: PageKey, *, now: datetime) -> RememberedPage | None:
        """The page under `key`, unless its time is over; whether its data changed is for the caller to find out."""
        with self._lock:
            page = self._pages.get(key)
            if page is None or (page.good_until is not None and page.good_until <= now):
                return None
            self._pages.move_to_end(key)
            return page

    def put(self, key: PageKey, page: RememberedPage) -> None:
        """Keep `page`; those not asked for in the longest time make room."""
        with self._lock:
            old = self._pages.pop(key, None)
            self._bytes += len(page.body) - (len(old.body) if old else 0)
            self._pages[key] = page
            while self._bytes > self._most:
                _, dropped = self._pages.popitem(last=False)
                self._bytes -= len(dropped.body)
