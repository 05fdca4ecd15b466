"""What a DAO feels and where it stands, by account and by voting power, so that accounts without power cannot buy it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal

from eth_utils.address import is_checksum_address
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.dependencies import ClockDep, ReadDep
from api.errors import problems
from api.instants import earlier
from api.listing import AsOf, moment
from governance.canonical import fixed
from governance.errors import InvalidInput, NotFound
from governance.mood.account_links import MARK, typed_data
from governance.mood.pooling import Estimate
from governance.mood.standing import Evidence
from governance.records.as_of import PROPOSALS, read_one
from governance.records.daos import get_dao
from governance.records.forecasts import dao_of
from governance.records.mood import Scope
from governance.workflow.gauge import Gauged, Window, gauge, gauge_alarm, gauge_topics, steps

router = APIRouter(tags=["mood"])

_FIXED = r"^-?[0-9]\.[0-9]{6}$"


class Task(StrEnum):
    """What was read of the texts."""

    SENTIMENT = "sentiment"
    STANCE = "stance"


TaskQuery = Annotated[Task, Query(description="`sentiment`: how texts feel; `stance`: for or against what they are about.")]


class EstimateOut(BaseModel):
    """A value from -1 (negative, against) to 1 (positive, for) with its interval at 90 %, as decimal text."""

    value: str = Field(pattern=_FIXED, examples=["0.312000"])
    interval: list[str] = Field(description="Low and high.", min_length=2, max_length=2, examples=[["0.101000", "0.523000"]])


class MoodOut(BaseModel):
    """What the texts of one window come to."""

    since: datetime | None = Field(description="Texts known after this; null: from the beginning.")
    until: datetime
    evidence: Literal["power", "none"] = Field(
        description="`none`: nobody who spoke is known to have voting power; the value then says next to nothing, and its interval says so."
    )
    by_account: EstimateOut | None = Field(description="One account, one voice. Null while nobody spoke.")
    reach: list[str] | None = Field(
        description="The range in which any number of further accounts without voting power could put `by_account.value`."
    )
    by_power: EstimateOut | None = Field(description="Weighed by voting power. Null while nobody with known power spoke.")
    unevidenced: EstimateOut | None = Field(description="What accounts without voting power say. Anyone can buy this figure.")
    plain_mean: str | None = Field(description="The mean of all texts, unprotected. Anyone can buy this figure.")
    accounts: dict[Evidence, int] = Field(description="Accounts that spoke, by the strongest evidence of who they are.")
    texts: int = Field(description="Texts that count.")
    distinct_texts: int = Field(description="Of these, those that are not near-duplicates of an earlier one.")
    models: list[str] = Field(description="Digests of the models that read.")


class MoodSeriesOut(BaseModel):
    """The mood of the whole window and of its steps, from what was known at `as_of`."""

    task: Task
    whole: MoodOut
    steps: list[MoodOut]
    as_of: datetime


class TopicMoodOut(BaseModel):
    """The mood in one topic of a forum."""

    forum: str
    topic_id: int
    title: str | None
    mood: MoodOut


class TopicMoodsOut(BaseModel):
    """The topics of a window: those with the most evidenced accounts first, then those with the most texts."""

    task: Task
    items: list[TopicMoodOut]
    as_of: datetime


class MoodAlarmOut(BaseModel):
    """Whether the mood has fallen, and stayed down, in the last half year of weeks."""

    task: Task
    status: Literal["fired", "clear", "unknown"] = Field(description="`unknown`: too few weeks in which anyone spoke.")
    rests_on: Literal["evidenced", "unevidenced"] = Field(
        description="`evidenced`: accounts without voting power, however many, neither ring it nor keep it still: the weeks' values "
        "are of those with power alone. `unevidenced`: nobody with power spoke in the half year, and anyone can do both."
    )
    weeks: int = Field(description="Weeks with a value.")
    lasting_weeks: int = Field(description="How many of them since the last change.")
    before: str | None = Field(description="Mean before the last change; null where there was none.")
    now: str | None = Field(description="Mean since the last change.")
    steps: list[MoodOut]
    as_of: datetime


class AccountLinkOut(BaseModel):
    """How an account proves that a wallet is its own: the wallet signs `typed_data`, the account posts `post`."""

    typed_data: dict[str, Any]
    post: str = Field(description="What the account posts in the forum, with the signature in place of SIGNATURE.")


@router.get("/daos/{dao_id}/mood", operation_id="getMood", responses=problems(NotFound, InvalidInput))
def mood(
    *,
    dao_id: str,
    session: ReadDep,
    clock: ClockDep,
    task: TaskQuery = Task.SENTIMENT,
    window_days: Annotated[int, Query(ge=1, le=3_650, description="How many days back.")] = 30,
    step_days: Annotated[int | None, Query(ge=1, le=365, description="Length of a step; default the whole window in one.")] = None,
    as_of: AsOf = None,
) -> MoodSeriesOut:
    """What the DAO feels, whole and step by step. At most 400 steps are given, the latest.

    An account's history is what was known before the step begins.
    """
    at = moment(session, dao_id, as_of, clock())
    since = earlier(at, timedelta(days=window_days))
    length = timedelta(days=step_days or window_days)
    count = min(-(-window_days // length.days), 400)
    windows = [Window(since, since, at), *(steps(at, length, count) if step_days else [])]
    found = gauge(session, Scope(dao_id), windows, task=task.value, as_of=at)
    return MoodSeriesOut(task=task, whole=shown(found[0]), steps=[shown(each) for each in found[1:]], as_of=at)


@router.get("/daos/{dao_id}/mood/topics", operation_id="listTopicMoods", responses=problems(NotFound, InvalidInput))
def topics(
    *,
    dao_id: str,
    session: ReadDep,
    clock: ClockDep,
    task: TaskQuery = Task.SENTIMENT,
    window_days: Annotated[int, Query(ge=1, le=3_650, description="How many days back.")] = 30,
    limit: Annotated[int, Query(ge=1, le=100, description="At most so many topics.")] = 20,
    as_of: AsOf = None,
) -> TopicMoodsOut:
    """What is felt in each topic of the DAO's forums."""
    at = moment(session, dao_id, as_of, clock())
    since = earlier(at, timedelta(days=window_days))
    found = gauge_topics(session, dao_id, Window(since, since, at), task=task.value, as_of=at, most=limit)
    items = [TopicMoodOut(forum=forum, topic_id=number, title=title, mood=shown(each)) for (forum, number, title), each in found]
    return TopicMoodsOut(task=task, items=items, as_of=at)


@router.get("/daos/{dao_id}/mood/alarm", operation_id="getMoodAlarm", responses=problems(NotFound, InvalidInput))
def alarm(*, dao_id: str, session: ReadDep, clock: ClockDep, task: TaskQuery = Task.SENTIMENT, as_of: AsOf = None) -> MoodAlarmOut:
    """Whether dissatisfaction is on the rise: a change point in the weekly mood, downwards, that lasts three weeks."""
    at = moment(session, dao_id, as_of, clock())
    found, evidenced, weeks = gauge_alarm(session, dao_id, task=task.value, as_of=at)
    return MoodAlarmOut(
        task=task,
        status=found.status.value,
        rests_on="evidenced" if evidenced else "unevidenced",
        weeks=found.weeks,
        lasting_weeks=found.lasting,
        before=None if found.before is None else fixed(found.before),
        now=None if found.now is None else fixed(found.now),
        steps=[shown(each) for each in weeks],
        as_of=at,
    )


@router.get("/proposals/{proposal_id}/mood", operation_id="getProposalMood", responses=problems(NotFound, InvalidInput))
def of_proposal(proposal_id: str, session: ReadDep, clock: ClockDep, task: TaskQuery = Task.STANCE, as_of: AsOf = None) -> MoodSeriesOut:
    """Where people stand toward the proposal, or how they feel about it: posts of its topic and reasons of its votes.

    An account's history is what was known before the proposal was.
    """
    dao_id = dao_of(session, proposal_id)
    at = moment(session, dao_id, as_of, clock())
    begins = read_one(session, PROPOSALS, proposal_id, as_of=at)["known_at"]
    found = gauge(session, Scope(dao_id, proposal_id), [Window(None, begins, at)], task=task.value, as_of=at)
    return MoodSeriesOut(task=task, whole=shown(found[0]), steps=[], as_of=at)


@router.get("/daos/{dao_id}/account-link", operation_id="getAccountLink", responses=problems(NotFound, InvalidInput))
def account_link(
    *,
    dao_id: str,
    session: ReadDep,
    forum: Annotated[str, Query(min_length=1, max_length=253, pattern="^[a-z0-9.-]+$", description="The forum's host.")],
    account: Annotated[str, Query(min_length=1, max_length=500, description="The forum account.")],
    voter: Annotated[str, Query(pattern="^0x[0-9a-fA-F]{40}$", description="The wallet's EIP-55 address.")],
) -> AccountLinkOut:
    """What to sign and to post so that a forum account counts with a voter's power and history. Nothing is recorded.

    The post is the record: it comes in with the forum's posts and counts from when it was posted.
    """
    get_dao(session, dao_id)
    if not is_checksum_address(voter):
        raise InvalidInput("query.voter", voter, "an EIP-55 checksummed address")
    return AccountLinkOut(typed_data=typed_data(dao_id=dao_id, forum=forum, account=account, voter=voter), post=f"{MARK} {voter} SIGNATURE")


def shown(found: Gauged) -> MoodOut:
    """A mood as it is answered."""
    gauged = found.mood
    accounts: Mapping[Evidence, int] = gauged.accounts
    return MoodOut(
        since=found.window.since,
        until=found.window.ends,
        evidence="power" if gauged.evidenced else "none",
        by_account=_estimate(gauged.by_account),
        reach=None if gauged.reach is None else [fixed(each) for each in gauged.reach],
        by_power=_estimate(gauged.by_power),
        unevidenced=_estimate(gauged.unevidenced),
        plain_mean=None if gauged.plain_mean is None else fixed(gauged.plain_mean),
        accounts=dict(accounts),
        texts=gauged.statements,
        distinct_texts=gauged.clusters,
        models=list(found.models),
    )


def _estimate(estimate: Estimate | None) -> EstimateOut | None:
    if estimate is None:
        return None
    return EstimateOut(value=fixed(estimate.value), interval=[fixed(estimate.low), fixed(estimate.high)])
