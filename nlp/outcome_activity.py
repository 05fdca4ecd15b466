"""What else went on in a DAO at any moment, from the proposals and votes of a dump: how much, and how other votes stood."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from governance.evidence import OPEN_AT_MOST, KnownActivity, KnownVote, OpenVote
from governance.open_votes import FIRST_VOTES, MOST_PROPOSALS, open_vote

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


class OpenVotes:
    """How the votes on each DAO's open proposals stood; what was once counted of one is kept."""

    def __init__(self, cases: Sequence["Case"]) -> None:
        self._cases: dict[str, list[Case]] = defaultdict(list)
        for case in sorted(cases, key=_published):
            self._cases[case.closed.proposal.dao_id].append(case)
        self._first: dict[str, list[KnownVote]] = {}
        self._counted: dict[tuple[str, int], OpenVote | None] = {}

    def of(self, case: "Case", at: datetime) -> tuple[OpenVote, ...]:
        """Those beside `case` at `at`, of the newest open ones with a vote, in the order of publication; nothing later counts."""
        dao = self._cases[case.closed.proposal.dao_id]
        begin, end = (bisect_right(dao, moment, key=_published_at) for moment in (at - OPEN_AT_MOST, at))
        this = case.closed.proposal.proposal_id
        running = [each for each in dao[begin:end] if each.closed.closed_at > at and each.closed.proposal.proposal_id != this]
        found = [self._stands(each, at) for each in running[-MOST_PROPOSALS:]]
        return tuple(each for each in found if each is not None)

    def _stands(self, case: "Case", at: datetime) -> OpenVote | None:
        key = case.closed.proposal.proposal_id
        if key not in self._first:
            self._first[key] = sorted(case.votes, key=lambda vote: (vote.cast_at, vote.voter))[:FIRST_VOTES]
        first = self._first[key]
        count = bisect_right(first, at, key=lambda vote: vote.cast_at)
        if (key, count) not in self._counted:
            self._counted[key, count] = open_vote(case.closed.proposal, first[:count])
        return self._counted[key, count]


def _published(case: "Case") -> tuple[datetime, str]:
    return case.opened_at, case.closed.proposal.proposal_id


def _published_at(case: "Case") -> datetime:
    return case.opened_at
