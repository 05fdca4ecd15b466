"""Logs that a batch of rows came in."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlmodel import Session

from governance.actors import Actor
from governance.canonical import canonical, timestamp
from governance.decision_log import EntryKind
from governance.fingerprints import SIZE
from governance.intake.batches import Batch, BatchReport, Kind
from governance.records import blobs, decision_log

# A row's text may be longer than a log entry may be; then the row is stored beside the log and named by its digest.
_MOST_INLINE: Final = 32_000
_MOST_NAMED: Final = 8
_ENTRY: Final[Mapping[Kind, EntryKind]] = {
    Kind.PROPOSAL: EntryKind.PROPOSALS_INGESTED,
    Kind.VOTE_PROGRESS: EntryKind.PROPOSALS_INGESTED,
    Kind.FORUM_LINK: EntryKind.POSTS_INGESTED,
    Kind.POST: EntryKind.POSTS_INGESTED,
    Kind.VOTE: EntryKind.VOTES_INGESTED,
    Kind.OBSERVATION: EntryKind.OBSERVATIONS_INGESTED,
}


def name_fingerprints(session: Session, fingerprints: bytes, *, dao_id: str | None, recorded_at: datetime) -> dict[str, object]:
    """What an entry says of the rows it stored: `sha256` over their fingerprints, and `stored`, which has them.

    A few stand in the entry itself (hex), more in a blob that it names. `recorded_at` is when they were stored.
    """
    stored: object
    if len(fingerprints) <= _MOST_NAMED * SIZE:
        stored = [fingerprints[at : at + SIZE].hex() for at in range(0, len(fingerprints), SIZE)]
    else:
        stored = {"sha256": blobs.put(session, fingerprints, dao_id=dao_id, recorded_at=recorded_at)}
    return {"sha256": hashlib.sha256(fingerprints).hexdigest(), "stored": stored, "recorded_at": timestamp(recorded_at)}


def log_batch(
    session: Session,
    batch: Batch,
    report: BatchReport,
    *,
    fingerprints: bytes,
    documents: Sequence[Mapping[str, object]],
    dao_id: str | None,
    actor: Actor,
    ts: datetime,
    recorded_at: datetime,
) -> None:
    """Log one entry for `batch`: its counts, the fingerprints of the contents it stored, and a lone row itself.

    Logs:
        proposals.ingested, votes.ingested, posts.ingested or observations.ingested; a DAO's own entry is dao.registered.
    """
    kind = _ENTRY.get(batch.kind)
    if kind is None:
        return
    named = name_fingerprints(session, fingerprints, dao_id=dao_id, recorded_at=recorded_at)
    data: dict[str, object] = {"count": len(batch), **report.counts(), **named}
    if batch.file is not None:
        data["file"], data["first_row"] = batch.file[-200:], batch.numbers[0]
    subject = {"rows": batch.kind.value}
    if dao_id is not None:
        subject["dao"] = dao_id
    if len(documents) == 1:
        body = canonical(documents)
        if len(body) <= _MOST_INLINE:
            data["rows"] = documents
        else:
            data["rows_sha256"] = blobs.put(session, body, dao_id=dao_id, recorded_at=recorded_at)
    decision_log.append(session, kind=kind, dao_id=dao_id, actor=actor, subject=subject, data=data, ts=ts, recorded_at=recorded_at)
