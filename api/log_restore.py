"""Backs a deployment up into one file, and brings one back without breaking the log's promise."""

import re
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine
from sqlmodel import Session

from api.archives import lay_out
from api.log_keys import key_ring
from api.log_serving import head_of
from api.log_signer import CHECKPOINT_FILE, log_vkeys, replace_durably
from api.settings import Settings
from governance.checkpoint import Checkpoint, continuation_statement, encode_signature, parse_verifier_key, sign, verify_checkpoint
from governance.errors import ConfigurationError, LogDiscontinuity
from governance.records import backups, decision_log
from governance.records.engine import migrate, open_engine, writing
from governance.records.log_continuation import continue_log

_FORMAT = "assent backup 1\n"
_DATABASE = "database"
_CONTINUED = re.compile(r"(.*)/c([0-9]+)")


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back. `lost` entries were signed and are not in it; then the log goes on under a new name."""

    origin: str
    size: int
    lost: int


def back_up(settings: Settings, file: Path) -> int:
    """Write the database and the last signed checkpoint into `file`; its size in bytes. A server may be running.

    Keys are not in it: who holds a backup must not be able to sign.

    Raises:
        ConfigurationError: there is nothing to back up, or `file` exists.
    """
    checkpoint = settings.state_dir / CHECKPOINT_FILE
    if file.exists():
        raise ConfigurationError(f"{file} exists; a backup never overwrites another", file=str(file))
    if not checkpoint.is_file():
        raise ConfigurationError(f"there is no deployment in {settings.state_dir}", variable="ASSENT_STATE_DIR")
    with tempfile.TemporaryDirectory(dir=settings.state_dir) as name:
        folder = Path(name)
        # First the checkpoint, then the database: what is copied holds at least what was signed.
        shutil.copyfile(checkpoint, folder / CHECKPOINT_FILE)
        engine = open_engine(settings.database_url)
        try:
            revision = backups.schema_revision(engine)
            if settings.on_sqlite:
                backups.copy_sqlite(backups.sqlite_file(settings.database_url), folder / _DATABASE)
            else:
                (folder / _DATABASE).mkdir()
                backups.dump_postgres(engine, folder / _DATABASE)
        finally:
            engine.dispose()
        (folder / "about").write_text(f"{_FORMAT}{'sqlite' if settings.on_sqlite else 'postgresql'}\n{revision}\n", encoding="utf-8")
        partial = file.with_name(file.name + ".partial")
        with tarfile.open(partial, "w:gz") as tar:
            for part in ("about", CHECKPOINT_FILE, _DATABASE):
                tar.add(folder / part, part)
        partial.replace(file)
    return file.stat().st_size


def restore(settings: Settings, file: Path, *, now: datetime) -> Restored:
    """Put the backup in `file` in the place of the database. The caller holds the state folder's lock.

    When entries were signed that the backup does not hold, their numbers are never issued again: a new log is opened,
    whose first entry names the old one, its signed size and head, and takes over what came back, byte for byte.

    Raises:
        ConfigurationError: `file` is no backup of this kind of database.
        LogDiscontinuity: the backup's log is not the one that was signed here.
    """
    with tempfile.TemporaryDirectory(dir=settings.state_dir) as name:
        folder = Path(name)
        revision = _unpack(file, folder, kind="sqlite" if settings.on_sqlite else "postgresql")
        published = settings.state_dir / CHECKPOINT_FILE
        note = (published if published.is_file() else folder / CHECKPOINT_FILE).read_text(encoding="utf-8")
        with _loaded(settings, folder / _DATABASE, revision) as engine:
            with Session(writing(engine)) as session:
                restored, new_note = _continuous(session, settings, note, now=now)
                session.commit()
            if settings.on_sqlite:
                with engine.connect() as connection:
                    connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        if settings.on_sqlite:
            _put_in_place(folder / _DATABASE, backups.sqlite_file(settings.database_url))
        if new_note != note and published.is_file():
            published.rename(settings.state_dir / f"{CHECKPOINT_FILE}.old-{head_of(note).size}")
        replace_durably(published, new_note)
    return restored


def _unpack(file: Path, folder: Path, *, kind: str) -> str:
    """The backup's files in `folder`, and the schema revision it was made at."""
    try:
        with tarfile.open(file, "r:gz") as tar:
            lay_out(tar, folder)
        head, found, revision = (folder / "about").read_text(encoding="utf-8").splitlines()
    except (tarfile.TarError, OSError, EOFError, ValueError) as error:
        raise ConfigurationError(f"{file} is not a backup: {error}", file=str(file)) from error
    if head + "\n" != _FORMAT or found != kind:
        raise ConfigurationError(f"{file} is a backup of {found}; the database is {kind}", file=str(file), rule="the same kind of database")
    return revision


@contextmanager
def _loaded(settings: Settings, database: Path, revision: str) -> Iterator[Engine]:
    """An engine on the backup's rows: SQLite on the unpacked file, PostgreSQL in the database itself."""
    if settings.on_sqlite:
        backups.check_sqlite(database)
        engine = open_engine(f"sqlite:///{database}")
        migrate(engine)
    else:
        engine = open_engine(settings.database_url)
        migrate(engine)
        if backups.schema_revision(engine) != revision:
            raise ConfigurationError(
                f"the backup is of schema {revision}: restore it with the release that made it", rule="the same schema"
            )
        with engine.begin() as connection:
            backups.load_postgres(connection, database)
    try:
        yield engine
    finally:
        engine.dispose()


def _continuous(session: Session, settings: Settings, note: str, *, now: datetime) -> tuple[Restored, str]:
    """The log as it goes on, and the checkpoint to publish for it."""
    keys = key_ring(settings)
    signed = verify_checkpoint(note, [parse_verifier_key(vkey) for vkey in _all_vkeys(session, note)] + keys.verifiers())
    size = decision_log.log_size(session)
    if signed.size <= size:
        if decision_log.tree_head(session, signed.size).root != signed.root:
            raise LogDiscontinuity("the backup's entries are not those that were signed here", signed=signed.size)
        return Restored(signed.origin, size, 0), note
    keys.choose(log_vkeys(session))
    origin = next_origin(signed.origin)
    old, new = keys.current, keys.prepare_next(origin)
    copied = decision_log.tree_head(session)
    data: dict[str, object] = {
        "deployment": origin,
        "vkey": new.verifier.text(),
        "old_origin": signed.origin,
        "old_size": signed.size,
        "old_root": signed.root.hex(),
        "copied": copied.size,
        "copied_root": copied.root.hex(),
        "old_vkey": old.verifier.text(),
    }
    statement = continuation_statement(old=signed, copied=copied.size, copied_root=copied.root, new=new.verifier)
    head = continue_log(session, data={**data, "old_signature": encode_signature(old.sign(statement))}, now=now)
    keys.choose([new.verifier.text()])
    new_note = sign(Checkpoint(origin, head.size, head.root), [new])
    return Restored(origin, head.size, signed.size - copied.size), new_note


def _all_vkeys(session: Session, note: str) -> list[str]:
    vkeys = log_vkeys(session)
    if not vkeys:
        raise LogDiscontinuity(f"the backup holds no log, but {head_of(note).size} entries were signed", signed=head_of(note).size)
    return vkeys


def next_origin(origin: str) -> str:
    """The name of the log that goes on after `origin`: `…/c2`, then `…/c3`."""
    found = _CONTINUED.fullmatch(origin)
    return f"{origin}/c2" if found is None else f"{found.group(1)}/c{int(found.group(2)) + 1}"


def _put_in_place(new: Path, database: Path) -> None:
    """Swap the files; what stood there is kept beside it as `….replaced`."""
    for suffix in ("", "-wal", "-shm"):
        old = database.with_name(database.name + suffix)
        if old.exists():
            old.replace(database.with_name(f"{database.name}.replaced{suffix}"))
    database.parent.mkdir(parents=True, exist_ok=True)
    staged = database.with_name(f"{database.name}.restoring")
    shutil.move(new, staged)
    staged.replace(database)
