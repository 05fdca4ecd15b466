"""Which rows a training learnt from, chose by and left for testing, written down: per set and split a count and a digest."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from nlp.dataset import LabelledText

FILE = "splits.json"


def splits(rows: Sequence[LabelledText]) -> Mapping[str, Mapping[str, Mapping[str, int | str]]]:
    """By set and split: `rows`, and `sha256` over them in any order; the same rows give the same digest wherever they stand."""
    lines: defaultdict[tuple[str, str], list[bytes]] = defaultdict(list)
    for row in rows:
        said = "\0".join((row.task, row.text, row.target, str(row.label)))
        lines[row.dataset, row.split].append(sha256(said.encode("utf-8", errors="replace")).digest())
    told: defaultdict[str, dict[str, Mapping[str, int | str]]] = defaultdict(dict)
    for (dataset, split), digests in sorted(lines.items()):
        told[dataset][split] = {"rows": len(digests), "sha256": sha256(b"".join(sorted(digests))).hexdigest()}
    return told


def write_splits(rows: Sequence[LabelledText], folder: Path) -> None:
    """Write them to `splits.json` in `folder`."""
    (folder / FILE).write_text(json.dumps(splits(rows), indent=1, sort_keys=True) + "\n", encoding="utf-8")
