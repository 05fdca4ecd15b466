"""The one writer: units share a commit and nothing else; what fails, fails alone."""

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from api.database import Writer
from api.refusals import Busy
from governance.errors import Conflict
from governance.records.access import ApiKey
from tests.fakes import NOON


class Head:
    """A signer that counts."""

    def __init__(self) -> None:
        self.prepared = 0
        self.published = 0

    def before_commit(self, session: Session) -> None:
        session.execute(text("SELECT 1"))
        self.prepared += 1

    def after_commit(self) -> None:
        self.published += 1


def _key(number: int, session: Session) -> int:
    session.add(ApiKey(id=f"key_{number}", name="n", secret_sha256=str(number), scopes=[], recorded_at=NOON))
    session.flush()
    return number


def _stored(engine: Engine) -> set[str]:
    with Session(engine) as session:
        return set(session.exec(select(ApiKey.id)))


def test_many_writers_share_commits_and_each_gets_its_own_answer(engine: Engine) -> None:
    """Group commit is what makes single durable posts fast enough."""
    head = Head()
    writer = Writer(engine, signer=head)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda number: writer.run(lambda session: _key(number, session)), range(200)))
    writer.close()

    assert answers == list(range(200))
    assert len(_stored(engine)) == 200
    assert head.prepared == head.published <= 200


class _Slow(Head):
    """Takes its time over each head, and looks whether another group is committed meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = threading.Semaphore(0)
        self.started = threading.Semaphore(0)
        self.busy = False
        self.overlaps = 0

    def before_commit(self, session: Session) -> None:
        self.overlaps += self.busy
        super().before_commit(session)

    def after_commit(self) -> None:
        self.busy = True
        self.started.release()
        self.go_on.acquire()
        super().after_commit()
        self.busy = False


def test_the_next_group_runs_while_a_head_is_published_and_is_committed_after_it(engine: Engine) -> None:
    """Heads must be published one by one, each before its group is answered; the work itself need not wait for the disk."""
    signer, ran = _Slow(), threading.Event()
    writer = Writer(engine, signer=signer)
    first = writer.submit(lambda _: "first")
    signer.started.acquire()

    def _second(_session: Session) -> str:
        ran.set()
        return "second"

    second = writer.submit(_second)
    assert ran.wait(30)
    assert not first.done()
    assert not second.done()
    signer.go_on.release()
    assert first.result(30) == "first"
    signer.go_on.release()
    assert second.result(30) == "second"
    writer.close()
    assert signer.overlaps == 0


def test_a_unit_that_fails_is_undone_alone(engine: Engine) -> None:
    """A neighbour's mistake must cost nobody else: refused, broken by a constraint, or plainly wrong."""
    writer = Writer(engine)
    gate = threading.Event()
    blocker = writer.submit(lambda _session: gate.wait(10))

    def _refuse(session: Session) -> None:
        _key(100, session)
        raise Conflict("no")

    good = [writer.submit(partial(_key, number)) for number in range(5)]
    refused = writer.submit(_refuse)
    doubled = writer.submit(lambda session: _key(1, session))
    wrong = writer.submit(lambda _session: 1 // 0)
    committing = writer.submit(lambda session: session.commit())
    last = writer.submit(lambda session: _key(5, session))
    gate.set()

    assert blocker.result()
    assert [future.result() for future in good] == [0, 1, 2, 3, 4]
    assert last.result() == 5
    for future, kind in ((refused, Conflict), (doubled, IntegrityError), (wrong, ZeroDivisionError), (committing, RuntimeError)):
        with pytest.raises(kind):
            future.result()
    writer.close()
    assert _stored(engine) == {f"key_{number}" for number in range(6)}


def test_a_full_queue_answers_at_once_with_the_time_to_wait(engine: Engine) -> None:
    """Work that cannot be done soon is refused, not piled up; a stopped writer takes nothing."""
    writer = Writer(engine, queue_size=2)
    gate, running = threading.Event(), threading.Event()

    def _block(_session: Session) -> None:
        running.set()
        gate.wait(10)

    writer.submit(_block)
    running.wait(10)
    for _ in range(2):
        writer.submit(lambda _session: None)
    with pytest.raises(Busy) as refusal:
        writer.run(lambda _session: None)
    gate.set()
    writer.close()

    assert refusal.value.details["retry_after_s"] == 1
    with pytest.raises(Busy):
        writer.run(lambda _session: None)


def test_what_was_queued_before_the_stop_is_done(engine: Engine) -> None:
    """A graceful stop loses no accepted write."""
    writer = Writer(engine)
    futures = [writer.submit(partial(_key, number)) for number in range(50)]
    writer.close()

    assert [future.result(timeout=0) for future in futures] == list(range(50))


def test_a_unit_that_breaks_only_at_the_commit_fails_alone(engine: Engine) -> None:
    """The signer refusing a head refuses the group whole: nothing is kept, everybody is told."""

    class Refusing(Head):
        def before_commit(self, session: Session) -> None:
            super().before_commit(session)
            raise Conflict("the log is broken")

    writer = Writer(engine, signer=Refusing())
    with pytest.raises(Conflict, match="broken"):
        writer.run(lambda session: _key(1, session))
    writer.close()

    assert _stored(engine) == set()
