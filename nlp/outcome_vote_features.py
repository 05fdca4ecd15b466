"""Features of the votes so far: who is for, how much power, how fast, against the quorum, and what these voters did before."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from governance.evidence import KnownProgress, OutcomeQuestion, PastVote
from nlp.outcome_record import DaoRecord, days
from nlp.votes_so_far import VotesSoFar, side_of, sides

# How many imagined heads the pre-vote belief counts as beside the votes so far.
BELIEF_HEADS = 4.0
# How many imagined votes at the DAO's own rate a voter's record counts as beside.
RECORD_WEIGHT = 3.0
UNKNOWN = -1.0
# Ratios of powers, as logarithms, are kept inside this: beyond e^12 no ratio says more.
_FAR = 12.0


@dataclass(frozen=True, slots=True)
class Turnout:
    """Voters and power so far, by the votes and by published running totals, whichever says more; power None if unknown."""

    heads: int
    power: float | None

    @classmethod
    def of(cls, votes: VotesSoFar, progress: Sequence[KnownProgress]) -> "Turnout":
        """The larger of both counts: a source may leave small voters out, and totals are published a few times a day."""
        heads = max([votes.heads, *(seen.voters for seen in progress if seen.voters is not None)])
        powers = [float(seen.power) for seen in progress if seen.power is not None]
        if votes.power is not None:
            powers.append(votes.power)
        return cls(heads, max(powers) if powers else None)


@dataclass(frozen=True, slots=True)
class VoterRecord:
    """What one voter's earlier votes say of this one, as log-odds of passing beyond the DAO's rate; `known` is how many."""

    voter: str
    side: int
    known: int
    rate: float
    evidence: float


def seen_progress(question: OutcomeQuestion) -> tuple[KnownProgress, ...]:
    """The running totals published by `as_of`."""
    return tuple(seen for seen in question.progress if seen.seen_at <= question.as_of)


def voter_records(votes: VotesSoFar, past: Sequence[PastVote], record: DaoRecord, known: int, *, rate: float) -> list[VoterRecord]:
    """Of each voter so far: how often the DAO's proposals passed when they voted as they do now.

    Only votes on the first `known` proposals of `record` count: their results were known. Shrunk to `rate` by `RECORD_WEIGHT`.
    """
    by_voter: dict[str, dict[str, PastVote]] = {}
    for vote in past:
        if record.places.get(vote.proposal_id, known) < known:
            by_voter.setdefault(vote.voter.lower(), {})[vote.proposal_id] = vote
    prior = min(max(rate, 0.02), 0.98)
    # Most of a crowd never voted before: what is said of them is the same for all.
    share_of_new, evidence_of_new = _record([], prior)
    found = []
    for cast in votes.cast:
        earlier = by_voter.get(cast.voter)
        if earlier is None:
            found.append(VoterRecord(cast.voter, cast.side, 0, share_of_new, evidence_of_new))
            continue
        alike = [
            float(record.passed[place])
            for place, vote in sorted((record.places[key], vote) for key, vote in earlier.items())
            if side_of(vote.choice, sides(record.rows[place].proposal.choices)) == cast.side
        ]
        share, evidence = _record(alike, prior)
        found.append(VoterRecord(cast.voter, cast.side, len(earlier), share, evidence))
    return found


def _record(alike: Sequence[float], prior: float) -> tuple[float, float]:
    """The share of `alike` results that passed, shrunk to `prior`, and by how much its log-odds differ from those of `prior`."""
    share = (math.fsum(alike) + RECORD_WEIGHT * prior) / (len(alike) + RECORD_WEIGHT)
    return share, math.log(share / (1 - share)) - math.log(prior / (1 - prior))


def of_records(records: Sequence[VoterRecord], *, rate: float, author: str) -> dict[str, float]:
    """The voters' records as features."""
    total = math.fsum(each.evidence for each in records)
    known = sum(each.known > 0 for each in records)
    strongest = max((each.evidence for each in records), key=lambda value: (abs(value), value), default=0.0)
    return {
        "voter_evidence": min(max(total, -8.0), 8.0),
        "voter_evidence_mean": total / max(len(records), 1),
        "voter_strongest": strongest,
        "for_record": _mean([each.rate for each in records if each.side == 1], rate),
        "against_record": _mean([each.rate for each in records if each.side == -1], rate),
        "known_voters": math.log1p(known),
        "known_share": known / max(len(records), 1),
        "author_voted_for": float(any(each.voter == author and each.side == 1 for each in records)),
    }


def of_votes(votes: VotesSoFar, turnout: Turnout, numbers: Mapping[str, float], *, at: float, published: float) -> dict[str, float]:
    """Heads, power and pace; `numbers` holds the beliefs. Times in days."""
    prior = 1.0 / (1.0 + math.exp(-numbers["belief"]))
    heads = _mixed(votes.heads_for, votes.heads_against, prior, BELIEF_HEADS)
    power = heads
    if votes.power_for is not None and votes.power_against is not None and votes.power_for + votes.power_against > 0:
        total = votes.power_for + votes.power_against
        # The same four heads, each of the mean power of those who voted.
        power = _mixed(votes.power_for, votes.power_against, prior, BELIEF_HEADS * total / max(votes.heads, 1))
    silent_since = max(days(votes.last_at), published) if votes.last_at else published
    expected = numbers["voters_belief"]
    return {
        "voters": math.log1p(turnout.heads),
        "pace": math.log1p(turnout.heads) - expected if expected != UNKNOWN else 0.0,
        "sides_known": float(votes.heads > 0),
        "heads_for": log_odds(heads),
        "power_for": log_odds(power),
        "against": math.log1p(votes.heads_against),
        "neither": votes.heads_other / votes.heads if votes.heads else 0.0,
        "hours_silent": math.log1p(max(at - silent_since, 0.0) * 24.0),
        "first_vote_hours": math.log1p(max(at - days(votes.cast[0].cast_at), 0.0) * 24.0) if votes.cast else UNKNOWN,
        **_of_power(votes, turnout, numbers),
    }


def _of_power(votes: VotesSoFar, turnout: Turnout, numbers: Mapping[str, float]) -> dict[str, float]:
    expected, quorum = numbers["power_belief"], numbers["quorum"]
    powers = [cast.power for cast in votes.cast if cast.power is not None]
    return {
        "power_pace": _apart(turnout.power, expected),
        "power_for_pace": _apart(votes.power_for, expected),
        "power_against_pace": _apart(votes.power_against, expected),
        "top_share": max(powers) / sum(powers) if powers and sum(powers) > 0 else 0.0,
        "quorum_so_far": _apart(turnout.power, quorum),
    }


def _apart(power: float | None, logarithm: float) -> float:
    """log(1 + power) minus `logarithm`; 0 where either is not known."""
    if power is None or logarithm == UNKNOWN:
        return 0.0
    return min(max(math.log1p(power) - logarithm, -_FAR), _FAR)


def _mean(values: Sequence[float], otherwise: float) -> float:
    return float(np.mean(values)) if values else otherwise


def _mixed(ours: float, theirs: float, prior: float, weight: float) -> float:
    return (ours + weight * prior) / (ours + theirs + weight)


def log_odds(probability: float) -> float:
    """Log-odds of a probability, kept within 1 % of either end: no history makes anything certain."""
    bounded = min(max(probability, 0.01), 0.99)
    return math.log(bounded / (1.0 - bounded))
