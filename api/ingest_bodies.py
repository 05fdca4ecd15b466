"""Takes ingested rows from a request's body: one JSON row, a JSON batch, or NDJSON line by line as it arrives."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal

from fastapi import Request
from pydantic import BaseModel, Field

from api.database import Writer
from api.ndjson import BODY_SCHEMA, MEDIA_TYPE, Line, read_lines
from api.sources.shapes import kind_of
from api.strict_json import read_json
from governance.actors import Actor
from governance.errors import InvalidInput
from governance.intake.batches import Batch, BatchReport, Kind, RefusedRow, Verdict
from governance.workflow.ingest import IngestRun, ingest
from governance.workflow.keep_refusals import keep_refusals

# So many rows are one unit of the writer: one log entry, and other requests wait no longer than these take.
_ROWS: Final = 500
# Answers name this many rows each; what became of the rest stands in the counts.
_MOST_TOLD: Final = 10_000
# An amount that a row may leave out: exact decimal text.
AMOUNT_SCHEMA: Final = {"type": ["string", "null"], "pattern": r"^(0|[1-9][0-9]{0,70})(\.[0-9]{1,36})?$"}
# Unix seconds or RFC 3339 text with its zone.
TIME_SCHEMA: Final = {
    "type": ["integer", "string", "null"],
    "minimum": 0,
    "maximum": 4_102_444_800,
    "format": "date-time",
    "pattern": r"^(19[7-9][0-9]|20[0-9]{2})-.*(Z|\+00:00)$",
}


class RowOut(BaseModel):
    """What became of one row."""

    row: int = Field(description="Its place in the batch, or its line, from 1.", examples=[1])
    result: Literal["inserted", "unchanged", "revised", "refused"] = Field(examples=["inserted"])
    id: str | None = Field(None, description="Our id of it; null when refused.")
    field: str | None = Field(None, description="The field that decided a refusal.")
    reason: str | None = Field(None, description="The rule it broke.")
    value: str | None = Field(None, description="The value that broke it, shortened.")


class IngestOut(BaseModel):
    """What became of every row: read = inserted + unchanged + revised + refused."""

    read: int = Field(examples=[1])
    inserted: int = Field(examples=[1])
    unchanged: int = Field(examples=[0])
    revised: int = Field(examples=[0])
    refused: int = Field(examples=[0])
    rows: list[RowOut] = Field(description="Row by row, the first 10,000.")


def body_schema(row: Mapping[str, Any], example: Mapping[str, Any]) -> dict[str, Any]:
    """The OpenAPI request body of an ingest route whose rows have JSON schema `row`."""
    schema = {"type": "object", "additionalProperties": False, **row}
    # Rows of a batch are answered for themselves, so that one that does not fit makes no wrong request.
    any_row = {"anyOf": [schema, {"type": "object", "description": "Refused by itself where it is no such row."}]}
    batch = {
        "type": "object",
        "additionalProperties": False,
        "required": ["items"],
        "properties": {"items": {"type": "array", "minItems": 1, "maxItems": _ROWS, "items": any_row}},
    }
    return {
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"anyOf": [schema, batch]},
                    "examples": {"row": {"value": dict(example)}, "batch": {"value": {"items": [dict(example)]}}},
                },
                MEDIA_TYPE: {"schema": BODY_SCHEMA},
            },
        }
    }


async def take_body(request: Request, kind: Kind, *, dao_id: str, writer: Writer, actor: Actor, now: datetime) -> IngestOut:
    """Ingest the body's rows for one DAO; rows need not name it.

    A lone JSON row that is refused is a problem (its field, value and rule); in a batch each row is answered for itself,
    and what came before a refused row, or before a lost connection, is kept.

    Raises:
        InvalidInput: the body is no row and no batch, or a lone row was refused.
        NotFound: there is no such DAO.
    """
    taker = Taker(kind, IngestRun(actor, now, dao_id), writer)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() == MEDIA_TYPE:
        async for line in read_lines(request.stream()):
            await taker.add(line)
        await taker.flush()
        return taker.answer
    found = read_json(await request.body())
    rows, alone = _rows(found)
    for number, row in enumerate(rows, start=1):
        await taker.add(Line(number, row))
    await taker.flush()
    if alone and taker.answer.refused:
        refused = taker.answer.rows[0]
        raise InvalidInput(f"body.{refused.field}", refused.value, refused.reason or "")
    return taker.answer


def _rows(found: object) -> tuple[list[object], bool]:
    """The rows of a JSON body, and whether it was a lone row."""
    if not isinstance(found, Mapping):
        raise InvalidInput("body", type(found).__name__, 'must be a row, or {"items": [...]}')
    if set(found) != {"items"}:
        return [found], True
    rows = found["items"]
    if not isinstance(rows, list) or not 1 <= len(rows) <= _ROWS:
        raise InvalidInput(
            "body.items", f"{len(rows)} rows" if isinstance(rows, list) else type(rows).__name__, f"a list of 1 to {_ROWS} rows"
        )
    for place, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise InvalidInput(f"body.items[{place}]", type(row).__name__, "must be a row")
    return rows, False


def _unfit(kind: Kind | None, value: object) -> InvalidInput | None:
    """Why a row that was read is not looked at further."""
    if not isinstance(value, Mapping):
        return InvalidInput("row", type(value).__name__, "must be an object")
    if kind is Kind.OBSERVATION and isinstance(value.get("value"), float):
        rule = "must be decimal text or a whole number: a JSON number with a fraction is a double, which loses digits"
        return InvalidInput("value", value["value"], rule)
    return None


class Taker:
    """Gathers rows into batches, hands each to the writer, and adds up the answer. `kind` None: each row's shape tells."""

    def __init__(self, kind: Kind | None, run: IngestRun, writer: Writer, *, file: str | None = None) -> None:
        self._kind, self._run, self._writer, self._file = kind, run, writer, file
        self._waiting: list[tuple[int, Mapping[str, object]]] = []
        self._unread: list[RefusedRow] = []
        self._of = kind
        self.answer = IngestOut(read=0, inserted=0, unchanged=0, revised=0, refused=0, rows=[])

    async def add(self, line: Line) -> None:
        """Take one row, or note that it could not be read."""
        kind = self._kind or (kind_of(line.value) if isinstance(line.value, Mapping) else None)
        refusal = line.refusal or _unfit(kind, line.value)
        if refusal is not None or kind is None:
            refusal = refusal or InvalidInput("row", type(line.value).__name__, "is of no known shape")
            self._unread.append(RefusedRow.because(line.number, refusal))
            if len(self._unread) >= _ROWS:
                await self.flush()
            return
        if kind is not self._of or len(self._waiting) >= _ROWS:
            await self.flush()
        self._of = kind
        self._waiting.append((line.number, line.value))

    async def flush(self) -> None:
        """Make the rows gathered so far durable, and answer for them and for the unreadable ones among them in their order."""
        unread, self._unread = self._unread, []
        file = self._file
        if unread and file is not None:
            await asyncio.wrap_future(self._writer.submit(lambda session: keep_refusals(session, unread, file=file, run=self._run)))
        report = BatchReport([Verdict.REFUSED] * len(unread), [None] * len(unread), unread)
        numbers = [row.number for row in unread]
        if self._waiting and self._of is not None:
            stored, places = await self._store(self._of)
            report = BatchReport(report.verdicts + stored.verdicts, report.ids + stored.ids, unread + stored.refused)
            numbers += places
        self._count(report, numbers)

    async def _store(self, kind: Kind) -> tuple[BatchReport, list[int]]:
        numbers = [number for number, _ in self._waiting]
        rows = [row for _, row in self._waiting]
        self._waiting = []
        names = dict.fromkeys(name for row in rows for name in row)
        batch = Batch(kind, {name: [row.get(name) for row in rows] for name in names}, numbers, self._file)
        report = await asyncio.wrap_future(self._writer.submit(lambda session: ingest(session, batch, run=self._run)))
        return report, numbers

    def _count(self, report: BatchReport, numbers: list[int]) -> None:
        answer, counts = self.answer, report.counts()
        answer.read += len(numbers)
        answer.inserted += counts["inserted"]
        answer.unchanged += counts["unchanged"]
        answer.revised += counts["revised"]
        answer.refused += counts["refused"]
        reasons = {row.number: row for row in report.refused}
        for number, verdict, id_ in sorted(zip(numbers, report.verdicts, report.ids, strict=True), key=lambda row: row[0]):
            if len(answer.rows) >= _MOST_TOLD:
                return
            why = reasons.get(number)
            told = {} if why is None else {"field": why.field, "reason": why.reason, "value": why.value}
            answer.rows.append(RowOut(row=number, result=verdict.value, id=id_, **told))
