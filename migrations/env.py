"""Runs the migrations on the database named by `-x url=…`, by `Config.attributes["connection"]`, or by the settings."""

import importlib
import pkgutil

from alembic import context
from sqlalchemy import Connection, create_engine, text
from sqlmodel import SQLModel

import governance.records

for _module in pkgutil.iter_modules(governance.records.__path__):
    importlib.import_module(f"governance.records.{_module.name}")

# A migration that cannot get its lock in this time gives up instead of queueing every request behind it.
_LOCK_TIMEOUT = "4s"
_STATEMENT_TIMEOUT = "600s"
_MIGRATION_LOCK = 0x41535345


def _render_item(kind: str, item: object, _context: object) -> str | bool:
    """Write our column types by name; everything else as Alembic does."""
    if kind == "type" and type(item).__name__ == "UtcDateTime":
        return "UtcDateTime()"
    if kind == "type" and type(item).__name__ == "AutoString":
        return "sa.String()"
    return False


def _migrate(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET lock_timeout = '{_LOCK_TIMEOUT}'"))
        connection.execute(text(f"SET statement_timeout = '{_STATEMENT_TIMEOUT}'"))
        connection.execute(text(f"SELECT pg_advisory_lock({_MIGRATION_LOCK})"))
        connection.commit()
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=_render_item,
        compare_type=False,
    )
    with context.begin_transaction():
        context.run_migrations()
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_unlock({_MIGRATION_LOCK})"))
        connection.commit()


def _run() -> None:
    given = context.config.attributes.get("connection")
    if isinstance(given, Connection):
        _migrate(given)
        return
    url = context.get_x_argument(as_dictionary=True).get("url")
    if url is None:
        from api.settings import Settings  # noqa: PLC0415  # only the command line needs the settings

        url = Settings().database_url
    with create_engine(url).connect() as connection:
        _migrate(connection)


_run()
