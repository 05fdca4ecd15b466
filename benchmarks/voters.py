"""How good single voters' forecasts are, on the imported history: a time split, beside each voter's own rate and the DAO's.

Usage: ASSENT_STATE_DIR=<a folder with imported data> python -m benchmarks.voters [--proposals 300] [--tune]
Of all proposals with timed votes, of DAOs with at least 20 of them, the last 30 % by opening are judged (`--tune`: a sample
of the earlier ones, on which the constants of `nlp/voters.py` were chosen). Each is asked at its opening and a day later;
known voters who have not voted by then (at most 200 a proposal) are the
cases of whether they vote, all who then take a side those of how. Intervals are 95 %, from 1,000 bootstrap draws of whole proposals.
"""

import argparse
import os
import random
import sqlite3
import sys
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np
from sqlmodel import Session

from governance.errors import NotFound
from governance.records.columns import from_microseconds
from governance.records.engine import open_engine
from governance.records.voter_history import known_votes_of, voter_question
from nlp.voters import forecast_voters
from nlp.votes_so_far import sides

_LEAST_PROPOSALS, _LATER = 20, 0.7
_MOMENTS = (timedelta(), timedelta(hours=24))
_MOST_VOTERS = 200
_LONG_AFTER = timedelta(days=365)
_DRAWS = 1_000

# By (task, model): per proposal, the (probability, happened) of its cases.
Cases = dict[tuple[str, str], list[list[tuple[float, bool]]]]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--proposals", type=int, default=300)
    parser.add_argument("--tune", action="store_true")
    asked = parser.parse_args()
    state = os.environ.get("ASSENT_STATE_DIR")
    if not state or not (Path(state) / "assent.db").is_file():
        print("set ASSENT_STATE_DIR to a folder into which `assent import` has imported data")
        return 0
    chosen, split = _chosen(Path(state) / "assent.db", asked.proposals, tune=asked.tune)
    print(f"{len(chosen)} proposals opened {'before' if asked.tune else 'from'} {from_microseconds(split):%Y-%m-%d}, seed 7")
    cases: Cases = defaultdict(list)
    with Session(open_engine(f"sqlite:///{Path(state) / 'assent.db'}")) as session:
        for proposal, opened in chosen:
            for after in _MOMENTS:
                _ask(session, proposal, opened, after, cases)
    _print(cases)
    return 0


def _chosen(database: Path, most: int, *, tune: bool) -> tuple[list[tuple[str, int]], int]:
    """(proposal, opening in microseconds) of a seeded sample on one side of the split, and the split."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        rows = connection.execute(
            "SELECT p.id, p.dao_id, coalesce(p.starts_at, p.created_at) AS opened FROM proposal p WHERE opened > 1388534400000000"
            " AND EXISTS (SELECT 1 FROM vote v WHERE v.proposal_id = p.id AND v.cast_at IS NOT NULL AND NOT v.cast_at_estimated)"
            " ORDER BY opened, p.id"
        ).fetchall()
    count: dict[str, int] = defaultdict(int)
    for _, dao, _ in rows:
        count[dao] += 1
    usable = [(proposal, opened) for proposal, dao, opened in rows if count[dao] >= _LEAST_PROPOSALS]
    cut = int(len(usable) * _LATER)
    side = usable[:cut] if tune else usable[cut:]
    return sorted(random.Random(7).sample(side, min(most, len(side)))), usable[cut][1]


def _ask(session: Session, proposal: str, opened: int, after: timedelta, cases: Cases) -> None:
    at = from_microseconds(opened) + after
    try:
        question = voter_question(session, proposal, as_of=at)
    except NotFound:  # its source dates the publication after the opening
        return
    if len(question.past) < 5:
        return
    electors = forecast_voters(question)
    later = {vote.voter: vote.choice for vote in known_votes_of(session, [proposal], as_of=at + _LONG_AFTER).get(proposal, ())}
    by_choice = sides(question.proposal.choices)
    name = "open" if not after else "24h"
    found: dict[tuple[str, str], list[tuple[float, bool]]] = defaultdict(list)
    every = list(electors.voters)
    for each in random.Random(proposal).sample(every, min(_MOST_VOTERS, len(every))):
        own = (each.voted_on + 1.0) / (each.could_vote_on + 2.0)
        for model, chance in (("assent", each.votes), ("own rate", own), ("DAO rate", electors.dao_votes)):
            found[f"votes, {name}", model].append((chance, each.voter in later))
    for each in every:
        side = _side(later.get(each.voter), by_choice)
        if side:
            own = (each.supported + 1.0) / (each.took_side + 2.0)
            for model, chance in (("assent", each.supports), ("own rate", own), ("DAO rate", electors.dao_supports)):
                found[f"for, {name}", model].append((chance, side > 0))
    for key, told in found.items():
        cases[key].append(told)


def _side(choice: str | None, by_choice: Sequence[int]) -> int:
    return by_choice[int(choice) - 1] if choice and choice.isdecimal() and 1 <= int(choice) <= len(by_choice) else 0


def _print(cases: Cases) -> None:
    print(
        f"{'task':14}{'model':10}{'proposals':>10}{'n':>9}{'rate':>7}{'Brier':>8}{'[95 %]':>17}{'log-loss':>10}{'[95 %]':>17}{'skill':>8}"
    )
    for task in sorted({task for task, _ in cases}):
        base = None
        for model in ("DAO rate", "own rate", "assent"):
            told = cases[task, model]
            sums = np.array([_sums(each) for each in told])
            count, hits, brier, loss = sums.sum(axis=0)
            draws = np.random.default_rng(7).integers(len(sums), size=(_DRAWS, len(sums)))
            drawn = sums[draws].sum(axis=1)
            ranges = [np.percentile(drawn[:, place] / drawn[:, 0], [2.5, 97.5]) for place in (2, 3)]
            base = brier if base is None else min(base, brier) if model == "own rate" else base
            skill = 1.0 - brier / base
            print(
                f"{task:14}{model:10}{len(sums):10}{int(count):9}{hits / count:7.3f}{brier / count:8.4f}"
                f"  [{ranges[0][0]:.4f} {ranges[0][1]:.4f}]{loss / count:10.4f}  [{ranges[1][0]:.4f} {ranges[1][1]:.4f}]{skill:8.3f}"
            )


def _sums(told: Sequence[tuple[float, bool]]) -> tuple[float, float, float, float]:
    chance = np.clip(np.array([chance for chance, _ in told]), 0.001, 0.999)
    happened = np.array([float(happened) for _, happened in told])
    loss = -(happened * np.log(chance) + (1 - happened) * np.log(1 - chance))
    return len(told), happened.sum(), ((chance - happened) ** 2).sum(), loss.sum()


if __name__ == "__main__":
    sys.exit(main())
