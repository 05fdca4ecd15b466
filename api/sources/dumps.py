"""Reads dumps (Parquet, CSV, JSON, NDJSON) as batches of raw rows, in bounded memory; what cannot be read is reported."""

import csv
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from api.sources.shapes import FIGURES, kind_of, understood
from api.strict_json import MAX_BYTES, read_json
from governance.errors import InvalidInput
from governance.intake.batches import Batch, Kind

SUFFIXES: Final = (".parquet", ".csv", ".json", ".ndjson", ".jsonl")
# Enough rows for the database to be busy with, few enough to hold: 20,000 proposals with their texts are some 80 MB.
_ROWS: Final = 20_000
_TEXT_ROWS: Final = 2_000
# A JSON document is read whole, since it has no lines to stop at; NDJSON has no such limit.
_MOST_JSON_BYTES: Final = 64 * 1024 * 1024
_WHOLE: Final = re.compile(r"(-?[0-9]{1,78})\.0+", re.ASCII)
_EXPONENT: Final = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,20})?[eE][+-]?[0-9]{1,3}", re.ASCII)
# As the API has it.
_MOST_LINE_BYTES: Final = MAX_BYTES


# What a file, or the rest of it, that cannot be taken is told under; a column that is not understood is told under its name.
UNUSABLE: Final = frozenset({"file", "columns"})


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row, or (number 0) a whole file or the rest of it, that could not be read."""

    number: int
    field: str
    reason: str
    value: str | None = None


Part = Batch | Unreadable


def dump_files(paths: Iterable[Path]) -> list[Path]:
    """The files under `paths`, each once, folders searched for the known endings; a path named itself is always taken."""
    found: dict[Path, None] = {}
    for path in paths:
        inside = sorted(p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file()) if path.is_dir() else [path]
        found.update(dict.fromkeys(inside))
    return list(found)


def read_dump(path: Path, *, label: str) -> Iterator[Part]:
    """The rows of `path` in batches of one kind, and what could not be read, in the order of the file. Never raises for bad data.

    Rows are numbered from 1 in every format; a CSV header is not a row. `label` is how reports name the file.
    """
    reader = {".parquet": _parquet, ".csv": _csv, ".json": _json, ".ndjson": _ndjson, ".jsonl": _ndjson}.get(path.suffix.lower())
    if reader is None:
        yield Unreadable(0, "file", f"its name must end in one of {' '.join(SUFFIXES)}")
        return
    try:
        yield from reader(path, label)
    except (OSError, pa.ArrowException, UnicodeError, MemoryError) as error:
        yield Unreadable(0, "file", f"cannot be read (further): {str(error).splitlines()[0][:200] if str(error) else type(error).__name__}")


def _parquet(path: Path, label: str) -> Iterator[Part]:
    with pq.ParquetFile(path, memory_map=True) as file:
        names = file.schema_arrow.names
        kind = kind_of(names)
        if kind is None:
            yield _unknown_shape(names)
            return
        known = [name for name in names if name in understood(kind)]
        yield from _unknown_columns(names, known, rows=file.metadata.num_rows)
        done, size = 0, _TEXT_ROWS if kind in {Kind.PROPOSAL, Kind.POST} else _ROWS
        for batch in file.iter_batches(batch_size=size, columns=known, use_threads=False):
            yield from _arrow_batch(kind, batch, done + 1, label)
            done += batch.num_rows


def _arrow_batch(kind: Kind, batch: Any, first: int, label: str) -> Iterator[Part]:  # noqa: ANN401  # pyarrow is untyped
    """The batch; where a text in it is no UTF-8, its rows one by one."""
    try:
        columns = {name: batch.column(name).to_pylist() for name in batch.schema.names}
    except (UnicodeDecodeError, ValueError, OverflowError):
        for offset in range(batch.num_rows):
            yield from _arrow_row(kind, batch.slice(offset, 1), first + offset, label)
        return
    yield Batch(kind, columns, range(first, first + batch.num_rows), label)


def _arrow_row(kind: Kind, row: Any, number: int, label: str) -> Iterator[Part]:  # noqa: ANN401  # pyarrow is untyped
    columns: dict[str, list[object]] = {}
    for name in row.schema.names:
        try:
            columns[name] = row.column(name).to_pylist()
        except (UnicodeDecodeError, ValueError, OverflowError) as error:
            yield Unreadable(number, name, f"cannot be read: {error}"[:200])
            return
    yield Batch(kind, columns, [number], label)


def _csv(path: Path, label: str) -> Iterator[Part]:
    csv.field_size_limit(min(sys.maxsize, _MOST_LINE_BYTES))
    # Bytes that are no UTF-8 become lone surrogates, which every field's rule refuses: a bad cell costs its own row only.
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        rows = _csv_rows(csv.reader(file, strict=True))
        names = next(rows, None)
        kind = kind_of(names) if isinstance(names, list) else None
        if not isinstance(names, list) or kind is None or len(set(names)) != len(names):
            yield _unknown_shape(names if isinstance(names, list) else [])
            return
        known = [name for name in names if name in understood(kind)]
        yield from _unknown_columns(names, known, rows=1)
        gathered = _Gathered(label)
        for number, cells in enumerate(rows, start=1):
            if isinstance(cells, str):
                yield Unreadable(number, "row", cells)
            elif len(cells) != len(names):
                yield Unreadable(number, "row", f"must have {len(names)} cells, has {len(cells)}")
            else:
                row = {name: _cell(kind, name, cell) for name, cell in zip(names, cells, strict=True) if name in known}
                yield from gathered.add(kind, number, row)
        yield from gathered.flush()


def _cell(kind: Kind, name: str, cell: str) -> str | float | None:
    """What a cell says. Empty is how CSV writes "missing", save for a post's text, which no post is without.

    Figures are read as programs write doubles: 1600000000.0 is whole, and what has an exponent is a double.
    """
    if not cell:
        return "" if kind is Kind.POST and name == "text" else None
    if name in FIGURES:
        if whole := _WHOLE.fullmatch(cell):
            return whole[1]
        if _EXPONENT.fullmatch(cell):
            return float(cell)
    return cell


def _csv_rows(reader: Iterator[list[str]]) -> Iterator[list[str] | str]:
    """Each row's cells, or what is wrong with it; after a wrong one reading goes on behind it."""
    while True:
        try:
            yield next(reader)
        except csv.Error as error:
            yield f"is no CSV: {error}"[:200]
        except StopIteration:
            return


def _json(path: Path, label: str) -> Iterator[Part]:
    size = path.stat().st_size
    if size > _MOST_JSON_BYTES:
        yield Unreadable(0, "file", f"a JSON document may have {_MOST_JSON_BYTES} bytes, this has {size}: write it as NDJSON")
        return
    try:
        found = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        yield Unreadable(0, "file", f"is no JSON: {error}"[:200])
        return
    rows = found if isinstance(found, list) else [found]
    gathered = _Gathered(label)
    for number, row in enumerate(rows, start=1):
        yield from _object(row, number, gathered)
    yield from gathered.flush()


def _ndjson(path: Path, label: str) -> Iterator[Part]:
    gathered = _Gathered(label)
    with path.open("rb") as file:
        number = 0
        while line := file.readline(_MOST_LINE_BYTES + 1):
            number += 1
            if len(line) > _MOST_LINE_BYTES:
                while line and not line.endswith(b"\n"):
                    line = file.readline(_MOST_LINE_BYTES)
                yield Unreadable(number, "row", f"a line may have {_MOST_LINE_BYTES} bytes")
                continue
            if not line.strip():
                yield Unreadable(number, "row", "is empty")
                continue
            try:
                row = read_json(line, field="row")
            except InvalidInput as refusal:
                yield Unreadable(number, str(refusal.details["field"]), str(refusal.details["rule"]), str(refusal.details["value"])[:120])
                continue
            yield from _object(row, number, gathered)
    yield from gathered.flush()


def _object(row: object, number: int, gathered: "_Gathered") -> Iterator[Part]:
    kind = kind_of(row) if isinstance(row, Mapping) else None
    if not isinstance(row, Mapping) or kind is None:
        yield Unreadable(number, "row", "is of no known shape", ", ".join(row)[:120] if isinstance(row, Mapping) else type(row).__name__)
        return
    yield from gathered.add(kind, number, row)


@dataclass(slots=True)
class _Gathered:
    """Rows of one kind until there are enough for a batch."""

    label: str
    kind: Kind | None = None
    numbers: list[int] = field(default_factory=list)
    rows: list[Mapping[str, object]] = field(default_factory=list)

    def add(self, kind: Kind, number: int, row: Mapping[str, object]) -> Iterator[Batch]:
        if kind is not self.kind or len(self.rows) >= _TEXT_ROWS:
            yield from self.flush()
        self.kind = kind
        self.numbers.append(number)
        self.rows.append(row)

    def flush(self) -> Iterator[Batch]:
        if self.kind is not None and self.rows:
            names = dict.fromkeys(name for row in self.rows for name in row)
            columns = {name: [row.get(name) for row in self.rows] for name in names}
            yield Batch(self.kind, columns, self.numbers, self.label)
        self.numbers, self.rows = [], []


def _unknown_shape(names: Sequence[str]) -> Unreadable:
    return Unreadable(0, "columns", "are of no known shape (see docs/import.md)", _readable(", ".join(names))[:120])


def _unknown_columns(names: Sequence[str], known: Sequence[str], *, rows: int) -> Iterator[Unreadable]:
    """A column that is not understood is not kept; that is said once for the file, and no row is lost over it."""
    for name in names:
        if name not in known and rows:
            yield Unreadable(0, _readable(name)[:80], "is a column that is not understood and not kept")


def _readable(text: str) -> str:
    """`text` with what no store and no terminal can take written out."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")


def _refuse_constant(constant: str) -> object:
    raise ValueError(f"{constant} is no number")
