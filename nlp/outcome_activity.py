"""What else went on in a DAO, from a dump: how much, how the votes on other proposals stood, how the last ones had filled up."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from governance.arrivals import LAST_PROPOSALS, Curve, arrivals
from governance.evidence import OPEN_AT_MOST, Arrival, ClosedProposal, KnownActivity, KnownVote, OpenVote
from governance.open_votes import FIRST_VOTES, MOST_PROPOSALS, open_vote, tells

if TYPE_CHECKING:
    from nlp.outcome_dataset import Case


class OpenProposals:
    """Each DAO's proposals in the order of publication."""

    def __init__(self, cases: Sequence["Case"]) -> None:
        self._cases: dict[str, list[Case]] = defaultdict(list)
        for case in sorted(cases, key=lambda case: (case.opened_at, case.closed.proposal.proposal_id)):
            self._cases[case.closed.proposal.dao_id].append(case)

    def beside(self, case: "Case", at: datetime) -> list["Case"]:
        """The others of the DAO of `case` that were open at `at`, by publication; nothing later counts."""
        dao = self._cases[case.closed.proposal.dao_id]
        begin, end = (bisect_right(dao, moment, key=lambda each: each.opened_at) for moment in (at - OPEN_AT_MOST, at))
        this = case.closed.proposal.proposal_id
        return [each for each in dao[begin:end] if each.closed.closed_at > at and each.closed.proposal.proposal_id != this]


class Activity:
    """How many of each DAO's proposals were open, and the times of all its votes."""

    def __init__(self, cases: Sequence["Case"]) -> None:
        self._open = OpenProposals(cases)
        self._votes: dict[str, list[datetime]] = defaultdict(list)
        for case in cases:
            self._votes[case.closed.proposal.dao_id] += [vote.cast_at for vote in case.votes]
        for times in self._votes.values():
            times.sort()

    def of(self, case: "Case", at: datetime) -> KnownActivity:
        """What was going on at `at` beside `case`; nothing later counts."""
        running = len(self._open.beside(case, at))
        if not case.votes_known(at):
            return KnownActivity(running)
        votes = self._votes[case.closed.proposal.dao_id]
        cast = bisect_right(votes, at)
        own = sum(case.opened_at <= vote.cast_at <= at for vote in case.votes)
        elsewhere = max(cast - bisect_left(votes, case.opened_at), 0) - own
        return KnownActivity(running, elsewhere, votes[cast - 1] if cast else None)


class OpenVotes:
    """How the votes on each DAO's open proposals stood; what was once counted of one is kept."""

    def __init__(self, cases: Sequence["Case"]) -> None:
        self._open = OpenProposals(cases)
        self._first: dict[str, list[KnownVote]] = {}
        self._counted: dict[tuple[str, int], OpenVote] = {}

    def of(self, case: "Case", at: datetime) -> tuple[OpenVote, ...]:
        """Those beside `case` at `at`, of the newest open ones that tell and have a vote, by publication; nothing later counts."""
        newest = self._open.beside(case, at)[-MOST_PROPOSALS:]
        found = [(each, self._votes_by(each, at)) for each in newest if tells(each.closed.proposal)]
        return tuple(self._count(each, votes) for each, votes in found if votes)

    def _votes_by(self, case: "Case", at: datetime) -> int:
        """How many of the first votes had been cast."""
        key = case.closed.proposal.proposal_id
        if key not in self._first:
            self._first[key] = sorted(case.votes, key=lambda vote: (vote.cast_at, vote.voter))[:FIRST_VOTES]
        return bisect_right(self._first[key], at, key=lambda vote: vote.cast_at)

    def _count(self, case: "Case", votes: int) -> OpenVote:
        key = case.closed.proposal.proposal_id
        if (key, votes) not in self._counted:
            self._counted[key, votes] = open_vote(case.closed.proposal, self._first[key][:votes])
        return self._counted[key, votes]


class Arrivals:
    """How each DAO's last closed proposals had filled up; what was once read of one is kept."""

    def __init__(self, cases: Sequence["Case"]) -> None:
        self._closed: dict[str, list[ClosedProposal]] = defaultdict(list)
        for case in sorted(cases, key=lambda case: (case.closed.closed_at, case.closed.proposal.proposal_id)):
            self._closed[case.closed.proposal.dao_id].append(case.closed)
        self._cases = {case.closed.proposal.proposal_id: case for case in cases}
        self._curves: dict[str, Curve] = {}

    def of(self, case: "Case", at: datetime) -> tuple[Arrival, ...]:
        """Of those that had closed before `at`, the last, by close; nothing later counts."""
        dao = self._closed[case.closed.proposal.dao_id]
        known = bisect_left(dao, at, key=lambda each: each.closed_at)
        return arrivals(case.closed.proposal, at, dao[max(known - LAST_PROPOSALS, 0) : known], self._curve)

    def _curve(self, closed: ClosedProposal) -> Curve:
        key = closed.proposal.proposal_id
        if key not in self._curves:
            case = self._cases[key]
            votes = [vote for vote in case.votes if vote.cast_at <= closed.closed_at]
            self._curves[key] = Curve.of(votes, case.progress_by(closed.closed_at))
        return self._curves[key]
