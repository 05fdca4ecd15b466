"""Stores votes in bulk on the driver's own connection, inside the session's transaction."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import insert, select, update
from sqlmodel import Session

from governance.intake.batches import Verdict
from governance.intake.vote_columns import VoteRow
from governance.records.columns import from_microseconds, to_microseconds
from governance.records.votes import Vote, VoteRevision

_COLUMNS: Final = (*VoteRow._fields, "revision", "recorded_at")
_TYPES: Final = {"id": "bytea", "content": "bytea", "cast_at": "bigint", "known_at": "bigint", "cast_at_estimated": "boolean"}
# SQLite takes at most 32,766 bound values in a statement; smaller lists are as fast and are parsed once per length.
_IDS_PER_QUERY: Final = 5_000
_PLACES: Final = ", ".join("?" for _ in _COLUMNS)
_INSERT_SQLITE: Final = f"INSERT INTO vote ({', '.join(_COLUMNS)}) VALUES ({_PLACES}) ON CONFLICT (id) DO NOTHING"
_STAGED: Final = VoteRow._fields
_STAGE: Final = "CREATE TEMP TABLE IF NOT EXISTS vote_stage ({}) ON COMMIT DELETE ROWS".format(
    ", ".join(f"{name} {_TYPES.get(name, 'text')}" for name in _STAGED)
)
_COPY: Final = f"COPY vote_stage ({', '.join(_STAGED)}) FROM STDIN"


def _from_stage(name: str) -> str:
    # Whole microseconds up to the year 9999 are below 2^58; taken apart, each part is exact in the double an interval is built from.
    return f"timestamptz 'epoch' + make_interval(secs => {name} / 1000000) + make_interval(secs => ({name} %% 1000000) / 1e6)"


_UNSTAGE: Final = "INSERT INTO vote ({}) SELECT {}, 1, %s FROM vote_stage ON CONFLICT (id) DO NOTHING".format(
    ", ".join(_COLUMNS), ", ".join(_from_stage(name) if name in {"cast_at", "known_at"} else name for name in _STAGED)
)


def store(session: Session, rows: Sequence[VoteRow], *, recorded_at: datetime) -> list[Verdict]:
    """Insert new votes, keep every other content seen of a known one, and say row by row what happened.

    Of several contents the one stored last is current; of those stored at the same `recorded_at` (one import run) the
    one with the greatest digest, whatever order they came in. A content once seen is `unchanged` for ever.
    """
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
        _insert(session, list(fresh.values()), recorded_at)
    again = iter([_keep_other(session, row, recorded_at) for row in differing])
    return [next(again) if verdict is Verdict.REVISED else verdict for verdict in verdicts]


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


def _insert(session: Session, rows: Sequence[VoteRow], recorded_at: datetime) -> None:
    connection = _driver(session)
    # In the order of the ids the table's own index is walked once, not jumped about in.
    ordered = sorted(rows)
    if session.get_bind().dialect.name == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(_STAGE)
            with cursor.copy(_COPY) as copy:
                for row in ordered:
                    copy.write_row(row)
            cursor.execute(_UNSTAGE, (recorded_at,))
            cursor.execute("TRUNCATE vote_stage")
        return
    moment = to_microseconds(recorded_at)
    connection.executemany(_INSERT_SQLITE, [(*row, 1, moment) for row in ordered])


def _keep_other(session: Session, row: VoteRow, recorded_at: datetime) -> Verdict:
    """Keep `row`, whose vote is stored with another content, unless this content was seen before."""
    current = session.execute(select(Vote.__table__).where(Vote.__table__.c.id == row.id)).mappings().one()  # type: ignore[attr-defined]
    table = VoteRevision.__table__  # type: ignore[attr-defined]  # SQLModel makes it
    seen = {
        bytes(content): stored
        for content, stored in session.execute(select(table.c.content, table.c.recorded_at).where(table.c.vote_id == row.id))
    }
    if row.content in seen or row.content == bytes(current["content"]):
        return Verdict.UNCHANGED
    first = current["recorded_at"]
    revisions = [_revision(row, known_at=_known_at(row, first, recorded_at), recorded_at=recorded_at)]
    if not seen:
        revisions.append({**{name: current[name] for name in current if name in table.c}, "vote_id": row.id})
        seen[bytes(current["content"])] = first
    session.execute(insert(table), revisions)
    seen[row.content] = recorded_at
    change: dict[str, Any] = {"revision": len(seen)}
    if max(seen, key=lambda content: (seen[content], content)) == row.content:
        change.update({name: getattr(row, name) for name in _TOLD})
    session.execute(update(Vote.__table__).where(Vote.__table__.c.id == row.id).values(change))  # type: ignore[attr-defined]
    return Verdict.REVISED


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
