"""What the models say of the world, as values, and the ports through which workflows ask for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol


class Sentiment(StrEnum):
    """How a text feels."""

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"


class Stance(StrEnum):
    """Where a text stands toward one proposal; sentiment is not stance."""

    AGAINST = "against"
    NEUTRAL = "neutral"
    FOR = "for"


@dataclass(frozen=True, slots=True)
class TextToRead:
    """One text, and the target it is read against: a title, toward which stance is read, below it a summary; None reads sentiment only.

    `part` says that it belongs to what speaks of the target, a sentence to its text or a reason to its vote: by itself it need not.
    """

    text: str
    target: str | None = None
    part: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a text that moved its reading: characters `start` to `end` of the text as the model read it.

    `moved` is by how much the part raised the label's log-odds against the mean of the task's other labels.
    """

    start: int
    end: int
    moved: float


@dataclass(frozen=True, slots=True)
class TextReading:
    """What one model says of one text.

    `label` is a `Sentiment` or `Stance` value, "unknown" for a text without words or of one word, or
    "unsupported_language"; a stance is so too where its target is without words, or not English, and "off_target" where the text
    speaks of something else. `scores` are probabilities over the task's labels in the order of its enum, summing to one (empty
    where the label is none of them). Digests are SHA-256, hex.
    `spans` are the parts that moved it most, the strongest first (empty where the text was not read, or the model does not tell).
    """

    task: str
    label: str
    scores: tuple[float, ...]
    model_digest: str
    text_digest: str
    target_digest: str | None
    windows: int
    spans: tuple[Span, ...] = ()


class TextReader(Protocol):
    """Reads texts; raises `ModelUnavailable` when its weights cannot be loaded or give no finite numbers."""

    def read(self, texts: Sequence[TextToRead]) -> list[tuple[TextReading, ...]]:
        """One tuple per text, in order: its sentiment and, where a target is given, its stance."""

    def digest(self, task: str) -> str:
        """The digest of the model that reads `task` ("sentiment" or "stance")."""


@dataclass(frozen=True, slots=True)
class KnownVote:
    """A vote as known at `as_of`. `power` is decimal text, None where the source has none."""

    voter: str
    choice: str | None
    power: str | None
    cast_at: datetime


@dataclass(frozen=True, slots=True)
class KnownProgress:
    """What an open vote's published running total said at `seen_at`: votes and power so far (decimal text), never for whom."""

    seen_at: datetime
    voters: int | None
    power: str | None


@dataclass(frozen=True, slots=True)
class PastVote:
    """Somebody's last vote on another proposal of the DAO; it counts once that proposal is in the history."""

    voter: str
    proposal_id: str
    choice: str | None


# A proposal that nobody says has closed counts as open for so long.
OPEN_AT_MOST: Final = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class KnownActivity:
    """What else goes on in the DAO at `as_of`; votes count from the proposal's publication, and None says that they are not collected.

    `open_proposals` are the DAO's others, published at most `OPEN_AT_MOST` before; `votes_elsewhere` those cast on others;
    `last_vote_at` is the last vote on any, this one included, None where there never was one.
    """

    open_proposals: int
    votes_elsewhere: int | None = None
    last_vote_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class KnownProposal:
    """A proposal as known at `as_of`: its revision then, never its result.

    `ends_at` is given only where the source fixes the end at the start; `published_at` is created, else start.
    `quorum` is the power that must take part, as decimal text; None where the source has none.
    """

    proposal_id: str
    dao_id: str
    source: str
    title: str | None
    body: str | None
    kind: str | None
    author: str | None
    choices: tuple[str, ...]
    published_at: datetime | None
    starts_at: datetime | None
    ends_at: datetime | None
    quorum: str | None = None


@dataclass(frozen=True, slots=True)
class ClosedProposal:
    """A proposal of the same deployment whose result was known before `as_of`.

    `power` is the voting power that took part (a model's input, so the nearest double), `quorum_reached` whether it met the
    quorum, `executed` whether what was decided was carried out; each None where the source does not say.
    """

    proposal: KnownProposal
    closed_at: datetime
    passed: bool
    approval_share: float | None
    voters: int | None
    power: float | None = None
    quorum_reached: bool | None = None
    executed: bool | None = None


@dataclass(frozen=True, slots=True)
class ChoiceSoFar:
    """How many voters have taken a choice, and their power as decimal text; None unless each of them has one."""

    choice: str | None
    voters: int
    power: str | None


@dataclass(frozen=True, slots=True)
class OpenVote:
    """Another proposal of the DAO that is open at `as_of`, and its first votes by choice; `latest_at` is the last of these."""

    proposal: KnownProposal
    choices: tuple[ChoiceSoFar, ...]
    latest_at: datetime


@dataclass(frozen=True, slots=True)
class Arrival:
    """How many had voted on a closed proposal of the DAO, and with what power, at the moment `at` of its vote; power None if not told.

    A model's input, so power is the nearest double.
    """

    proposal_id: str
    at: datetime
    voters: int
    power: float | None


@dataclass(frozen=True, slots=True)
class OutcomeQuestion:
    """All a forecaster may see. Everything in it was known at `as_of`; the caller guarantees it.

    `votes_known` is False where the votes of this proposal are not collected (or not up to `as_of`): no votes then
    means nothing, not silence. `past_votes` are what the first voters here did before (`governance.past_votes`),
    `activity` is what else goes on in the DAO, None where nobody looked, `open_votes` are the votes under way on those of its
    newest other proposals that tell of others (`governance.open_votes`), and `arrivals` how its last proposals had filled up by the
    same part of their votes (`governance.arrivals`).
    """

    proposal: KnownProposal
    as_of: datetime
    votes: tuple[KnownVote, ...]
    history: tuple[ClosedProposal, ...]
    stance: float | None
    votes_known: bool = True
    progress: tuple[KnownProgress, ...] = ()
    past_votes: tuple[PastVote, ...] = ()
    activity: KnownActivity | None = None
    open_votes: tuple[OpenVote, ...] = ()
    arrivals: tuple[Arrival, ...] = ()


@dataclass(frozen=True, slots=True)
class Reason:
    """One fact that moved P(passes): in words, by how much (log-odds), and the rows it rests on (proposal ids or voters)."""

    fact: str
    words: str
    log_odds: float
    rows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Likelihood:
    """A probability beside the rate it must beat. Both are None where nothing is known, and `reason` then says why."""

    probability: float | None = None
    base_rate: float | None = None
    history_size: int = 0
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ExpectedRange:
    """A quantity's middle with its 50 % and 90 % intervals (low, high)."""

    middle: float
    half: tuple[float, float]
    most: tuple[float, float]


@dataclass(frozen=True, slots=True)
class ChoiceForecast:
    """The probability that a choice, counted from 1, ends ahead of all others."""

    choice: int
    leads: float


@dataclass(frozen=True, slots=True)
class OutcomeForecast:
    """What a forecaster says; shares and probabilities in 0..1, intervals (low, high) at 90 %.

    `served` is "model" or "base_rate"; `reason` says why the base rate was served, else None.
    `features` are the numbers the model saw, by name, for the record and for tests of look-ahead.
    `quorum` and `execution` are further questions of their own. `share`, `heads` and `power` are approval share and turnout with
    both intervals; `power` is None where votes have none. `reasons` sum to P(passes) minus the base rate, in log-odds.
    `choices_by` is "power" or "heads"; `latest_result_at` is when the newest result of the DAO became known.
    """

    passes: float
    base_rate: float
    lift: float
    history_size: int
    approval_share: float | None
    approval_interval: tuple[float, float] | None
    turnout: float | None
    turnout_interval: tuple[float, float] | None
    served: str
    reason: str | None
    model_digest: str
    features: Mapping[str, float]
    quorum: Likelihood = Likelihood()
    execution: Likelihood = Likelihood()
    share: ExpectedRange | None = None
    heads: ExpectedRange | None = None
    power: ExpectedRange | None = None
    choices: tuple[ChoiceForecast, ...] = ()
    choices_by: str | None = None
    reasons: tuple[Reason, ...] = ()
    latest_result_at: datetime | None = None
    latest_vote_at: datetime | None = None


class OutcomeForecaster(Protocol):
    """Forecasts how proposals end; raises `ModelUnavailable` when its weights cannot be loaded."""

    def forecast(self, question: OutcomeQuestion) -> OutcomeForecast:
        """P(passes), approval share and turnout (number of voters) at `question.as_of`."""

    def digest(self) -> str:
        """The digest of the model's weights."""
