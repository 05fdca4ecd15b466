"""Backup and restore: nothing comes back in the place of what was signed after it."""

import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import Session

from api.log_opening import make_signer
from api.log_restore import back_up, next_origin, restore
from api.settings import Settings
from governance.actors import SYSTEM
from governance.checkpoint import new_signer_key, parse_checkpoint, parse_note
from governance.errors import ConfigurationError, GovernanceError, LogDiscontinuity
from governance.records import decision_log, log_reads
from governance.records.engine import open_engine, writing
from governance.verification import Verdict, verify_export
from governance.workflow.open_log import rotate_key
from tests.fakes import NOON
from tests.log_stories import LogBook, export


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """A deployment with an opened log, on each kind of database."""
    settings = Settings(
        _env_file=None, state_dir=tmp_path / "state", database_url=database_url, log_key=new_signer_key("assent.local/log").secret()
    )
    engine = open_engine(database_url)
    make_signer(settings, engine)
    engine.dispose()
    return settings


def ingest(settings: Settings, rows: int) -> None:
    """`rows` more signed entries."""
    engine = open_engine(settings.database_url)
    signer = make_signer(settings, engine)
    with Session(writing(engine)) as session:
        LogBook(session, now=NOON).ingest(rows)
        session.commit()
    signer.sign_new()
    engine.dispose()


def leaves(settings: Settings) -> list[bytes]:
    engine = open_engine(settings.database_url)
    with Session(engine) as session:
        found = [body for _, body, _ in log_reads.leaves(session, 0, decision_log.log_size(session))]
    engine.dispose()
    return found


def test_a_backup_that_holds_everything_goes_on_as_the_same_log(settings: Settings, tmp_path: Path) -> None:
    """Nothing was lost, so nothing may look lost: same name, same checkpoint, same leaves."""
    ingest(settings, 5)
    before, note = leaves(settings), (settings.state_dir / "checkpoint").read_text()
    back_up(settings, tmp_path / "backup")

    restored = restore(settings, tmp_path / "backup", now=NOON)

    assert (restored.origin, restored.size, restored.lost) == ("assent.local/log", 6, 0)
    assert (leaves(settings), (settings.state_dir / "checkpoint").read_text()) == (before, note)
    ingest(settings, 1)
    assert verify_export(_exported(settings, tmp_path)).verdict is Verdict.SOUND


def test_an_older_backup_opens_a_new_log_that_names_what_was_lost(settings: Settings, tmp_path: Path) -> None:
    """Numbers 4 to 8 were signed: issuing them again for other entries would be a second history."""
    ingest(settings, 3)
    back_up(settings, tmp_path / "backup")
    old_leaves = leaves(settings)
    ingest(settings, 5)
    remembered = (settings.state_dir / "checkpoint").read_bytes()
    old_head = parse_checkpoint(parse_note(remembered.decode()).text)

    restored = restore(settings, tmp_path / "backup", now=NOON)

    assert (restored.origin, restored.size, restored.lost) == ("assent.local/log/c2", 5, 5)
    now_leaves = leaves(settings)
    assert now_leaves[1:] == old_leaves
    assert b'"type":"log.continued"' in now_leaves[0]
    named = json.loads(now_leaves[0])["data"]
    assert (named["old_origin"], named["old_size"], named["old_root"]) == ("assent.local/log", 9, old_head.root.hex())
    ingest(settings, 2)
    folder = _exported(settings, tmp_path)
    assert verify_export(folder).verdict is Verdict.SOUND
    lost = verify_export(folder, remembered=remembered)
    assert [finding.rule for finding in lost.findings] == ["remembered.lost"]
    assert lost.verdict is Verdict.INCOMPLETE


def test_a_log_can_go_on_twice_and_after_its_key_changed(settings: Settings, tmp_path: Path) -> None:
    """Copies within copies, the second under a key that the first backup did not know."""
    ingest(settings, 1)
    back_up(settings, tmp_path / "first")
    engine = open_engine(settings.database_url)
    signer = make_signer(settings, engine)
    with Session(writing(engine)) as session:
        rotate_key(session, origin=signer.origin, old=signer.key, new=signer.keys.prepare_next(), actor=SYSTEM, now=NOON)
        session.commit()
    signer.sign_new()
    engine.dispose()
    ingest(settings, 1)
    restore(settings, tmp_path / "first", now=NOON)
    ingest(settings, 1)
    back_up(settings, tmp_path / "second")
    ingest(settings, 1)

    restored = restore(settings, tmp_path / "second", now=NOON + timedelta(days=1))

    assert restored.origin == "assent.local/log/c3"
    ingest(settings, 1)
    report = verify_export(_exported(settings, tmp_path))
    assert report.findings == []
    assert report.verdict is Verdict.SOUND


def test_the_guards_stand_again_after_a_restore(settings: Settings, tmp_path: Path) -> None:
    """A restore takes them down to open the new log; the database must not stay unguarded."""
    back_up(settings, tmp_path / "backup")
    ingest(settings, 2)
    restore(settings, tmp_path / "backup", now=NOON)

    engine = open_engine(settings.database_url)
    for statement in ("DELETE FROM log_entry", "UPDATE log_entry SET kind = 'x'"):
        with engine.connect() as connection, pytest.raises(Exception, match=r"append-only|permission denied"):
            connection.execute(text(statement))
    engine.dispose()


def test_an_old_database_put_back_by_hand_is_refused_at_start(settings: Settings, tmp_path: Path) -> None:
    """F30: the tail is older than what was signed, and the program says so and stops."""
    if not settings.on_sqlite:
        pytest.skip("a file is put back by hand on SQLite only")
    path = Path(settings.database_url.removeprefix("sqlite:///"))
    shutil.copyfile(path, tmp_path / "old.db")
    ingest(settings, 2)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    shutil.copyfile(tmp_path / "old.db", path)

    engine = open_engine(settings.database_url)
    with pytest.raises(LogDiscontinuity):
        make_signer(settings, engine)
    engine.dispose()


def test_what_is_no_backup_is_refused_and_changes_nothing(settings: Settings, tmp_path: Path) -> None:
    """A wrong file must not cost the database."""
    before = leaves(settings)
    back_up(settings, tmp_path / "backup")
    whole = (tmp_path / "backup").read_bytes()
    for name, content in (("empty", b""), ("text", b"not a backup"), ("cut", whole[: len(whole) // 2])):
        (tmp_path / name).write_bytes(content)
        with pytest.raises((ConfigurationError, GovernanceError)):
            restore(settings, tmp_path / name, now=NOON)
    with pytest.raises(ConfigurationError):
        back_up(settings, tmp_path / "backup")

    assert leaves(settings) == before


@pytest.mark.parametrize(("origin", "after"), [("a.b/log", "a.b/log/c2"), ("a.b/log/c2", "a.b/log/c3"), ("a.b/log/c9", "a.b/log/c10")])
def test_each_log_that_goes_on_has_a_name_of_its_own(origin: str, after: str) -> None:
    """Two logs under one name would be a fork."""
    assert next_origin(origin) == after


def _exported(settings: Settings, tmp_path: Path) -> Path:
    engine = open_engine(settings.database_url)
    signer = make_signer(settings, engine)
    folder = export(engine, signer, tmp_path / "export")
    engine.dispose()
    return folder
