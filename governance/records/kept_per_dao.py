"""What was read of a DAO's rows, kept in the process until they change; of the DAOs that were asked for last."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

from sqlmodel import Session

from governance.records.daos import rows_version

T = TypeVar("T")


class KeptPerDao(Generic[T]):
    """Keeps what `read` gives for up to `most` DAOs. It is given what was kept at the version before, None where nothing was."""

    def __init__(self, read: Callable[[Session, str, T | None], T], *, most: int) -> None:
        self._read = read
        self._most = most
        self._kept: OrderedDict[tuple[str, str], tuple[int, T]] = OrderedDict()
        self._lock = Lock()

    def of(self, session: Session, dao_id: str) -> T:
        """As read at this version of the DAO's data; `NotFound` where there is no such DAO."""
        version, key = rows_version(session, dao_id), (str(session.get_bind().engine.url), dao_id)
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or kept[0] != version:
                kept = self._kept[key] = (version, self._read(session, dao_id, None if kept is None else kept[1]))
                if len(self._kept) > self._most:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return kept[1]
