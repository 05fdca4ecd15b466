"""Keeps every content a thing was seen with: which one is current does not depend on the order in which they came."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import Select, Table, bindparam, insert, select, update
from sqlmodel import Session

from governance.fingerprints import Stored, key_of_id, of_content
from governance.intake.batches import Verdict
from governance.intake.fields import iso
from governance.records.columns import to_microseconds

_IDS_PER_QUERY: Final = 5_000


@dataclass(frozen=True, slots=True)
class Revised:
    """A table of things and the table of their contents. `dated` are the columns that say when a content was known."""

    things: Table
    contents: Table
    key: str
    dated: tuple[str, ...] = ("known_at",)


@dataclass(frozen=True, slots=True)
class Incoming:
    """One thing as received: the columns its content fills, the content itself with its digest, and when it was known.

    `fixed` are columns that follow from the identity, set once. `known` has a time for each of the table's dated columns.
    """

    id: str
    sha256: str
    content: Mapping[str, object]
    columns: Mapping[str, object]
    fixed: Mapping[str, object]
    known: Mapping[str, datetime]
    now: datetime


@dataclass(frozen=True, slots=True)
class _Content:
    sha256: str
    recorded_at: datetime
    known: Mapping[str, datetime]
    body: Mapping[str, object]
    columns: Mapping[str, object] | None


@dataclass(slots=True)
class _Thing:
    """One thing while a batch is worked through. `stored` is how many contents the database had."""

    recorded_at: datetime
    fixed: Mapping[str, object]
    contents: dict[str, _Content] = field(default_factory=dict)
    stored: int = 0
    kept_apart: bool = False

    def current(self) -> _Content:
        """Stored last; of those stored in the same run, the greatest digest."""
        return max(self.contents.values(), key=lambda content: (content.recorded_at, content.sha256))


def store(session: Session, kept: Revised, incoming: Sequence[Incoming], *, recorded_at: datetime) -> Stored:
    """Store what is new and say row by row what happened; see `vote_store.store` for the rule of what is current.

    A content that came with a thing's first import run was known when the source says; one that came later was known
    when it came.
    """
    things = _load(session, kept, {row.id for row in incoming})
    touched: dict[str, _Thing] = {}
    verdicts: list[Verdict] = []
    new: list[bytes] = []
    for row in incoming:
        thing = things.get(row.id)
        if thing is None:
            thing = things[row.id] = _Thing(recorded_at=recorded_at, fixed=row.fixed)
        if row.sha256 in thing.contents:
            verdicts.append(Verdict.UNCHANGED)
            continue
        verdicts.append(Verdict.REVISED if thing.contents else Verdict.INSERTED)
        known = row.known if thing.recorded_at == recorded_at else _known_later(kept, thing, row)
        thing.contents[row.sha256] = _Content(row.sha256, recorded_at, known, row.content, row.columns)
        touched[row.id] = thing
        dates = [to_microseconds(known[name]) for name in kept.dated]
        new.append(of_content(key_of_id(row.id), row.sha256, dates, recorded_at_us=to_microseconds(recorded_at)))
    _write(session, kept, touched)
    return Stored(verdicts, b"".join(new))


def _known_later(kept: Revised, thing: _Thing, row: Incoming) -> dict[str, datetime]:
    """When a content that came in a later run was known: when it came.

    What it says of the other dates (a proposal's result at its close) holds only where no content told before already
    speaks of that moment or a later one; else it is a correction, known when it came.
    """
    first, *others = kept.dated
    told = {name: max(content.known[name] for content in thing.contents.values()) for name in others}
    return {first: row.now, **{name: row.known[name] if told[name] < row.known[name] else row.now for name in others}}


def _load(session: Session, kept: Revised, ids: set[str]) -> dict[str, _Thing]:
    """What the database has of `ids`: digests and times, and the contents themselves where they stand apart."""
    apart = kept.contents.c
    found: dict[str, _Thing] = {}
    several: list[str] = []
    for part in _parts(ids):
        for id_, sha256, revision, recorded_at, *known in session.connection().execute(_stored(kept), {"some": part}):
            thing = found[id_] = _Thing(recorded_at=recorded_at, fixed={}, stored=revision, kept_apart=revision > 1)
            if revision > 1:
                several.append(id_)
            else:
                thing.contents[sha256] = _Content(sha256, recorded_at, dict(zip(kept.dated, known, strict=True)), {}, None)
    for part in _parts(several):
        wanted = (apart[kept.key], apart.content_sha256, apart.recorded_at, *(apart[name] for name in kept.dated))
        for id_, sha256, recorded_at, *known in session.execute(select(*wanted).where(apart[kept.key].in_(part))):
            found[id_].contents[sha256] = _Content(sha256, recorded_at, dict(zip(kept.dated, known, strict=True)), {}, None)
    return found


@cache
def _stored(kept: Revised) -> Select[Any]:
    """Digests and times of `some` things. Made once: every posted row asks, and making it costs more than running it."""
    main = kept.things.c
    columns = (main.id, main.content_sha256, main.revision, main.recorded_at, *(main[name] for name in kept.dated))
    return select(*columns).where(main.id.in_(bindparam("some", expanding=True)))


def _write(session: Session, kept: Revised, touched: Mapping[str, _Thing]) -> None:
    fresh = [_main_row(kept, id_, thing) for id_, thing in touched.items() if not thing.stored]
    if fresh:
        session.connection().execute(insert(kept.things), fresh)
    apart = [row for id_, thing in touched.items() if len(thing.contents) > 1 for row in _rows_apart(session, kept, id_, thing)]
    if apart:
        session.execute(insert(kept.contents), apart)
    for id_, thing in touched.items():
        if thing.stored:
            _update(session, kept, id_, thing)


def _main_row(kept: Revised, id_: str, thing: _Thing) -> dict[str, Any]:
    current = thing.current()
    return {
        "id": id_,
        **thing.fixed,
        **(current.columns or {}),
        **_times(kept, thing),
        "content_sha256": current.sha256,
        "revision": len(thing.contents),
        "recorded_at": thing.recorded_at,
    }


def _times(kept: Revised, thing: _Thing) -> dict[str, datetime]:
    """The thing was known as soon as the first of its contents; the other dates are those of its current content."""
    current = thing.current()
    return {**current.known, kept.dated[0]: min(content.known[kept.dated[0]] for content in thing.contents.values())}


def _rows_apart(session: Session, kept: Revised, id_: str, thing: _Thing) -> Iterator[dict[str, Any]]:
    """The contents that must now stand apart: the new ones, and the stored one if it stood alone until now."""
    dao = session.execute(select(kept.things.c.dao_id).where(kept.things.c.id == id_)).scalar_one()
    told = next(content.body for content in thing.contents.values() if content.columns is not None)
    for content in thing.contents.values():
        if content.columns is None and thing.kept_apart:
            continue
        body = dict(content.body) if content.columns is not None else _stored_body(session, kept, id_, told)
        yield {
            kept.key: id_,
            "content_sha256": content.sha256,
            "dao_id": dao,
            "content": body,
            **content.known,
            "recorded_at": content.recorded_at,
        }


def _stored_body(session: Session, kept: Revised, id_: str, like: Iterable[str]) -> dict[str, Any]:
    """The content that stood in the main table until now: its columns bear the names of a content's fields."""
    row = session.execute(select(kept.things).where(kept.things.c.id == id_)).mappings().one()
    return {name: iso(row[name]) if isinstance(row[name], datetime) else row[name] for name in like}


def _update(session: Session, kept: Revised, id_: str, thing: _Thing) -> None:
    current = thing.current()
    change: dict[str, Any] = {**_times(kept, thing), "revision": len(thing.contents)}
    if current.columns is not None:
        change.update(current.columns, content_sha256=current.sha256)
    session.execute(update(kept.things).where(kept.things.c.id == id_).values(change))


def _parts(ids: Iterable[str]) -> Iterator[list[str]]:
    wanted = sorted(ids)
    for start in range(0, len(wanted), _IDS_PER_QUERY):
        yield wanted[start : start + _IDS_PER_QUERY]
