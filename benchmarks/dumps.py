"""What a benchmark of the outcome model is given: the dumps of a folder, their text vectors, and its options."""

import argparse
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from nlp.outcome_dataset import Case, read_dump
from nlp.outcome_text import Embedder
from nlp.outcome_training import embedded


@dataclass(frozen=True, slots=True)
class Given:
    """The cases of the dumps, the vectors of their texts, the count that was asked for, and whether to print JSON."""

    cases: tuple[Case, ...]
    vectors: Embedder
    count: int
    json: bool


def given(about: str, *, counted: str, count: int) -> Given | None:
    """What the command line names; `counted` is the benchmark's own number. None, and a line that says so, without dumps."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(os.environ.get("ASSENT_DATA_DIR", ".")) / "governance")
    parser.add_argument(f"--{counted}", dest="count", type=int, default=count)
    parser.add_argument("--embeddings", type=Path, default=Path(tempfile.gettempdir()) / "assent-outcome-vectors.npz")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if not (asked.folder / "proposals.parquet").is_file():
        print("set ASSENT_DATA_DIR, or name a folder with proposals.parquet")
        return None
    cases = read_dump(asked.folder).cases
    return Given(cases, embedded(cases, None, asked.embeddings), asked.count, asked.json)
