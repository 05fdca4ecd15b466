"""What a forecast looks at of the votes on the DAO's other open proposals: the first ones, counted by choice."""

from collections.abc import Sequence
from decimal import Context, Decimal
from functools import reduce
from typing import Final

from governance.evidence import ChoiceSoFar, KnownProposal, KnownVote, OpenVote

# Bounds keep every question small: of the open proposals the newest are looked at, and how a vote leans hardly turns after its first
# hundred votes.
MOST_PROPOSALS: Final = 60
FIRST_VOTES: Final = 100
# Powers that were taken in have at most 78 digits before the point and 78 after it, and their sum stays exact. A dump's doubles may
# reach farther and are rounded: `tally` must refuse that, a model's input need not.
_EXACT: Final = Context(prec=200)


def tells(proposal: KnownProposal) -> bool:
    """Whether its votes under way tell of other proposals: only where its end was fixed at the start.

    Where a vote closes when it is decided (DAOstack closes most within a day), what is open is what is not decided: it leans less to
    passing than what is asked about will.
    """
    return proposal.ends_at is not None


def open_vote(proposal: KnownProposal, votes: Sequence[KnownVote]) -> OpenVote:
    """The proposal and what its first `votes` (one at least, oldest first) say so far: of one voter the last counts."""
    first = votes[:FIRST_VOTES]
    by_choice: dict[str | None, list[str | None]] = {}
    for vote in {vote.voter.lower(): vote for vote in first}.values():
        by_choice.setdefault(vote.choice, []).append(vote.power)
    counted = [ChoiceSoFar(choice, len(powers), _sum(powers)) for choice, powers in by_choice.items()]
    return OpenVote(proposal, tuple(sorted(counted, key=lambda each: each.choice or "")), max(vote.cast_at for vote in first))


def _sum(powers: Sequence[str | None]) -> str | None:
    told = [Decimal(power) for power in powers if power is not None]
    return str(reduce(_EXACT.add, told, Decimal(0))) if len(told) == len(powers) else None
