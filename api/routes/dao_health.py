"""A DAO's health: how concentrated, how lively, how contested and how busy its governance is, now and over time."""

from datetime import datetime, timedelta
from statistics import median
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.dependencies import ClockDep, ReadDep, WriterDep
from api.errors import problems
from api.instants import earlier
from api.listing import AsOf, moment
from api.routes.mood import MoodOut
from api.routes.mood import shown as shown_mood
from governance.canonical import fixed
from governance.concentration import of_texts
from governance.errors import InvalidInput, NotFound
from governance.health.activity import shown
from governance.health.intervals import Interval
from governance.records import dao_health, dao_reads
from governance.records.mood import Scope
from governance.workflow.gauge import Window, gauge
from governance.workflow.measure_health import HealthPoint, bring_up_to_date, health_series

router = APIRouter(prefix="/daos/{dao_id}/health", tags=["daos"])

_SAMPLE = 20
_PULSE = timedelta(days=30)
_SHARE = "0.912000"


class ConcentrationOut(BaseModel):
    """How unevenly something is spread over its holders."""

    holders: int = Field(examples=[118])
    gini: str | None = Field(description="Gini coefficient, 0 all equal to 1 one has all.", examples=[_SHARE])
    nakamoto: int | None = Field(description="Fewest holders that have more than half.", examples=[3])
    largest_share: str | None = Field(examples=["0.250000"])
    top_ten_share: str | None = Field(description="What the ten largest have together.", examples=["0.900000"])


class DelegatesOut(BaseModel):
    """The interval's up to 20 heaviest voters, or (`basis` heads: no power is known) those who voted on most."""

    basis: str = Field(description="`power` or `heads`.", examples=["power"])
    count: int
    participation: str | None = Field(description="Their votes over all they could have cast on the proposals voted on.", examples=[_SHARE])
    power_share: str | None = Field(description="Their part of the power that voted; null without power.")
    pairs_compared: int = Field(description="Pairs with at least 3 votes in common on proposals that divided the delegates.")
    pairs_alike: int = Field(description="Of these, pairs that chose the same on at least 9 in 10.")
    largest_bloc: int = Field(description="Members of the largest group connected by such pairs.")
    blocs: list[list[str]] = Field(description="The five largest, by address.")


class TurnoutOut(BaseModel):
    """Of the proposals that closed in the interval with votes. Heads always; power where each of its votes has one."""

    proposals: int
    median_voters: str | None = Field(examples=["96.000000"])
    mean_voters: str | None
    median_power: str | None = Field(description="Exact decimal text.")
    without_power: int = Field(description="Proposals with votes whose power is not known.")


class ContestOut(BaseModel):
    """The leading choice's lead over the next, as a share of what all choices have; by power, or by head where it is not known."""

    proposals: int
    median_lead: str | None = Field(examples=["0.640000"])
    contested: int = Field(description="Proposals with a lead below 0.2.")
    unanimous: int


class QuorumOut(BaseModel):
    """Of the closed proposals whose quorum is known."""

    proposals: int
    reached: int
    missed: int
    unknown: int = Field(description="Votes without a known power could decide it.")
    median_margin: str | None = Field(description="Power over quorum, less one.", examples=["0.350000"])


class BacklogOut(BaseModel):
    """What was waiting at the interval's end. `without_end`: nobody tells whether these ever closed."""

    open: int
    without_end: int
    median_days_open: str | None
    oldest_days_open: str | None


class DissatisfactionOut(BaseModel):
    """What text models read in posts, vote reasons and proposals of the interval, counted one by one.

    Anyone can buy these shares by opening accounts; the values that nobody without voting power can buy are those of `/mood`.
    """

    texts: int
    negative: str | None = Field(description="Share of texts that felt negative.")
    stances: int
    against: str | None = Field(description="Share of texts that stood against their proposal.")


class HealthPointOut(BaseModel):
    """One interval, from the votes that became known in it and the proposals that closed in it."""

    start: datetime
    end: datetime
    complete: bool = Field(description="Whether it had ended by `as_of`.")
    votes: int
    voters: int
    proposals_voted: int
    participation: str | None = Field(description="Votes over voters times proposals voted on: 1 if all voted on all.")
    power: ConcentrationOut | None = Field(description="Of voting power over those who voted; null where no power is known.")
    activity: ConcentrationOut | None = Field(description="Of votes over voters: by head, so it is there without any power.")
    delegates: DelegatesOut | None
    closed: int = Field(description="Proposals that closed in it.")
    turnout: TurnoutOut
    contest: ContestOut
    quorum: QuorumOut
    backlog: BacklogOut
    dissatisfaction: DissatisfactionOut | None = Field(description="Null where no text was read.")


class DaoHealth(BaseModel):
    """How concentrated and how lively a DAO is. Fixed-point numbers are decimal text; null means: no data, not zero."""

    dao_id: str
    as_of: datetime
    indexed_to: datetime | None
    complete: bool = Field(description="False: this counts only what was imported, and sources may hold more.")
    proposals_sampled: int = Field(description="Recent proposals with votes that the figures of this level rest on.")
    voters: int = Field(description="Who voted on any sampled proposal, each once, with or without a known power.", examples=[118])
    gini: str | None = Field(description="Gini coefficient of voting power, 0 to 1; of those whose power is known.", examples=[_SHARE])
    nakamoto: int | None = Field(description="Fewest voters that hold more than half of the power.", examples=[3])
    largest_share: str | None = Field(description="Share of the largest voter.", examples=["0.250000"])
    top_ten_share: str | None = Field(description="Share of the ten largest voters.", examples=["0.900000"])
    median_turnout: str | None = Field(description="Median number of voters per sampled proposal.", examples=["118.000000"])
    mood: MoodOut = Field(description="What the texts of the last 30 days feel, weighed by who wrote them; see `/mood`.")
    open_flags: int = Field(description="Attack or anomaly rules whose last answer up to `as_of` is that they fired.")
    interval: Interval = Field(description="How long one point of the series lasts.")
    series: list[HealthPointOut] = Field(description="Oldest first; the last is the interval of `as_of`.")


@router.get("", operation_id="getDaoHealth", responses=problems(NotFound, InvalidInput))
def health(
    *,
    dao_id: str,
    session: ReadDep,
    writer: WriterDep,
    clock: ClockDep,
    as_of: AsOf = None,
    interval: Annotated[Interval, Query(description="Calendar intervals in UTC; weeks start on Monday.")] = Interval.MONTH,
    points: Annotated[int, Query(ge=1, le=120, description="How many intervals, up to that of `as_of`.")] = 12,
) -> DaoHealth:
    """Concentration, turnout, contest, delegates, quorum, backlog and dissatisfaction: of the last 20 proposals, and over time."""
    at = moment(session, dao_id, as_of, clock())
    if dao_health.is_outstanding(session, dao_id, interval):
        session.rollback()  # the counts are kept by the writer; this session must see what it wrote
        writer.run(lambda unit: bring_up_to_date(unit, [dao_id], interval))
    sample = dao_reads.vote_sample(session, dao_id, as_of=at, proposals=_SAMPLE)
    figures = of_texts(list(sample.power_by_voter.values()))
    pulse = earlier(at, _PULSE)
    turnout = median(sample.voters_per_proposal) if sample.voters_per_proposal else None
    return DaoHealth(
        dao_id=dao_id,
        as_of=at,
        indexed_to=dao_reads.indexed_to(session, dao_id, as_of=at),
        complete=False,
        proposals_sampled=len(sample.voters_per_proposal),
        voters=sample.voters,
        gini=shown(figures.gini),
        nakamoto=figures.nakamoto,
        largest_share=shown(figures.largest_share),
        top_ten_share=shown(figures.top_ten_share),
        median_turnout=None if turnout is None else fixed(turnout),
        mood=shown_mood(gauge(session, Scope(dao_id), [Window(pulse, pulse, at)], task="sentiment", as_of=at)[0]),
        open_flags=dao_reads.open_flags(session, dao_id, as_of=at),
        interval=interval,
        series=[_point(each) for each in health_series(session, dao_id, interval, as_of=at, points=points)],
    )


def _point(each: HealthPoint) -> HealthPointOut:
    return HealthPointOut.model_validate({"start": each.start, "end": each.end, "complete": each.complete, **each.figures})
