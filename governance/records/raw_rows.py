"""Reads a table as it is stored, some thousand rows at a time, without making objects of them: for an audit of all rows."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Final

from sqlalchemy import JSON, Column, Table
from sqlmodel import Session

from governance.records.columns import UtcDateTime

_PAGE: Final = 5_000
# Text that is no UTF-8 any more (a flipped bit) is read as something else, not refused: the audit shall name its row.
_LENIENT: Final = partial(str, encoding="utf-8", errors="backslashreplace")


def raw_rows(session: Session, table: Table, names: Sequence[str]) -> Iterator[Sequence[Any]]:
    """The columns `names` of every row: times as microseconds since 1970, JSON as its text, everything else as it is."""
    connection = session.connection()
    sqlite = connection.dialect.name == "sqlite"
    columns = ", ".join(_expression(table.c[name], sqlite=sqlite) for name in names)
    driver: Any = connection.connection.driver_connection
    if sqlite:
        driver.text_factory = _LENIENT
    try:
        streamed = {"stream_results": True, "max_row_buffer": _PAGE}
        with connection.exec_driver_sql(f'SELECT {columns} FROM "{table.name}"', execution_options=streamed) as found:
            while page := found.fetchmany(_PAGE):
                yield from page
    finally:
        if sqlite:
            driver.text_factory = str


def _expression(column: Column[Any], *, sqlite: bool) -> str:
    name = f'"{column.name}"'
    if isinstance(column.type, JSON):
        return f"CAST({name} AS TEXT)"
    if isinstance(column.type, UtcDateTime) and not sqlite:
        return f"(EXTRACT(EPOCH FROM {name}) * 1000000)::bigint"
    return name
