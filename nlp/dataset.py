"""Labelled text: one row per reading somebody made, its split, and the licence of the set it comes from."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pyarrow.parquet as pq

from nlp.tasks import LABELS


@dataclass(frozen=True, slots=True)
class LabelledText:
    """One text with the label people gave it. `label` is an index into `LABELS[task]`; `target` is "" where none."""

    dataset: str
    text: str
    target: str
    task: str
    label: int
    split: str


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


def read_labelled(path: Path) -> list[LabelledText]:
    """Every row of a Parquet or CSV file, or of all such files in a folder that have these columns, in file order.

    Rows whose label is not one of their task's, or whose text is missing, raise `ValueError`: a silent loss of rows
    would move every figure computed from them.
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
        return [path]
    files = [file for file in sorted(path.iterdir()) if file.suffix in (".parquet", ".csv") and _has_columns(file)]
    if not files:
        raise ValueError(f"{path}: no Parquet or CSV file with the columns {', '.join(_COLUMNS)}")
    return files


def _has_columns(file: Path) -> bool:
    if file.suffix == ".parquet":
        names = set(pq.read_schema(file).names)
    else:
        with file.open(encoding="utf-8", newline="") as lines:
            names = set(next(csv.reader(lines), []))
    return {"text", "label", "task"} <= names


def _rows(file: Path) -> Iterator[tuple[str, Mapping[str, str | None]]]:
    if file.suffix == ".csv":
        with file.open(encoding="utf-8", newline="") as lines:
            for number, row in enumerate(csv.DictReader(lines), start=1):
                yield f"{file.name} row {number}", row
        return
    names = [name for name in _COLUMNS if name in pq.read_schema(file).names]
    table = pq.read_table(file, columns=names).to_pydict()
    for number, values in enumerate(zip(*(table[name] for name in names), strict=True), start=1):
        yield f"{file.name} row {number}", dict(zip(names, values, strict=True))


def _labelled(row: Mapping[str, str | None], place: str) -> LabelledText:
    task, label, text = row.get("task") or "", row.get("label") or "", row.get("text")
    if task not in LABELS:
        raise ValueError(f"{place}: task {task!r} is not one of {', '.join(LABELS)}")
    if label not in LABELS[task]:
        raise ValueError(f"{place}: label {label!r} is not one of {', '.join(LABELS[task])}")
    if text is None:
        raise ValueError(f"{place}: text is missing")
    return LabelledText(
        dataset=row.get("dataset") or "unnamed",
        text=text,
        target=row.get("target") or "",
        task=task,
        label=LABELS[task].index(label),
        split=row.get("split") or "test",
    )
