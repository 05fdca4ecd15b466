"""How well spam proposals are recognised, on labels that were fixed before any model was run, beside simpler ways.

    python benchmarks/spam_recogniser.py [FOLDER] [--write]

FOLDER (default: `governance` in ASSENT_DATA_DIR) holds `proposals.parquet`; `spam_labels.csv` beside this file has our ids of 796
proposals of 618 DAOs with a label each: `proposal` (asks the DAO for a decision), `spam` (filler, adverts, lures, copied prose) or
`trial` (trying the tool, keyboard mash). Spam is `spam` or `trial`. The parts `dev` and `test` share no DAO; weights are fitted on
`dev` alone (`--write` keeps them), everything printed is of `test`. Intervals are 95 %, from 2,000 resamples of whole DAOs.
"""

import argparse
import csv
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline

from governance import identity
from governance.flags import spam
from governance.flags.spam_features import features

LABELS = Path(__file__).with_name("spam_labels.csv")
WEIGHTS = Path(spam.__file__).with_name("spam_weights.json")
_RESAMPLES = 2_000
_STRENGTHS = (0.1, 0.3, 1.0, 3.0)


@dataclass(frozen=True, slots=True)
class Labelled:
    """A labelled proposal with its text."""

    id: str
    dao: str
    title: str
    body: str
    choices: tuple[str, ...]
    label: str
    drawn_by: str
    part: str

    @property
    def is_spam(self) -> bool:
        return self.label != "proposal"


def labelled(folder: Path) -> list[Labelled]:
    """The labels with their texts, in the labels' order."""
    with LABELS.open(encoding="utf-8", newline="") as file:
        labels = {row["proposal"]: row for row in csv.DictReader(file)}
    found = {}
    names = ["dao", "proposal_id", "title", "body", "choices"]
    for batch in pq.ParquetFile(folder / "proposals.parquet").iter_batches(columns=names, batch_size=5_000):
        for row in batch.to_pylist():
            dao = identity.dao_id(row["dao"])
            id_ = identity.proposal_id(dao, row["proposal_id"])
            if id_ in labels:
                said = labels[id_]
                choices = tuple(str(choice) for choice in json.loads(row["choices"] or "[]"))
                found[id_] = Labelled(
                    id_, dao, row["title"] or "", row["body"] or "", choices, said["label"], said["drawn_by"], said["part"]
                )
    missing = len(labels) - len(found)
    if missing:
        print(f"{missing} labelled proposals are not in {folder}", file=sys.stderr)
    return [found[id_] for id_ in labels if id_ in found]


def _numbers(rows: Sequence[Labelled]) -> tuple[np.ndarray[Any, Any], list[str]]:
    facts = [features(row.title, row.body, row.choices) for row in rows]
    names = sorted(facts[0])
    return np.array([[each[name] for name in names] for each in facts]), names


def fit(rows: Sequence[Labelled]) -> dict[str, float]:
    """Weights fitted on `rows`; how strongly they are held down is chosen by folds that share no DAO."""
    x, names = _numbers(rows)
    y, groups = np.array([row.is_spam for row in rows]), [row.dao for row in rows]
    scored = []
    for strength in _STRENGTHS:
        model = LogisticRegression(C=strength, max_iter=2_000)
        held_out = cross_val_predict(model, x, y, groups=groups, cv=GroupKFold(5), method="predict_proba")[:, 1]
        scored.append((roc_auc_score(y, held_out), strength))
    print(f"folds of dev: best AUC {max(scored)[0]:.3f} at C={max(scored)[1]}")
    chosen = LogisticRegression(C=max(scored)[1], max_iter=2_000).fit(x, y)
    return {"bias": round(float(chosen.intercept_[0]), 3), **{n: round(float(w), 3) for n, w in zip(names, chosen.coef_[0], strict=True)}}


def _ours(rows: Sequence[Labelled], given: dict[str, float]) -> np.ndarray[Any, Any]:
    x, names = _numbers(rows)
    return np.asarray(1 / (1 + np.exp(-(x @ np.array([given[name] for name in names]) + given["bias"]))))


def _words(dev: Sequence[Labelled], test: Sequence[Labelled]) -> np.ndarray[Any, Any]:
    model = make_pipeline(
        TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 3), sublinear_tf=True), LogisticRegression(C=3.0, max_iter=2_000)
    )
    model.fit([f"{row.title}\n{row.body}" for row in dev], [row.is_spam for row in dev])
    return np.asarray(model.predict_proba([f"{row.title}\n{row.body}" for row in test])[:, 1])


def _interval(rows: Sequence[Labelled], figure: Callable[[np.ndarray[Any, Any]], float]) -> tuple[float, float]:
    daos = sorted({row.dao for row in rows})
    members = {dao: [place for place, row in enumerate(rows) if row.dao == dao] for dao in daos}
    dice, found = np.random.default_rng(20261121), []
    for _ in range(_RESAMPLES):
        places = [place for dao in dice.choice(daos, len(daos)) for place in members[dao]]
        value = figure(np.array(places))
        if np.isfinite(value):
            found.append(value)
    return (float(np.percentile(found, 2.5)), float(np.percentile(found, 97.5))) if found else (float("nan"), float("nan"))


def _report(name: str, rows: Sequence[Labelled], score: np.ndarray[Any, Any], threshold: float = spam.THRESHOLD) -> None:
    truth, said = np.array([row.is_spam for row in rows]), score >= threshold

    def precision(places: np.ndarray[Any, Any]) -> float:
        return float(truth[places][said[places]].mean()) if said[places].any() else float("nan")

    def recall(places: np.ndarray[Any, Any]) -> float:
        return float(said[places][truth[places]].mean()) if truth[places].any() else float("nan")

    every = np.arange(len(rows))
    parts = []
    for figure in (precision, recall):
        low, high = _interval(rows, figure)
        parts.append(f"{figure(every):.3f} [{low:.3f}, {high:.3f}]")
    auc = roc_auc_score(truth, score) if len(set(score)) > 1 else 0.5
    print(f"| {name} | {len(rows)} | {int(truth.sum())} | {parts[0]} | {parts[1]} | {auc:.3f} |")


def main() -> None:
    """Fit, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(os.environ.get("ASSENT_DATA_DIR", "data")) / "governance")
    parser.add_argument("--write", action="store_true", help="keep the fitted weights")
    asked = parser.parse_args()
    rows = labelled(asked.folder)
    dev, test = [row for row in rows if row.part == "dev"], [row for row in rows if row.part == "test"]
    assert not {row.dao for row in dev} & {row.dao for row in test}
    given = fit(dev)
    if asked.write:
        about = {
            "labels": LABELS.name,
            "fitted_on": len(dev),
            "daos": len({row.dao for row in dev}),
            "weights": dict(sorted(given.items())),
        }
        WEIGHTS.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    print("| recogniser | n | spam | precision | recall | AUC |\n|---|---|---|---|---|---|")
    score = _ours(test, given)
    _report("ours", test, score)
    _report("characters (TF-IDF, 1-3) + LR", test, _words(dev, test))
    _report("no body, or under 40 characters", test, np.array([float(len(row.body.strip()) < 40) for row in test]))
    _report("all are spam", test, np.ones(len(test)))
    for drawn in ("dao", "proposal", "enriched"):
        places = [place for place, row in enumerate(test) if row.drawn_by == drawn]
        _report(f"ours, drawn by {drawn}", [test[place] for place in places], score[places])
    for label in ("spam", "trial"):
        places = [place for place, row in enumerate(test) if row.label in {label, "proposal"}]
        _report(f"ours, {label} against proposals", [test[place] for place in places], score[places])


if __name__ == "__main__":
    main()
