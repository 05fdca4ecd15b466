"""P(each choice leads), for every way of voting: the votes so far, and those still expected, drawn from alike voters.

Who is still to vote is not known: their ballots are drawn like those that were cast, mixed with one imagined ballot per choice
(a Bayesian bootstrap, Rubin 1981), and their amount is what turnout is expected to add. No skill is claimed: the data
holds fewer than 310 proposals of the types other than basic and single-choice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from governance.evidence import ChoiceForecast, KnownVote, OutcomeQuestion
from governance.tally import VotingType, read_choice, voting_type

Floats = NDArray[np.float64]
DRAWS = 400
# Many different ranked ballots over many choices are drawn less often: a run-off takes time for each.
FEWEST_DRAWS, MOST_RANKED = 40, 4_000_000
# Imagined ballots count together as so many voters.
IMAGINED = 2.0
# Of the votes still to come when nothing is known of turnout: as many again.
UNKNOWN_REST = 1.0
MOST_CHOICES = 50
PLACES = 6


@dataclass(frozen=True, slots=True)
class Ballots:
    """The different ballots that were cast: what each gives to whom, the weight behind it, and its voters.

    `gives[b, c]` is the part for choice c (single, approval, weighted), its root under quadratic voting, or the rank from 0
    (ranked; choices not named come last, all alike).
    """

    gives: Floats
    weight: Floats
    roots: Floats
    heads: Floats
    way: VotingType
    by_power: bool


def leading(
    question: OutcomeQuestion, *, expected_heads: float | None, favoured: float | None
) -> tuple[tuple[ChoiceForecast, ...], str | None]:
    """P(each choice ends ahead), and whether "power" or "heads" decide; nothing without two to fifty choices.

    `expected_heads` is the turnout forecast; `favoured` the expected share of the first choice before any vote, where the
    choices are for and against. Ties are shared. The same question gives the same answer: draws follow from the proposal's id.
    """
    choices = question.proposal.choices
    if not 2 <= len(choices) <= MOST_CHOICES:
        return (), None
    cast = tuple(vote for vote in question.votes if vote.cast_at <= question.as_of) if question.votes_known else ()
    ballots = read_ballots(cast, question.proposal.kind, len(choices))
    imagined = _imagined(ballots.way, len(choices), favoured)
    rest = UNKNOWN_REST if expected_heads is None else max(expected_heads / max(ballots.heads.sum(), 1.0) - 1.0, 0.0)
    rng = np.random.default_rng(int.from_bytes(sha256(question.proposal.proposal_id.encode("utf-8", "replace")).digest()[:8], "big"))
    leads = _leads(ballots, imagined, rest, rng)
    found = tuple(ChoiceForecast(place + 1, round(float(part), PLACES)) for place, part in enumerate(leads))
    return found, "power" if ballots.by_power else "heads"


def read_ballots(votes: Sequence[KnownVote], kind: str | None, count: int) -> Ballots:
    """Each voter's last vote, alike ones together; by power where every vote has one and some has any, else by heads."""
    way = voting_type(kind) or VotingType.SINGLE
    last = {vote.voter.lower(): vote for vote in sorted(votes, key=lambda each: (each.cast_at, each.voter, each.choice or ""))}
    # There are few ways to write a choice, so each is read once.
    read = {text: read_choice(text, way, most=count) for text in sorted({vote.choice or "" for vote in last.values()})}
    known = [vote for _, vote in sorted(last.items()) if read[vote.choice or ""]]
    powers = [_power(vote.power) for vote in known]
    # A vote without power is a vote by power all the same: it counts nothing.
    by_power = any(power > 0 for power in powers) and all(vote.power is not None for vote in known)
    alike: dict[str, list[float]] = {}
    for vote, power in zip(known, powers, strict=True):
        weight = power if by_power else 1.0
        found = alike.setdefault(vote.choice or "", [0.0, 0.0, 0.0])
        for place, amount in enumerate((weight, weight**0.5, 1.0)):
            found[place] += amount
    sums = np.array(list(alike.values())).reshape(-1, 3)
    gives = np.stack([_gives(read[text] or {}, text, way, count) for text in alike]) if alike else np.zeros((0, count))
    return Ballots(gives, sums[:, 0], sums[:, 1], sums[:, 2], way, by_power)


def _gives(shares: dict[int, Fraction], text: str, way: VotingType, count: int) -> Floats:
    if way is VotingType.RANKED:
        row = np.full(count, float(count))
        named = [place for place in range(1, count + 1) if place in (order := _order(text, count))]
        for place in named:
            row[place - 1] = float(order.index(place))
        return row
    row = np.zeros(count)
    for place, share in shares.items():
        row[place - 1] = float(share) ** (0.5 if way is VotingType.QUADRATIC else 1.0)
    return row


def _order(text: str, count: int) -> list[int]:
    """The choices of a ranked ballot in order; a plain number ranks that choice alone."""
    found = read_choice(text, VotingType.APPROVAL, most=count)
    return list(found) if found else []


def _imagined(way: VotingType, count: int, favoured: float | None) -> tuple[Floats, Floats]:
    """One ballot per choice for that choice alone, and how they share `IMAGINED` voters."""
    parts = np.full(count, 1.0 / count)
    if favoured is not None:
        parts = np.full(count, (1.0 - favoured) / (count - 1))
        parts[0] = favoured
    alone = np.eye(count)
    if way is VotingType.RANKED:
        return np.where(alone == 1.0, 0.0, float(count)), np.maximum(parts, 0.01) * IMAGINED
    return alone, np.maximum(parts, 0.01) * IMAGINED


def _leads(ballots: Ballots, imagined: tuple[Floats, Floats], rest: float, rng: np.random.Generator) -> Floats:
    gives = np.vstack([ballots.gives, imagined[0]])
    # How often a ballot comes again goes by how many cast it; what it brings, by the mean weight of those who did.
    ranked = ballots.way is VotingType.RANKED
    draws = min(max(MOST_RANKED // gives.size, FEWEST_DRAWS), DRAWS) if ranked else DRAWS
    drawn = rng.dirichlet(np.concatenate([ballots.heads, imagined[1]]) + 1e-9, size=draws)
    cast = ballots.roots if ballots.way is VotingType.QUADRATIC else ballots.weight
    total, mean = (float(cast.sum()), float(cast.sum() / ballots.heads.sum())) if len(cast) else (1.0, 1.0)
    each = np.concatenate([cast / np.maximum(ballots.heads, 1.0), np.full(len(imagined[1]), mean)])
    coming = drawn * each
    coming *= (rest if len(cast) else 1.0) * total / np.maximum(coming.sum(axis=1, keepdims=True), 1e-300)
    amounts = coming + np.concatenate([cast, np.zeros(len(imagined[1]))])
    scores = _run_offs(gives, amounts) if ranked else amounts @ gives
    ahead = scores >= scores.max(axis=1, keepdims=True) - 1e-12 * np.abs(scores).max()
    leads: Floats = (ahead / ahead.sum(axis=1, keepdims=True)).mean(axis=0)
    return leads


def _run_offs(ranks: Floats, amounts: Floats) -> Floats:
    """Instant run-off per draw: the choice with the least first preferences leaves until one is left; 1 for it, 0 for the others.

    `ranks` are [ballot, choice], `amounts` [draw, ballot]; all draws go through a round together.
    """
    draws, count = len(amounts), ranks.shape[1]
    narrow, gone = ranks.astype(np.int8), np.int8(127)
    left = np.ones((draws, count), dtype=bool)
    each = np.arange(draws)
    for _ in range(count - 1):
        standing = np.where(left[:, None, :], narrow, gone)
        first = standing.argmin(axis=2)
        named = standing.min(axis=2) < count
        places = (each[:, None] * count + first).ravel()
        scores = np.bincount(places, np.where(named, amounts, 0.0).ravel(), minlength=draws * count).reshape(draws, count)
        left[each, np.where(left, scores, np.inf).argmin(axis=1)] = False
    return left.astype(np.float64)


def _power(text: str | None) -> float:
    try:
        power = float(text) if text is not None else 0.0
    except ValueError:
        return 0.0
    return power if np.isfinite(power) and power > 0 else 0.0
