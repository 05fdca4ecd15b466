"""What else went on in a DAO at any moment, from the proposals and votes of a dump."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from governance.evidence import OPEN_AT_MOST, KnownActivity

if TYPE_CHECKING:
    from nlp.outcome_dataset import Case


class Activity:
    """Each DAO's proposals in the order of publication, and the times of all its votes."""

    def __init__(self, cases: Sequence["Case"]) -> None:
        self._votes: dict[str, list[datetime]] = defaultdict(list)
        self._windows: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
        for case in cases:
            dao = case.closed.proposal.dao_id
            self._votes[dao] += [vote.cast_at for vote in case.votes]
            self._windows[dao].append((case.opened_at, case.closed.closed_at))
        for rows in (*self._votes.values(), *self._windows.values()):
            rows.sort()  # type: ignore[attr-defined]  # lists both

    def of(self, case: "Case", at: datetime) -> KnownActivity:
        """What was going on at `at` beside `case`; nothing later counts."""
        dao = case.closed.proposal.dao_id
        windows = self._windows[dao]
        lately = windows[bisect_right(windows, at - OPEN_AT_MOST, key=_opened) : bisect_right(windows, at, key=_opened)]
        running = sum(closed > at for _, closed in lately)
        itself = at - OPEN_AT_MOST < case.opened_at <= at < case.closed.closed_at
        if not case.votes_known(at):
            return KnownActivity(running - itself)
        votes = self._votes[dao]
        cast = bisect_right(votes, at)
        own = sum(case.opened_at <= vote.cast_at <= at for vote in case.votes)
        elsewhere = max(cast - bisect_left(votes, case.opened_at), 0) - own
        return KnownActivity(running - itself, elsewhere, votes[cast - 1] if cast else None)


def _opened(window: tuple[datetime, datetime]) -> datetime:
    return window[0]
