"""Labelled text: one row per reading somebody made, its split, and the licence of the set it comes from."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from nlp.tasks import LABELS


class BadlyLabelled(ValueError):
    """A file, or one of its rows, cannot be used; the message names the place, the field, the value and the rule."""


@dataclass(frozen=True, slots=True)
class LabelledText:
    """One text with the label people gave it. `label` is an index into `LABELS[task]`; `target` is "" where none.

    `soft_labels` are a teacher's, a probability for each of the task's labels; empty where none was asked.
    """

    dataset: str
    text: str
    target: str
    task: str
    label: int
    split: str
    soft_labels: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """Where a training set comes from: who labelled it and on what terms."""

    task: str
    labelled_by: str
    licence: str


# The only sets weights may be trained on. fin_phrasebank_50 is non-commercial, afterrain_crypto undocumented, and the
# dao_* rationales are kept for testing: a set that is not named here is never trained on. (`invented_rationales` is no
# set of anybody's: it is made by this project.)
TRAINABLE: Mapping[str, Source] = {
    **{f"catalyst_f{fund}": Source("stance", "each treasury reviewer's own rating of the proposal", "none stated") for fund in range(4, 9)},
    "argkp21": Source("stance", "crowd", "CDLA-Sharing-1.0"),
    "perspectrum": Source("stance", "crowd", "CC BY-SA 4.0"),
    "semeval16_stance": Source("stance", "crowd", "none stated"),
    "semeval17_tweets": Source("sentiment", "crowd", "none stated (code: MIT)"),
    "sst5_as3": Source("sentiment", "crowd", "MIT"),
    "surge_stock_tweets": Source("sentiment", "crowd", "MIT"),
    "sentfin": Source("sentiment", "human annotators", "MIT"),
    "twitter_fin_news": Source("sentiment", "unnamed annotators", "MIT, as its publisher says"),
    "stockemotions": Source("sentiment", "the author's own tag", "none stated"),
    "eth_tweets_sent": Source("sentiment", "human annotators", "none stated"),
    "cryptolin_news": Source("sentiment", "human annotators", "none stated"),
    "fiqa_posts": Source("sentiment", "human annotators", "none stated"),
}

_COLUMNS = ("dataset", "text", "label", "task", "target", "split")
_NEEDED = ("text", "label", "task")
# A field's limit in a CSV, whose reader stops at 131,072 characters unless told: a quote that never closes must not take a whole disk.
_LONGEST_FIELD = 50_000_000
_SHOWN_CHARACTERS = 60


def read_labelled(path: Path) -> list[LabelledText]:
    """Every row of a Parquet or CSV file, or of all such files in a folder that have these columns, in file order.

    Columns may stand in any order among others; a row without target, dataset or split has the target "", the dataset
    "unnamed" and the split "test". Rows whose label is not one of their task's, or whose text is missing, raise
    `BadlyLabelled`, and so does a file that cannot be read: a silent loss of rows would move every figure computed from
    them. An empty text is a text.
    """
    return [_labelled(row, place) for file in _files(path) for place, row in _rows(file)]


def data_digest(path: Path) -> str:
    """SHA-256 over the names and bytes of the files `read_labelled` would read, hex."""
    total = sha256()
    for file in _files(path):
        total.update(file.name.encode() + b"\0" + sha256(file.read_bytes()).digest())
    return total.hexdigest()


def _files(path: Path) -> list[Path]:
    if path.is_file():
        missing = [name for name in _NEEDED if name not in _names(path)]
        if missing:
            raise BadlyLabelled(f"{path.name}: there is no column {missing[0]}; every file needs {', '.join(_NEEDED)}")
        return [path]
    files = [file for file in sorted(path.iterdir()) if file.suffix.lower() in (".parquet", ".csv") and set(_NEEDED) <= set(_names(file))]
    if not files:
        raise BadlyLabelled(f"{path}: no Parquet or CSV file with the columns {', '.join(_COLUMNS)}")
    return files


def _names(file: Path) -> Sequence[str]:
    if _is_csv(file):
        return next(_fields(file), [])
    try:
        names: list[str] = pq.read_schema(file).names
    except pa.ArrowException as error:
        raise BadlyLabelled(f"{file.name}: neither Parquet nor named .csv ({error})") from error
    return names


def _is_csv(file: Path) -> bool:
    return file.suffix.lower() == ".csv"


def _fields(file: Path) -> Iterator[list[str]]:
    """The rows of a CSV file, header included; strict, because a quote that never closes would swallow the rows after it."""
    csv.field_size_limit(max(_LONGEST_FIELD, csv.field_size_limit()))
    with file.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.reader(lines, strict=True)
        try:
            yield from reader
        except csv.Error as error:
            raise BadlyLabelled(f"{file.name} line {reader.line_num}: no CSV ({error})") from error
        except UnicodeDecodeError as error:
            raise BadlyLabelled(f"{file.name}: not UTF-8 ({error.reason}, after line {reader.line_num})") from error


def _rows(file: Path) -> Iterator[tuple[str, Mapping[str, object]]]:
    for number, row in enumerate(_csv_rows(file) if _is_csv(file) else _parquet_rows(file), start=1):
        yield f"{file.name} row {number}", row


def _csv_rows(file: Path) -> Iterator[Mapping[str, object]]:
    lines = _fields(file)
    names = next(lines, [])
    for number, fields in enumerate((fields for fields in lines if fields), start=1):
        # A comma without quotes would cut the text and shift what follows.
        if any(fields[len(names) :]):
            raise BadlyLabelled(f"{file.name} row {number}: {len(fields)} fields under {len(names)} columns")
        yield dict(zip(names, fields, strict=False))


def _parquet_rows(file: Path) -> Iterator[Mapping[str, object]]:
    names = [name for name in _COLUMNS if name in _names(file)]
    try:
        # No partitioning: a folder called `split=test` is a place, not a column.
        table = pq.read_table(file, columns=names, partitioning=None).to_pydict()
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise BadlyLabelled(f"{file.name}: the Parquet file cannot be read ({error})") from error
    for values in zip(*(table[name] for name in names), strict=True):
        yield dict(zip(names, values, strict=True))


def _labelled(row: Mapping[str, object], place: str) -> LabelledText:
    dataset, text, label, task, target, split = (_said(row, name, place) for name in _COLUMNS)
    task = _one_of(tuple(LABELS), "task", task, place)
    label = _one_of(LABELS[task], "label", label, place)
    if text is None:
        raise BadlyLabelled(f"{place}: text is missing; every row needs one")
    return LabelledText(
        dataset=dataset or "unnamed",
        text=text,
        target=target or "",
        task=task,
        label=LABELS[task].index(label),
        split=split or "test",
    )


def _said(row: Mapping[str, object], name: str, place: str) -> str | None:
    """The value, None where it is missing; pandas writes what is missing as a number that is none."""
    value = row.get(name)
    if value is None or value != value:  # noqa: PLR0124  only that number differs from itself
        return None
    if not isinstance(value, str):
        raise BadlyLabelled(f"{place}: {name} {_shown(value)} is no text")
    return value


def _one_of(allowed: Sequence[str], name: str, value: str | None, place: str) -> str:
    if not value:
        raise BadlyLabelled(f"{place}: {name} is missing; it must be one of {', '.join(allowed)}")
    if value not in allowed:
        raise BadlyLabelled(f"{place}: {name} {_shown(value)} is not one of {', '.join(allowed)}")
    return value


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= _SHOWN_CHARACTERS else f"{shown[:_SHOWN_CHARACTERS]}…"
