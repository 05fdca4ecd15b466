"""What the votes under way on a DAO's other proposals say of this one: results to come, as far as they can be seen.

The belief (`nlp.outcome_belief`) is conditioned on them as on results, each with the more noise the fewer have voted: n voters with a
share s for count as the result (n s + 1) / (n + 2) (Laplace's rule) with the noise of (n + 2) / n results. In a DAO whose first
proposals all run at once nothing else is known of it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from governance.evidence import KnownProposal, OpenVote, OutcomeQuestion
from nlp.outcome_belief import Asked, Beliefs
from nlp.outcome_points import Points
from nlp.outcome_record import DaoRecord, days
from nlp.votes_so_far import side_of, sides


@dataclass(frozen=True, slots=True)
class Standing:
    """An open vote with voters on either side: how many, and the share for, by power where every one of them has it, else by head."""

    proposal: KnownProposal
    published: float
    voters: int
    share: float


def standings(question: OutcomeQuestion) -> tuple[Standing, ...]:
    """The open votes of a question that lean to a side, by id; what is later than `as_of` is dropped."""
    own = question.proposal.proposal_id
    known = [vote for vote in question.open_votes if vote.latest_at <= question.as_of and vote.proposal.proposal_id != own]
    found = [_standing(vote) for vote in sorted(known, key=lambda vote: vote.proposal.proposal_id)]
    return tuple(each for each in found if each is not None)


def with_open_votes(
    beliefs: Beliefs, record: DaoRecord, known: int, points: Points, votes: Sequence[Standing], *, asked: Asked
) -> tuple[float, tuple[str, ...]]:
    """The posterior mean for the first of `points` given `votes` on the others, in their order, and the ids of these.

    What moved it most comes first. There must be one vote at least.
    """
    means, covariance = beliefs.posterior(record, known, points, "passed", asked)
    voters, share = (np.array([float(getattr(each, name)) for each in votes]) for name in ("voters", "share"))
    apart = (voters * share + 1.0) / (voters + 2.0) - means[1:]
    noise = np.diag((voters + 2.0) / voters)
    moved = covariance[0, 1:] * np.linalg.solve(covariance[1:, 1:] + noise, apart)
    order = np.argsort(-np.abs(moved), kind="stable")
    return float(means[0] + moved.sum()), tuple(votes[place].proposal.proposal_id for place in order)


def _standing(vote: OpenVote) -> Standing | None:
    published = vote.proposal.published_at or vote.proposal.starts_at
    by_choice = sides(vote.proposal.choices)
    sided = [(side, each) for each in vote.choices if (side := side_of(each.choice, by_choice))]
    if published is None or not sided:
        return None
    voters = sum(each.voters for _, each in sided)
    powers = [None if each.power is None else float(each.power) for _, each in sided]
    whole = math.fsum(power or 0.0 for power in powers)
    by_power = None not in powers and 0.0 < whole < math.inf
    amounts = [power or 0.0 for power in powers] if by_power else [float(each.voters) for _, each in sided]
    in_favour = math.fsum(amount for amount, (side, _) in zip(amounts, sided, strict=True) if side == 1)
    return Standing(vote.proposal, days(published), voters, in_favour / math.fsum(amounts))
