"""Every number the outcome model sees, from one question: this is the only place where features are made.

A feature may use a proposal's revision known at `as_of`, results closed before `as_of` and votes cast by `as_of`.
Whatever is later in a question is dropped here too, so that a caller's slip cannot become look-ahead.
Values are rounded to nine places, finite, and depend on no order of rows.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from governance.evidence import KnownActivity, KnownProposal, OutcomeQuestion
from nlp.base_rates import BaseRates, base_rates, pooled_rate
from nlp.one_thread import one_thread
from nlp.outcome_arrivals import expected_turnout
from nlp.outcome_belief import Asked, Belief, Beliefs, Kernel
from nlp.outcome_open_votes import Standing, standings, with_open_votes
from nlp.outcome_points import Points, Sight
from nlp.outcome_record import DaoRecord, Floats, Records, author_key, days, kind_key
from nlp.outcome_text import TEXT_CHARS
from nlp.outcome_vote_features import UNKNOWN, Turnout, VoterRecord, log_odds, of_records, of_votes, seen_progress, voter_records
from nlp.votes_so_far import VotesSoFar, count_votes, names_a_side

PLACES = 9
RECENT_DAYS = 14.0
# How many of the most similar proposals are asked how they ended.
ALIKE = 5


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
_PAST = "when each vote is cast and each earlier proposal closed"

FEATURES = (
    Feature("belief", "log-odds of passing by Gaussian-process regression on the DAO's closed proposals", _CLOSE),
    Feature("belief_sd", "how little those proposals say of this one, 0 to 1 of knowing nothing", _CLOSE),
    Feature("share_belief", "approval share by the same regression; -1 where no share is known", _CLOSE),
    Feature("voters_belief", "log(1 + voters) by the same regression; -1 where no turnout is known", _CLOSE),
    Feature("power_belief", "log(1 + voting power) by the same regression; -1 where no power is known", _CLOSE),
    Feature("reached_belief", "log-odds of reaching the quorum by the same regression; 0 where none is known", _CLOSE),
    Feature("quorum", "log(1 + the power the quorum asks for); -1 where there is none", "at publication"),
    Feature("quorum_belief", "power_belief minus quorum; 0 where either is not known", _CLOSE),
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
    Feature("alike_passed", "share of passes among the five most similar, weighted by cosine, shrunk to dao_rate by one", _CLOSE),
    Feature("title_chars", "log(1 + characters of the title)", _TEXT),
    Feature("body_chars", "log(1 + characters of the body); 0 without one", _TEXT),
    Feature("text_cut_chars", f"log(1 + characters beyond the {TEXT_CHARS:,} that are read)", _TEXT),
    Feature("links", "log(1 + links in the body)", _TEXT),
    Feature("choices", "number of choices, at most 10; 0 when unknown", "with the revision of the choices"),
    Feature("named_sides", "1 if a choice says yes, for or the like", "with the revision of the choices"),
    Feature("window_days", "log(1 + days from publication to a scheduled end); -1 unless fixed at the start", "at publication"),
    Feature("hours_open", "log(1 + hours since publication)", _NOW),
    Feature("fraction_open", "elapsed part of a window fixed at the start; -1 elsewhere", _NOW),
    Feature("voters", "log(1 + voters so far), by votes or by published running totals", _CAST),
    Feature("pace", "voters minus voters_belief, both as logarithms; 0 where no turnout is known", _CAST),
    Feature("heads_for", "log-odds of the share by head so far, the belief counting as four heads", _CAST),
    Feature("power_for", "the same by voting power; heads_for where power is missing", _CAST),
    Feature("against", "log(1 + voters against)", _CAST),
    Feature("neither", "share of voters for neither side", _CAST),
    Feature("hours_silent", "log(1 + hours since the last vote, else since publication)", _CAST),
    Feature("sides_known", "1 if it is known whom the voters so far are for", _CAST),
    Feature("first_vote_hours", "log(1 + hours since the first vote); -1 without one", _CAST),
    Feature("power_pace", "log(1 + power so far) minus power_belief; 0 where either is not known", _CAST),
    Feature("power_for_pace", "the same of the power for", _CAST),
    Feature("power_against_pace", "the same of the power against", _CAST),
    Feature("top_share", "largest voter's part of the power so far; 0 without power", _CAST),
    Feature("quorum_so_far", "log(1 + power so far) minus quorum; 0 where either is not known", _CAST),
    Feature("voter_evidence", "sum over voters of how much more often proposals passed when they voted so (log-odds)", _PAST),
    Feature("voter_evidence_mean", "its mean", _PAST),
    Feature("voter_strongest", "its largest part, by size", _PAST),
    Feature("for_record", "mean share of passes when those who are for were for; dao_rate without them", _PAST),
    Feature("against_record", "mean share of passes when those who are against were against; dao_rate without them", _PAST),
    Feature("known_voters", "log(1 + voters so far who voted on a closed proposal before)", _PAST),
    Feature("known_share", "their part of the voters so far", _PAST),
    Feature("author_voted_for", "1 if the author has voted for it", _CAST),
    Feature("open_votes", "what the votes on the DAO's other open proposals add to belief (log-odds); 0 without any", _CAST),
    Feature("stance", "mean stance of the discussion, -1 against to 1 for; 0 without one", "when each post is written"),
    Feature("has_stance", "1 if there is a discussion", "when each post is written"),
    Feature("open_proposals", "log(1 + the DAO's other open proposals); -1 where nobody looked", "at each publication and close"),
    Feature("votes_elsewhere", "log(1 + votes on the DAO's other proposals since publication); -1 where not collected", _CAST),
    Feature("dao_silent_hours", "log(1 + hours since the DAO's last vote on any proposal); -1 without one", _CAST),
    Feature("voters_expected", "voters_belief, at least voters, weighed with how the DAO's last 20 proposals had filled up by now", _PAST),
    Feature("power_expected", "the same of the power", _PAST),
)
NAMES = tuple(feature.name for feature in FEATURES)
# What else goes on in the DAO, and what turnout is expected at last. They stand last: trees that must not see them are fitted on the
# columns before (`BEFORE_ACTIVITY`, `BEFORE_TURNOUT`).
ACTIVITY = ("open_proposals", "votes_elsewhere", "dao_silent_hours")
TURNOUT = ("voters_expected", "power_expected")
BEFORE_ACTIVITY, BEFORE_TURNOUT = NAMES.index(ACTIVITY[0]), NAMES.index(TURNOUT[0])


@dataclass(frozen=True, slots=True)
class FeatureRecipe:
    """What training fixed before any feature is made: kernels per target and pooled pass rates per family."""

    kernels: Mapping[str, Kernel]
    pooled: Mapping[str, float]

    def kernel(self, target: str) -> Kernel:
        """The kernel of a target: power is learnt as voters are, and reaching the quorum as passing, whatever the words."""
        if target == "reached":
            return replace(self.kernels["passed"], kind_words=0.0)
        return self.kernels["voters" if target == "power" else target]


@dataclass(frozen=True, slots=True)
class Seen:
    """What the model sees of one question, and what an answer shows beside it: rates, votes, and the rows behind the belief.

    `open_votes` are those on the DAO's other proposals, `strongest_open` the ids of these that moved the forecast most.
    """

    features: Mapping[str, float]
    rates: BaseRates
    votes: VotesSoFar
    turnout: Turnout
    record: DaoRecord
    known: int
    belief: Belief
    voters: tuple[VoterRecord, ...]
    author: int
    kind: int
    open_votes: tuple[Standing, ...]
    strongest_open: tuple[str, ...]

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
        record, others, proposal = self._records.of(question), standings(question), question.proposal
        published = min(days(proposal.published_at or proposal.starts_at or question.as_of), days(question.as_of))
        compared = [(proposal, published), *((each.proposal, each.published) for each in others)]
        # Vectors first: the encoder has threads of its own.
        sights = [Sight(each, when, self._records.vector(each)) for each, when in compared]
        with one_thread():
            return self._see(question, record, sights, others)

    def _see(self, question: OutcomeQuestion, record: DaoRecord, sights: Sequence[Sight], others: tuple[Standing, ...]) -> Seen:
        proposal, at, published = question.proposal, days(question.as_of), sights[0].published
        known, points = record.known_before(at), Points.seen(record, sights)
        kind, author = int(points.kinds[0]), int(points.authors[0])
        pooled = pooled_rate(kind_key(proposal), self._recipe.pooled)
        rates = base_rates(record, known, at=at, kind=kind, author=author, pooled=pooled)
        asked = self._asked(pooled)
        beliefs = self._beliefs.ask(record, known, points.first, asked)
        alone = beliefs["passed"].mean
        mean, strongest = with_open_votes(self._beliefs, record, known, points, others, asked=asked["passed"]) if others else (alone, ())
        progress = seen_progress(question)
        # Where votes are not collected, silence says nothing: the question is answered as at publication.
        cast, moment = (question.votes, at) if question.votes_known else ((), at if progress else published)
        votes = count_votes(cast, proposal.choices, as_of=question.as_of)
        turnout = Turnout.of(votes, progress)
        voters = voter_records(votes, question.past_votes, record, known, rate=rates.dao)
        numbers = {
            **_of_beliefs(beliefs, self._recipe.kernels["passed"], quorum=proposal.quorum),
            **_of_rates(rates, pooled),
            **_of_record(record, known, at=at, author=author, vector=sights[0].vector, dao_rate=rates.dao),
            **_of_text(proposal),
            **_of_time(proposal, published=published, at=moment),
            **_of_activity(question.activity, at=at),
            **of_records(voters, rate=rates.dao, author=author_key(proposal)),
        }
        numbers |= of_votes(votes, turnout, numbers, at=moment, published=published)
        numbers |= expected_turnout(question, record, known, turnout, numbers)
        numbers |= {"open_votes": log_odds(mean) - log_odds(alone)}
        numbers |= {"stance": question.stance or 0.0, "has_stance": float(question.stance is not None)}
        features = {name: round(float(numbers[name]), PLACES) + 0.0 for name in NAMES}
        return Seen(features, rates, votes, turnout, record, known, beliefs["passed"], tuple(voters), author, kind, others, strongest)

    def _asked(self, pooled: float) -> dict[str, Asked]:
        priors = {"passed": pooled, "share": None, "voters": None, "power": None, "reached": None}
        return {target: Asked(self._recipe.kernel(target), prior, whole=target == "passed") for target, prior in priors.items()}


def _of_beliefs(beliefs: Mapping[str, Belief], kernel: Kernel, *, quorum: str | None) -> dict[str, float]:
    share, voters, power, reached = (beliefs[name] for name in ("share", "voters", "power", "reached"))
    expected = max(power.mean, 0.0) if power.evidence else UNKNOWN
    asked = math.log1p(float(quorum)) if quorum is not None and float(quorum) > 0 else UNKNOWN
    return {
        "belief": log_odds(beliefs["passed"].mean),
        "belief_sd": beliefs["passed"].sd / math.sqrt(kernel.variance),
        "share_belief": min(max(share.mean, 0.0), 1.0) if share.evidence else UNKNOWN,
        "voters_belief": max(voters.mean, 0.0) if voters.evidence else UNKNOWN,
        "power_belief": expected,
        "reached_belief": log_odds(reached.mean) if reached.evidence else 0.0,
        "quorum": asked,
        "quorum_belief": min(max(expected - asked, -12.0), 12.0) if UNKNOWN not in (expected, asked) else 0.0,
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
    closest, closest_passed, alike_passed = _of_alike(record.vectors[:known], passed, vector, dao_rate)
    return {
        "recent_rate": float((last.sum() + 2.0 * dao_rate) / (len(last) + 2.0)),
        "recent_count": math.log1p(float(recent.sum())),
        "author_recent_count": math.log1p(float((recent & by_author).sum())),
        "quiet_days": math.log1p(at - float(closed[-1]) if known else 2000.0),
        "closest_text": closest,
        "closest_passed": closest_passed,
        "alike_passed": alike_passed,
    }


def _of_alike(vectors: Floats, passed: Floats, vector: Floats, rate: float) -> tuple[float, float, float]:
    """Cosine and result of the most similar closed proposal, and the share of passes among the few most similar."""
    likeness = vectors @ vector if len(vectors) else np.zeros(0)
    if not np.any(likeness != 0.0):
        return UNKNOWN, 0.5, rate
    near = np.argsort(-likeness, kind="stable")[:ALIKE]
    weights = np.clip(likeness[near], 0.0, 1.0)
    share = float((weights @ passed[near] + rate) / (weights.sum() + 1.0))
    return float(likeness[near[0]]), float(passed[near[0]]), share


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


def _of_activity(activity: KnownActivity | None, *, at: float) -> dict[str, float]:
    if activity is None:
        return dict.fromkeys(ACTIVITY, UNKNOWN)
    elsewhere, last = activity.votes_elsewhere, activity.last_vote_at
    return {
        "open_proposals": math.log1p(activity.open_proposals),
        "votes_elsewhere": UNKNOWN if elsewhere is None else math.log1p(elsewhere),
        "dao_silent_hours": UNKNOWN if last is None else math.log1p(max(at - days(last), 0.0) * 24.0),
    }


def _of_time(proposal: KnownProposal, *, published: float, at: float) -> dict[str, float]:
    window = days(proposal.ends_at) - published if proposal.ends_at else 0.0
    return {
        "window_days": math.log1p(window) if window > 0 else UNKNOWN,
        "hours_open": math.log1p((at - published) * 24.0),
        "fraction_open": min((at - published) / window, 1.0) if window > 0 else UNKNOWN,
    }
