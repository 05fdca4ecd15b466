"""Earlier proposals of a DAO that are like one, and how they ended: so that a third attempt is seen as one."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.dependencies import ClockDep, ModelsDep, ReadDep
from api.errors import problems
from api.listing import AsOf, moment
from governance.canonical import fixed
from governance.errors import InvalidInput, ModelUnavailable, NotFound
from governance.records.as_of import PROPOSALS, read_one
from governance.records.discussion import proposals_before

if TYPE_CHECKING:
    from nlp.similar import Alike

router = APIRouter(prefix="/daos/{dao_id}/proposals/{proposal_id}/similar", tags=["proposals"])

# New texts embedded for one request; the rest wait for the next, or for `makeTextVectors`.
_NEW_VECTORS = 128


class SimilarOut(BaseModel):
    """An earlier proposal, and what was known of its end."""

    id: str
    external_id: str
    title: str | None
    author: str | None
    starts_at: datetime | None
    ends_at: datetime | None
    likeness: str = Field(description="Cosine of the texts' vectors, 0 to 1, as decimal text.", examples=["0.913000"])
    same_words: str = Field(description="Cosine of the texts' words, 0 to 1, as decimal text.", examples=["0.624000"])
    state: str | None = Field(description="The source's word; null while it was not known.")
    outcome: str | None = Field(description="`pass` or `fail`; null while it was not known.")
    approval_share: str | None = Field(description="Share in favour, as decimal text, where the source tells.")
    known_at: datetime


class SimilarsOut(BaseModel):
    """The likest first. `waiting` earlier proposals have no vector yet and were not compared: ask again."""

    proposal_id: str
    items: list[SimilarOut]
    compared: int
    waiting: int
    as_of: datetime


@router.get("", operation_id="listSimilarProposals", responses=problems(NotFound, InvalidInput, ModelUnavailable))
def list_all(
    *,
    dao_id: str,
    proposal_id: str,
    session: ReadDep,
    clock: ClockDep,
    models: ModelsDep,
    limit: Annotated[int, Query(ge=1, le=20, description="At most so many.")] = 5,
    as_of: AsOf = None,
) -> SimilarsOut:
    """The DAO's earlier proposals whose title and body are most like this one's, as known at a time.

    Ordered by seven tenths of `same_words` and three of `likeness`. Likeness is of words and meaning, no judgement; under
    about 0.6 it says little.
    """
    from nlp.similar import nearest_texts  # noqa: PLC0415  # a start does not wait for numpy

    at = moment(session, dao_id, as_of, clock())
    row = read_one(session, PROPOSALS, proposal_id, as_of=at)
    if row["dao_id"] != dao_id:
        raise NotFound("proposal", proposal_id)
    earlier = proposals_before(session, row, as_of=at)
    session.rollback()  # a long embedding would keep the database from tidying up
    embedder = models.embedder()
    texts = [_text(one) for one in (row, *earlier)]
    waiting = set(embedder.missing(texts[1:])[_NEW_VECTORS:])
    compared = [place for place, text in enumerate(texts[1:]) if text not in waiting]
    asked = [texts[0], *(texts[1 + place] for place in compared)]
    found = nearest_texts(asked, embedder.embed(asked), limit)
    return SimilarsOut(
        proposal_id=proposal_id,
        items=[_shown(earlier[compared[one.row]], one) for one in found],
        compared=len(compared),
        waiting=len(earlier) - len(compared),
        as_of=at,
    )


def _text(row: dict[str, Any]) -> str:
    """As `nlp.outcome_text.proposal_text`, so that vectors made for forecasts serve here too."""
    from nlp.outcome_text import TEXT_CHARS  # noqa: PLC0415  # as above

    return "\n".join(part.strip() for part in (row["title"], row["body"]) if part and part.strip())[:TEXT_CHARS]


def _shown(row: dict[str, Any], alike: "Alike") -> SimilarOut:
    share = (row["result"] or {}).get("approval_share")
    return SimilarOut(
        likeness=fixed(alike.vectors),
        same_words=fixed(alike.words),
        approval_share=None if share is None else str(share),
        **{name: row[name] for name in ("id", "external_id", "title", "author", "starts_at", "ends_at", "state", "outcome", "known_at")},
    )
