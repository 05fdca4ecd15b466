"""What voters did on a DAO's other proposals, from the votes of a dump."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from governance.evidence import KnownVote, PastVote
from governance.past_votes import MOST_VOTES_EACH, first_voters

if TYPE_CHECKING:
    from nlp.outcome_dataset import Case


class PastVotes:
    """Every voter's last vote on each proposal of a DAO, in the order in which the proposals closed."""

    def __init__(self, cases: Sequence["Case"]) -> None:
        self._by_voter: dict[tuple[str, str], list[tuple[datetime, PastVote]]] = defaultdict(list)
        for case in sorted(cases, key=lambda each: (each.closed.closed_at, each.closed.proposal.proposal_id)):
            asked = case.closed.proposal
            for voter, vote in _last(case.votes).items():
                past = PastVote(voter, asked.proposal_id, vote.choice)
                self._by_voter[asked.dao_id, voter].append((case.closed.closed_at, past))

    def of(self, dao_id: str, votes: Sequence[KnownVote], *, before: datetime) -> tuple[PastVote, ...]:
        """The latest votes of the first voters of `votes` on proposals of the DAO that closed before `before` (exclusive)."""
        found: list[PastVote] = []
        for voter in first_voters(votes):
            rows = self._by_voter.get((dao_id, voter), [])
            known = bisect_left(rows, before, key=lambda row: row[0])
            found += [past for _, past in rows[max(known - MOST_VOTES_EACH, 0) : known]]
        return tuple(found)


def _last(votes: Sequence[KnownVote]) -> dict[str, KnownVote]:
    """Each voter's last vote; ties in time fall to the vote that sorts last."""
    ordered = sorted(votes, key=lambda vote: (vote.cast_at, vote.voter, vote.choice or "", vote.power or ""))
    return {vote.voter.lower(): vote for vote in ordered}
