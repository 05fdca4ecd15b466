"""Whose earlier votes a forecast looks at: those who vote first say most, and a bound keeps every question small."""

from collections.abc import Iterable
from typing import Final

from governance.evidence import KnownVote

# Later voters of a crowd move no figure; of one voter, what was long ago says little.
MOST_VOTERS: Final = 50
MOST_VOTES_EACH: Final = 40


def first_voters(votes: Iterable[KnownVote]) -> list[str]:
    """The voters who voted first, as lower-case addresses, at most `MOST_VOTERS`; ties in time go by address."""
    cast = sorted((vote.cast_at, vote.voter.lower()) for vote in votes)
    return list(dict.fromkeys(voter for _, voter in cast))[:MOST_VOTERS]
