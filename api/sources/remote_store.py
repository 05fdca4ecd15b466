"""Imports through a running server, which alone may write its state folder."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import httpx

from api.commands.output import answer_of
from api.ndjson import MEDIA_TYPE
from governance.intake import fields
from governance.intake.batches import Batch, BatchReport, RefusedRow, Verdict

_ROWS_PER_REQUEST: Final = 2_000


@dataclass(slots=True)
class RemoteStore:
    """Sends batches to `POST /v1/imports`; every request is durable when it is answered."""

    api: httpx.Client
    started_at: datetime
    dao_name: str | None = None

    def take(self, batch: Batch) -> BatchReport:
        """Take one batch in, durably."""
        whole = BatchReport()
        rows = [self._named(row) for row in batch.rows()]
        for start in range(0, len(rows), _ROWS_PER_REQUEST):
            part = rows[start : start + _ROWS_PER_REQUEST]
            self._send(part, batch.numbers[start : start + len(part)], batch, whole)
        return whole

    def refuse(self, refused: Sequence[RefusedRow], file: str) -> None:
        """A row that cannot be read here cannot be sent either; it stands in this command's own report."""

    def finish(self) -> None:
        """The server files posts and progress at the end of every request."""

    def _named(self, row: dict[str, Any]) -> dict[str, Any]:
        present = {name: value for name, value in row.items() if value is not None}
        if isinstance(present.get("value"), float):  # of an observation; as text it is taken digit by digit, as here
            present["value"] = _written(present["value"])
        return present if self.dao_name is None else {"dao": self.dao_name, **present}

    def _send(self, rows: Sequence[dict[str, Any]], numbers: Sequence[int], batch: Batch, whole: BatchReport) -> None:
        body = "\n".join(json.dumps(row, ensure_ascii=True, default=str) for row in rows)
        # What the file's columns say of a row, the row alone might not: a post without its text is still a post.
        query = {"file": batch.file or "rows", "kind": batch.kind.value, "started_at": self.started_at.isoformat()}
        answer: Any = answer_of(self.api.post("/v1/imports", params=query, content=body, headers={"Content-Type": MEDIA_TYPE}))
        for row in answer["rows"]:
            number = numbers[row["row"] - 1]
            whole.verdicts.append(Verdict(row["result"]))
            whole.ids.append(row["id"])
            if row["result"] == "refused":
                whole.refused.append(RefusedRow(number, row["field"], row["reason"], row["value"]))


def _written(value: float) -> str:
    """The double as the shortest text that reads back as it; what is no number keeps its name and is refused by it."""
    return fields.plain(repr(value)) if math.isfinite(value) else repr(value)
