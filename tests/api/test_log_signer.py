"""The signer: it signs only what follows from what it signed before, and only the bytes that are stored."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session

from api.log_keys import KeyRing
from api.log_signer import LogSigner
from governance.actors import SYSTEM
from governance.checkpoint import new_signer_key, verify_checkpoint
from governance.errors import ConfigurationError, LogDiscontinuity
from governance.records import decision_log
from governance.records.append_only import unguard
from governance.records.engine import writing
from governance.workflow.open_log import rotate_key
from tests.fakes import NOON
from tests.log_stories import KEY, ORIGIN, LogBook, write_log


def more(engine: Engine, rows: int = 3) -> None:
    with Session(writing(engine)) as session:
        LogBook(session, now=NOON).ingest(rows)
        session.commit()


def again(engine: Engine, state: Path) -> LogSigner:
    return LogSigner(state, KeyRing([KEY]), ORIGIN, engine)


def tamper(engine: Engine, *statements: str) -> None:
    """Change the database behind the log's back, as its owner can."""
    with engine.begin() as connection:
        unguard(connection)
        for statement in statements:
            connection.execute(text(statement))


def test_each_signed_head_covers_the_entries_that_were_committed(engine: Engine, tmp_path: Path) -> None:
    """The checkpoint in the state folder is what a restart, and an auditor, will compare with."""
    signer = write_log(engine, tmp_path, lambda book: book.ingest(5))
    more(engine)

    head = verify_checkpoint(signer.sign_new(), [KEY.verifier])

    with Session(engine) as session:
        assert (head.size, head.root) == (9, decision_log.tree_head(session).root)
    assert (tmp_path / "checkpoint").read_text() == signer.last_note()
    assert signer.sign_new() == signer.last_note()


def test_what_a_crash_left_unsigned_is_signed_at_start(engine: Engine, tmp_path: Path) -> None:
    """A kill between commit and signature loses nothing."""
    write_log(engine, tmp_path, lambda book: book.ingest(2))
    more(engine, 4)

    signer = again(engine, tmp_path)
    signer.check_at_start()

    assert verify_checkpoint(signer.last_note(), [KEY.verifier]).size == 7


@pytest.mark.parametrize(
    "statements",
    [
        ("UPDATE log_entry SET leaf = replace(leaf, 'inserted', 'insertex') WHERE seq = 7",),
        ("UPDATE log_entry SET leaf_hash = (SELECT leaf_hash FROM log_entry WHERE seq = 6) WHERE seq = 7",),
    ],
)
def test_a_bit_that_flipped_between_append_and_signature_is_never_signed(
    engine: Engine, tmp_path: Path, statements: tuple[str, ...]
) -> None:
    """F25, and the log Yeti in 2022: the signature would make the fault permanent. The entry is named."""
    signer = write_log(engine, tmp_path, lambda book: book.ingest(5))
    before = signer.last_note()
    more(engine)
    tamper(engine, *statements)

    with pytest.raises(LogDiscontinuity) as refused:
        signer.sign_new()

    assert refused.value.details["entry"] == 7
    assert signer.last_note() == before


def test_a_broken_log_stops_the_next_commit(engine: Engine, tmp_path: Path) -> None:
    """The group that broke it is durable already; nothing more is appended on top."""
    signer = write_log(engine, tmp_path, lambda book: book.ingest(5))
    more(engine)
    tamper(engine, "UPDATE log_entry SET leaf = 'x' WHERE seq = 7")

    signer.after_commit()

    with Session(writing(engine)) as session, pytest.raises(LogDiscontinuity):
        signer.before_commit(session)


@pytest.mark.parametrize(
    "statements",
    [
        ("DELETE FROM log_entry WHERE seq = 5",),
        ("DELETE FROM log_entry", "DELETE FROM log_node"),
        ("UPDATE log_node SET hash = (SELECT leaf_hash FROM log_entry WHERE seq = 0) WHERE level = 2 AND position = 0",),
        ("UPDATE log_entry SET leaf_hash = (SELECT leaf_hash FROM log_entry WHERE seq = 0) WHERE seq = 5",),
    ],
)
def test_a_database_that_lost_or_changed_what_was_signed_is_refused_at_start(
    engine: Engine, tmp_path: Path, statements: tuple[str, ...]
) -> None:
    """F30: going on would issue signed numbers a second time."""
    write_log(engine, tmp_path, lambda book: book.ingest(5))
    tamper(engine, *statements)

    with pytest.raises(LogDiscontinuity):
        again(engine, tmp_path).check_at_start()


def test_a_lost_checkpoint_is_refused_at_start(engine: Engine, tmp_path: Path) -> None:
    """Without it nobody could tell an old database from the newest."""
    write_log(engine, tmp_path, lambda book: book.ingest(5))
    (tmp_path / "checkpoint").unlink()

    with pytest.raises(LogDiscontinuity):
        again(engine, tmp_path).check_at_start()


def test_an_altered_checkpoint_is_refused_at_start(engine: Engine, tmp_path: Path) -> None:
    """The signer believes its own file only while its own signature is on it."""
    signer = write_log(engine, tmp_path, lambda book: book.ingest(5))
    (tmp_path / "checkpoint").write_text(signer.last_note().replace("\n6\n", "\n5\n"))

    with pytest.raises(LogDiscontinuity):
        again(engine, tmp_path).check_at_start()


def test_a_second_signer_does_not_sign_another_history(engine: Engine, tmp_path: Path) -> None:
    """F24: two signers alive share the file, and each goes on from what the other signed."""
    one = write_log(engine, tmp_path, lambda book: book.ingest(2))
    other = again(engine, tmp_path)
    other.check_at_start()
    more(engine)
    other.sign_new()
    more(engine)

    head = verify_checkpoint(one.sign_new(), [KEY.verifier])

    assert head.size == 9
    assert other.sign_new() == one.last_note()


def test_a_rotated_key_signs_from_its_entry_on_and_the_old_one_no_more(engine: Engine, tmp_path: Path) -> None:
    """F24: the rotation is a logged entry, and the signer follows the log."""
    signer = write_log(engine, tmp_path, lambda book: book.ingest(2))
    new = signer.keys.prepare_next()
    with Session(writing(engine)) as session:
        rotate_key(session, origin=ORIGIN, old=KEY, new=new, actor=SYSTEM, now=NOON)
        session.commit()

    note = signer.sign_new()

    assert verify_checkpoint(note, [new.verifier]).size == 4
    with pytest.raises(ConfigurationError):
        again(engine, tmp_path).check_at_start()


def test_a_signer_without_the_logs_key_refuses_to_sign(engine: Engine, tmp_path: Path) -> None:
    """F24: a lost key is not replaced by whichever lies at hand."""
    write_log(engine, tmp_path, lambda book: book.ingest(2))

    with pytest.raises((ConfigurationError, LogDiscontinuity)):
        LogSigner(tmp_path, KeyRing([new_signer_key(ORIGIN)]), ORIGIN, engine).check_at_start()
