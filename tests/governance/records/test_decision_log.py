"""Appending and proving: contiguous numbers, true proofs, nothing left of what was rolled back."""

import threading

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session

from governance.actors import SYSTEM
from governance.decision_log import EntryKind
from governance.errors import InvalidInput, LogDiscontinuity
from governance.merkle import leaf_hash, root, verify_consistency, verify_inclusion
from governance.records import decision_log, log_reads
from governance.records.append_only import unguard
from governance.records.decision_log import append
from governance.records.engine import writing
from governance.records.log_reads import EntryFilter
from tests.fakes import NOON


def add(session: Session, reason: str = "x", dao: str | None = None) -> decision_log.Appended:
    return append(
        session,
        kind=EntryKind.PAUSE_SET,
        dao_id=dao,
        actor=SYSTEM,
        subject={"dao": dao or "none"},
        data={"reason": reason},
        ts=NOON,
        recorded_at=NOON,
    )


def test_every_stored_proof_verifies_up_to_a_hundred_entries(session: Session) -> None:
    """Proofs come from stored nodes; the tree they prove is that of the stored bytes."""
    for index in range(100):
        assert add(session, str(index)).seq == index
    hashes = [leaf_hash(body) for _, body, _ in log_reads.leaves(session, 0, 100)]

    for size in (1, 2, 3, 7, 8, 63, 64, 65, 99, 100):
        head = decision_log.tree_head(session, size)
        assert head.root == root(hashes[:size])
        for seq in range(0, size, 5):
            proof = decision_log.inclusion(session, seq=seq, size=size)
            assert verify_inclusion(hashes[seq], index=seq, size=size, proof=proof, root=head.root)
        for old in range(1, size + 1, 9):
            proof = decision_log.consistency(session, old=old, new=size)
            old_root = decision_log.tree_head(session, old).root
            assert verify_consistency(old=old, new=size, old_root=old_root, new_root=head.root, proof=proof)


def test_a_rolled_back_savepoint_leaves_no_gap_and_no_trace(session: Session) -> None:
    """Group commit runs each request in a savepoint; one that fails must not shift its neighbours' numbers."""
    add(session, "before")
    savepoint = session.begin_nested()
    add(session, "undone")
    add(session, "undone too")
    savepoint.rollback()
    add(session, "after")
    session.commit()

    bodies = [body for _, body, _ in log_reads.leaves(session, 0, 2)]
    assert decision_log.log_size(session) == 2
    assert b"after" in bodies[1]
    assert decision_log.tree_head(session).root == root([leaf_hash(body) for body in bodies])


def test_concurrent_writers_share_no_number(engine: Engine) -> None:
    """Two processes on PostgreSQL, two threads on SQLite: the next number is taken under a lock."""

    def write() -> None:
        for index in range(10):
            with Session(writing(engine)) as session:
                add(session, str(index))
                session.commit()

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with Session(engine) as session:
        bodies = [body for _, body, _ in log_reads.leaves(session, 0, 40)]
        assert decision_log.log_size(session) == 40
        assert decision_log.tree_head(session).root == root([leaf_hash(body) for body in bodies])


def test_filters_and_cursors_tell_the_same_entries_however_they_are_paged(session: Session) -> None:
    """Pages are by number, so entries appended meanwhile do not shift them."""
    for index in range(30):
        add(session, str(index), dao="a" if index % 3 else "b")
    whole = [entry.seq for entry in log_reads.entries(session, EntryFilter(dao_id="a"), limit=100)]

    paged: list[int] = []
    while page := log_reads.entries(session, EntryFilter(dao_id="a"), after=paged[-1] if paged else -1, limit=7):
        paged += [entry.seq for entry in page]
        add(session, "later", dao="b")

    assert paged == whole == [index for index in range(30) if index % 3]
    assert [entry.seq for entry in log_reads.entries(session, EntryFilter(kinds=(EntryKind.KEY_ISSUED,)))] == []
    assert len(log_reads.entries(session, EntryFilter(actor=SYSTEM.id, subject="b", since=NOON), limit=100, size=30)) == 10


@pytest.mark.parametrize(("old", "new"), [(0, 3), (4, 3), (1, 9), (-1, 2)])
def test_proofs_of_sizes_that_never_were_are_refused(session: Session, old: int, new: int) -> None:
    """A proof from size 0 proves nothing, one to a future size would be made up."""
    for _ in range(3):
        add(session)

    with pytest.raises(InvalidInput):
        decision_log.consistency(session, old=old, new=new)
    with pytest.raises(InvalidInput):
        decision_log.inclusion(session, seq=old + 4, size=3)


def test_a_missing_entry_is_named(session: Session) -> None:
    """Reading over a hole as if it were not there would hide it."""
    for _ in range(5):
        add(session)
    session.commit()
    unguard(session.connection())
    session.execute(text("DELETE FROM log_entry WHERE seq = 2"))

    with pytest.raises(LogDiscontinuity) as refused:
        list(log_reads.leaves(session, 0, 5))

    assert refused.value.details["entry"] == 2
