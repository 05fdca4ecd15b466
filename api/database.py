"""The one writer: a thread that commits many requests' work at once, each in its own savepoint, and one that publishes the log's head."""

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

import structlog
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, SQLAlchemyError
from sqlmodel import Session

from api.refusals import Busy, InFlight, StoreUnavailable
from governance.errors import GovernanceError
from governance.records.access import IdempotentAnswer
from governance.records.engine import writing

T = TypeVar("T")
_logger = structlog.get_logger(__name__)

# The key of the advisory lock under which one process at a time appends to a PostgreSQL deployment's log.
LOG_LOCK = 0x4C4F47
# A group is closed after this many units, or when it has been open this long: a slow unit delays only those before it.
_GROUP_UNITS, _GROUP_SECONDS = 256, 0.1
_KEPT = "rows kept for this unit"


class CommitSigner(Protocol):
    """Signs the log's new head; `api/log_signer.py` implements it."""

    def before_commit(self, session: Session) -> None:
        """Called in the transaction, after the last unit: read the new head, store the last published checkpoint.

        Never while `after_commit` of an earlier group is under way.
        """

    def after_commit(self) -> None:
        """Called once the transaction is durable and before any caller has its answer: sign and publish the head.

        Comes from another thread than `before_commit`; no other group is committed meanwhile.
        """


class _Stop:
    """The word to stop."""


@dataclass(slots=True)
class _Unit:
    work: Callable[[Session], Any]
    answer: "Future[Any]"
    result: Any = None


@dataclass(slots=True)
class Claim:
    """An idempotency key to be claimed together with the first effect of the request that carries it.

    `request_sha256` None: the request is a stream whose digest is known only at its end, so nothing is claimed.
    `taken`: the claim is durable. `lost`: another process holds it, and nothing was done here.
    """

    caller: str
    key: str
    request_sha256: str | None
    now: datetime
    taken: bool = False
    lost: bool = False

    def around(self, work: Callable[[Session], T]) -> Callable[[Session], T]:
        """`work` behind the claim, in one savepoint: both are kept or neither is."""

        def _claimed(session: Session) -> T:
            claim = IdempotentAnswer(
                caller=self.caller, key=self.key, request_sha256=str(self.request_sha256), status=0, body=b"", recorded_at=self.now
            )
            session.add(claim)
            try:
                session.flush()
            except IntegrityError:
                self.lost = True
                raise InFlight("a request with this Idempotency-Key is being worked on") from None
            return work(session)

        return _claimed


current_claim: ContextVar[Claim | None] = ContextVar("current_claim", default=None)


class UnitSession(Session):
    """A session in which one unit of a group runs; ending the transaction would take its neighbours along."""

    def commit(self) -> None:
        """Refused: the writer commits."""
        raise RuntimeError("a workflow never commits")

    def rollback(self) -> None:
        """Refused: raise an error instead; only this unit is undone then."""
        raise RuntimeError("a workflow never rolls back: raise a refusal")

    def get(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # the signature is SQLAlchemy's
        """As in `Session`; the row stays in memory to the end of the unit, so that asking again costs nothing."""
        found = super().get(*args, **kwargs)
        self.info.setdefault(_KEPT, []).append(found)
        return found

    def forget(self) -> None:
        """End a unit: the next one starts with nothing in memory."""
        self.info.pop(_KEPT, None)
        self.expunge_all()


class Writer:
    """Runs units of work in order, groups their commits, and answers each only when its group is durable.

    A unit that raises is undone alone. When the group's commit itself fails, every unit is tried once more in a
    transaction of its own, so that the one at fault is the one that learns of it; a unit must therefore have no
    effect but on its session. `generation` grows with every commit.

    While one group's head is signed and put on disk, the units of the next one run already; it is committed only after
    that, so heads are published one by one, in order.
    """

    def __init__(self, engine: Engine, *, queue_size: int = 512, signer: CommitSigner | None = None) -> None:
        self._engine = writing(engine)
        self._postgres = engine.dialect.name == "postgresql"
        self._queue: queue.Queue[_Unit | _Stop] = queue.Queue(maxsize=queue_size)
        self._signer = signer
        self.generation = 0
        self._closed = False
        self._gate = threading.Lock()
        self._publisher = ThreadPoolExecutor(1, "assent-publisher")
        self._publishing: Future[None] | None = None
        self._thread = threading.Thread(target=self._serve, name="assent-writer", daemon=True)
        self._thread.start()

    def run(self, work: Callable[[Session], T]) -> T:
        """`work`'s result, once it is durable; what it raises is raised here and nothing of it is kept.

        Raises:
            Busy: the queue is full or the writer is closed; nothing was done.
            StoreUnavailable: the database refused the transaction; nothing was done.
        """
        claim = current_claim.get()
        if claim is None or claim.taken or claim.request_sha256 is None:
            return self.submit(work).result()
        result = self.submit(claim.around(work)).result()
        claim.taken = True
        return result

    def submit(self, work: Callable[[Session], T]) -> "Future[T]":
        """Like `run`, without waiting. Raises `Busy` at once when the queue is full."""
        answer: Future[T] = Future()
        with self._gate:
            if self._closed:
                raise Busy("the writer is stopping", retry_after_s=5)
            try:
                self._queue.put_nowait(_Unit(work, answer))
            except queue.Full:
                raise Busy("too many writes are waiting", retry_after_s=1) from None
        return answer

    @property
    def alive(self) -> bool:
        """Whether writes are taken."""
        return self._thread.is_alive() and not self._closed

    def close(self) -> None:
        """Finish what is queued, then stop. Later calls of `run` raise `Busy`."""
        with self._gate:
            already, self._closed = self._closed, True
        if not already:
            self._queue.put(_Stop())
        self._thread.join()
        self._publisher.shutdown()

    def _serve(self) -> None:
        while True:
            first = self._queue.get()
            if isinstance(first, _Stop) or self._serve_group(first):
                return

    def _serve_group(self, first: _Unit) -> bool:
        """Run `first` and what waits behind it; whether the writer was told to stop meanwhile."""
        group: list[_Unit] = []
        stopping = False
        try:
            with UnitSession(self._engine, expire_on_commit=False) as session, session.begin():
                group.append(first)
                self._lock_log(session)
                stopping = self._run_units(session, group)
                self._prepare_head(session, group)
        except SQLAlchemyError as error:
            self._after_failure(group, error)
        except GovernanceError as error:  # the log itself refused: nothing was committed
            self._refuse(group, error)
        else:
            self._committed(group)
        return stopping

    def _run_units(self, session: UnitSession, group: list[_Unit]) -> bool:
        closes_at = time.monotonic() + _GROUP_SECONDS
        while True:
            self._run_unit(session, group[-1])
            if len(group) >= _GROUP_UNITS or time.monotonic() >= closes_at:
                return False
            unit = self._waiting()
            if not isinstance(unit, _Unit):
                return unit is not None
            group.append(unit)

    def _waiting(self) -> _Unit | _Stop | None:
        """What waits in the queue, or None. There is time to look again while the group before is being published."""
        if self._queue.empty():
            self._published()
        try:
            return self._queue.get_nowait()
        except queue.Empty:
            return None

    @staticmethod
    def _run_unit(session: UnitSession, unit: _Unit) -> None:
        try:
            with session.begin_nested():
                unit.result = unit.work(session)
        except Exception as error:  # noqa: BLE001  # whatever a unit raises belongs to its caller, not to its neighbours
            session.forget()
            # A lost connection is no unit's fault: this raises then, and the group is dealt with as one.
            session.connection().exec_driver_sql("SELECT 1")
            unit.answer.set_exception(error)
        else:
            session.forget()

    def _after_failure(self, group: list[_Unit], cause: SQLAlchemyError) -> None:
        """The group's transaction failed: find the unit at fault, unless the store itself is away."""
        waiting = [unit for unit in group if not unit.answer.done()]
        _logger.warning("group_not_committed", units=len(waiting), error=type(cause).__name__)
        # With the connection gone nobody knows whether the commit arrived: trying again could do things twice.
        lost = isinstance(cause, DBAPIError) and cause.connection_invalidated
        for position, unit in enumerate(waiting):
            if lost or not self._run_alone(unit):
                self._refuse(waiting[position:], StoreUnavailable("the database did not take the write", retry_after_s=2))
                return

    def _run_alone(self, unit: _Unit) -> bool:
        """Give `unit` a transaction of its own; False when the store does not work at all."""
        try:
            with UnitSession(self._engine, expire_on_commit=False) as session, session.begin():
                self._lock_log(session)
                self._run_unit(session, unit)
                self._prepare_head(session, [unit])
        except OperationalError:
            return False
        except (SQLAlchemyError, GovernanceError) as error:
            self._refuse([unit], error)
        else:
            self._committed([unit])
        return True

    def _lock_log(self, session: Session) -> None:
        if self._postgres:
            session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOG_LOCK})

    def _prepare_head(self, session: Session, group: list[_Unit]) -> None:
        self._published()
        if self._signer and any(not unit.answer.done() for unit in group):
            self._signer.before_commit(session)

    def _committed(self, group: list[_Unit]) -> None:
        self.generation += 1
        self._publishing = self._publisher.submit(self._answer, group)

    def _published(self) -> None:
        """Wait until the head of the group before is on disk and its callers have their answers."""
        if self._publishing is not None:
            self._publishing.result()
            self._publishing = None

    def _answer(self, group: list[_Unit]) -> None:
        done = [unit for unit in group if not unit.answer.done()]
        if self._signer and done:
            try:
                self._signer.after_commit()
            except (OSError, SQLAlchemyError) as error:  # the entries are durable; the next commit signs a head over them
                _logger.error("checkpoint_not_written", error=str(error))
        for unit in done:
            unit.answer.set_result(unit.result)

    @staticmethod
    def _refuse(group: list[_Unit], error: Exception) -> None:
        for unit in group:
            if not unit.answer.done():
                unit.answer.set_exception(error)
