"""What needs a delegate: the open proposals of their DAOs, most at stake first, each with what a decision would look at."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from api.dependencies import ClockDep, ForecasterDep, ReadDep
from api.errors import problems
from api.listing import AsOf, moment
from governance.canonical import fixed
from governance.delegate_queue import Queued
from governance.errors import InvalidInput, NotFound
from governance.evidence import Stance
from governance.records.delegate_queue import texts_of_sides
from governance.records.discussion import SaidText
from governance.workflow.queue_for import MOST_OPEN, DelegateQueue, queue_for

router = APIRouter(prefix="/delegates/{address}/queue", tags=["delegates"])

_SHARE = "0.620000"


class QueueForecastOut(BaseModel):
    """How it is expected to end; the whole forecast stands at `/v1/proposals/{proposal_id}/forecast`."""

    passes: str = Field(description="Probability that it passes.", examples=["0.731000"])
    base_rate: str = Field(description="How often the DAO's proposals passed.", examples=["0.580000"])
    served: str = Field(description="`model` or `base_rate`.", examples=["model"])
    reason: str | None = Field(description="Why the base rate was served.")
    lift: str = Field(description="`passes` minus `base_rate`.", examples=["0.151000"])
    history_size: int = Field(description="How many closed proposals of the DAO it rests on.", examples=[212])
    latest_result_at: datetime | None = Field(default=None, description="When the newest result of the DAO that it saw became known.")
    latest_vote_at: datetime | None = Field(default=None, description="When the newest vote on the proposal that it saw was cast.")
    model_sha256: str = Field(description="The model that made it, by its digest.")
    as_of: str = Field(description="Nothing later was looked at.", examples=["2026-11-21T12:00:00.000000Z"])


class SimilarOut(BaseModel):
    """An earlier proposal like this one, and what the delegate chose on it."""

    proposal_id: str
    title: str | None
    likeness: str = Field(description="0 to 1, by words of the title and author.", examples=[_SHARE])
    choice: str | None = Field(description="As the source writes it; null where it does not tell.", examples=["1"])
    cast_at: datetime | None


class AllyOut(BaseModel):
    """One who votes on the same proposals as the delegate, and has voted on this one."""

    address: str
    common: int = Field(description="Of the delegate's last 12 proposals in the DAO, how many they voted on too.")
    agreed: int = Field(description="On how many of these they chose the same.")
    choice: str | None = Field(examples=["1"])


class StakeOut(BaseModel):
    """What the order rests on, each 0 to 1."""

    habit: str = Field(description="How often the delegate votes in this DAO.", examples=[_SHARE])
    likeness: str = Field(description="How like it is to what they voted on.", examples=[_SHARE])
    allies: str = Field(description="Share of those like them who have voted.", examples=[_SHARE])
    freshness: str = Field(description="1 at the opening, a half a day after.", examples=[_SHARE])
    turnout: str = Field(description="How many have voted on it, beside the liveliest of the queue.", examples=[_SHARE])
    closeness: str = Field(description="1 where the forecast (without one: the votes so far) is undecided.", examples=[_SHARE])
    leverage: str = Field(description="Their weight over the leading choice's lead, at most 1.", examples=[_SHARE])
    urgency: str = Field(description="1 at the close, a half a day before.", examples=[_SHARE])
    flags: str = Field(description="The gravest fired flag: 1 critical, 0.5 warning, 0.25 notice; 0 without any.", examples=[_SHARE])


class QueueQuoteOut(BaseModel):
    """A sentence as its author wrote it, and where: characters `start` to `end` of the post's text or the vote's reason."""

    text: str = Field(examples=["It would drive every trader away."])
    kind: Literal["post", "vote"]
    id: str = Field(description="Our id of the post or the vote.")
    author: str | None
    start: int
    end: int


class QueueArgumentsOut(BaseModel):
    """The first sentence of the text that most surely takes each side, by the readings on record; null where there is none.

    No model is run for it. It was the whole text that was read, not this sentence; all arguments stand at
    `/v1/daos/{dao_id}/proposals/{proposal_id}/arguments`.
    """

    for_: QueueQuoteOut | None = Field(alias="for")
    against: QueueQuoteOut | None


class QueueItemOut(BaseModel):
    """One open proposal on which the delegate has not voted."""

    proposal_id: str
    dao_id: str
    title: str | None
    choices: list[str]
    opened_at: datetime
    ends_at: datetime | None = Field(description="Null where nobody tells the end beforehand.")
    stake: str = Field(description="The order: the weighted mean of its parts.", examples=[_SHARE])
    parts: StakeOut
    basis: str = Field(description="`power`, or `heads` where votes or the delegate have no known power.", examples=["power"])
    weight: str | None = Field(description="The delegate's last known power in the DAO, exact decimal text.", examples=["25000"])
    lead: str = Field(description="What the leading choice is ahead of the next, exactly.", examples=["1200000"])
    votes_so_far: int
    forecast: QueueForecastOut | None = Field(description="Null where none could be made: see `forecasts_unavailable`.")
    flags: list[str] | None = Field(
        description="Rules that stand fired on it by their answers on record; empty where none does, null where none has judged it."
    )
    arguments: QueueArgumentsOut
    similar: list[SimilarOut] = Field(description="How they voted on proposals like it.")
    allies_voted: list[AllyOut] = Field(description="Who like them has voted on it.")
    allies: int = Field(description="How many such voters there are.")


class QueueOut(BaseModel):
    """What needs the delegate, most at stake first."""

    address: str
    as_of: datetime
    daos: int = Field(description="DAOs looked in: those they voted in, or may consent for.")
    open: int = Field(description="Proposals waiting for them; of more than 50 open ones, those that close first.")
    forecasts_unavailable: str | None = Field(description="Why there are no forecasts, if the model cannot load.")
    items: list[QueueItemOut]


@router.get("", operation_id="getDelegateQueue", responses=problems(NotFound, InvalidInput))
def delegate_queue(
    *,
    address: Annotated[
        str,
        Path(
            min_length=1,
            max_length=512,
            description="The voter, as votes name them.",
            examples=["0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"],
        ),
    ],
    session: ReadDep,
    clock: ClockDep,
    forecaster: ForecasterDep,
    as_of: AsOf = None,
    dao_id: Annotated[str | None, Query(max_length=128, description="Only this DAO.")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_OPEN, description="Most entries to give.")] = 20,
) -> QueueOut:
    """Open proposals on which they have not voted, ordered by what is at stake for them, from what was known at a time."""
    now = clock()
    at = (now if as_of is None else min(as_of, now)) if dao_id is None else moment(session, dao_id, as_of, now)
    found = queue_for(session, address, forecaster=forecaster, as_of=at, now=now, dao_id=dao_id)
    shown = found.entries[:limit]
    sides = texts_of_sides(session, [each.proposal.proposal_id for each in shown], as_of=at)
    return QueueOut(
        address=address,
        as_of=at,
        daos=found.daos,
        open=len(found.entries),
        forecasts_unavailable=found.unavailable,
        items=[_item(each, found, sides[each.proposal.proposal_id]) for each in shown],
    )


def _item(each: Queued, found: DelegateQueue, sides: Mapping[Stance, Sequence[SaidText]]) -> QueueItemOut:
    proposal = each.proposal
    fired = found.flags.get(proposal.proposal_id)
    body = found.forecasts.get(proposal.proposal_id)
    return QueueItemOut(
        proposal_id=proposal.proposal_id,
        dao_id=proposal.dao_id,
        title=proposal.title,
        choices=list(proposal.choices),
        opened_at=proposal.opened_at,
        ends_at=proposal.ends_at,
        stake=fixed(each.stake),
        parts=StakeOut.model_validate({name: fixed(value) for name, value in each.parts.items()}),
        basis=each.basis,
        weight=each.weight,
        lead=f"{each.lead:f}",
        votes_so_far=len({vote.voter for vote in proposal.votes}),
        forecast=None if body is None else QueueForecastOut.model_validate(body),
        flags=None if fired is None else list(fired),
        arguments=QueueArgumentsOut(**{"for": _quote(sides[Stance.FOR])}, against=_quote(sides[Stance.AGAINST])),
        similar=[
            SimilarOut(proposal_id=past.proposal_id, title=past.title, likeness=fixed(like), choice=past.choice, cast_at=past.cast_at)
            for past, like in each.similar
        ],
        allies_voted=[
            AllyOut(address=ally.voter, common=ally.common, agreed=ally.agreed, choice=choice) for ally, choice in each.allies_voted
        ],
        allies=each.allies,
    )


def _quote(texts: Sequence[SaidText]) -> QueueQuoteOut | None:
    """The first sentence of the first text that has one of its author's own."""
    from nlp.arguments import sentences  # noqa: PLC0415  # a start does not wait for numpy

    for said in texts:
        start, end = next(iter(sentences(said.text)), (0, 0))
        if end:
            kind: Literal["post", "vote"] = "post" if said.kind == "post" else "vote"
            return QueueQuoteOut(text=said.text[start:end], kind=kind, id=said.id, author=said.author, start=start, end=end)
    return None
