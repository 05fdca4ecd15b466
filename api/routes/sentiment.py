"""What people feel and where they stand: has a DAO's texts read, and gives the readings as series."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

from api.dependencies import ClockDep, ReadDep, ReaderDep, WriterDep, require
from api.errors import problems
from api.instants import earlier
from api.listing import AsOf, moment
from api.pagination import make_cursor, read_cursor
from api.routes.mood import MoodOut, shown
from governance.actors import Actor, Role
from governance.errors import InvalidInput, ModelUnavailable, NotFound
from governance.records import texts
from governance.records.as_of import PROPOSALS, read_one
from governance.records.columns import from_microseconds, to_microseconds
from governance.records.forecasts import dao_of
from governance.records.mood import Scope
from governance.records.texts import Place
from governance.workflow.analyse import count_texts, read_texts, record_readings, unread_texts, wanted_readings
from governance.workflow.gauge import Window, gauge

router = APIRouter(tags=["sentiment"])

_CHUNK = 128


class AnalysisIn(BaseModel):
    """Which texts to read."""

    model_config = ConfigDict(extra="forbid", strict=True)

    proposal_id: str | None = Field(None, max_length=64, description="Only texts about this proposal.")
    limit: int = Field(500, ge=0, le=5_000, description="At most so many texts; ask again while `more`. 0: none is read, all are counted.")
    cursor: str | None = Field(
        None, max_length=600, description="`next_cursor` of the answer before: earlier texts are not looked at again, and do not count."
    )


class AnalysisOut(BaseModel):
    """What was read."""

    read: int = Field(description="Texts read now.", examples=[12])
    known: int = Field(description="Texts looked at that the models in use had read before.", examples=[40])
    readings: int = Field(description="Readings put on record: one per text and task.", examples=[20])
    more: bool = Field(description="Whether texts are left over.")
    waiting: int | None = Field(description="How many are left over; counted only where `limit` is 0.", examples=[1200])
    next_cursor: str | None = Field(description="Give it as `cursor` to go on from here; null where nothing is left.")


class DayOut(BaseModel):
    """The texts of one day, counted by label. `unknown`: without words; `unsupported_language`: not English. Neither was read.

    `off_target`, of a stance: the text speaks of something else than the proposal.
    """

    day: str = Field(description="UTC day.", examples=["2026-11-21"])
    counts: dict[str, int] = Field(examples=[{"positive": 12, "neutral": 30, "negative": 4}])


class PlainCounts(BaseModel):
    """Texts counted one by one, each by its last reading as known then.

    Anyone can buy these figures by opening accounts: show them as activity, not as opinion.
    """

    total: dict[str, int] = Field(examples=[{"positive": 12, "neutral": 30, "negative": 4}])
    days: list[DayOut]


class SeriesOut(BaseModel):
    """What texts that were known by `as_of` say: the mood they come to, and how many were read how."""

    task: str
    mood: MoodOut = Field(description="The value to show: of it all accounts without voting power together move at most 4 %.")
    plain_counts: PlainCounts
    models: list[str] = Field(
        description="Digests of the models whose readings count; several while not all was read again after a change."
    )
    as_of: datetime


@router.post("/daos/{dao_id}/analysis", operation_id="analyseTexts", responses=problems(NotFound, InvalidInput, ModelUnavailable))
def analyse(
    *,
    dao_id: str,
    body: AnalysisIn,
    request: Request,
    session: ReadDep,
    writer: WriterDep,
    clock: ClockDep,
    reader: ReaderDep,
    actor: Annotated[Actor, Depends(require(Role.INGESTER))],
) -> AnalysisOut:
    """Have the DAO's posts, vote reasons and proposals read by the text models, each text once per model (role ingester).

    Readings are evidence and decide nothing. Who goes on with `cursor` to the end looks at each text once; texts that came in
    meanwhile and are older than the cursor wait for the next round.
    """
    now, proposal_id = clock(), body.proposal_id
    if proposal_id is not None and dao_of(session, proposal_id) != dao_id:
        raise NotFound("proposal", proposal_id)
    places = _Places(f"texts of {dao_id} about {proposal_id}", request.app.state.cursor_secret)
    if body.limit == 0:
        waiting, known = count_texts(session, dao_id, reader=reader, now=now, proposal_id=proposal_id)
        return AnalysisOut(read=0, known=known, readings=0, more=waiting > 0, waiting=waiting, next_cursor=None)
    after = places.of(body.cursor)
    found = unread_texts(session, dao_id, reader=reader, now=now, limit=body.limit, proposal_id=proposal_id, after=after)
    recorded = 0
    # Longest first within a chunk is the reader's business; a chunk is what one log entry covers.
    for start in range(0, len(found.subjects), _CHUNK):
        wanted = wanted_readings(session, found.subjects[start : start + _CHUNK], reader=reader)
        session.rollback()  # the models may read for longer than a database lets a transaction idle
        rows = read_texts(wanted, reader=reader)
        recorded += writer.run(lambda unit, rows=rows: record_readings(unit, dao_id, rows, actor=actor, now=now))  # type: ignore[misc]
    cursor = places.cursor(found.place)
    return AnalysisOut(read=len(found.subjects), known=found.known, readings=recorded, more=found.more, waiting=None, next_cursor=cursor)


@dataclass(frozen=True, slots=True)
class _Places:
    """Places among the texts of one `scope`, as cursors that only this deployment can make."""

    scope: str
    secret: bytes

    def cursor(self, place: Place | None) -> str | None:
        """The cursor to what is behind `place`."""
        if place is None:
            return None
        return make_cursor((place.kind, to_microseconds(place.known_at), place.id), scope=self.scope, secret=self.secret)

    def of(self, cursor: str | None) -> Place | None:
        """The place in `cursor`."""
        if cursor is None:
            return None
        kind, moment_us, id_ = read_cursor(cursor, scope=self.scope, secret=self.secret)
        return Place(str(kind), from_microseconds(int(moment_us)), str(id_))


@router.get("/daos/{dao_id}/sentiment", operation_id="getSentiment", responses=problems(NotFound, InvalidInput))
def sentiment(
    dao_id: str,
    session: ReadDep,
    clock: ClockDep,
    window_days: Annotated[int, Query(ge=1, le=3_650, description="How many days back.")] = 30,
    as_of: AsOf = None,
) -> SeriesOut:
    """How the DAO's texts of a window felt, weighed by who wrote them, as known at a time; and how many were read how, day by day.

    Steps of the same value, and by topic: `/mood` and `/mood/topics`.
    """
    at = moment(session, dao_id, as_of, clock())
    since = earlier(at, timedelta(days=window_days))
    counts = texts.reading_counts(session, task="sentiment", since=since, as_of=at, dao_id=dao_id)
    return _series(session, Scope(dao_id), Window(since, since, at), "sentiment", counts)


@router.get("/proposals/{proposal_id}/stance", operation_id="getStance", responses=problems(NotFound, InvalidInput))
def stance(proposal_id: str, session: ReadDep, clock: ClockDep, as_of: AsOf = None) -> SeriesOut:
    """Where posts and vote reasons stand toward the proposal, weighed by who wrote them, as known at a time; and how many, day by day."""
    dao_id = dao_of(session, proposal_id)
    at = moment(session, dao_id, as_of, clock())
    begins = read_one(session, PROPOSALS, proposal_id, as_of=at)["known_at"]
    counts = texts.reading_counts(session, task="stance", since=None, as_of=at, proposal_id=proposal_id)
    return _series(session, Scope(dao_id, proposal_id), Window(None, begins, at), "stance", counts)


def _series(session: Session, scope: Scope, window: Window, task: str, counts: Iterable[tuple[str, str, str, int]]) -> SeriesOut:
    by_day: defaultdict[str, dict[str, int]] = defaultdict(dict)
    total: defaultdict[str, int] = defaultdict(int)
    models = set()
    for day, model, label, count in counts:
        models.add(model)
        by_day[day][label] = by_day[day].get(label, 0) + count
        total[label] += count
    [gauged] = gauge(session, scope, [window], task=task, as_of=window.ends)
    days = [DayOut(day=day, counts=found) for day, found in sorted(by_day.items())]
    return SeriesOut(
        task=task, mood=shown(gauged), plain_counts=PlainCounts(total=dict(total), days=days), models=sorted(models), as_of=window.ends
    )
