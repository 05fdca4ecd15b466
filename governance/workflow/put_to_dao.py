"""Stores a recommendation document and puts it to the DAO: from here on it is what delegates consent to, or refuse."""

from datetime import datetime
from typing import cast

from sqlmodel import Session

from governance.actors import Actor
from governance.canonical import digest, parse_timestamp
from governance.decision_log import EntryKind
from governance.executions import State
from governance.identity import of_digest
from governance.records import decision_log
from governance.records.daos import Dao
from governance.records.recommendations import Recommendation, move


def put_to_dao(
    session: Session,
    dao: Dao,
    document: dict[str, object],
    *,
    parameter_id: str | None,
    author: Actor,
    asked_by: Actor,
    ts: datetime,
    now: datetime,
) -> Recommendation:
    """Store the document, use up the DAO's next nonce, and log both steps (DRAFT, then PROPOSED).

    Logs:
        recommendation.made, recommendation.proposed.
    """
    row = _row(document, parameter_id=parameter_id, asked_by=asked_by, ts=ts, now=now)
    dao.next_nonce += 1
    session.add_all([dao, row])
    session.flush()
    subject = {"recommendation": row.id, "digest": row.digest} | ({} if parameter_id is None else {"parameter": parameter_id})
    decision_log.append(
        session,
        kind=EntryKind.RECOMMENDATION_MADE,
        dao_id=dao.id,
        actor=author,
        subject=subject,
        data={"document": document, "digest": row.digest, "inputs": {"sha256": row.inputs_sha256}, "asked_by": asked_by.id},
        ts=ts,
        recorded_at=now,
    )
    move(session, row, EntryKind.RECOMMENDATION_PROPOSED, actor=author, data={}, ts=ts, recorded_at=now)
    return row


def _row(document: dict[str, object], *, parameter_id: str | None, asked_by: Actor, ts: datetime, now: datetime) -> Recommendation:
    sha256 = digest(document)
    return Recommendation(
        id=of_digest("rec", sha256),
        dao_id=cast("str", document["dao"]),
        kind=cast("str", document["kind"]),
        parameter_id=parameter_id,
        digest=sha256,
        document=document,
        inputs_sha256=cast("str", document["inputs_sha256"]),
        state=State.DRAFT.value,
        nonce=int(cast("str", document["nonce"])),
        author=asked_by.id,
        expires_at=parse_timestamp(cast("str", document["expires_at"])),
        known_at=ts,
        recorded_at=now,
    )
