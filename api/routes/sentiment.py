"""What people feel and where they stand: has a DAO's texts read, and gives the readings as series."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from api.dependencies import ClockDep, ReadDep, ReaderDep, WriterDep, require
from api.errors import problems
from api.instants import earlier
from api.listing import AsOf, moment
from governance.actors import Actor, Role
from governance.errors import InvalidInput, ModelUnavailable, NotFound
from governance.readings import mean_stance
from governance.records import texts
from governance.records.as_of import PROPOSALS, read_one
from governance.records.forecasts import dao_of
from governance.workflow.analyse import read_texts, record_readings, unread_texts, wanted_readings

router = APIRouter(tags=["sentiment"])

_CHUNK = 128


class AnalysisIn(BaseModel):
    """Which texts to read."""

    model_config = ConfigDict(extra="forbid", strict=True)

    proposal_id: str | None = Field(None, max_length=64, description="Only texts about this proposal.")
    limit: int = Field(500, ge=1, le=5_000, description="At most so many texts; ask again while `more`.")


class AnalysisOut(BaseModel):
    """What was read."""

    read: int = Field(description="Texts read now.", examples=[12])
    known: int = Field(description="Texts that the models in use had read before.", examples=[40])
    readings: int = Field(description="Readings put on record: one per text and task.", examples=[20])
    more: bool = Field(description="Whether texts are left over.")


class Mood(BaseModel):
    """The readings of one day (or of all days), counted by label. `unknown`: the text has no words."""

    day: str | None = Field(description="UTC day; null for the whole.", examples=["2026-11-21"])
    counts: dict[str, int] = Field(examples=[{"positive": 12, "neutral": 30, "negative": 4}])


class SeriesOut(BaseModel):
    """Readings of texts that were known by `as_of`, per day of the text."""

    task: str
    models: list[str] = Field(description="Digests of the models that read; several after a change of model.")
    total: Mood
    days: list[Mood]
    stance: float | None = Field(None, description="Mean stance, -1 all against to 1 all for; null where none is known.", examples=[0.42])
    as_of: datetime


@router.post("/daos/{dao_id}/analysis", operation_id="analyseTexts", responses=problems(NotFound, InvalidInput, ModelUnavailable))
def analyse(
    *,
    dao_id: str,
    body: AnalysisIn,
    session: ReadDep,
    writer: WriterDep,
    clock: ClockDep,
    reader: ReaderDep,
    actor: Annotated[Actor, Depends(require(Role.INGESTER))],
) -> AnalysisOut:
    """Have the DAO's posts, vote reasons and proposals read by the text models, each text once per model (role ingester).

    Readings are evidence and decide nothing.
    """
    now = clock()
    if body.proposal_id is not None and dao_of(session, body.proposal_id) != dao_id:
        raise NotFound("proposal", body.proposal_id)
    found = unread_texts(session, dao_id, reader=reader, now=now, limit=body.limit, proposal_id=body.proposal_id)
    recorded = 0
    # Longest first within a chunk is the reader's business; a chunk is what one log entry covers.
    for start in range(0, len(found.subjects), _CHUNK):
        wanted = wanted_readings(session, found.subjects[start : start + _CHUNK], reader=reader)
        session.rollback()  # the models may read for longer than a database lets a transaction idle
        rows = read_texts(wanted, reader=reader)
        recorded += writer.run(lambda unit, rows=rows: record_readings(unit, dao_id, rows, actor=actor, now=now))  # type: ignore[misc]
    return AnalysisOut(read=len(found.subjects), known=found.known, readings=recorded, more=found.more)


@router.get("/daos/{dao_id}/sentiment", operation_id="getSentiment", responses=problems(NotFound, InvalidInput))
def sentiment(
    dao_id: str,
    session: ReadDep,
    clock: ClockDep,
    window_days: Annotated[int, Query(ge=1, le=3_650, description="How many days back.")] = 30,
    as_of: AsOf = None,
) -> SeriesOut:
    """How the DAO's texts felt, day by day, as known at a time."""
    at = moment(session, dao_id, as_of, clock())
    since = earlier(at, timedelta(days=window_days))
    return _series("sentiment", texts.reading_counts(session, task="sentiment", since=since, as_of=at, dao_id=dao_id), at)


@router.get("/proposals/{proposal_id}/stance", operation_id="getStance", responses=problems(NotFound, InvalidInput))
def stance(proposal_id: str, session: ReadDep, clock: ClockDep, as_of: AsOf = None) -> SeriesOut:
    """Where posts and vote reasons stand toward the proposal, day by day, as known at a time."""
    at = moment(session, dao_of(session, proposal_id), as_of, clock())
    read_one(session, PROPOSALS, proposal_id, as_of=at)
    counts = texts.reading_counts(session, task="stance", since=None, as_of=at, proposal_id=proposal_id)
    return _series("stance", counts, at)


def _series(task: str, counts: Iterable[tuple[str, str, str, int]], at: datetime) -> SeriesOut:
    by_day: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    total: defaultdict[str, int] = defaultdict(int)
    models = set()
    for day, model, label, count in counts:
        models.add(model)
        by_day[day][label] += count
        total[label] += count
    return SeriesOut(
        task=task,
        models=sorted(models),
        total=Mood(day=None, counts=dict(total)),
        days=[Mood(day=day, counts=dict(found)) for day, found in sorted(by_day.items())],
        stance=_mean(total) if task == "stance" else None,
        as_of=at,
    )


def _mean(total: Mapping[str, int]) -> float | None:
    return mean_stance([label for label, count in total.items() for _ in range(count)])
