"""One reading: which model said what of which text, and which parts of the text moved it."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.dependencies import ReadDep, ReaderDep
from api.errors import problems
from api.kept_readings import READINGS
from governance.canonical import fixed
from governance.errors import InvalidInput, ModelUnavailable, NotFound
from governance.evidence import Span
from governance.records.readings import get_reading, text_of

router = APIRouter(prefix="/daos/{dao_id}/readings/{reading_id}", tags=["sentiment"])


class SpanOut(BaseModel):
    """A part of the text as the model read it (`read_as`), and by how much it raised the label's log-odds."""

    start: int
    end: int
    text: str = Field(examples=["it would drive every trader away"])
    moved: str = Field(description="Decimal text.", examples=["0.741000"])


class ReadingOut(BaseModel):
    """A reading on record. Scores are probabilities over the task's labels, in their order, as decimal text."""

    id: str
    dao_id: str
    subject_kind: str = Field(description="`post`, `vote` or `proposal`.")
    subject_id: str
    proposal_id: str | None
    task: str
    label: str = Field(
        description="Or `unknown`: no words, or one; `unsupported_language`: not English. A stance is so too where its target has no "
        "words, or is not English, and `off_target` where the text speaks of something else. None of these has scores."
    )
    scores: list[str]
    windows: int = Field(description="How many overlapping windows the text was read in; 0 where it was not read.")
    model_sha256: str
    text_sha256: str
    target_sha256: str = Field(description="Empty where nothing was read against.")
    known_at: datetime
    recorded_at: datetime
    spans: list[SpanOut] | None = Field(
        description="The parts that moved it most, the strongest first. Null where they cannot be told: the text, its target "
        "or the model has changed since."
    )
    read_as: str | None = Field(description="The text as the model read it, which `spans` count in; null with them.")


@router.get("", operation_id="getReading", responses=problems(NotFound, InvalidInput, ModelUnavailable))
def get(dao_id: str, reading_id: str, session: ReadDep, reader: ReaderDep) -> ReadingOut:
    """A reading with the parts of the text that moved it, found by reading the text again with the same model.

    What was found is kept in memory. `busy` where too many others are having texts read again: the longest take a minute.
    """
    from nlp.plain_text import plain_text  # noqa: PLC0415  # a start does not wait for the tables of plain text

    row = get_reading(session, dao_id, reading_id)
    found = text_of(session, row)
    kept = {name: getattr(row, name) for name in ReadingOut.model_fields if name not in {"spans", "read_as"}}
    session.rollback()  # a long reading would keep the database from tidying up
    if found is None or reader.digest(row.task) != kept["model_sha256"]:
        return ReadingOut(**kept, spans=None, read_as=None)
    read_as = plain_text(found.text)
    reading = next(one for one in READINGS.read(reader, [found])[0] if one.task == kept["task"])
    return ReadingOut(**kept, spans=[_shown(span, read_as) for span in reading.spans], read_as=read_as)


def _shown(span: Span, read_as: str) -> SpanOut:
    return SpanOut(start=span.start, end=span.end, text=read_as[span.start : span.end], moved=fixed(span.moved))
