"""Where recommendations stood at an earlier time, as the decision log tells it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from governance.canonical import parse_timestamp
from governance.records.decision_log import LogEntry


@dataclass(frozen=True, slots=True)
class Standing:
    """A recommendation's state and version at a time, and what had taken its place by then."""

    state: str
    version: int
    superseded_by: str | None


def standings(session: Session, ids: Sequence[str], *, as_of: datetime) -> dict[str, Standing]:
    """Where each of `ids` stood at the DAO's time `as_of`; one that was not there yet is left out."""
    found: dict[str, Standing] = {}
    query = select(LogEntry.subject, LogEntry.leaf).where(col(LogEntry.subject).in_(list(ids))).order_by(col(LogEntry.seq))
    for subject, leaf in session.exec(query):
        entry = json.loads(leaf)
        data = entry["data"]
        if subject is not None and "to" in data and "version" in data and parse_timestamp(entry["ts"]) <= as_of:
            by = data.get("by") if entry["type"] == "recommendation.superseded" else None
            found[subject] = Standing(data["to"], int(data["version"]), by)
    return found
