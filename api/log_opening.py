"""Opens the decision log at start: key, first entry, continuity; then hands out its signer."""

from datetime import UTC, datetime

from sqlalchemy import Engine
from sqlmodel import Session

from api.log_keys import key_ring
from api.log_signer import LogSigner
from api.settings import Settings
from governance.records import log_reads
from governance.records.engine import writing
from governance.workflow.open_log import open_log


def make_signer(settings: Settings, engine: Engine) -> LogSigner:
    """The signer of this deployment's log, once the log is known to contain everything that was signed.

    Raises:
        LogDiscontinuity: the database is older than, or differs from, what was signed.
        ConfigurationError: the log's key is missing or another.
    """
    origin = log_origin(settings, engine)
    signer = LogSigner(settings.state_dir, key_ring(settings), origin, engine)
    signer.check_at_start()
    with Session(writing(engine)) as session:
        opened = open_log(session, origin=origin, vkey=signer.key.verifier.text(), now=datetime.now(UTC))
        session.commit()
    if opened is not None:
        signer.sign_new()
    return signer


def log_origin(settings: Settings, engine: Engine) -> str:
    """The log's name as its first entry gives it; the setting's for a log that is not open yet.

    A log that goes on after a restore has a name of its own, so the setting names only the first.
    """
    with Session(engine) as session:
        first = next(iter(log_reads.entries(session, log_reads.EntryFilter(), limit=1)), None)
        return settings.log_origin if first is None else str(first.document()["data"]["deployment"])
