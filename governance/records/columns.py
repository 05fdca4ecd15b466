"""Column types that mean the same on SQLite and PostgreSQL."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

from sqlalchemy import BigInteger, DateTime, Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time, exact to the microsecond: TIMESTAMPTZ on PostgreSQL, integer microseconds on SQLite.

    SQLite has no time type, and text would compare by character; integers sort and compare as time does.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the storage for `dialect`."""
        return dialect.type_descriptor(BigInteger() if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> object:
        """Refuse a time without zone before it reaches the database."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("time without zone")
        return to_microseconds(value) if dialect.name == "sqlite" else _in_utc(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ANN401, ARG002  # the signature is SQLAlchemy's
        """Give back an aware UTC time."""
        if value is None:
            return None
        return from_microseconds(value) if isinstance(value, int) else cast("datetime", value).astimezone(UTC)


def _in_utc(value: datetime) -> datetime:
    """`value` in UTC; a time that UTC has no year for (0001-01-01T00:00+23:59) is the first or last there is.

    Such times only ever come as bounds of a question; the intake refuses them in rows.
    """
    try:
        return value.astimezone(UTC)
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC) if value.year == 1 else datetime.max.replace(tzinfo=UTC)


def to_microseconds(value: datetime) -> int:
    """Whole microseconds since 1970, exact (`datetime.timestamp()` rounds through a float)."""
    return (value - _EPOCH) // _MICROSECOND


def from_microseconds(value: int) -> datetime:
    """The aware UTC time `value` microseconds after 1970."""
    return _EPOCH + timedelta(microseconds=value)
