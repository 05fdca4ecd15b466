"""What is argued for and against a proposal: the posts' own sentences, grouped and counted, each with its source."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.dependencies import ClockDep, ModelsDep, ReadDep, ReaderDep
from api.errors import problems
from api.heard_sentences import Heard, Sentence, hear
from api.kept_readings import KeptReadings
from api.listing import AsOf, moment
from governance.errors import InvalidInput, ModelUnavailable, NotFound
from governance.evidence import Stance, TextReader, TextToRead
from governance.readings import target_of
from governance.records.as_of import PROPOSALS, read_one
from governance.records.discussion import posts_by_account, reasons_by_voter
from governance.records.mood import backings

router = APIRouter(prefix="/daos/{dao_id}/proposals/{proposal_id}/arguments", tags=["sentiment"])

# Bounds what one request costs: so many posts and as many vote reasons, and so many sentences of them together.
_TEXTS, _SENTENCES = 500, 240
_QUOTES = 5
# Below this a sentence takes no side that one could count.
_SURE = 0.5

# Sentences one process keeps the readings of, a kilobyte each: those of some eighty discussions.
_kept = KeptReadings(most=20_000)


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
    """Sentences that say the same. `quotes` are its most typical ones, the first standing for all. Copies are counted once."""

    sentences: int = Field(description="How many sentences say it, each in words of its own.")
    texts: int = Field(description="In how many posts and reasons these stand.")
    accounts: int = Field(description="Of how many accounts these are. Accounts cost nothing: this is no count of people.")
    power: str = Field(description="Voting power of those among them whose power is known, as decimal text.", examples=["140.5"])
    quotes: list[QuoteOut]


class ArgumentsOut(BaseModel):
    """What is argued: first what most voting power says, then the most frequent. Nothing is summarised: every word is a source's."""

    proposal_id: str
    for_: list[ArgumentOut] = Field(alias="for", description="Sentences that stand for the proposal.")
    against: list[ArgumentOut] = Field(description="Sentences that stand against it.")
    neutral: int = Field(description="Sentences that take no side, or no clear one, or could not be read.")
    sentences: int = Field(
        description="Sentences looked at, copies once: in equal parts from vote reasons, posts of accounts with voting power, and all "
        "other posts; the most voting power first, and accounts take turns."
    )
    texts: int = Field(description="Posts and vote reasons of which something was looked at.")
    complete: bool = Field(description="Whether every text and sentence was looked at.")
    model: str = Field(description="Digest of the model that read the sentences' stance.")
    as_of: datetime


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
    # Reasons first: behind them stands voting power, so of a sentence said in both the reason is the one shown.
    reasons = reasons_by_voter(session, proposal_id, as_of=at, most=_TEXTS)
    backed = backings(session, dao_id, as_of=at)
    said = [reasons, *posts_by_account(session, proposal_id, as_of=at, most=_TEXTS, backed=backed).parted()]
    session.rollback()  # a long reading would keep the database from tidying up
    heard = hear(said, _SENTENCES)
    sides, neutral = _sides(heard, target_of(row["title"], row["body"]) or "proposal", reader)
    return ArgumentsOut(
        proposal_id=proposal_id,
        **{"for": _arguments(sides[Stance.FOR], dao_id, proposal_id, models, limit)},
        against=_arguments(sides[Stance.AGAINST], dao_id, proposal_id, models, limit),
        neutral=neutral,
        sentences=len(heard.sentences),
        texts=heard.texts,
        complete=heard.complete,
        model=reader.digest("stance"),
        as_of=at,
    )


def _sides(heard: Heard, target: str, reader: TextReader) -> tuple[dict[Stance, list[Sentence]], int]:
    """The sentences of each side, of near-duplicates on it one only; and how many take none."""
    sides: dict[Stance, dict[int, Sentence]] = {Stance.FOR: {}, Stance.AGAINST: {}}
    read = _kept.read(reader, [TextToRead(sentence.text, target, part=True) for sentence in heard.sentences])
    neutral = 0
    for sentence, alike, readings in zip(heard.sentences, heard.likeness, read, strict=True):
        stance = next(reading for reading in readings if reading.task == "stance")
        if stance.label in {side.value for side in sides} and max(stance.scores, default=0.0) >= _SURE:
            sides[Stance(stance.label)].setdefault(alike, sentence)
        else:
            neutral += 1
    return {side: list(found.values()) for side, found in sides.items()}, neutral


def _arguments(found: Sequence[Sentence], dao_id: str, proposal_id: str, models: ModelsDep, limit: int) -> list[ArgumentOut]:
    from nlp.arguments import grouped  # noqa: PLC0415  # a start does not wait for numpy

    groups = grouped(models.embedder().embed([sentence.plain for sentence in found])) if found else []
    # What power says comes first: how often a thing is said can be bought with accounts.
    arguments = sorted(([found[number] for number in group.members] for group in groups), key=_power, reverse=True)
    shown: list[ArgumentOut] = []
    for members in arguments[:limit]:
        members.sort(key=lambda member: member.said.backing is None)
        shown.append(
            ArgumentOut(
                sentences=len(members),
                texts=len({member.said.id for member in members}),
                accounts=len({(member.said.kind, member.said.author) for member in members}),
                power=f"{_power(members):f}",
                quotes=[_quote(member, dao_id, proposal_id) for member in members[:_QUOTES]],
            )
        )
    return shown


def _power(members: Sequence[Sentence]) -> Decimal:
    """The voting power behind sentences: of one voter with two powers (a vote's own, a later one) the greatest."""
    powers: dict[str, Decimal] = {}
    for member in members:
        backing = member.said.backing
        if backing is not None:
            powers[backing.voter] = max(powers.get(backing.voter, Decimal(0)), backing.power)
    return sum(powers.values(), Decimal(0))


def _quote(sentence: Sentence, dao_id: str, proposal_id: str) -> QuoteOut:
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
