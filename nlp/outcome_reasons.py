"""Why a forecast differs from the base rate: facts in words, whose parts add up to the difference in log-odds exactly.

The parts are those of the computation itself: the belief's distance from the base rate, the Shapley values of the trees
(`outcome_shapley`) joined by fact, what calibration adds, and the shift by the latest results.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from governance.evidence import Reason
from nlp.features import NAMES, Seen
from nlp.outcome_recent import Recent
from nlp.outcome_shapley import Shapley

PLACES = 6
UNIT = 10**PLACES
# At most so many rows are named behind a fact.
SHOWN = 5

FACTS: Mapping[str, tuple[str, ...]] = {
    "similar proposals": ("belief", "belief_sd", "share_belief", "closest_text", "closest_passed", "alike_passed"),
    "other votes under way": ("open_votes",),
    "record of the DAO": ("dao_rate", "kind_rate", "pooled_rate", "dao_count", "kind_count", "recent_rate"),
    "record of the author": ("author_rate", "author_count", "author_recent_count", "author_voted_for"),
    "votes so far": ("heads_for", "power_for", "against", "neither", "sides_known", "power_for_pace", "power_against_pace", "top_share"),
    "who has voted": (
        "voter_evidence", "voter_evidence_mean", "voter_strongest", "for_record", "against_record", "known_voters", "known_share",
    ),
    "turnout so far": (
        "voters", "pace", "power_pace", "voters_belief", "power_belief", "hours_silent", "first_vote_hours", "voters_expected",
        "power_expected",
    ),
    "quorum": ("quorum", "quorum_belief", "quorum_so_far", "reached_belief"),
    "timing": (
        "window_days", "hours_open", "fraction_open", "recent_count", "quiet_days", "open_proposals", "votes_elsewhere", "dao_silent_hours",
    ),
    "text and choices": ("title_chars", "body_chars", "text_cut_chars", "links", "choices", "named_sides"),
    "discussion": ("stance", "has_stance"),
}  # fmt: skip
_FACT_OF = {name: fact for fact, names in FACTS.items() for name in names}


@dataclass(frozen=True, slots=True)
class Parts:
    """The way from the base rate to the forecast. `passes` and `base_rate` are the probabilities that are told, the others log-odds.

    `begins` is what the trees correct: the shares of belief and base rate. `open_votes` is what these add by their share, `trees` the
    share of the trees' correction, `quorum` what the chance of missing it takes off.
    """

    base_rate: float
    begins: float
    open_votes: float
    trees: float
    raw: float
    calibrated: float
    quorum: float
    passes: float


def reasons(seen: Seen, shapley: Shapley, parts: Parts, recent: Recent) -> tuple[Reason, ...]:
    """The facts by size of their part, the largest first; parts are rounded to millionths and sum to the whole exactly.

    The whole is log-odds of `parts.passes` minus those of `parts.base_rate`, rounded to millionths.
    """
    added = parts.trees * shapley.explain(seen.row())
    moved = dict.fromkeys(FACTS, 0.0)
    for name, value in zip(NAMES, added, strict=True):
        moved[_FACT_OF[name]] += float(value)
    moved["similar proposals"] += parts.begins - log_odds(parts.base_rate)
    moved["other votes under way"] += parts.open_votes
    moved["quorum"] += parts.quorum
    moved["all proposals"] = parts.trees * shapley.expected
    moved["calibration"] = parts.calibrated - parts.raw
    moved["latest results"] = recent.shift_with(seen.turnout.heads)
    units = {fact: round(value * UNIT) for fact, value in moved.items()}
    # Rounding, and the bounds of what is ever told, go to the step that makes the probability that is told.
    units["calibration"] += round((log_odds(parts.passes) - log_odds(parts.base_rate)) * UNIT) - sum(units.values())
    told = [Reason(fact, _words(fact, seen, recent), part / UNIT, _rows(fact, seen)) for fact, part in units.items() if part]
    return tuple(sorted(told, key=lambda reason: (-abs(reason.log_odds), reason.fact)))


def log_odds(probability: float) -> float:
    """Log-odds; the probability must lie strictly between 0 and 1."""
    return math.log(probability / (1.0 - probability))


def _words(fact: str, seen: Seen, recent: Recent) -> str:
    plain = {
        "all proposals": "how all proposals the model learnt from differ from their record",
        "calibration": "correction from what came of forecasts like this one, and rounding",
        "timing": "how long it has been open, and how busy the DAO is",
        "text and choices": f"its form: {_count(seen, 'title_chars')} characters of title, {_count(seen, 'body_chars')} of body",
    }
    if fact in plain:
        return plain[fact]
    telling: Mapping[str, Callable[[], str]] = {
        "similar proposals": lambda: _similar(seen),
        "other votes under way": lambda: _others(seen),
        "record of the DAO": lambda: (
            f"{_share(seen.rates.dao)} of the DAO's {seen.rates.dao_count} closed proposals passed, recent ones counting more; "
            f"{_share(seen.rates.kind)} of this kind"
        ),
        "record of the author": lambda: (
            f"{_share(seen.rates.author)} expected of this author, who has {seen.rates.author_count} closed proposals here"
        ),
        "votes so far": lambda: _votes(seen),
        "who has voted": lambda: _voters(seen),
        "turnout so far": lambda: f"{seen.turnout.heads} voters so far{_expected(seen)}",
        "quorum": lambda: _quorum(seen),
        "discussion": lambda: "what is said in the discussion" if seen.features["has_stance"] else "no discussion is known",
        "latest results": lambda: f"the last {recent.count} results against what the model would have said of them",
    }
    return telling[fact]()


def _similar(seen: Seen) -> str:
    rows = seen.belief.rows[:SHOWN]
    if not rows:
        return "no closed proposal of the DAO is known"
    passed = sum(seen.record.passed[row] == 1.0 for row in rows)
    return f"of the {len(rows)} earlier proposals that weigh most (alike in kind, author, words and time) {passed} passed"


def _others(seen: Seen) -> str:
    if not seen.open_votes:
        return "no other vote is under way"
    ahead = sum(each.share > 0.5 for each in seen.open_votes)
    return f"those for are ahead on {ahead} of the DAO's {len(seen.open_votes)} other open proposals with votes"


def _votes(seen: Seen) -> str:
    votes = seen.votes
    if not votes.heads:
        heads = seen.turnout.heads
        return f"whom the {heads} voters so far are for is not known" if heads else "nobody is known to have voted"
    by_power = ""
    if votes.power_for is not None and votes.power_against is not None and votes.power_for + votes.power_against > 0:
        by_power = f"; {_share(votes.power_for / (votes.power_for + votes.power_against))} of the power on either side is for"
    return f"{votes.heads_for} of {votes.heads} voters so far are for, {votes.heads_against} against{by_power}"


def _voters(seen: Seen) -> str:
    known = sum(each.known > 0 for each in seen.voters)
    if not known:
        return "nobody who has voted has voted here before"
    weighs = _signed(seen.features["voter_evidence"])
    return f"{known} of those who have voted did so before; what passed when they voted like this weighs {weighs}"


def _quorum(seen: Seen) -> str:
    if seen.features["quorum"] < 0:
        return "no quorum is known"
    if seen.turnout.power is None:
        return "what misses the quorum fails, and the power that usually takes part may miss it"
    return f"{_share(math.exp(min(seen.features['quorum_so_far'], 5.0)))} of the quorum has voted, and what misses it fails"


def _expected(seen: Seen) -> str:
    believed = seen.features["voters_belief"]
    return "" if believed < 0 else f"; {math.expm1(believed):.0f} are usual for proposals like it"


def _rows(fact: str, seen: Seen) -> tuple[str, ...]:
    found: Mapping[str, Callable[[], tuple[str, ...]]] = {
        "similar proposals": lambda: _ids(seen, seen.belief.rows[:SHOWN]),
        "other votes under way": lambda: seen.strongest_open[:SHOWN],
        "record of the DAO": lambda: _latest(seen),
        "latest results": lambda: _latest(seen),
        "record of the author": lambda: _by_author(seen),
        "votes so far": lambda: _strongest(seen),
        "who has voted": lambda: _telling(seen),
    }
    return found[fact]() if fact in found else ()


def _latest(seen: Seen) -> tuple[str, ...]:
    return _ids(seen, range(seen.known - 1, max(seen.known - 1 - SHOWN, -1), -1))


def _by_author(seen: Seen) -> tuple[str, ...]:
    own = np.flatnonzero((seen.record.authors[: seen.known] == seen.author) & (seen.author >= 0))
    return _ids(seen, [int(place) for place in own[::-1][:SHOWN]])


def _strongest(seen: Seen) -> tuple[str, ...]:
    strongest = sorted(seen.votes.cast, key=lambda cast: (-(cast.power or 0.0), cast.cast_at, cast.voter))
    return tuple(cast.voter for cast in strongest[:SHOWN])


def _telling(seen: Seen) -> tuple[str, ...]:
    telling = sorted((each for each in seen.voters if each.known), key=lambda each: (-abs(each.evidence), each.voter))
    return tuple(each.voter for each in telling[:SHOWN])


def _ids(seen: Seen, places: Sequence[int]) -> tuple[str, ...]:
    return tuple(seen.record.rows[place].proposal.proposal_id for place in places)


def _count(seen: Seen, name: str) -> int:
    return round(math.expm1(seen.features[name]))


def _share(value: float) -> str:
    return f"{value:.0%}"


def _signed(value: float) -> str:
    return f"{value:+.2f}"
