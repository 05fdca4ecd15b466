"""What a DAO talks about, and when: its posts and proposals in topics found from the texts themselves."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.dependencies import ClockDep, ModelsDep, ReadDep
from api.errors import problems
from api.instants import earlier
from api.listing import AsOf, moment
from governance.errors import InvalidInput, ModelUnavailable, NotFound
from governance.records.discussion import SaidText, posts_and_proposals

if TYPE_CHECKING:
    from nlp.topics import Topic

router = APIRouter(prefix="/daos/{dao_id}/topics", tags=["sentiment"])

# Bounds what one request costs: the newest texts of each kind, and how many of them are embedded anew.
_TEXTS, _NEW_VECTORS = 600, 128
_EXAMPLES = 3


class TopicMonthOut(BaseModel):
    """How many texts of a topic were known in one month (UTC)."""

    month: str = Field(examples=["2026-11"])
    posts: int
    proposals: int


class TopicTextOut(BaseModel):
    """A text of the topic, by our id."""

    kind: str = Field(description="`post` or `proposal`.")
    id: str
    begins: str = Field(description="Its first words, as written.")


class TopicOut(BaseModel):
    """Texts about one thing."""

    words: list[str] = Field(
        description="The words that set the topic apart, the most telling first.", examples=[["grants", "budget", "season"]]
    )
    texts: int
    months: list[TopicMonthOut]
    examples: list[TopicTextOut] = Field(description="The most typical text first.")


class TopicsOut(BaseModel):
    """The DAO's topics, the largest first. Texts like no two others are in none."""

    items: list[TopicOut]
    texts: int = Field(description="Texts compared.")
    elsewhere: int = Field(description="Of these, texts in no topic shown.")
    waiting: int = Field(description="Texts without a vector yet, not compared: ask again.")
    complete: bool = Field(description="Whether all texts of the window were looked at; of more than 600 of a kind, only the newest are.")
    since: datetime
    as_of: datetime


@router.get("", operation_id="listTopics", responses=problems(NotFound, InvalidInput, ModelUnavailable))
def list_all(
    *,
    dao_id: str,
    session: ReadDep,
    clock: ClockDep,
    models: ModelsDep,
    window_days: Annotated[int, Query(ge=1, le=3_650, description="How many days back.")] = 365,
    limit: Annotated[int, Query(ge=1, le=50, description="At most so many topics.")] = 10,
    as_of: AsOf = None,
) -> TopicsOut:
    """What the DAO's posts and proposals are about, by month, as known at a time. Counts are of texts, not of people."""
    from nlp.plain_text import plain_text  # noqa: PLC0415  # a start does not wait for numpy
    from nlp.topics import topics  # noqa: PLC0415  # as above

    at = moment(session, dao_id, as_of, clock())
    since = earlier(at, timedelta(days=window_days))
    said = posts_and_proposals(session, dao_id, since=since, as_of=at, most=_TEXTS)
    session.rollback()  # a long embedding would keep the database from tidying up
    embedder = models.embedder()
    texts = [_embedded_form(one.text) for one in said]
    waiting = set(embedder.missing(texts)[_NEW_VECTORS:])
    compared = [number for number, text in enumerate(texts) if text and text not in waiting]
    vectors = embedder.embed([texts[number] for number in compared])
    found = topics([plain_text(texts[number]) for number in compared], vectors)[:limit]
    heard = [said[number] for number in compared]
    return TopicsOut(
        items=[_shown(topic, heard) for topic in found],
        texts=len(heard),
        elsewhere=len(heard) - sum(len(topic.members) for topic in found),
        waiting=sum(text in waiting for text in texts),
        complete=all(sum(one.kind == kind for one in said) < _TEXTS for kind in ("post", "proposal")),
        since=since,
        as_of=at,
    )


def _embedded_form(text: str) -> str:
    """What of a text is embedded; a proposal's form is that of its forecasts, whose vectors are kept."""
    from nlp.outcome_text import TEXT_CHARS  # noqa: PLC0415  # as above

    return text[:TEXT_CHARS]


def _shown(topic: "Topic", heard: Sequence[SaidText]) -> TopicOut:
    members = [heard[number] for number in topic.members]
    counted = Counter((one.known_at.strftime("%Y-%m"), one.kind) for one in members)
    examples = [heard[topic.centre], *(one for one in members if one is not heard[topic.centre])][:_EXAMPLES]
    return TopicOut(
        words=list(topic.words),
        texts=len(members),
        months=[
            TopicMonthOut(month=month, posts=counted[month, "post"], proposals=counted[month, "proposal"])
            for month in sorted({month for month, _ in counted})
        ],
        examples=[TopicTextOut(kind=one.kind, id=one.id, begins=" ".join(one.text[:400].split())[:160]) for one in examples],
    )
