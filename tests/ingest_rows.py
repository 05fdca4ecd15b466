"""Raw rows as sources give them: valid by default, one argument to spoil."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session

from governance.actors import SYSTEM
from governance.intake.batches import BatchReport, Kind, batch_of
from governance.workflow.ingest import IngestRun, ingest

OPENED = 1_700_000_000


def a_proposal(**changes: Any) -> dict[str, Any]:
    """A proposal that opened at OPENED and closed a week later, passed."""
    row: dict[str, Any] = {
        "source": "snapshot",
        "dao": "tide.eth",
        "proposal_id": "0x01",
        "title": "Lower the fee",
        "body": "It is too high.",
        "choices": ["For", "Against", "Abstain"],
        "type": "basic",
        "created": OPENED,
        "start": OPENED + 3_600,
        "end": OPENED + 7 * 86_400,
        "scores": [60.5, 20.25, 0.0],
        "scores_total": 80.75,
        "votes_count": 3,
        "state": "closed",
        "outcome": "pass",
        "outcome_rule": "platform_status",
        "author": "0xAbcdefabcdefabcdefabcdefabcdefabcdefabcd",
    }
    return {**row, **changes}


def a_vote(**changes: Any) -> dict[str, Any]:
    """A vote for the first choice, an hour after the start."""
    row: dict[str, Any] = {
        "source": "snapshot",
        "dao": "tide.eth",
        "proposal_id": "0x01",
        "voter": "0x1111111111111111111111111111111111111111",
        "choice": "1",
        "vp": 12.5,
        "created": OPENED + 7_200,
        "reason": None,
        "created_estimated": False,
    }
    return {**row, **changes}


def a_post(**changes: Any) -> dict[str, Any]:
    """A post of a forum that names no DAO."""
    row: dict[str, Any] = {
        "source": "discourse",
        "forum": "forum.tide.example",
        "topic_id": 7,
        "topic_title": "Lower the fee",
        "post_id": 70,
        "post_number": 1,
        "author": "ann",
        "created": OPENED - 86_400,
        "text": "I like it.",
    }
    return {**row, **changes}


def a_link(**changes: Any) -> dict[str, Any]:
    """The link from the proposal to the post's topic."""
    return {"source": "links", "dao": "tide.eth", "proposal_id": "0x01", "forum": "forum.tide.example", "topic_id": 7, **changes}


def an_observation(**changes: Any) -> dict[str, Any]:
    """A price at noon."""
    row = {"dao": "tide.eth", "metric": "price", "time": "2024-01-01T12:00:00Z", "value": "1.25", "unit": "USD", "source": "dex"}
    return {**row, **changes}


def take(
    session: Session,
    kind: Kind,
    rows: Sequence[Mapping[str, Any]],
    *,
    at: datetime = datetime(2026, 11, 21, 12, tzinfo=UTC),
    dao: str | None = None,
    file: str | None = None,
) -> BatchReport:
    """Ingest `rows` as one run at `at`."""
    return ingest(session, batch_of(kind, rows, file=file), run=IngestRun(SYSTEM, at, dao))
