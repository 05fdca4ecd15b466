"""Labelled files as people send them: any order of columns, any type of text column, and one clear line where a row is no good."""

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nlp.dataset import BadlyLabelled, LabelledText, read_labelled

GOOD = {"dataset": "x", "text": "fine", "label": "positive", "task": "sentiment", "target": "", "split": "test"}
READ = LabelledText("x", "fine", "", "sentiment", 2, "test")


def csv_of(file: Path, rows: Sequence[Mapping[str, str]], *, encoding: str = "utf-8") -> Path:
    with file.open("w", encoding=encoding, newline="") as lines:
        writer = csv.DictWriter(lines, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return file


def parquet_of(file: Path, **columns: pa.Array) -> Path:
    length = len(next(iter(columns.values())))
    table = {name: pa.array([value] * length) for name, value in GOOD.items()} | columns
    pq.write_table(pa.table(table), file)
    return file


def test_a_text_longer_than_the_csv_readers_own_limit_is_read(tmp_path: Path) -> None:
    """The limit is 131,072 characters unless told; posts are longer."""
    (row,) = read_labelled(csv_of(tmp_path / "set.csv", [GOOD | {"text": "so " * 100_000}]))

    assert len(row.text) == 300_000


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    """Spreadsheets write one; with it the sets would all be "unnamed"."""
    csv_of(tmp_path / "set.csv", [GOOD], encoding="utf-8-sig")

    assert read_labelled(tmp_path / "set.csv") == read_labelled(tmp_path) == [READ]


def test_columns_stand_in_any_order_among_others_and_some_may_be_missing(tmp_path: Path) -> None:
    """Only text, label and task are needed."""
    row = {"id": "7", "task": "stance", "label": "against", "text": "", "note": "a, b"}

    assert read_labelled(csv_of(tmp_path / "set.csv", [row])) == [LabelledText("unnamed", "", "", "stance", 0, "test")]


@pytest.mark.parametrize(
    "texts",
    [pa.large_string(), pa.dictionary(pa.int32(), pa.string()), pa.dictionary(pa.int8(), pa.large_string()), pa.string_view()],
    ids=str,
)
def test_every_parquet_type_of_text_is_text(tmp_path: Path, texts: pa.DataType) -> None:
    """Which one is written depends on the writer, not on the data."""
    columns = {name: pa.array([value], pa.string()).cast(texts) for name, value in GOOD.items()}

    assert read_labelled(parquet_of(tmp_path / "set.parquet", **columns)) == [READ]


@pytest.mark.parametrize("missing", [pa.array([math.nan]), pa.array([None], pa.string()), pa.nulls(1)], ids=["NaN", "null", "null column"])
def test_what_is_missing_in_parquet_takes_the_default(tmp_path: Path, missing: pa.Array) -> None:
    """Pandas writes a column without any value as numbers that are none."""
    file = parquet_of(tmp_path / "set.parquet", target=missing, dataset=missing, split=missing)

    assert read_labelled(file) == [LabelledText("unnamed", "fine", "", "sentiment", 2, "test")]


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        ("text", pa.array([math.nan]), "row 1: text is missing; every row needs one"),
        ("text", pa.array([5]), "row 1: text 5 is no text"),
        ("label", pa.array([0]), "row 1: label 0 is no text"),
        ("label", pa.array([math.nan]), "row 1: label is missing; it must be one of negative, neutral, positive"),
        ("label", pa.array(["positive", "Positive"]), "row 2: label 'Positive' is not one of negative, neutral, positive"),
        ("label", pa.array(["1"]), "row 1: label '1' is not one of negative, neutral, positive"),
        ("label", pa.array(["for"]), "row 1: label 'for' is not one of negative, neutral, positive"),
        ("task", pa.array([["stance"]]), r"row 1: task ['stance'] is no text"),
        ("task", pa.array(["Stance"]), "row 1: task 'Stance' is not one of sentiment, stance"),
        ("split", pa.array([2]), "row 1: split 2 is no text"),
        ("label", pa.array(["x" * 10_000]), "row 1: label 'xxxxx"),
    ],
)
def test_a_row_that_cannot_be_used_is_refused_with_its_place_and_the_rule(tmp_path: Path, column: str, values: pa.Array, said: str) -> None:
    """Nothing is guessed: a label of another case may be another scheme."""
    file = parquet_of(tmp_path / "set.parquet", **{column: values})

    with pytest.raises(BadlyLabelled) as refused:
        read_labelled(file)

    assert str(refused.value).startswith(f"set.parquet {said}")
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("set.csv", b"text,label\nfine,positive\n", "set.csv: there is no column task; every file needs text, label, task"),
        ("set.csv", b"", "set.csv: there is no column text"),
        ("set.csv", b"label,task,text\npositive,sentiment,good, and bad\n", "set.csv row 1: 4 fields under 3 columns"),
        ("set.csv", b'label,task,text\npositive,sentiment,"good\npositive,sentiment,fine\n', "set.csv line 3: no CSV"),
        ("set.csv", b"label,task,text\npositive,sentiment,caf\xe9\n", "set.csv: not UTF-8"),
        ("set.parquet", b"PAR1, or not", "set.parquet: neither Parquet nor named .csv"),
        ("set.tsv", b"text\tlabel\ttask\n", "set.tsv: neither Parquet nor named .csv"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_by_name(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    """A row that is swallowed by the one before it would be lost in silence."""
    (tmp_path / name).write_bytes(content)

    with pytest.raises(BadlyLabelled) as refused:
        read_labelled(tmp_path / name)

    assert str(refused.value).startswith(said)


def test_a_folder_named_like_a_partition_adds_no_column(tmp_path: Path) -> None:
    """`split=train` in a path says where the file lies, not what its rows are."""
    folder = tmp_path / "split=train"
    folder.mkdir()

    assert read_labelled(parquet_of(folder / "set.parquet", text=pa.array(["fine"]))) == [READ]
