"""What every list of ingested rows shares: the moment it is read at, its filters, its pages and its freshness."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, TypeVar

from fastapi import Query
from sqlmodel import Session

from api.instants import Instant
from api.pagination import Page, PageRequest
from governance.records.as_of import Chosen, Noun, freshness, read_page
from governance.records.columns import from_microseconds, to_microseconds
from governance.records.daos import dao_time

T = TypeVar("T")

AsOf = Annotated[
    Instant | None, Query(description="Read as known at this time of the DAO; default now.", examples=["2026-11-21T12:00:00Z"])
]


def moment(session: Session, dao_id: str, as_of: datetime | None, now: datetime) -> datetime:
    """The moment to read at: `as_of`, but never later than the DAO's own now. Raises `NotFound` for an unknown DAO."""
    today = dao_time(session, dao_id, now)
    return today if as_of is None else min(as_of, today)


def listed(
    session: Session,
    noun: Noun,
    chosen: Chosen,
    *,
    dao_id: str,
    at: datetime,
    page: PageRequest,
    shown: Callable[[dict[str, Any]], T],
) -> Page[T]:
    """One page of the DAO's rows of `noun`, newest first, as known at `at`."""
    of_dao = replace(chosen, equal={**chosen.equal, "dao_id": dao_id})
    after = None if page.after is None else (from_microseconds(int(page.after[0])), _id(page.after[1]))
    rows = read_page(session, noun, of_dao, as_of=at, after=after, limit=page.limit + 1)
    return _page(session, noun, rows, dao_id=dao_id, at=at, page=page, shown=shown)


def _page(
    session: Session,
    noun: Noun,
    rows: Sequence[dict[str, Any]],
    *,
    dao_id: str,
    at: datetime,
    page: PageRequest,
    shown: Callable[[dict[str, Any]], T],
) -> Page[T]:
    keys = [(to_microseconds(row["known_at"]), f"hex:{row['id'].hex()}" if isinstance(row["id"], bytes) else row["id"]) for row in rows]
    fresh = freshness(session, noun, dao_id, as_of=at)
    return Page(
        items=[shown(row) for row in rows[: page.limit]],
        next_cursor=page.next_cursor(keys),
        as_of=at,
        indexed_to=fresh.indexed_to,
        complete=fresh.complete,
    )


def _id(value: str | int) -> str | bytes:
    text = str(value)
    return bytes.fromhex(text[4:]) if text.startswith("hex:") else text
