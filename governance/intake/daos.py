"""DAOs as received."""

from dataclasses import dataclass
from typing import Final

from governance import identity
from governance.intake import fields
from governance.intake.fields import Row

KNOWN_FIELDS: Final = frozenset(["name", "about", "source"])


@dataclass(frozen=True, slots=True)
class DaoReceived:
    """A DAO by the name a source gives it."""

    id: str
    name: str
    about: str | None
    source: str


def receive(row: Row) -> DaoReceived:
    """The DAO in `row`; only its name is required.

    Raises:
        InvalidInput: a field is wrong, or the name is missing.
    """
    fields.only_known(row, KNOWN_FIELDS)
    name = fields.dao_name(row, "name")
    return DaoReceived(identity.dao_id(name), name, fields.said(row, "about", longest=10_000), fields.word(row, "source") or "unnamed")
