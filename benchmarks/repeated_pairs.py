"""Finds proposals that were put to the same DAO twice, by their titles alone: no model is asked.

    python -m benchmarks.repeated_pairs DATA_DIR > benchmarks/repeated_pairs.csv

A pair is two proposals of one DAO whose titles are the same words once marks of repetition ("revised", "resubmitted",
"v2" ...) are taken away, at least a day apart, with texts that differ, at least 30 proposals of the DAO before the
later one, and at most four such titles in all (more is a series, not a repetition). At most 40 pairs per DAO, the
latest. The file names ids only; it was committed before any model was run on it.
"""

import argparse
import csv
import re
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

_REPEATED = re.compile(
    r"\b(?:re-?submi\w*|re-?vote\w*|re-?post\w*|re-?run|re-?try|second attempt|attempt|updated?|revised|revision|"
    r"amended|again|corrected|correction|fixed|redux|draft|v(?:er(?:sion)?)?\.?\s?\d+)\b",
    re.IGNORECASE,
)
_WORDS = re.compile(r"-?\d[\d.,]*|[^\W\d_]+")
_DAY = 86_400
FEWEST_BEFORE, MOST_ALIKE, MOST_PER_DAO = 30, 4, 40


def stem(title: str) -> str:
    """A title's words without marks of repetition, lower case; numbers keep their sign."""
    said = _REPEATED.sub(" ", unicodedata.normalize("NFKC", title).lower())
    return " ".join(_WORDS.findall(said))


def ordered(data_dir: Path) -> dict[str, list[Mapping[str, Any]]]:
    """Each DAO's proposals that have a title and a time, in order of time, then id."""
    columns = ["dao", "proposal_id", "title", "body", "created", "start"]
    by_dao: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in pq.read_table(data_dir / "governance" / "proposals.parquet", columns=columns).to_pylist():
        at = row["created"] or row["start"]
        if at and row["title"] and row["title"].strip():
            by_dao[row["dao"]].append({**row, "at": at})
    return {dao: sorted(rows, key=lambda row: (row["at"], row["proposal_id"])) for dao, rows in sorted(by_dao.items())}


def pairs(rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """(earlier id, later id) of one DAO's repeated proposals, by time of the later."""
    alike: defaultdict[str, list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        alike[stem(row["title"])].append(place)
    found = []
    for words, places in alike.items():
        if len(words.split()) < 3 or len(words) < 12 or not 2 <= len(places) <= MOST_ALIKE:
            continue
        earlier, later = rows[places[-2]], rows[places[-1]]
        differs = _text(earlier) != _text(later)
        if places[-1] >= FEWEST_BEFORE and later["at"] - earlier["at"] >= _DAY and differs:
            found.append((places[-1], earlier["proposal_id"], later["proposal_id"]))
    for _, first, second in sorted(found)[-MOST_PER_DAO:]:
        yield first, second


def _text(row: Mapping[str, Any]) -> str:
    return " ".join(f"{row['title']} {row['body'] or ''}".lower().split())


def main() -> None:
    """Write the pairs as CSV to standard output."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data_dir", type=Path)
    chosen = parser.parse_args()
    lines = csv.writer(sys.stdout, lineterminator="\n")
    lines.writerow(("earlier", "later"))
    for rows in ordered(chosen.data_dir).values():
        lines.writerows(pairs(rows))


if __name__ == "__main__":
    main()
