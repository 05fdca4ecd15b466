"""What is argued for and against a proposal: the posts' own sentences, grouped and counted, each with its source."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.dependencies import ClockDep, ModelsDep, ReadDep, ReaderDep
from api.errors import problems
from api.listing import AsOf, moment
from governance.errors import InvalidInput, ModelUnavailable, NotFound
from governance.evidence import Stance, TextReader, TextToRead
from governance.readings import target_of
from governance.records.as_of import PROPOSALS, read_one
from governance.records.discussion import SaidText, said_about

router = APIRouter(prefix="/daos/{dao_id}/proposals/{proposal_id}/arguments", tags=["sentiment"])

# Bounds what one request costs: the newest texts, and so many sentences of them.
_TEXTS, _SENTENCES, _OF_ONE_TEXT = 200, 240, 12
_QUOTES = 5
# Below this a sentence takes no side that one could count.
_SURE = 0.5


class QuoteOut(BaseModel):
    """A sentence as its author wrote it, and where: characters `start` to `end` of the post's text or the vote's reason."""

    text: str = Field(examples=["It would drive every trader away."])
    kind: Literal["post", "vote"]
    id: str = Field(description="Our id of the post or the vote.")
    link: str = Field(description="Where the source row is read.", examples=["/v1/daos/tide.eth/posts?proposal_id=prop_1"])
    author: str | None
    start: int
    end: int


class ArgumentOut(BaseModel):
    """Sentences that say the same. `quotes` are its most typical ones, the first standing for all."""

    sentences: int = Field(description="How many sentences say it.")
    texts: int = Field(description="In how many posts and reasons.")
    accounts: int = Field(description="Of how many accounts. Accounts cost nothing: this is no count of people.")
    quotes: list[QuoteOut]


class ArgumentsOut(BaseModel):
    """What is argued, the most frequent first. Nothing is summarised or invented: every word is a source's."""

    proposal_id: str
    for_: list[ArgumentOut] = Field(alias="for", description="Sentences that stand for the proposal.")
    against: list[ArgumentOut] = Field(description="Sentences that stand against it.")
    neutral: int = Field(description="Sentences that take no side, or no clear one, or could not be read.")
    sentences: int = Field(description="Sentences looked at.")
    texts: int = Field(description="Posts and vote reasons looked at, the newest.")
    complete: bool = Field(description="Whether every text and sentence was looked at.")
    model: str = Field(description="Digest of the model that read the sentences' stance.")
    as_of: datetime


@dataclass(frozen=True, slots=True)
class _Sentence:
    said: SaidText
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.said.text[self.start : self.end]


@router.get("", operation_id="getArguments", responses=problems(NotFound, InvalidInput, ModelUnavailable))
def get(
    *,
    dao_id: str,
    proposal_id: str,
    session: ReadDep,
    clock: ClockDep,
    reader: ReaderDep,
    models: ModelsDep,
    limit: Annotated[int, Query(ge=1, le=20, description="At most so many arguments on each side.")] = 5,
    as_of: AsOf = None,
) -> ArgumentsOut:
    """What posts and vote reasons argue for and against the proposal, as known at a time.

    Each sentence is read against the proposal by itself; those that take a side are grouped by what they say.
    """
    at = moment(session, dao_id, as_of, clock())
    row = read_one(session, PROPOSALS, proposal_id, as_of=at)
    if row["dao_id"] != dao_id:
        raise NotFound("proposal", proposal_id)
    texts = said_about(session, proposal_id, as_of=at, most=_TEXTS)
    session.rollback()  # a long reading would keep the database from tidying up
    found, whole = _sentences(texts)
    sides = _sides(found, target_of(row["title"], row["body"]) or "proposal", reader)
    return ArgumentsOut(
        proposal_id=proposal_id,
        **{"for": _arguments(sides[Stance.FOR], dao_id, proposal_id, models, limit)},
        against=_arguments(sides[Stance.AGAINST], dao_id, proposal_id, models, limit),
        neutral=len(found) - len(sides[Stance.FOR]) - len(sides[Stance.AGAINST]),
        sentences=len(found),
        texts=len(texts),
        complete=whole and len(texts) < _TEXTS,
        model=reader.digest("stance"),
        as_of=at,
    )


def _sentences(texts: Sequence[SaidText]) -> tuple[list[_Sentence], bool]:
    """The texts' sentences as far as the bounds allow, and whether these are all."""
    from nlp.arguments import sentences  # noqa: PLC0415  # a start does not wait for numpy

    found: list[_Sentence] = []
    whole = True
    for said in texts:
        places = sentences(said.text)
        room = min(_OF_ONE_TEXT, _SENTENCES - len(found))
        whole = whole and len(places) <= room
        found += [_Sentence(said=said, start=start, end=end) for start, end in places[:room]]
    return found, whole


def _sides(found: Sequence[_Sentence], target: str, reader: TextReader) -> dict[Stance, list[_Sentence]]:
    sides: dict[Stance, list[_Sentence]] = {Stance.FOR: [], Stance.AGAINST: []}
    read = reader.read([TextToRead(sentence.text, target) for sentence in found]) if found else []
    for sentence, readings in zip(found, read, strict=True):
        stance = next(reading for reading in readings if reading.task == "stance")
        if stance.label in {side.value for side in sides} and max(stance.scores) >= _SURE:
            sides[Stance(stance.label)].append(sentence)
    return sides


def _arguments(found: Sequence[_Sentence], dao_id: str, proposal_id: str, models: ModelsDep, limit: int) -> list[ArgumentOut]:
    from nlp.arguments import grouped  # noqa: PLC0415  # as above
    from nlp.plain_text import plain_text  # noqa: PLC0415  # as above

    groups = grouped(models.embedder().embed([plain_text(sentence.text) for sentence in found])) if found else []
    shown: list[ArgumentOut] = []
    for group in groups[:limit]:
        members = [found[number] for number in group.members]
        shown.append(
            ArgumentOut(
                sentences=len(members),
                texts=len({member.said.id for member in members}),
                accounts=len({(member.said.kind, member.said.author) for member in members}),
                quotes=[_quote(member, dao_id, proposal_id) for member in members[:_QUOTES]],
            )
        )
    return shown


def _quote(sentence: _Sentence, dao_id: str, proposal_id: str) -> QuoteOut:
    said = sentence.said
    return QuoteOut(
        text=sentence.text,
        kind="post" if said.kind == "post" else "vote",
        id=said.id,
        link=f"/v1/daos/{dao_id}/{said.kind}s?proposal_id={proposal_id}",
        author=said.author,
        start=sentence.start,
        end=sentence.end,
    )
