"""Who will still vote on a proposal, how and with what weight: each voter's own record, pooled with their DAO's.

Two rates per voter, each shrunk toward the DAO's (empirical Bayes: a beta prior of the DAO's mean and a fixed strength),
recent proposals counting more. What this proposal's votes so far say beyond the records of those who cast them moves all
others alike: one shift in log-odds with a normal prior, at its most probable value. A like shift of turnout made held-out
figures worse and is left out. Nothing is learnt across DAOs.
"""

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from governance.concentration import exact_sum
from governance.voting_records import Electors, PastProposal, VoterForecast, VoterQuestion
from nlp.votes_so_far import sides

# Constants were chosen on the earlier 70 % of the imported history by `benchmarks/voters.py`, and judged on the rest.
HALF_LIFE = 10.0
"""So many proposals ago counts half."""
VOTES_STRENGTH = 4.0
SUPPORTS_STRENGTH = 6.0
"""How many proposals of one's own it takes to count as much as the DAO's mean."""
SHIFT_SD = 1.0
"""How far, in log-odds, support for a single proposal strays from the records of its voters."""
_LEAST, _MOST = 0.001, 0.999
_MOSTLY = 0.9
_NEWTON_STEPS = 25


@dataclass(slots=True)
class _Record:
    """One voter's past: weighted sums for the rates, plain counts for the answer."""

    exposed: float = 0.0
    voted: float = 0.0
    sided: float = 0.0
    supported: float = 0.0
    could: int = 0
    did: int = 0
    took: int = 0
    was_for: int = 0
    weight: str | None = None


@dataclass(frozen=True, slots=True)
class _Standing:
    """What the votes so far give each side, exactly."""

    basis: str
    supports: str
    against: str


def forecast_voters(question: VoterQuestion) -> Electors:
    """What is expected of every voter of the past proposals who has not voted on this one by `question.as_of`."""
    records = _records(question)
    dao_votes = _mean((each.voted, each.exposed) for each in records.values())
    dao_supports = _mean((each.supported, each.sided) for each in records.values())
    cast = {vote.voter: vote for vote in question.votes}
    votes = {voter: _rate(each.voted, each.exposed, dao_votes, VOTES_STRENGTH) for voter, each in records.items()}
    supports = {voter: _rate(each.supported, each.sided, dao_supports, SUPPORTS_STRENGTH) for voter, each in records.items()}
    elapsed = (question.as_of - question.opened_at).total_seconds()
    by_now = _share_by(question.past, elapsed)
    shift = _shift(question, supports, dao_supports)
    standing = _standing(question)
    lead = abs(Decimal(standing.supports) - Decimal(standing.against))
    found = [
        VoterForecast(
            voter=voter,
            votes=_still(votes[voter], by_now),
            supports=_logistic(_log_odds(supports[voter]) + shift),
            weight=record.weight,
            voted_on=record.did,
            could_vote_on=record.could,
            took_side=record.took,
            supported=record.was_for,
            decides_alone=_weight(record.weight, standing.basis) > lead,
        )
        for voter, record in records.items()
        if voter not in cast
    ]
    pull = {each.voter: each.votes * float(_weight(each.weight, standing.basis)) for each in found}
    found.sort(key=lambda each: (-pull[each.voter], -each.votes, each.voter))
    return Electors(
        voters=tuple(found),
        basis=standing.basis,
        standing_for=standing.supports,
        standing_against=standing.against,
        expected_for=float(standing.supports) + math.fsum(pull[each.voter] * each.supports for each in found),
        expected_against=float(standing.against) + math.fsum(pull[each.voter] * (1.0 - each.supports) for each in found),
        dao_votes=dao_votes,
        dao_supports=dao_supports,
        past_proposals=len(question.past),
    )


def _standing(question: VoterQuestion) -> _Standing:
    """The votes so far by side: by power where each of them has one (before the first: nearly all on past proposals do)."""
    last = list({vote.voter: vote for vote in question.votes}.values())
    told = last or [vote for past in question.past for vote in past.votes]
    known = sum(vote.power is not None for vote in told)
    basis = "power" if told and known >= (len(told) if last else _MOSTLY * len(told)) else "heads"
    by_choice = sides(question.proposal.choices)
    by_side: dict[int, list[str]] = {1: [], -1: [], 0: []}
    for vote in last:
        by_side[_side(vote.choice, by_choice)].append((vote.power or "0") if basis == "power" else "1")
    return _Standing(basis, f"{exact_sum(by_side[1]):f}", f"{exact_sum(by_side[-1]):f}")


def _weight(power: str | None, basis: str) -> Decimal:
    """What a voter weighs; one whose power was never told weighs nothing where power counts."""
    return Decimal(1) if basis == "heads" else Decimal(power or 0)


def _records(question: VoterQuestion) -> dict[str, _Record]:
    """By voter of the past proposals. A voter could have voted on every settled proposal since their first one."""
    records: dict[str, _Record] = defaultdict(_Record)
    # Oldest first: who has not been seen yet could not be expected to vote.
    for age, past in reversed(list(enumerate(question.past))):
        importance = 0.5 ** (age / HALF_LIFE)
        last = {vote.voter: vote for vote in past.votes}
        by_choice = sides(past.choices)
        for voter, vote in last.items():
            record = records[voter]
            record.weight = vote.power if vote.power is not None else record.weight
            side = _side(vote.choice, by_choice)
            if side:
                record.sided += importance
                record.supported += importance * (side > 0)
                record.took += 1
                record.was_for += side > 0
        if not past.settled:
            continue
        for voter, record in records.items():
            # The vote by which a voter first became known says nothing of how often they vote.
            if record.did or record.could or voter not in last:
                record.exposed += importance
                record.voted += importance * (voter in last)
            record.could += 1
            record.did += voter in last
    return dict(records)


def _share_by(past: Sequence[PastProposal], elapsed: float) -> float:
    """The part of the votes on settled past proposals that was cast within `elapsed` seconds of their opening."""
    waits = sorted((vote.cast_at - each.opened_at).total_seconds() for each in past if each.settled for vote in each.votes)
    return bisect_right(waits, elapsed) / len(waits) if waits else 0.0


def _shift(question: VoterQuestion, supports: Mapping[str, float], dao_supports: float) -> float:
    """The most probable shift of support in log-odds, given the votes so far; 0 without any.

    Newton's method on a log-posterior that is concave, so that it has one maximum.
    """
    by_choice = sides(question.proposal.choices)
    last = {vote.voter: _side(vote.choice, by_choice) for vote in question.votes}
    seen = [(_log_odds(supports.get(voter, dao_supports)), side > 0) for voter, side in sorted(last.items()) if side]
    shift = 0.0
    for _ in range(_NEWTON_STEPS if seen else 0):
        slope, curve = -shift / SHIFT_SD**2, -1.0 / SHIFT_SD**2
        for prior, is_for in seen:
            chance = _logistic(prior + shift)
            slope += is_for - chance
            curve -= chance * (1.0 - chance)
        step = slope / curve
        shift = min(max(shift - step, -8.0), 8.0)
        if abs(step) < 1e-9:
            break
    return shift


def _side(choice: str | None, by_choice: Sequence[int]) -> int:
    """1 for, -1 against; 0 neither, or no plain number of a choice there is."""
    text = choice or ""
    if not text.isascii() or not text.isdigit() or len(text) > 4:
        return 0
    return by_choice[int(text) - 1] if 1 <= int(text) <= len(by_choice) else 0


def _still(chance: float, by_now: float) -> float:
    """The chance that somebody still votes who had not by the time at which a share `by_now` of all votes is usually cast."""
    return chance * (1.0 - by_now) / (1.0 - chance * by_now)


def _rate(hits: float, tries: float, mean: float, strength: float) -> float:
    return min(max((hits + strength * mean) / (tries + strength), _LEAST), _MOST)


def _mean(sums: Iterable[tuple[float, float]]) -> float:
    """The DAO's own rate, with one imagined success and one failure so that a short history says neither never nor always."""
    every = list(sums)
    hits, tries = math.fsum(hits for hits, _ in every), math.fsum(tries for _, tries in every)
    return (hits + 1.0) / (tries + 2.0)


def _log_odds(chance: float) -> float:
    return math.log(chance / (1.0 - chance))


def _logistic(value: float) -> float:
    return 1.0 / (1.0 + math.exp(-value))
