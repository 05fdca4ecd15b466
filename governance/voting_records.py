"""Who voted on what before, as values: what a forecast of single voters may see, and what it says of each."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from governance.evidence import KnownProposal, KnownVote


@dataclass(frozen=True, slots=True)
class PastProposal:
    """An earlier proposal of the same DAO with its votes as known at the moment asked about.

    `settled`: its voting was over by then, so that who had not voted never will.
    """

    proposal_id: str
    opened_at: datetime
    settled: bool
    choices: tuple[str, ...]
    votes: tuple[KnownVote, ...]


@dataclass(frozen=True, slots=True)
class VoterQuestion:
    """All that a forecast of single voters may see. Everything in it was known at `as_of`; the caller guarantees it.

    `past`: the latest proposals of the DAO that had opened before this one, newest first.
    """

    proposal: KnownProposal
    opened_at: datetime
    as_of: datetime
    votes: tuple[KnownVote, ...]
    past: tuple[PastProposal, ...]


@dataclass(frozen=True, slots=True)
class VoterForecast:
    """What is expected of one voter who has not voted yet.

    `votes`: probability that they still vote. `supports`: if they take a side, the probability that it is for. `weight`:
    their last known power as decimal text, None where none is known. The counts are their own record: on how many of the
    past proposals that they could have voted on they did, on how many they took a side, and how often it was for.
    `decides_alone`: their weight is more than what the leading side is ahead.
    """

    voter: str
    votes: float
    supports: float
    weight: str | None
    voted_on: int
    could_vote_on: int
    took_side: int
    supported: int
    decides_alone: bool


@dataclass(frozen=True, slots=True)
class Electors:
    """The voters of a DAO that could still swing one proposal, by their probability to vote times their weight.

    `basis` is "power" where the votes have power, else "heads", each voter then weighing one. `standing_*` is what the
    votes so far give (exact decimal text), `expected_*` that with what is expected to come. `dao_votes` and `dao_supports`:
    how often a voter of the DAO votes, and for, on average: the baseline.
    """

    voters: tuple[VoterForecast, ...]
    basis: str
    standing_for: str
    standing_against: str
    expected_for: float
    expected_against: float
    dao_votes: float
    dao_supports: float
    past_proposals: int


VoterForecaster = Callable[[VoterQuestion], Electors]
