"""How often an earlier attempt at the same thing is among the five proposals called similar: recall@5, beside TF-IDF.

    python -m benchmarks.similar_proposals DATA_DIR [--vectors FILE]

The pairs are those of `repeated_pairs.csv`: 226 repeated proposals of 48 DAOs, chosen by titles and committed before any
model was run. Of each pair's later proposal, all earlier ones of its DAO are ranked; a hit is the earlier attempt among
the first five. "whole": title and body, as the API compares them. "bodies": titles taken away, where both have a body,
which is harder, because the pairs were found by their titles. FILE keeps the vectors between runs.
"""

import argparse
import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer

from benchmarks.repeated_pairs import ordered
from nlp.outcome_text import TEXT_CHARS, CachedEmbedder, MiniLmEmbedder
from nlp.similar import nearest, nearest_texts

Floats = NDArray[np.float32]
Ranker = Callable[[Sequence[str]], Floats]
# From the asked text and the earlier ones, their vectors, and how many: the rows called similar.
Finder = Callable[[Sequence[str], Floats, int], list[int]]
WITHIN = 5
PAIRS = Path(__file__).with_name("repeated_pairs.csv")


def embedded(embedder: CachedEmbedder) -> Ranker:
    """Frozen sentence vectors."""
    return embedder.embed


def tfidf(texts: Sequence[str]) -> Floats:
    """The baseline, fitted on the DAO's own proposals: words and pairs of words, sublinear counts."""
    rows = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), max_features=20_000).fit_transform(texts)
    dense: Floats = rows.toarray().astype(np.float32)
    return dense


def by_vectors(texts: Sequence[str], vectors: Floats, most: int) -> list[int]:
    """By the cosine of vectors alone."""
    del texts
    return [row for row, _ in nearest(vectors[0], vectors[1:], most)]


def by_vectors_and_words(texts: Sequence[str], vectors: Floats, most: int) -> list[int]:
    """Assent's own order."""
    return [one.row for one in nearest_texts(texts, vectors, most)]


def hits(
    rows: Sequence[Mapping[str, Any]], pairs: Mapping[str, str], text: Callable[[Mapping[str, Any]], str], rank: Ranker, find: Finder
) -> list[bool]:
    """Per pair of this DAO whose proposals both have such a text: whether the earlier is among the first five."""
    place = {row["proposal_id"]: number for number, row in enumerate(rows)}
    said = [text(row) for row in rows[: 1 + max(place.get(later, -1) for later in pairs)]]
    asked = [(place[later], place[earlier]) for later, earlier in pairs.items() if later in place]
    asked = [(later, earlier) for later, earlier in asked if said[later] and said[earlier]]
    if not asked:
        return []
    shown = [one or "-" for one in said]
    vectors = rank(shown)
    hit = []
    for later, earlier in asked:
        found = find([shown[later], *shown[:later]], vectors[[later, *range(later)]], WITHIN)
        hit.append(earlier in found)
    return hit


def whole(row: Mapping[str, Any]) -> str:
    """What the API embeds: as `nlp.outcome_text.proposal_text`."""
    return "\n".join(part.strip() for part in (row["title"], row["body"]) if part and part.strip())[:TEXT_CHARS]


def body(row: Mapping[str, Any]) -> str:
    """The body alone."""
    return (row["body"] or "").strip()[:TEXT_CHARS]


def main() -> None:
    """Print recall@5 of both, for both forms of the text."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("--vectors", type=Path)
    chosen = parser.parse_args()
    with PAIRS.open(encoding="utf-8") as lines:
        pairs = {row["later"]: row["earlier"] for row in csv.DictReader(lines)}
    daos = [rows for rows in ordered(chosen.data_dir).values() if any(row["proposal_id"] in pairs for row in rows)]
    embedder = CachedEmbedder(MiniLmEmbedder(progress=True))
    if chosen.vectors and chosen.vectors.exists():
        embedder.load(chosen.vectors)
    print(f"{len(pairs)} pairs of {len(daos)} DAOs, {sum(map(len, daos))} proposals")
    rankers: dict[str, tuple[Ranker, Finder]] = {
        "assent (vectors and words)": (embedded(embedder), by_vectors_and_words),
        "vectors alone": (embedded(embedder), by_vectors),
        "TF-IDF": (tfidf, by_vectors),
    }
    for form, text in {"whole": whole, "bodies": body}.items():
        for name, (rank, find) in rankers.items():
            found = [hit for rows in daos for hit in hits(rows, pairs, text, rank, find)]
            error = 1.96 * (np.mean(found) * (1 - np.mean(found)) / len(found)) ** 0.5
            print(f"{form:8}{name:28}recall@5 {np.mean(found):.3f} +/- {error:.3f} of {len(found)}", flush=True)
            if chosen.vectors:
                embedder.save(chosen.vectors)


if __name__ == "__main__":
    main()
