"""How well spam proposals are recognised, on labels that were fixed before any model was run, beside simpler ways.

    python benchmarks/spam_recogniser.py [FOLDER] [--write]

FOLDER (default: `governance` in ASSENT_DATA_DIR) holds `proposals.parquet`; `spam_labels.csv` beside this file has our ids of 796
proposals of 618 DAOs with a label each: `proposal` (asks the DAO for a decision), `spam` (filler, adverts, lures, copied prose) or
`trial` (trying the tool, keyboard mash). Spam is `spam` or `trial`. The parts `dev` and `test` share no DAO; a blank body counts as
not told, as at the intake. With `--write` weights are fitted and kept, from `dev` alone, and `test` is not looked at; without it the
weights in use are measured on `test`, and everything printed is of `test`. Intervals are 95 %, from 2,000 resamples of whole DAOs.
"""

import argparse
import csv
import json
import os
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from scipy.sparse import csr_matrix, hstack
from scipy.stats import rankdata
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from threadpoolctl import threadpool_limits

from governance import identity
from governance.flags import spam
from governance.flags.spam_features import features
from governance.flags.spam_model import WEIGHTS, read
from governance.flags.spam_reasons import reasons
from governance.flags.spam_wording import BUCKETS, wording

LABELS = Path(__file__).with_name("spam_labels.csv")
Numbers = np.ndarray[Any, Any]
Figure = Callable[[Numbers], float]
_RESAMPLES = 2_000
_STRENGTHS = (0.3, 1.0, 3.0)
_WORDING_COUNTS = (2.0, 3.0, 4.0, 6.0)
_FOLDINGS = 3
# Of weights that do nearly as well in the folds those held down most are taken: so little changes with the folding.
_CLOSE = 0.003
_BASELINE_STRENGTHS = (1.0, 3.0, 10.0, 30.0)


@dataclass(frozen=True, slots=True)
class Labelled:
    """A labelled proposal with its text."""

    id: str
    dao: str
    title: str
    body: str | None
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
                found[id_] = Labelled(id_, dao, row["title"] or "", row["body"], choices, said["label"], said["drawn_by"], said["part"])
    missing = len(labels) - len(found)
    if missing:
        print(f"{missing} labelled proposals are not in {folder}", file=sys.stderr)
    return [found[id_] for id_ in labels if id_ in found]


def _numbers(rows: Sequence[Labelled], *, bodies: bool, wording_counts: float) -> tuple[Any, list[str]]:
    facts = [features(row.title, (row.body or "") if bodies else None, row.choices) for row in rows]
    names = sorted(facts[0])
    places, found, counted = [], [], []
    for place, row in enumerate(rows):
        at, worth = wording(row.title)
        places += [place] * len(at)
        found += at.tolist()
        counted += (worth * wording_counts).tolist()
    runs = csr_matrix((counted, (places, found)), shape=(len(rows), BUCKETS))
    return hstack([csr_matrix([[each[name] for name in names] for each in facts]), runs]).tocsr(), names


def fit(rows: Sequence[Labelled], *, bodies: bool) -> dict[str, Any]:
    """Weights fitted on `rows`, with their bodies or on titles alone.

    How strongly they are held down, and how much wording counts beside facts, is chosen by folds that share no DAO.
    """
    y, groups = np.array([row.is_spam for row in rows]), [row.dao for row in rows]
    scored = []
    for counts in _WORDING_COUNTS:
        x, _ = _numbers(rows, bodies=bodies, wording_counts=counts)
        for strength in _STRENGTHS:
            aucs = []
            for seed in range(_FOLDINGS):
                folds = GroupKFold(5, shuffle=True, random_state=seed)
                model = LogisticRegression(C=strength, max_iter=2_000)
                aucs.append(roc_auc_score(y, cross_val_predict(model, x, y, groups=groups, cv=folds, method="predict_proba")[:, 1]))
            scored.append((float(np.mean(aucs)), strength, counts))
    best = max(scored)[0]
    strength, counts, auc = min((strength, counts, auc) for auc, strength, counts in scored if auc >= best - _CLOSE)
    print(
        f"folds of dev, {'with bodies' if bodies else 'titles alone'}: AUC {auc:.3f} at C={strength}, wording x {counts} (best {best:.3f})"
    )
    x, names = _numbers(rows, bodies=bodies, wording_counts=counts)
    model = LogisticRegression(C=strength, max_iter=2_000).fit(x, y)
    weights, usual = model.coef_[0], np.asarray(x[~y].mean(axis=0))[0]
    of_wording = weights[len(names) :] * counts
    step = float(np.abs(of_wording).max()) / 127
    return {
        "bias": round(float(model.intercept_[0]), 3),
        "facts": {name: round(float(weight), 3) for name, weight in zip(names, weights, strict=False)},
        "usual": {name: round(float(value), 3) for name, value in zip(names, usual, strict=False)},
        "wording_step": round(step, 6),
        "wording": b64encode(np.round(of_wording / round(step, 6)).clip(-127, 127).astype(np.int8).tobytes()).decode(),
    }


def _ours(rows: Sequence[Labelled], *, bodies: bool = True) -> Numbers:
    """The probabilities of the weights in use."""
    return np.array([read(row.title, row.body if bodies else None, row.choices).probability for row in rows])


def _limits(rows: Sequence[Labelled]) -> Numbers:
    return np.array([spam.THRESHOLD if row.body and row.body.strip() else spam.THRESHOLD_OF_TITLES for row in rows])


def _characters(dev: Sequence[Labelled], test: Sequence[Labelled], strengths: Sequence[float]) -> Numbers:
    texts = [[f"{row.title}\n{row.body or ''}" for row in part] for part in (dev, test)]
    y, groups = [row.is_spam for row in dev], [row.dao for row in dev]
    scored = []
    for strength in strengths:
        model = make_pipeline(
            TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 3), sublinear_tf=True), LogisticRegression(C=strength, max_iter=2_000)
        )
        if len(strengths) > 1:
            held_out = cross_val_predict(model, texts[0], y, groups=groups, cv=GroupKFold(5), method="predict_proba")[:, 1]
            scored.append((roc_auc_score(y, held_out), strength, model))
        else:
            scored.append((0.0, strength, model))
    _, _, model = max(scored, key=lambda each: each[:2])
    return np.asarray(model.fit(texts[0], y).predict_proba(texts[1])[:, 1])


def _facts_alone(dev: Sequence[Labelled], test: Sequence[Labelled]) -> Numbers:
    x, names = _numbers(dev, bodies=True, wording_counts=1.0)
    model = LogisticRegression(C=1.0, max_iter=2_000).fit(x[:, : len(names)], [row.is_spam for row in dev])
    x, _ = _numbers(test, bodies=True, wording_counts=1.0)
    return np.asarray(model.predict_proba(x[:, : len(names)])[:, 1])


def _interval(rows: Sequence[Labelled], figure: Figure) -> tuple[float, float]:
    daos = sorted({row.dao for row in rows})
    members = {dao: [place for place, row in enumerate(rows) if row.dao == dao] for dao in daos}
    dice, found = np.random.default_rng(20261121), []
    for _ in range(_RESAMPLES):
        places = [place for dao in dice.choice(daos, len(daos)) for place in members[dao]]
        value = figure(np.array(places))
        if np.isfinite(value):
            found.append(value)
    return (float(np.percentile(found, 2.5)), float(np.percentile(found, 97.5))) if found else (float("nan"), float("nan"))


def _figures(rows: Sequence[Labelled], score: Numbers, limits: Numbers | float) -> dict[str, Figure]:
    """Precision, recall and AUC over some of the rows, by name."""
    truth, said = np.array([row.is_spam for row in rows]), score >= limits

    def precision(places: Numbers) -> float:
        return float(truth[places][said[places]].mean()) if said[places].any() else float("nan")

    def recall(places: Numbers) -> float:
        return float(said[places][truth[places]].mean()) if truth[places].any() else float("nan")

    def auc(places: Numbers) -> float:
        spam_rows = truth[places]
        first, second = int(spam_rows.sum()), int((~spam_rows).sum())
        above = float(rankdata(score[places])[spam_rows].sum()) - first * (first + 1) / 2
        return above / (first * second) if first and second else float("nan")

    return {"precision": precision, "recall": recall, "AUC": auc}


def _report(name: str, rows: Sequence[Labelled], score: Numbers, limits: Numbers | float = spam.THRESHOLD) -> None:
    every, parts = np.arange(len(rows)), []
    for figure in _figures(rows, score, limits).values():
        low, high = _interval(rows, figure)
        parts.append(f"{figure(every):.3f} [{low:.3f}, {high:.3f}]")
    print(f"| {name} | {len(rows)} | {sum(row.is_spam for row in rows)} | {' | '.join(parts)} |")


def _compare(name: str, rows: Sequence[Labelled], ours: Numbers, theirs: Numbers) -> None:
    """How much better we are on the same resamples."""
    every, parts = np.arange(len(rows)), []
    of_ours, of_theirs = _figures(rows, ours, _limits(rows)), _figures(rows, theirs, spam.THRESHOLD)
    for figure, better in of_ours.items():

        def gain(places: Numbers, ours: Figure = better, theirs: Figure = of_theirs[figure]) -> float:
            return float(ours(places) - theirs(places))

        low, high = _interval(rows, gain)
        parts.append(f"{figure} {gain(every):+.3f} [{low:+.3f}, {high:+.3f}]")
    print(f"ours less {name}: {', '.join(parts)}")


def _write(dev: Sequence[Labelled]) -> None:
    told = [row for row in dev if row.body is not None]
    about = {
        "labels": LABELS.name,
        "fitted_on": len(dev),
        "daos": len({row.dao for row in dev}),
        "fits": {"with_body": fit(told, bodies=True), "title_alone": fit(dev, bodies=False)},
    }
    given = (json.dumps(about, indent=1) + "\n").encode()
    WEIGHTS.write_bytes(given)
    print(f"kept {len(given)} bytes; WEIGHTS_SHA256 in spam_model.py must be {sha256(given).hexdigest()}")


def _measure(dev: Sequence[Labelled], test: Sequence[Labelled]) -> None:
    score, limits = _ours(test), _limits(test)
    beside = {
        "characters (TF-IDF, 1-3) + LR": _characters(dev, test, (3.0,)),
        "characters, held down as folds of dev choose": _characters(dev, test, _BASELINE_STRENGTHS),
        "our facts alone + LR": _facts_alone(dev, test),
        "no body, or under 40 characters": np.array([float(len((row.body or "").strip()) < 40) for row in test]),
        "all are spam": np.ones(len(test)),
    }
    print("| recogniser | n | spam | precision | recall | AUC |\n|---|---|---|---|---|---|")
    _report("ours", test, score, limits)
    for name, theirs in beside.items():
        _report(name, test, theirs)
    _report("ours, bodies hidden", test, _ours(test, bodies=False), spam.THRESHOLD_OF_TITLES)
    for drawn in ("dao", "proposal", "enriched"):
        places = [place for place, row in enumerate(test) if row.drawn_by == drawn]
        _report(f"ours, drawn by {drawn}", [test[place] for place in places], score[places], limits[places])
    for label in ("spam", "trial"):
        places = [place for place, row in enumerate(test) if row.label in {label, "proposal"}]
        _report(f"ours, {label} against proposals", [test[place] for place in places], score[places], limits[places])
    for name, theirs in beside.items():
        _compare(name, test, score, theirs)
    began = time.perf_counter()
    for row in test:
        reasons(read(row.title, row.body, row.choices))
    print(f"{(time.perf_counter() - began) / len(test) * 1_000:.2f} ms a proposal, reasons included")


def main() -> None:
    """Fit and keep, or measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(os.environ.get("ASSENT_DATA_DIR", "data")) / "governance")
    parser.add_argument("--write", action="store_true", help="fit on dev and keep the weights; test is not looked at")
    asked = parser.parse_args()
    rows = labelled(asked.folder)
    dev, test = [row for row in rows if row.part == "dev"], [row for row in rows if row.part == "test"]
    assert not {row.dao for row in dev} & {row.dao for row in test}
    with threadpool_limits(1):  # the matrices are small: more threads only wait for each other
        if asked.write:
            _write(dev)
        else:
            _measure(dev, test)


if __name__ == "__main__":
    main()
