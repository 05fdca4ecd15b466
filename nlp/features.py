"""Every number the outcome model sees, from one question: this is the only place where features are made.

A feature may use a proposal's revision known at `as_of`, results closed before `as_of` and votes cast by `as_of`.
Whatever is later in a question is dropped here too, so that a caller's slip cannot become look-ahead.
Values are rounded to nine places, finite, and depend on no order of rows.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from governance.evidence import KnownProposal, OutcomeQuestion
from nlp.base_rates import BaseRates, base_rates, pooled_rate
from nlp.outcome_belief import Belief, Beliefs, Kernel, Points
from nlp.outcome_record import DaoRecord, Floats, Records, days, kind_key
from nlp.outcome_text import TEXT_CHARS
from nlp.votes_so_far import VotesSoFar, count_votes, names_a_side

PLACES = 9
RECENT_DAYS = 14.0
# How many imagined heads the pre-vote belief counts as beside the votes so far.
BELIEF_HEADS = 4.0
UNKNOWN = -1.0


@dataclass(frozen=True, slots=True)
class Feature:
    """One number of the model: where it comes from, and when the world could know it."""

    name: str
    source: str
    known: str


_TEXT = "with the revision of title and body"
_CLOSE = "at the close of each proposal it counts"
_CAST = "when each vote is cast"
_NOW = "at as_of itself"

FEATURES = (
    Feature("belief", "log-odds of passing by Gaussian-process regression on the DAO's closed proposals", _CLOSE),
    Feature("belief_sd", "how little those proposals say of this one, 0 to 1 of knowing nothing", _CLOSE),
    Feature("share_belief", "approval share by the same regression; -1 where no share is known", _CLOSE),
    Feature("voters_belief", "log(1 + voters) by the same regression; -1 where no turnout is known", _CLOSE),
    Feature("dao_rate", "log-odds of the DAO's recency-weighted share of passes", _CLOSE),
    Feature("kind_rate", "the same within the kind of proposal", _CLOSE),
    Feature("author_rate", "the same within the author's proposals: the base rate", _CLOSE),
    Feature("pooled_rate", "log-odds of passing over all training rows of the family of kinds", "at training"),
    Feature("dao_count", "log(1 + closed proposals of the DAO)", _CLOSE),
    Feature("kind_count", "log(1 + those of the same kind)", _CLOSE),
    Feature("author_count", "log(1 + those by the same author)", _CLOSE),
    Feature("recent_rate", "share of passes among the DAO's last ten, shrunk to dao_rate by two", _CLOSE),
    Feature("recent_count", f"log(1 + proposals closed in the last {RECENT_DAYS:.0f} days)", _CLOSE),
    Feature("author_recent_count", "log(1 + those by the same author)", _CLOSE),
    Feature("quiet_days", "log(1 + days since the DAO's last close); 7.6 (2,000 days) without one", _CLOSE),
    Feature("closest_text", "cosine of the most similar closed proposal's words; -1 without words", _CLOSE),
    Feature("closest_passed", "1 passed, 0 failed, of that proposal; 0.5 without one", _CLOSE),
    Feature("title_chars", "log(1 + characters of the title)", _TEXT),
    Feature("body_chars", "log(1 + characters of the body); 0 without one", _TEXT),
    Feature("text_cut_chars", f"log(1 + characters beyond the {TEXT_CHARS:,} that are read)", _TEXT),
    Feature("links", "log(1 + links in the body)", _TEXT),
    Feature("choices", "number of choices, at most 10; 0 when unknown", "with the revision of the choices"),
    Feature("named_sides", "1 if a choice says yes, for or the like", "with the revision of the choices"),
    Feature("window_days", "log(1 + days from publication to a scheduled end); -1 unless fixed at the start", "at publication"),
    Feature("hours_open", "log(1 + hours since publication)", _NOW),
    Feature("fraction_open", "elapsed part of a window fixed at the start; -1 elsewhere", _NOW),
    Feature("voters", "log(1 + voters so far)", _CAST),
    Feature("pace", "voters minus voters_belief, both as logarithms; 0 where no turnout is known", _CAST),
    Feature("heads_for", "log-odds of the share by head so far, the belief counting as four heads", _CAST),
    Feature("power_for", "the same by voting power; heads_for where power is missing", _CAST),
    Feature("against", "log(1 + voters against)", _CAST),
    Feature("neither", "share of voters for neither side", _CAST),
    Feature("hours_silent", "log(1 + hours since the last vote, else since publication)", _CAST),
    Feature("stance", "mean stance of the discussion, -1 against to 1 for; 0 without one", "when each post is written"),
    Feature("has_stance", "1 if there is a discussion", "when each post is written"),
)
NAMES = tuple(feature.name for feature in FEATURES)


@dataclass(frozen=True, slots=True)
class FeatureRecipe:
    """What training fixed before any feature is made: kernels per target and pooled pass rates per family."""

    kernels: Mapping[str, Kernel]
    pooled: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Seen:
    """What the model sees of one question, and the plain figures an answer shows beside it."""

    features: Mapping[str, float]
    rates: BaseRates
    voters: int

    def row(self) -> Floats:
        """The features in the order of `NAMES`."""
        return np.array([self.features[name] for name in NAMES])


class FeatureMaker:
    """Makes features; keeps each DAO's columns and fits, so that a thousand questions cost little more than one."""

    def __init__(self, recipe: FeatureRecipe, records: Records) -> None:
        self._recipe = recipe
        self._records = records
        self._beliefs = Beliefs()

    def see(self, question: OutcomeQuestion) -> Seen:
        """All features of one question, by name, in the order of `FEATURES`."""
        proposal, at = question.proposal, days(question.as_of)
        record = self._records.of(question)
        known = record.known_before(at)
        kind, author = record.kind_code(proposal), record.author_code(proposal)
        pooled = pooled_rate(kind_key(proposal), self._recipe.pooled)
        rates = base_rates(record, known, at=at, kind=kind, author=author, pooled=pooled)
        vector = self._records.vector(proposal)
        published = min(days(proposal.published_at or proposal.starts_at or question.as_of), at)
        point = Points.one(published=published, kind=kind, author=author, vector=vector)
        priors = {"passed": pooled, "share": None, "voters": None}
        beliefs = {
            target: self._beliefs.ask(record, known, target=target, kernel=self._recipe.kernels[target], prior=prior, point=point)
            for target, prior in priors.items()
        }
        # Where votes are not collected, silence says nothing: the question is answered as at publication.
        cast, moment = (question.votes, at) if question.votes_known else ((), published)
        votes = count_votes(cast, proposal.choices, as_of=question.as_of)
        numbers = {
            **_of_beliefs(beliefs, self._recipe.kernels["passed"]),
            **_of_rates(rates, pooled),
            **_of_record(record, known, at=at, author=author, vector=vector, dao_rate=rates.dao),
            **_of_text(proposal),
            **_of_time(proposal, published=published, at=moment),
        }
        numbers |= _of_votes(votes, numbers, at=moment, published=published)
        numbers |= {"stance": question.stance or 0.0, "has_stance": float(question.stance is not None)}
        features = {name: round(float(numbers[name]), PLACES) + 0.0 for name in NAMES}
        return Seen(features, rates, votes.heads)


def log_odds(probability: float) -> float:
    """Log-odds of a probability, kept within 1 % of either end: no history makes anything certain."""
    bounded = min(max(probability, 0.01), 0.99)
    return math.log(bounded / (1.0 - bounded))


def _of_beliefs(beliefs: Mapping[str, Belief], kernel: Kernel) -> dict[str, float]:
    share, voters = beliefs["share"], beliefs["voters"]
    return {
        "belief": log_odds(beliefs["passed"].mean),
        "belief_sd": beliefs["passed"].sd / math.sqrt(kernel.variance),
        "share_belief": min(max(share.mean, 0.0), 1.0) if share.evidence else UNKNOWN,
        "voters_belief": max(voters.mean, 0.0) if voters.evidence else UNKNOWN,
    }


def _of_rates(rates: BaseRates, pooled: float) -> dict[str, float]:
    return {
        "dao_rate": log_odds(rates.dao),
        "kind_rate": log_odds(rates.kind),
        "author_rate": log_odds(rates.author),
        "pooled_rate": log_odds(pooled),
        "dao_count": math.log1p(rates.dao_count),
        "kind_count": math.log1p(rates.kind_count),
        "author_count": math.log1p(rates.author_count),
    }


def _of_record(record: DaoRecord, known: int, *, at: float, author: int, vector: Floats, dao_rate: float) -> dict[str, float]:
    closed, passed = record.closed[:known], record.passed[:known]
    last = passed[-10:]
    recent = closed >= at - RECENT_DAYS
    by_author = (record.authors[:known] == author) & (author >= 0)
    closest, closest_passed = UNKNOWN, 0.5
    if known and np.any(vector != 0.0):
        likeness = record.vectors[:known] @ vector
        place = int(np.argmax(likeness))
        if likeness[place] != 0.0:
            closest, closest_passed = float(likeness[place]), float(passed[place])
    return {
        "recent_rate": float((last.sum() + 2.0 * dao_rate) / (len(last) + 2.0)),
        "recent_count": math.log1p(float(recent.sum())),
        "author_recent_count": math.log1p(float((recent & by_author).sum())),
        "quiet_days": math.log1p(at - float(closed[-1]) if known else 2000.0),
        "closest_text": closest,
        "closest_passed": closest_passed,
    }


def _of_text(proposal: KnownProposal) -> dict[str, float]:
    title, body = (proposal.title or "").strip(), (proposal.body or "").strip()
    return {
        "title_chars": math.log1p(len(title)),
        "body_chars": math.log1p(len(body)),
        "text_cut_chars": math.log1p(max(len(title) + len(body) - TEXT_CHARS, 0)),
        "links": math.log1p(body.count("http")),
        "choices": float(min(len(proposal.choices), 10)),
        "named_sides": float(names_a_side(proposal.choices)),
    }


def _of_time(proposal: KnownProposal, *, published: float, at: float) -> dict[str, float]:
    window = days(proposal.ends_at) - published if proposal.ends_at else 0.0
    return {
        "window_days": math.log1p(window) if window > 0 else UNKNOWN,
        "hours_open": math.log1p((at - published) * 24.0),
        "fraction_open": min((at - published) / window, 1.0) if window > 0 else UNKNOWN,
    }


def _of_votes(votes: VotesSoFar, numbers: Mapping[str, float], *, at: float, published: float) -> dict[str, float]:
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
        "voters": math.log1p(votes.heads),
        "pace": math.log1p(votes.heads) - expected if expected != UNKNOWN else 0.0,
        "heads_for": log_odds(heads),
        "power_for": log_odds(power),
        "against": math.log1p(votes.heads_against),
        "neither": votes.heads_other / votes.heads if votes.heads else 0.0,
        "hours_silent": math.log1p(max(at - silent_since, 0.0) * 24.0),
    }


def _mixed(ours: float, theirs: float, prior: float, weight: float) -> float:
    return (ours + weight * prior) / (ours + theirs + weight)
