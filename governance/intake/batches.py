"""Batches of raw rows, and what became of each row."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from governance.errors import InvalidInput


class Kind(StrEnum):
    """What a row is."""

    DAO = "dao"
    PROPOSAL = "proposal"
    VOTE = "vote"
    POST = "post"
    OBSERVATION = "observation"
    VOTE_PROGRESS = "vote_progress"
    FORUM_LINK = "forum_link"


class Verdict(StrEnum):
    """What became of a row: every row read gets exactly one."""

    INSERTED = "inserted"
    UNCHANGED = "unchanged"
    REVISED = "revised"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Batch:
    """Raw rows of one kind, by column. `numbers` are the rows' places in their file, from 1."""

    kind: Kind
    columns: Mapping[str, Sequence[object]]
    numbers: Sequence[int]
    file: str | None = None

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.numbers)

    def rows(self) -> Iterator[dict[str, object]]:
        """The rows as mappings. What is missing stands as None."""
        names = list(self.columns)
        if not names:
            return iter({} for _ in self.numbers)
        return (dict(zip(names, values, strict=True)) for values in zip(*self.columns.values(), strict=True))


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that was not taken: where it stood, which field decided, by which rule."""

    number: int
    field: str
    reason: str
    value: str | None

    @classmethod
    def because(cls, number: int, refusal: InvalidInput) -> "RefusedRow":
        """The refusal of the row at `number`."""
        details = refusal.details
        value = details["value"]
        shown = None if value is None else _shown(value)
        return cls(number, str(details["field"])[:120], str(details["rule"]), None if shown is None else _storable(shown))


@dataclass(slots=True)
class BatchReport:
    """What became of a batch: a verdict and our id (None when refused) per row, in order."""

    verdicts: list[Verdict] = field(default_factory=list)
    ids: list[str | None] = field(default_factory=list)
    refused: list[RefusedRow] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """How many rows met each fate; they add up to the rows read."""
        found = Counter(self.verdicts)
        return {verdict.value: found.get(verdict, 0) for verdict in Verdict}


def batch_of(kind: Kind, rows: Sequence[Mapping[str, object]], *, file: str | None = None) -> Batch:
    """A batch from whole rows, numbered from 1. A field that one row lacks and another has is None there."""
    names = dict.fromkeys(name for row in rows for name in row)
    return Batch(kind, {name: [row.get(name) for row in rows] for name in names}, range(1, len(rows) + 1), file)


def _shown(value: object) -> str:
    if isinstance(value, int) and value.bit_length() > 512:
        return f"a number of {value.bit_length()} bits"  # Python refuses to write out very long ones
    return str(value)[:120]


def _storable(text: str) -> str:
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
