"""What a process that serves or commands needs open: store, writer, keys, models. Opened once, closed once."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError
from sqlmodel import Session

from api.authentication import Keyring, hash_key, new_key
from api.database import Writer
from api.log_opening import make_signer
from api.log_signer import LogSigner
from api.models import Models
from api.page_desk import PageDesk
from api.promoted_models import write_champion
from api.settings import Settings
from api.state_folder import StateFolder
from governance.actors import Role
from governance.errors import ConfigurationError
from governance.records import access
from governance.records.engine import migrate, open_engine
from governance.records.model_versions import OUTCOME, TEXT

_ADMIN_KEY_FILE = "admin.key"
_ADMIN_KEY_ID = "key_admin"
# 64 MiB at SQLite's page size: checking more would make the start wait for the disk.
_MOST_PAGES_CHECKED = 16_384


def wall_clock() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Runtime:
    """Everything open. `made_admin_key` is the first admin key if this very start made it, to be shown once."""

    settings: Settings
    state: StateFolder
    engine: Engine
    writer: Writer
    keyring: Keyring
    models: Models
    clock: Callable[[], datetime]
    cursor_secret: bytes = field(repr=False)
    admin_key: str = field(repr=False)
    signer: LogSigner
    pages: PageDesk = field(repr=False)
    made_admin_key: bool = False

    def close(self) -> None:
        """Finish the queued writes, then close the store and let another process write."""
        self.writer.close()
        self.pages.close()
        self.engine.dispose()
        self.state.unlock()


def open_runtime(settings: Settings, *, clock: Callable[[], datetime] = wall_clock) -> Runtime:
    """Open the store named by `settings`, bring its schema up to date and make missing secrets where that is allowed.

    Raises:
        ConfigurationError: a secret is missing, or another process writes this state folder.
        LogDiscontinuity: the stored log is older than what was signed.
    """
    settings.require_secrets()
    state = StateFolder(settings.state_dir)
    state.prepare()
    if settings.on_sqlite and not state.try_lock():
        raise ConfigurationError(
            f"another process writes {settings.state_dir}: SQLite has one writing process",
            variable="ASSENT_STATE_DIR",
            value=str(settings.state_dir),
            rule="one writing process per state folder",
        )
    try:
        return _open(settings, state, clock)
    except BaseException:
        state.unlock()
        raise


def _open(settings: Settings, state: StateFolder, clock: Callable[[], datetime]) -> Runtime:
    engine = open_engine(settings.database_url)
    _check_pages(settings, engine)
    migrate(engine)
    admin_key, made = _admin_key(settings, state)
    signer = make_signer(settings, engine)
    writer = Writer(engine, queue_size=settings.writer_queue, signer=signer)
    writer.run(lambda session: _remember_admin_key(session, admin_key, clock()))
    with Session(engine) as session:
        for task in (OUTCOME, TEXT):
            write_champion(settings, session, task)
    return Runtime(
        settings=settings,
        state=state,
        engine=engine,
        writer=writer,
        keyring=Keyring(engine, clock),
        models=Models(settings),
        clock=clock,
        cursor_secret=hmac.new(admin_key.encode(), b"assent/cursor/1", hashlib.sha256).digest(),
        admin_key=admin_key,
        signer=signer,
        pages=PageDesk(engine, writer, clock),
        made_admin_key=made,
    )


def _check_pages(settings: Settings, engine: Engine) -> None:
    """Refuse a damaged SQLite file; large ones are looked at only where it takes no time (their log is checked anyway)."""
    if not settings.on_sqlite:
        return
    try:
        with engine.connect() as connection:
            pages = int(connection.exec_driver_sql("PRAGMA page_count").scalar_one())
            thorough = "quick_check(1)" if pages <= _MOST_PAGES_CHECKED else "schema_version"
            found = str(connection.exec_driver_sql(f"PRAGMA {thorough}").scalar_one())
    except DatabaseError as error:
        found = str(error.orig)
    if found != "ok" and not found.isdigit():
        raise ConfigurationError(
            f"the database is damaged: {found[:200]}; restore a backup (`assent restore`)",
            variable="ASSENT_DATABASE_URL",
            rule="an SQLite file whose pages are whole",
        )


def _admin_key(settings: Settings, state: StateFolder) -> tuple[str, bool]:
    if settings.admin_key is not None:
        return settings.admin_key.get_secret_value(), False
    found = state.secret(_ADMIN_KEY_FILE)
    if found is not None:
        return found, False
    made = new_key()
    state.make_secret(_ADMIN_KEY_FILE, made)
    return made, True


def _remember_admin_key(session: Session, admin_key: str, now: datetime) -> None:
    """The deployment's own key is good for every role but the guardian's second signature: it is one caller, one guardian."""
    digest = hash_key(admin_key)
    stored = session.get(access.ApiKey, _ADMIN_KEY_ID)
    if stored is None:
        scopes = [role.value for role in Role]
        session.add(access.ApiKey(id=_ADMIN_KEY_ID, name="admin", secret_sha256=digest, scopes=scopes, recorded_at=now))
    elif stored.secret_sha256 != digest:
        stored.secret_sha256 = digest
        session.add(stored)
