"""The shapes of a proposal's page: the proposal, and the parts that `?include=` names."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, Field

from governance.tally import VotingType


class Part(StrEnum):
    """What a page may include beside the proposal itself."""

    TALLY = "tally"
    VOTES = "votes"
    READINGS = "readings"
    FORECAST = "forecast"
    FLAGS = "flags"
    POSTS = "posts"
    LINKS = "links"
    PROGRESS = "progress"
    REVISIONS = "revisions"


class ChoiceTallyOut(BaseModel):
    """What one choice has."""

    choice: int = Field(description="Counted from 1.", examples=[1])
    label: str | None = Field(description="What the proposal calls it.", examples=["For"])
    heads: int = Field(description="Voters who chose it; under approval and weighted voting one can choose several.")
    power: str | None = Field(description="Decimal text; null where none of its votes has a known power.", examples=["1200.5"])


class TallyOut(BaseModel):
    """The votes added up by the proposal's own way of voting: of one voter the last vote counts."""

    voting_type: VotingType | None = Field(description="Null where the platform does not say: then the form of each choice tells.")
    votes: int = Field(description="Votes cast, those that were replaced by a later one of their voter included.")
    voters: int
    without_choice: int = Field(description="Voters whose choice the source does not tell.")
    uncounted: int = Field(description="Voters whose choice is none that the proposal has.")
    without_power: int = Field(description="Voters whose power the source does not tell: sums leave them out.")
    power: str | None = Field(description="Exact sum of the voters' power; null where none is known.", examples=["5210.25"])
    quorum_reached: bool | None = Field(description="Whether that sum reaches the quorum; null where what is not known decides.")
    choices: list[ChoiceTallyOut]


class VoteOut(BaseModel):
    """A cast vote."""

    id: str
    voter: str
    choice: str | None
    power: str | None = Field(examples=["1200.5"])
    power_kind: str | None = Field(description="`exact`, or `float64`: the shortest text that reads back as the double received.")
    reason: str | None
    cast_at: datetime | None
    cast_at_estimated: bool
    source: str
    known_at: datetime


class VotesOut(BaseModel):
    """Votes, newest first, at most `votes_limit` of them."""

    items: list[VoteOut]
    next_cursor: str | None = Field(description="Give it as `votes_cursor` for older ones.")


class ReadingOut(BaseModel):
    """What a model says of one text."""

    id: str
    subject_kind: str
    subject_id: str
    task: str
    label: str
    scores: list[str]
    model_sha256: str
    text_sha256: str
    known_at: datetime


class ReadingsOut(BaseModel):
    """Readings of the proposal's texts: counts of all, and the newest 50."""

    counts: dict[str, dict[str, int]] = Field(examples=[{"stance": {"for": 12, "against": 3, "neutral": 4}}])
    items: list[ReadingOut]


class ForecastOut(BaseModel):
    """The newest outcome forecast."""

    id: str
    as_of: datetime
    body: dict[str, Any]
    sha256: str
    model_sha256: str


class FlagOut(BaseModel):
    """One rule's newest answer."""

    id: str
    rule: str
    rule_version: int
    status: str = Field(description="`fired`, `clear`, or `unknown` when an input is missing.")
    body: dict[str, Any]
    as_of: datetime


class PostOut(BaseModel):
    """A post of the discussion."""

    id: str
    forum: str
    topic_id: int | None
    topic_title: str | None
    number: int | None
    author: str | None
    text: str
    posted_at: datetime | None
    known_at: datetime


class LinkOut(BaseModel):
    """Where the proposal is discussed."""

    forum: str
    topic_id: int
    source: str
    known_at: datetime


class ProgressOut(BaseModel):
    """Cumulative power and votes at one moment while it was open."""

    seen_at: datetime
    status: str | None
    power: str | None
    votes: int | None
    ends_at: datetime | None


class RevisionOut(BaseModel):
    """A content the proposal was seen with."""

    content_sha256: str
    known_at: datetime
    recorded_at: datetime


class ProposalPage(BaseModel):
    """A proposal with the parts asked for. A part that was not asked for is absent; what a source does not tell is null."""

    id: str = Field(examples=["prop_abcdefghijklmnopqrstuvwxyz"])
    dao_id: str
    source: str = Field(description="Where the row was taken from.")
    external_id: str = Field(description="The platform's own id.")
    title: str | None
    body: str | None
    choices: list[str] | None
    kind: str | None
    author: str | None
    created_at: datetime | None
    starts_at: datetime | None
    ends_at: datetime | None
    end_fixed: bool = Field(description="Whether the end was fixed at the start.")
    quorum: str | None
    phase: str = Field(description="`pending`, `active` or `closed` by its times; `unknown` without them.", examples=["active"])
    state: str | None = Field(description="The source's own word.")
    outcome: str | None = Field(description="`pass` or `fail`, once known.")
    outcome_rule: str | None
    result: dict[str, Any] | None
    facts: dict[str, Any] | None = Field(description="What else the source says.")
    forum_topic: str | None
    content_sha256: str
    revision: int
    known_at: datetime
    as_of: datetime = Field(description="The moment as of which the page was read.")
    indexed_to: datetime = Field(description="The newest moment anything on the page was known.")
    complete: bool = Field(description="Whether everything the sources know up to `as_of` is in; an import cannot know.")
    tally: TallyOut | None = None
    votes: VotesOut | None = None
    readings: ReadingsOut | None = None
    forecast: ForecastOut | None = None
    flags: list[FlagOut] | None = None
    posts: list[PostOut] | None = None
    links: list[LinkOut] | None = None
    progress: list[ProgressOut] | None = None
    revisions: list[RevisionOut] | None = None
