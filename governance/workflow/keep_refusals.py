"""Keeps what could not even be read from a file, beside the rows that were refused."""

from collections.abc import Sequence

from sqlmodel import Session

from governance.intake.batches import RefusedRow
from governance.records import ingested
from governance.workflow.ingest import IngestRun


def keep_refusals(session: Session, refused: Sequence[RefusedRow], *, file: str, run: IngestRun) -> None:
    """Keep `refused` in the import report; kept already, nothing changes."""
    ingested.store_refusals(session, refused, file=file, dao_id=run.dao_id, recorded_at=run.recorded_at)
