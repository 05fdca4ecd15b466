"""Learning from a treasury's reviews fund by fund: how well the next fund is read before and after each lesson.

    python -m benchmarks.text_stream DATA_DIR [--lessons 1500] [--tests 600]

DATA_DIR holds `text/text.parquet`. Two readers learn in turn from funds 4 to 8, in order, through the very function that
`assent retrain text` uses, promoted by its margin or not: `shipped`, whose weights were trained on all five funds' training
rows, and `stranger`, the published encoder with a stance head fitted to three sets that are no treasury's. After each fund
both are measured on `test` rows of that fund and of the next one: macro-F1 with its 95 % interval, before / after.
"""

import argparse
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from governance.promotions import Promotion
from governance.text_lessons import StanceLesson
from nlp.base_weights import base_folder
from nlp.dataset import LabelledText, read_labelled
from nlp.model_store import find_weights, read_weights
from nlp.packing import ReadingRules, pack
from nlp.pooled_vectors import pooled_vectors
from nlp.stance import LABELS
from nlp.temperature import softmax
from nlp.text_metrics import Figures, figures
from nlp.text_network import TextNetwork
from nlp.text_retraining import Pooler, Sheet, fit, moved, read_sheet, retrain_stance

FUNDS = (4, 5, 6, 7, 8)
ELSEWHERE = ("argkp21", "perspectrum", "semeval16_stance")
MARGIN_MICRONATS = 5_000
_CHOICES = {"for": "1", "against": "2", "neutral": "3"}
_BEGIN = datetime(2021, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Fund:
    """One fund's lessons and tests, and the tests as numbers once a reader has read them."""

    number: int
    lessons: tuple[StanceLesson, ...]
    tests: tuple[StanceLesson, ...]


def funds(rows: Sequence[LabelledText], lessons: int, tests: int) -> list[Fund]:
    """The same rows for the same numbers; proposals keep together, in an order by chance, for the sets tell no times."""
    found = []
    for number in FUNDS:
        of_fund = [row for row in rows if row.dataset == f"catalyst_f{number}" and row.text.strip()]
        found.append(Fund(number, _some(of_fund, number, "train", lessons), _some(of_fund, number, "test", tests)))
    return found


def _some(rows: Sequence[LabelledText], fund: int, split: str, count: int) -> tuple[StanceLesson, ...]:
    dice = random.Random(f"{fund}/{split}")
    chosen = [row for row in rows if row.split == split]
    chosen = dice.sample(chosen, min(count, len(chosen)))
    places = {
        target: place
        for place, target in enumerate(dice.sample(sorted({row.target for row in chosen}), len({row.target for row in chosen})))
    }
    return tuple(_lesson(row, fund, voter, places[row.target]) for voter, row in enumerate(chosen))


def _lesson(row: LabelledText, fund: int, voter: int, place: int) -> StanceLesson:
    said = _BEGIN + timedelta(days=100 * fund, hours=place)
    label = LABELS[row.label]
    return StanceLesson(
        "treasury",
        f"{fund}/{row.target}",
        f"{fund}/{voter}",
        row.text,
        row.target,
        _CHOICES[label],
        ("for", "against", "abstain"),
        "basic",
        said,
    )


def stranger(rows: Sequence[LabelledText], count: int) -> bytes:
    """The published encoder with a stance head that no treasury taught."""
    base = base_folder()
    network = TextNetwork(base)
    for head in network.heads.values():
        for tensor in head.parameters():
            tensor.data.zero_()
    blank = pack(network, base, ReadingRules(128))
    dice = random.Random("stranger")
    chosen = [row for name in ELSEWHERE for row in _train_rows(rows, name, dice, count // len(ELSEWHERE))]
    dice.shuffle(chosen)
    lessons = [_lesson(row, 0, number, number) for number, row in enumerate(chosen)]
    return moved(blank, fit(read_sheet(blank, lessons, [row.label for row in chosen])))


def _train_rows(rows: Sequence[LabelledText], name: str, dice: random.Random, count: int) -> list[LabelledText]:
    there = [row for row in rows if row.dataset == name and row.split == "train" and row.text.strip()]
    return dice.sample(there, min(count, len(there)))


class RememberedVectors:
    """One encoder's vectors: the head changes along the stream, the encoder never, so each text is read once."""

    def __init__(self, weights: bytes) -> None:
        self._weights = weights
        self._known: dict[tuple[str, str], NDArray[np.float64]] = {}

    def __call__(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
        """The vectors of `pairs`."""
        missing = sorted(set(pairs) - set(self._known))
        if missing:
            self._known.update(zip(missing, pooled_vectors(self._weights, missing), strict=True))
        return np.stack([self._known[pair] for pair in pairs])


def _read(weights: bytes, lessons: Sequence[StanceLesson], pooler: Pooler) -> Sheet:
    labels = [LABELS.index(next(name for name, number in _CHOICES.items() if number == each.choice)) for each in lessons]
    return read_sheet(weights, lessons, labels, pooler)


def _macro_f1(weights: bytes, tests: Sequence[StanceLesson], pooler: Pooler) -> Figures:
    sheet = _read(weights, tests, pooler)
    return figures(np.array(sheet.labels), softmax(sheet.calibrated), LABELS)


def _shown(found: Figures) -> str:
    low, high = found.macro_f1_interval
    return f"{found.macro_f1:.3f} [{low:.3f}, {high:.3f}]"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--lessons", type=int, default=1_500)
    parser.add_argument("--tests", type=int, default=600)
    options = parser.parse_args()
    rows = read_labelled(options.data / "text")
    stream = funds(rows, options.lessons, options.tests)
    readers = {"shipped": read_weights(find_weights("text")), "stranger": stranger(rows, options.lessons)}
    print(f"{'reader':<10}{'learns':>7}{'lessons':>9}{'measured on':>13}{'before':>24}{'after':>24}  decision")
    for name, weights in readers.items():
        serving, pooler = weights, RememberedVectors(weights)
        for place, fund in enumerate(stream):
            candidate = retrain_stance(fund.lessons, serving, margin_micronats=MARGIN_MICRONATS, pooler=pooler)
            promoted = isinstance(candidate.decision, Promotion)
            after = candidate.data if promoted else serving
            decision = f"{'promoted' if promoted else 'withheld'}, gain {candidate.decision.gain_micronats / 1e6:+.4f} nat on held-out"
            for measured in stream[place : place + 2]:
                first = _macro_f1(serving, measured.tests, pooler)
                second = _macro_f1(after, measured.tests, pooler) if promoted else first
                told = f"{_shown(first):>24}{_shown(second):>24}  {decision}"
                print(
                    f"{name:<10}{fund.number:>7}{candidate.trained:>9}{measured.number:>13}{told}",
                    flush=True,
                )
            serving = after


if __name__ == "__main__":
    main()
