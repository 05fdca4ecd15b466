"""How often a text is told to speak of something else than its proposal, beside its own and beside another's.

    python -m benchmarks.off_target DATA_DIR [--texts 600]

DATA_DIR holds `text/text.parquet` and `governance/posts.parquet`. Of each kind of text the same rows are read twice, as they are
served: beside their own target, where "lost" is the share that comes out `off_target`, and beside one drawn from the other targets
of its kind, where "told" is the share that comes out neutral or `off_target`. AUC is of the number behind it, own targets against
others; beside it that of the cosine of base MiniLM, with 95 % intervals over rows. Labelled texts are `test` rows, beside their
target as it stands. Posts are replies of twelve words and more, beside title and first post of a topic, as a proposal is; none was
learnt from. Many replies and reviews name nothing of their proposal, and nobody could tell.
"""

import argparse
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

import numpy as np
import pyarrow.parquet as pq
import torch
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from governance.evidence import TextToRead
from governance.readings import target_of
from nlp.dataset import read_labelled
from nlp.encoder import Encoder, frozen_encoder
from nlp.model_store import find_weights, read_weights
from nlp.reader import EncoderTextReader
from nlp.shipped_model import ShippedModel

Floats = NDArray[np.float64]
SEED = 20261201
FEWEST_WORDS = 12
RESAMPLED = 1000
# What a set is counted with: the rounds of one treasury, the delegates of several DAOs.
KIND = {**{f"catalyst_f{fund}": "treasury reviews" for fund in range(4, 9)}, "perspectrum": "perspectrum", "argkp21": "argkp21"}
RATIONALES = "vote rationales"


class Beside(NamedTuple):
    """A text, its own target and another of its kind."""

    text: str
    own: str
    other: str


def kinds(data_dir: Path, most: int) -> dict[str, list[Beside]]:
    """The texts of each kind, the same for the same data and `most`."""
    found: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in read_labelled(data_dir / "text" / "text.parquet"):
        kind = RATIONALES if row.dataset.startswith("dao_") else KIND.get(row.dataset)
        if kind and row.split == "test" and row.target:
            found[kind].append((row.text, row.target))
    for forum, replies in _replies(data_dir / "governance" / "posts.parquet").items():
        found[f"replies, {forum}"] = replies
    return {kind: _paired(pairs, most, Random(f"{SEED} {kind}")) for kind, pairs in found.items()}


def _replies(file: Path) -> Mapping[str, list[tuple[str, str]]]:
    topics: defaultdict[tuple[str, int], list[Mapping[str, object]]] = defaultdict(list)
    for post in pq.read_table(file, columns=["forum", "topic_id", "topic_title", "post_number", "text"]).to_pylist():
        topics[post["forum"], post["topic_id"]].append(post)
    replies: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for (forum, _), posts in sorted(topics.items(), key=str):
        first = next((post for post in posts if post["post_number"] == 1), None)
        title = str(first["topic_title"] or "") if first else ""
        # Some forums' dumps repeat the title at the head of the first post.
        target = target_of(title, str(first["text"] or "").replace(title, "", 1)) if first and title else None
        said = [str(post["text"] or "") for post in posts if post is not first]
        replies[forum] += [(text, target) for text in said if target and len(text.split()) >= FEWEST_WORDS]
    return {forum: said for forum, said in replies.items() if said}


def _paired(pairs: Sequence[tuple[str, str]], most: int, dice: Random) -> list[Beside]:
    targets = sorted({target for _, target in pairs})
    chosen = dice.sample(pairs, min(most, len(pairs)))
    return [Beside(text, own, dice.choice([target for target in targets if target != own])) for text, own in chosen]


def shares(reader: EncoderTextReader, rows: Sequence[Beside]) -> tuple[float, float]:
    """(lost, told), as labels of the reader."""
    own = _stances(reader, [TextToRead(row.text, row.own) for row in rows])
    other = _stances(reader, [TextToRead(row.text, row.other) for row in rows])
    return float(np.mean([label == "off_target" for label in own])), float(np.mean([label in ("neutral", "off_target") for label in other]))


def _stances(reader: EncoderTextReader, texts: Sequence[TextToRead]) -> list[str]:
    return [next(reading.label for reading in read if reading.task == "stance") for read in reader.read(texts)]


def cosines(base: Encoder, rows: Sequence[Beside]) -> Floats:
    """How far each text is from its own target and, behind them, from the others, by frozen MiniLM."""
    text, own, other = (_unit(base.embeddings([row[place] for row in rows]).values) for place in range(3))
    return -np.concatenate([(text * own).sum(axis=1), (text * other).sum(axis=1)])


def _unit(vectors: Floats) -> Floats:
    unit: Floats = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def area(distances: Floats) -> str:
    """AUC of distances, own targets first and as many others behind them, with its interval: rows are drawn with both of theirs."""
    count = len(distances) // 2
    dice = np.random.default_rng(SEED)
    truth = np.repeat([0, 1], count)
    drawn = [np.tile(dice.integers(0, count, count), 2) + np.repeat([0, count], count) for _ in range(RESAMPLED)]
    low, high = np.quantile([roc_auc_score(truth, distances[rows]) for rows in drawn], [0.025, 0.975])
    return f"{roc_auc_score(truth, distances):.3f} [{low:.3f}, {high:.3f}]"


def main() -> None:
    """Print one line per kind of text."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("--texts", type=int, default=600)
    chosen = parser.parse_args()
    torch.set_num_threads(2)
    stored = find_weights("text")
    reader, words = EncoderTextReader(), ShippedModel(read_weights(stored), stored.sha256).encoder
    base = frozen_encoder()
    print(f"weights {stored.sha256[:12]}")
    print(f"{'':28}{'n':>6}{'lost':>8}{'told':>8}  {'AUC':24}cosine of MiniLM")
    for kind, rows in kinds(chosen.data_dir, chosen.texts).items():
        lost, told = shares(reader, rows)
        pairs = [(row.text, row.own) for row in rows] + [(row.text, row.other) for row in rows]
        distances = words.off_target(pairs)
        print(f"{kind:28}{len(rows):>6}{lost:>8.1%}{told:>8.1%}  {area(distances):24}{area(cosines(base, rows))}", flush=True)


if __name__ == "__main__":
    main()
