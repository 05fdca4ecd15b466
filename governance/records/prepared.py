"""Statements compiled once and run on the driver's own connection, for reads that are asked for all the time."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Connection, Dialect, Select
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

# Where to read from. A connection costs less to begin and end than a session, and does as well where nothing is mapped.
Reads = Session | Connection
_Process = Callable[[Any], Any] | None


@dataclass(frozen=True, slots=True)
class _Compiled:
    """One dialect's form: its text, what stands in it already, what it takes (in order), and what it gives."""

    text: str
    positional: bool
    fixed: Mapping[str, object]
    taken: tuple[tuple[str, _Process], ...]
    names: tuple[str, ...]
    given: tuple[tuple[int, Callable[[Any], Any]], ...]


class Prepared:
    """A SELECT whose parameters are named `bindparam`s with types. Values and rows are those that Core would take and give.

    Core spends five times what SQLite spends on a row found by its key: on finding the compiled form again, and on
    wrapping the result. Here both are done once per dialect.
    """

    def __init__(self, statement: Select[*tuple[Any, ...]]) -> None:
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def tuples(self, reads: Reads, **values: object) -> list[tuple[Any, ...]]:
        """The rows, inside the transaction of `reads`.

        Raises:
            DBAPIError: as Core raises it (`OperationalError` where the store itself is away).
        """
        compiled, rows = self._run(reads, values)
        return rows if not compiled.given else [tuple(row) for row in _processed(rows, compiled.given)]

    def rows(self, reads: Reads, **values: object) -> list[dict[str, Any]]:
        """The rows by column name; `Raises` as above."""
        compiled, rows = self._run(reads, values)
        return [dict(zip(compiled.names, row, strict=True)) for row in _processed(rows, compiled.given)]

    def _run(self, reads: Reads, values: dict[str, object]) -> tuple[_Compiled, list[tuple[Any, ...]]]:
        connection = reads if isinstance(reads, Connection) else _flushed(reads)
        dialect = connection.dialect
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = _compile(self._statement, dialect)
        values = {**compiled.fixed, **values}
        taken = [(name, values[name] if process is None else process(values[name])) for name, process in compiled.taken]
        parameters: Any = tuple(value for _, value in taken) if compiled.positional else dict(taken)
        return compiled, _ask(connection, dialect, compiled.text, parameters)


def _flushed(session: Session) -> Connection:
    """The session's connection, what is pending written first, as the session does before it reads by itself."""
    if session.autoflush and (session.new or session.dirty or session.deleted):
        session.flush()
    return session.connection()


def _ask(connection: Connection, dialect: Dialect, text: str, parameters: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401  # DBAPI's
    if not connection.in_transaction():
        connection.begin()
    driver = cast("Any", connection.connection.driver_connection)
    errors = cast("Any", dialect).loaded_dbapi.Error
    try:
        return cast("list[tuple[Any, ...]]", driver.execute(text, parameters).fetchall())
    except errors as error:
        lost = dialect.is_disconnect(error, driver, None)
        raise DBAPIError.instance(text, None, error, errors, connection_invalidated=lost, dialect=dialect) from error


def _processed(rows: list[tuple[Any, ...]], given: tuple[tuple[int, Callable[[Any], Any]], ...]) -> Iterator[list[Any]]:
    for row in rows:
        values = list(row)
        for place, process in given:
            values[place] = process(values[place])
        yield values


def _compile(statement: Select[*tuple[Any, ...]], dialect: Dialect) -> _Compiled:
    compiled = statement.compile(dialect=dialect)
    positional = compiled.positiontup is not None
    order = compiled.positiontup if compiled.positiontup is not None else list(compiled.binds)
    columns = list(statement.selected_columns)
    process = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
    return _Compiled(
        str(compiled),
        positional,
        {name: bind.value for name, bind in compiled.binds.items() if not bind.required},
        tuple((name, compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in order),
        tuple(str(column.key) for column in columns),
        tuple((place, each) for place, each in enumerate(process) if each is not None),
    )
