"""Answers proposals' pages: from memory while nothing a reader of the DAO could see has changed, else newly built."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from anyio import CapacityLimiter, to_thread
from pydantic_core import to_json
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from api.database import Writer
from api.page_memory import PageKey, PageMemory, RememberedPage
from api.proposal_pages import PageQuestion, build_page
from governance.errors import NotFound
from governance.records import proposal_page
from governance.records.prepared import Reads
from governance.records.proposal_page import MANY_VOTES, Overview


@dataclass(frozen=True, slots=True)
class _Noted:
    generation: int
    now: datetime
    overview: Overview


class PageDesk:
    """Where pages are asked for, on the event loop or from it.

    On SQLite a page of few votes costs less than the way to another thread and back, so it is built where it is asked
    for, on a connection kept for that; a page of many votes, and every page of a server elsewhere, is built in a thread.
    """

    def __init__(self, engine: Engine, writer: Writer, clock: Callable[[], datetime]) -> None:
        self._engine, self._writer, self._clock = engine, writer, clock
        self._alone = engine.dialect.name == "sqlite"  # this process is the only writer
        self._memory = PageMemory()
        # Building a page is work for the processor: more threads at it than processors only wait for each other.
        self._builders = CapacityLimiter(2)
        self._kept: Connection | None = None

    def at_once(self, key: PageKey, asked: PageQuestion) -> RememberedPage | None:
        """The page, without waiting for anything but this machine's disk; None where `answer` has to see to it.

        For the event loop only.
        """
        if not self._alone:
            return None
        known = self._remembered(key)
        if known is not None:
            return known
        try:
            with self._snapshot() as reads:
                known = self._still_good(reads, key)
                if known is not None:
                    return known
                noted = self._note(reads, asked)
                return None if noted.overview.votes >= MANY_VOTES else self._build(reads, key, asked, noted)
        except NotFound:
            return None
        except SQLAlchemyError:
            self.close()
            return None

    async def answer(self, key: PageKey, asked: PageQuestion) -> RememberedPage:
        """The page, however long it takes.

        Raises:
            NotFound: there is no such proposal, or nobody could know of it at the time asked for.
        """
        known = self._remembered(key)
        return await to_thread.run_sync(self._from_store, key, asked, limiter=self._builders) if known is None else known

    def close(self) -> None:
        """Close the kept connection."""
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()

    def _remembered(self, key: PageKey) -> RememberedPage | None:
        """The page as it is in memory, if nothing at all was written since it was built."""
        page = self._memory.get(key, now=self._clock()) if self._alone else None
        return page if page is not None and page.generation == self._writer.generation else None

    def _from_store(self, key: PageKey, asked: PageQuestion) -> RememberedPage:
        with self._engine.connect() as reads:
            return self._still_good(reads, key) or self._build(reads, key, asked, self._note(reads, asked))

    def _still_good(self, reads: Reads, key: PageKey) -> RememberedPage | None:
        """The remembered page, if nothing was written since that a reader of its DAO could see."""
        page, generation = self._memory.get(key, now=self._clock()), self._writer.generation
        if page is None or proposal_page.version_of(reads, page.dao_id) != page.data_version:
            return None
        page.generation = generation
        return page

    def _note(self, reads: Reads, asked: PageQuestion) -> _Noted:
        """What the page will depend on, noted before it is read: a write in between makes it outdated, never wrong."""
        return _Noted(self._writer.generation, self._clock(), proposal_page.overview(reads, asked.proposal_id))

    def _build(self, reads: Reads, key: PageKey, asked: PageQuestion, noted: _Noted) -> RememberedPage:
        overview, dao_now = noted.overview, noted.now + noted.overview.clock_ahead
        page = build_page(reads, asked, overview=overview, as_of=asked.as_of or dao_now)
        body = to_json(page)
        tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        good_until = None if asked.as_of else _changes_at(page, dao_now, overview.clock_ahead)
        built = RememberedPage(body, tag, overview.dao_id, overview.data_version, noted.generation, good_until)
        self._memory.put(key, built)
        return built

    @contextmanager
    def _snapshot(self) -> Iterator[Connection]:
        """The kept connection, at one state of the store."""
        if self._kept is None:
            self._kept = self._engine.connect()
        try:
            yield self._kept
        finally:
            self._kept.rollback()


def _changes_at(page: dict[str, object], dao_now: datetime, ahead: timedelta) -> datetime | None:
    """The next moment (wall time) at which the page would read differently though nothing was written."""
    times = [page["created_at"], page["starts_at"], page["ends_at"]]
    return min((time - ahead for time in times if isinstance(time, datetime) and time > dao_now), default=None)
