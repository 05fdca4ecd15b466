"""Stores votes in bulk on the driver's own connection, inside the session's transaction."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import psycopg
from sqlalchemy import insert, select, update
from sqlmodel import Session

from governance.fingerprints import Stored, of_vote
from governance.intake.batches import Verdict
from governance.intake.vote_columns import VoteRow
from governance.records.columns import from_microseconds, to_microseconds
from governance.records.votes import Vote, VoteRevision

# The stored columns in order, and those of them that are times.
COLUMNS: Final = (*VoteRow._fields, "revision", "recorded_at")
TIMES: Final = ("cast_at", "known_at", "recorded_at")
# SQLite takes at most 32,766 bound values in a statement; smaller lists are as fast and are parsed once per length.
_IDS_PER_QUERY: Final = 5_000
_PLACES: Final = ", ".join("?" for _ in COLUMNS)
_INSERT: Final = f"INSERT INTO vote ({', '.join(COLUMNS)}) VALUES ({_PLACES})"
_INSERT_CAREFULLY: Final = f"{_INSERT} ON CONFLICT (id) DO NOTHING"
# COPY's binary form of a time is microseconds since 2000: integers travel exactly and are not parsed.
_POSTGRES_EPOCH: Final = 946_684_800_000_000
_COPY_TYPES: Final = {"id": "bytea", "content": "bytea", "cast_at_estimated": "bool", "revision": "int4", **dict.fromkeys(TIMES, "int8")}
_COPY: Final = f"COPY {{}} ({', '.join(COLUMNS)}) FROM STDIN (FORMAT BINARY)"
_STAGE: Final = "CREATE TEMP TABLE IF NOT EXISTS vote_stage (LIKE vote) ON COMMIT DELETE ROWS"
_UNSTAGE: Final = "INSERT INTO vote ({0}) SELECT {0} FROM vote_stage ON CONFLICT (id) DO NOTHING".format(", ".join(COLUMNS))


def store(session: Session, rows: Sequence[VoteRow], *, recorded_at: datetime) -> Stored:
    """Insert new votes, keep every other content seen of a known one, and say row by row what happened.

    Of several contents the one stored last is current; of those stored at the same `recorded_at` (one import run) the
    one with the greatest digest, whatever order they came in. A content once seen is `unchanged` for ever.
    """
    moment = to_microseconds(recorded_at)
    if _all_new(session, rows, recorded_at):
        return Stored([Verdict.INSERTED] * len(rows), b"".join([_fingerprint(row, row.known_at, moment) for row in rows]))
    known = _stored_contents(session, {row.id for row in rows})
    fresh: dict[bytes, VoteRow] = {}
    differing: list[VoteRow] = []
    verdicts: list[Verdict] = []
    for row in rows:
        seen = known.get(row.id)
        if seen is None:
            known[row.id] = row.content
            fresh[row.id] = row
            verdicts.append(Verdict.INSERTED)
        elif seen == row.content:
            verdicts.append(Verdict.UNCHANGED)
        else:
            verdicts.append(Verdict.REVISED)
            differing.append(row)
    if fresh:
        _write(session, fresh.values(), recorded_at, careful=True)
    kept = [_keep_other(session, row, recorded_at) for row in differing]
    again = iter([Verdict.REVISED if known else Verdict.UNCHANGED for known in kept])
    new = [_fingerprint(row, row.known_at, moment) for row in fresh.values()]
    new += [_fingerprint(row, to_microseconds(known), moment) for row, known in zip(differing, kept, strict=True) if known]
    return Stored([next(again) if verdict is Verdict.REVISED else verdict for verdict in verdicts], b"".join(new))


def _fingerprint(row: VoteRow, known_at: int, recorded_at: int) -> bytes:
    told = (row[1], row[3], row[4], row[6], row[7], row[8], row[9], 1 if row[11] else 0)  # names would cost an import a tenth
    return of_vote(row[0], told, known_at_us=known_at, recorded_at_us=recorded_at)


def _stored_contents(session: Session, ids: Iterable[bytes]) -> dict[bytes, bytes]:
    wanted = sorted(ids)
    found: dict[bytes, bytes] = {}
    connection = _driver(session)
    if session.get_bind().dialect.name == "postgresql":
        cursor = connection.cursor(binary=True)
        for part in _parts(wanted):
            found.update(cursor.execute("SELECT id, content FROM vote WHERE id = ANY(%s)", (part,)).fetchall())
        return found
    for part in _parts(wanted):
        marks = ",".join("?" * len(part))
        found.update(connection.execute(f"SELECT id, content FROM vote WHERE id IN ({marks})", part).fetchall())
    return found


def _all_new(session: Session, rows: Sequence[VoteRow], recorded_at: datetime) -> bool:
    """Insert `rows` if none of them is known and none comes twice; else change nothing and say so.

    A first import is mostly this, and looking every vote up before would cost as much as storing it. Three are looked
    up; if they are new the rest is tried, and undone as a whole should one be known after all.
    """
    if not rows or _stored_contents(session, {rows[0].id, rows[len(rows) // 2].id, rows[-1].id}):
        return False
    try:
        with session.begin_nested():
            _write(session, rows, recorded_at, careful=False)
    except (sqlite3.IntegrityError, psycopg.errors.UniqueViolation):
        return False
    return True


def _write(session: Session, rows: Iterable[VoteRow], recorded_at: datetime, *, careful: bool) -> None:
    """Insert `rows`; `careful`: pass over those that another writer has stored meanwhile."""
    connection, moment = _driver(session), to_microseconds(recorded_at)
    if session.get_bind().dialect.name == "sqlite":
        connection.executemany(_INSERT_CAREFULLY if careful else _INSERT, [(*row, 1, moment) for row in rows])
        return
    with connection.cursor() as cursor:
        if careful:
            cursor.execute(_STAGE)
        with cursor.copy(_COPY.format("vote_stage" if careful else "vote")) as copy:
            copy.set_types([_COPY_TYPES.get(name, "text") for name in COLUMNS])
            epoch, last = _POSTGRES_EPOCH, (1, moment - _POSTGRES_EPOCH)
            for row in rows:
                cast_at = None if row[10] is None else row[10] - epoch
                copy.write_row((*row[:10], cast_at, row[11], row[12], row[13] - epoch, *last))
        if careful:
            cursor.execute(_UNSTAGE)
            cursor.execute("TRUNCATE vote_stage")


def _keep_other(session: Session, row: VoteRow, recorded_at: datetime) -> datetime | None:
    """Keep `row`, whose vote is stored with another content, and say when it was known; None for a content seen before."""
    current = session.execute(select(Vote.__table__).where(Vote.__table__.c.id == row.id)).mappings().one()  # type: ignore[attr-defined]
    table = VoteRevision.__table__  # type: ignore[attr-defined]  # SQLModel makes it
    seen = {
        bytes(content): stored
        for content, stored in session.execute(select(table.c.content, table.c.recorded_at).where(table.c.vote_id == row.id))
    }
    if row.content in seen or row.content == bytes(current["content"]):
        return None
    first = current["recorded_at"]
    known_at = _known_at(row, first, recorded_at)
    revisions = [_revision(row, known_at=known_at, recorded_at=recorded_at)]
    if not seen:
        revisions.append({**{name: current[name] for name in current if name in table.c}, "vote_id": row.id})
        seen[bytes(current["content"])] = first
    session.execute(insert(table), revisions)
    seen[row.content] = recorded_at
    change: dict[str, Any] = {"revision": len(seen)}
    if max(seen, key=lambda content: (seen[content], content)) == row.content:
        change.update({name: getattr(row, name) for name in _TOLD})
    session.execute(update(Vote.__table__).where(Vote.__table__.c.id == row.id).values(change))  # type: ignore[attr-defined]
    return known_at


_TOLD: Final = ("source", "external_id", "choice", "power", "power_kind", "reason", "cast_at_estimated", "content")


def _revision(row: VoteRow, *, known_at: datetime, recorded_at: datetime) -> dict[str, Any]:
    told: Mapping[str, Any] = {name: getattr(row, name) for name in _TOLD}
    return {
        **told,
        "vote_id": row.id,
        "dao_id": row.dao_id,
        "proposal_id": row.proposal_id,
        "known_at": known_at,
        "recorded_at": recorded_at,
    }


def _known_at(row: VoteRow, first_recorded: datetime, recorded_at: datetime) -> datetime:
    """What came with the vote's first import was known when it was cast; what came later, when it came."""
    return from_microseconds(row.known_at) if first_recorded == recorded_at else recorded_at


def _driver(session: Session) -> Any:  # noqa: ANN401  # sqlite3 or psycopg, which share no type
    return session.connection().connection.driver_connection


def _parts(ids: Sequence[bytes]) -> Iterator[list[bytes]]:
    for start in range(0, len(ids), _IDS_PER_QUERY):
        yield list(ids[start : start + _IDS_PER_QUERY])
