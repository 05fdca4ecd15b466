"""Runs the independent audit on this deployment: on an export of its database, and on the database's own rows."""

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from api.authentication import hash_key
from api.log_export import export_log
from api.log_serving import head_of
from api.log_signer import CHECKPOINT_FILE, log_vkeys
from api.settings import Settings
from governance.errors import GovernanceError, InvalidInput
from governance.recommendations import recommend
from governance.records import decision_log
from governance.records.audited_rows import check_rows
from governance.records.engine import open_engine
from governance.verification import Report, Verdict, verify_export

Replay = Callable[[Mapping[str, object]], Mapping[str, object]]
# How long to wait for the signature of a commit that is under way.
_TRIES = 20
_PAUSE_S = 0.05


def recommend_again(inputs: Mapping[str, object]) -> Mapping[str, object]:
    """The pinned rules, for replay: the document that follows from logged inputs."""
    if not isinstance(inputs, Mapping):
        raise InvalidInput("inputs", type(inputs).__name__, "an object")
    return recommend(inputs)


def audit_database(
    settings: Settings, *, policy: Path | None = None, remembered: bytes | None = None, replay: Replay | None = recommend_again
) -> Report:
    """Audit the store that `settings` names, while a server may be running: nothing is written to it.

    The log is exported to a temporary folder up to the last signed checkpoint (which lies outside the database) and
    audited there; then every row of the log, of decisions and of standing rules is compared with the replayed log, and
    every collected row with the fingerprints in it.
    Entries that a running server adds meanwhile are left to the next audit.
    """
    note_file = settings.state_dir / CHECKPOINT_FILE
    report = Report()
    if not note_file.is_file():
        report.add("layout.missing", "there is no signed checkpoint in the state folder", Verdict.INCOMPLETE, file=str(note_file))
        return report
    engine = open_engine(settings.database_url)
    try:
        with tempfile.TemporaryDirectory() as name, _settled(engine, note_file, report) as (session, note):
            folder = Path(name) / "log"
            try:
                export_log(session, folder, note=note)
                audited = verify_export(folder, policy=policy, replay=replay, remembered=remembered, keep_consents=True)
                audited.findings, audited.found = [*report.findings, *audited.findings], {**report.found, **audited.found}
                report = audited
                check_rows(session, report, vkeys=log_vkeys(session), own_key_sha256=_own_key(settings))
            except (GovernanceError, SQLAlchemyError, ValueError, KeyError, TypeError, AttributeError, ArithmeticError) as error:
                report.add("database.unreadable", str(error), seq=_entry_of(error))
    finally:
        engine.dispose()
    return report


def _own_key(settings: Settings) -> str | None:
    """The hash of the deployment's own key, as the settings or the state folder have it."""
    if settings.admin_key is not None:
        return hash_key(settings.admin_key.get_secret_value())
    kept = settings.state_dir / "keys" / "admin.key"
    return hash_key(kept.read_text(encoding="utf-8").strip()) if kept.is_file() else None


@contextmanager
def _settled(engine: Engine, note_file: Path, report: Report) -> Iterator[tuple[Session, str]]:
    """One snapshot of the database and the checkpoint that covers it: a running server signs just after it commits."""
    isolated = engine.execution_options(isolation_level="REPEATABLE READ") if engine.dialect.name == "postgresql" else engine
    for last in (*[False] * _TRIES, True):
        with Session(isolated) as session:
            size = decision_log.log_size(session)
            note = note_file.read_text(encoding="utf-8")
            signed = _size_of(note)
            if last and signed is not None and signed < size:
                report.add("database.unsigned", f"{size - signed} entries are not covered by a checkpoint", Verdict.INCOMPLETE, seq=signed)
            if last or signed == size:
                yield session, note
                return
        time.sleep(_PAUSE_S)


def _size_of(note: str) -> int | None:
    try:
        return head_of(note).size
    except InvalidInput:
        return None


def _entry_of(error: Exception) -> int | None:
    found = error.details.get("entry") if isinstance(error, GovernanceError) else None
    return found if isinstance(found, int) else None
