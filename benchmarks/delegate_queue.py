"""How well the delegate's queue ranks, on the imported history: what delegates then voted on, beside recency and popularity.

Usage: ASSENT_STATE_DIR=<a folder with imported data> python -m benchmarks.delegate_queue [--delegates 300] [--tune]
A case is a voter and a moment (just before one of their votes) at which at least five proposals they had not voted on were
open in the DAOs they had voted in before. Relevant is what they voted on later. Judged are moments after the split at 70 % of
all votes in time; with `--tune` moments before it, on which the weights of `governance/delegate_queue.py` are fitted.
Forecasts are left out: closeness is that of the votes so far. Intervals are 95 %, 1,000 bootstrap draws of whole delegates.
"""

import argparse
import os
import random
import sqlite3
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sqlalchemy import select
from sqlmodel import Session, col
from tqdm import tqdm

from governance.delegate_queue import WEIGHTS, Queued, queue
from governance.records.columns import from_microseconds
from governance.records.delegate_queue import daos_of, open_proposals, records_of
from governance.records.engine import open_engine
from governance.records.votes import Vote
from governance.workflow.queue_for import MOST_OPEN

_TOP, _LEAST_OPEN, _DRAWS, _LEAST_WEIGHT = 3, 5, 1_000, 0.1
_LONG_AFTER = timedelta(days=365)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Case:
    """One delegate at one moment: the queue, and whether each entry was voted on later."""

    entries: Sequence[Queued]
    relevant: Sequence[bool]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--delegates", type=int, default=300)
    parser.add_argument("--tune", action="store_true")
    asked = parser.parse_args()
    state = os.environ.get("ASSENT_STATE_DIR")
    if not state or not (Path(state) / "assent.db").is_file():
        print("set ASSENT_STATE_DIR to a folder into which `assent import` has imported data")
        return 0
    database = Path(state) / "assent.db"
    moments, split = _moments(database, asked.delegates, tune=asked.tune)
    cases, seconds = [], []
    with Session(open_engine(f"sqlite:///{database}")) as session:
        for voter, moment in tqdm(moments, desc="delegates", disable=not sys.stderr.isatty()):
            started = time.perf_counter()
            case = _case(session, voter, moment)
            seconds.append(time.perf_counter() - started)
            if case is not None:
                cases.append(case)
    print(f"{len(cases)} delegates with a choice, of {len(moments)}, {'before' if asked.tune else 'from'} {split:%Y-%m-%d}, seed 11")
    middle, slow = np.percentile(seconds, [50, 95])
    print(f"reading and ordering one queue: median {middle:.2f} s, one in twenty {slow:.2f} s or more, most {max(seconds):.2f} s")
    opened = np.array([len(case.entries) for case in cases])
    voted = np.mean([sum(case.relevant) for case in cases])
    print(f"open proposals: median {np.median(opened):.0f}, most {opened.max()}; voted on: mean {voted:.2f}")
    orders: dict[str, Callable[[Queued], float]] = {
        "recency": lambda entry: entry.proposal.opened_at.timestamp(),
        "popularity": lambda entry: len(entry.proposal.votes),
        "closing first": lambda entry: -(entry.proposal.ends_at or entry.proposal.opened_at + _LONG_AFTER).timestamp(),
        **{f"part: {part}": partial(_part, part) for part in WEIGHTS},
        "assent": lambda entry: entry.stake,
    }
    for name, score in orders.items():
        _print(name, np.array([_at_three(case, [score(entry) for entry in case.entries]) for case in cases]))
    if asked.tune:
        print({name: round(float(weight), 2) for name, weight in zip(WEIGHTS, _fit(cases), strict=True)})
    return 0


def _part(name: str, entry: Queued) -> float:
    return entry.parts[name]


def _moments(database: Path, most: int, *, tune: bool) -> tuple[list[tuple[str, datetime]], datetime]:
    """A moment for each of a seeded sample of voters with ten or more timed votes: a second before one of their votes."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        times = "FROM vote WHERE cast_at IS NOT NULL AND NOT cast_at_estimated"
        count = connection.execute(f"SELECT count(*) {times}").fetchone()[0]
        split = connection.execute(f"SELECT cast_at {times} ORDER BY cast_at LIMIT 1 OFFSET {int(count * 0.7)}").fetchone()[0]
        side = "<" if tune else ">="
        rows = connection.execute(
            f"SELECT voter, group_concat(cast_at) {times} AND cast_at {side} {split} GROUP BY voter HAVING count(*) >= 10 ORDER BY voter"
        ).fetchall()
    dice = random.Random(11)
    chosen = dice.sample(rows, min(most, len(rows)))
    return [(voter, from_microseconds(int(dice.choice(sorted(cast.split(","))))) - _SECOND) for voter, cast in chosen], from_microseconds(
        split
    )


def _case(session: Session, voter: str, moment: datetime) -> Case | None:
    waiting = open_proposals(session, daos_of(session, voter, as_of=moment), voter, as_of=moment, most=MOST_OPEN)
    if len(waiting) < _LEAST_OPEN:
        return None
    records = records_of(session, voter, sorted({each.dao_id for each in waiting}), as_of=moment)
    entries = queue(waiting, records, as_of=moment, passes={})
    # Only theirs: all votes of what is open then would take longer to read than the queue.
    voted = select(col(Vote.proposal_id)).where(
        col(Vote.proposal_id).in_([each.proposal_id for each in waiting]),
        col(Vote.voter) == voter,
        col(Vote.cast_at) <= moment + _LONG_AFTER,
        col(Vote.cast_at_estimated).is_(False),
    )
    later = set(session.execute(voted).scalars())
    relevant = [entry.proposal.proposal_id in later for entry in entries]
    return Case(entries, relevant) if any(relevant) else None


def _at_three(case: Case, scores: Sequence[float]) -> tuple[float, float, float]:
    """Precision and recall at three, and the reciprocal rank of the first relevant; ties are broken by id, not by luck."""
    order = sorted(range(len(scores)), key=lambda place: (-scores[place], case.entries[place].proposal.proposal_id))
    hits = [case.relevant[place] for place in order]
    return sum(hits[:_TOP]) / _TOP, sum(hits[:_TOP]) / sum(hits), 1.0 / (1 + hits.index(True))


def _print(name: str, figures: NDArray[np.float64]) -> None:
    draws = np.random.default_rng(11).integers(len(figures), size=(_DRAWS, len(figures)))
    low, high = np.percentile(figures[draws].mean(axis=1), [2.5, 97.5], axis=0)
    shown = (
        f"{label} {figures[:, place].mean():.3f} [{low[place]:.3f} {high[place]:.3f}]" for place, label in enumerate(("P@3", "R@3", "MRR"))
    )
    print(f"{name:18}", "  ".join(shown))


def _fit(cases: Sequence[Case]) -> NDArray[np.float64]:
    """Weights of a choice model: the chance that a vote falls on an entry grows with its parts (conditional logit)."""
    told = [(np.array([[entry.parts[name] for name in WEIGHTS] for entry in case.entries]), np.array(case.relevant)) for case in cases]

    def _loss(weights: NDArray[np.float64]) -> float:
        total = 0.01 * float(weights @ weights) * len(told)
        for parts, relevant in told:
            scores = parts @ weights
            total += float(np.logaddexp.reduce(scores) - scores[relevant].mean())
        return total / len(told)

    found = minimize(_loss, np.ones(len(WEIGHTS)), bounds=[(_LEAST_WEIGHT, None)] * len(WEIGHTS), method="L-BFGS-B")
    weights: NDArray[np.float64] = found.x
    return weights


if __name__ == "__main__":
    sys.exit(main())
