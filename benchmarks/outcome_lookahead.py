"""No look-ahead, on the real data: 1,000 random (proposal, as_of) pairs, asked with the past alone and with a falsified future.

    python benchmarks/outcome_lookahead.py [FOLDER] [--pairs N] [--seed N] [--embeddings FILE.npz]

What is later than `as_of` (results, texts of proposals not yet closed, votes here and on other proposals, running totals) is deleted,
falsified or made up, and everything is shuffled. Features and forecast must be the same bytes; the first difference is printed
and ends the run with 1. Every 50th pair is also asked with a falsified past, which must differ: the comparison can fail.
"""

import argparse
import os
import pickle
import random
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from tqdm import tqdm

from governance.evidence import (
    Arrival,
    ChoiceSoFar,
    ClosedProposal,
    KnownProgress,
    KnownVote,
    OpenVote,
    OutcomeForecast,
    OutcomeQuestion,
    PastVote,
)
from nlp.outcome import ShippedOutcomeForecaster
from nlp.outcome_activity import Activity, Arrivals, OpenVotes
from nlp.outcome_dataset import Case, read_dump
from nlp.outcome_past_votes import PastVotes
from nlp.outcome_text import Embedder
from nlp.outcome_training import embedded

T = TypeVar("T")


def until(case: Case, moment: datetime) -> Case:
    """The case without the votes after `moment`; what has not closed by then closes much later."""
    votes = tuple(vote for vote in case.votes if vote.cast_at <= moment)
    still_open = replace(case.closed, closed_at=moment + timedelta(days=400))
    return replace(case, votes=votes, closed=case.closed if case.closed.closed_at <= moment else still_open)


def without_future(case: Case, others: Sequence[Case], past: PastVotes, moment: datetime) -> OutcomeQuestion:
    """What could be asked at `moment`, with nothing in it that is later; `others` are the DAO's proposals, this one included."""
    votes = tuple(vote for vote in case.votes if vote.cast_at <= moment)
    then = [until(each, moment) for each in others if each.opened_at <= moment]
    return OutcomeQuestion(
        proposal=case.closed.proposal,
        as_of=moment,
        votes=votes,
        history=tuple(each.closed for each in others if each.closed.closed_at < moment),
        stance=None,
        votes_known=case.votes_known(moment),
        progress=case.progress_by(moment),
        past_votes=past.of(case.closed.proposal.dao_id, votes, before=moment),
        activity=Activity(then).of(until(case, moment), moment),
        open_votes=OpenVotes(then).of(until(case, moment), moment),
        arrivals=Arrivals(then).of(until(case, moment), moment),
    )


def with_another_future(known: OutcomeQuestion, case: Case, history: Sequence[ClosedProposal], chance: random.Random) -> OutcomeQuestion:
    """The same past, shuffled among a falsified future."""
    at = known.as_of
    later = [falsified(row, chance) for row in history if row.closed_at >= at and chance.random() < 0.8]
    later.append(_made_up(known, chance))
    votes = [replace(vote, choice=chance.choice(["1", "2", None])) for vote in case.votes if vote.cast_at > at and chance.random() < 0.8]
    votes.append(KnownVote("0xtomorrow", chance.choice(["1", "2"]), "1e9", at + timedelta(seconds=1)))
    totals = [replace(seen, voters=chance.randrange(10**6), power="1e12") for seen in case.progress if seen.seen_at > at]
    totals.append(KnownProgress(at + timedelta(seconds=1), 10**6, "1e12"))
    voters = [vote.voter for vote in known.votes] or ["0xtomorrow"]
    unknown = [PastVote(chance.choice(voters), row.proposal.proposal_id, chance.choice(["1", "2"])) for row in later for _ in range(2)]
    return replace(
        known,
        history=shuffled([*known.history, *later], chance),
        votes=shuffled([*known.votes, *votes], chance),
        progress=shuffled([*known.progress, *totals], chance),
        past_votes=shuffled([*known.past_votes, *unknown], chance),
        open_votes=shuffled([*known.open_votes, *(_voted_later(row, at, chance) for row in later)], chance),
        arrivals=shuffled([*known.arrivals, *(_filled_later(row, at, chance) for row in later)], chance),
    )


def _voted_later(row: ClosedProposal, at: datetime, chance: random.Random) -> OpenVote:
    choices = (ChoiceSoFar("1", chance.randrange(1, 99), None), ChoiceSoFar("2", chance.randrange(1, 99), None))
    return OpenVote(row.proposal, choices, at + timedelta(microseconds=1 + chance.randrange(10**12)))


def _filled_later(row: ClosedProposal, at: datetime, chance: random.Random) -> Arrival:
    return Arrival(
        row.proposal.proposal_id, at - timedelta(hours=chance.randrange(-9, 99)), chance.randrange(1, 10**6), chance.random() * 1e12
    )


def falsified(row: ClosedProposal, chance: random.Random) -> ClosedProposal:
    """The same proposal with another result, turnout and text, still closed when it was."""
    proposal = replace(row.proposal, title=f"altered {chance.random()}", body=None, kind="other", author="0xnobody", quorum="7")
    return ClosedProposal(
        proposal, row.closed_at, not row.passed, chance.random(), chance.randrange(1000), chance.random() * 1e9, chance.random() < 0.5, True
    )


def shuffled(rows: Sequence[T], chance: random.Random) -> tuple[T, ...]:
    """All rows in another order."""
    mixed = list(rows)
    chance.shuffle(mixed)
    return tuple(mixed)


def as_bytes(forecast: OutcomeForecast) -> bytes:
    """Every number of a forecast, features and reasons included, bit for bit."""
    return pickle.dumps(forecast)


def campaign(cases: Sequence[Case], embedder: Embedder, *, pairs: int, seed: int, folder: Path | None = None) -> list[str]:
    """The pairs whose forecasts differed, as `proposal at moment`; empty is what is promised."""
    chance = random.Random(seed)
    past, activity, open_votes, arrivals = PastVotes(cases), Activity(cases), OpenVotes(cases), Arrivals(cases)
    by_dao: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        by_dao[case.closed.proposal.dao_id].append(case)
    found = []
    for pair in tqdm(range(pairs), desc="pairs", disable=not sys.stderr.isatty()):
        case = chance.choice(cases)
        others = by_dao[case.closed.proposal.dao_id]
        moment = case.opened_at + (case.closed.closed_at - case.opened_at) * chance.random()
        known = without_future(case, others, past, moment)
        tempted = with_another_future(known, case, [each.closed for each in others], chance)
        # Counted among everything that came later, too.
        seen = {vote.proposal.proposal_id: vote for vote in open_votes.of(case, moment)}
        unseen = [vote for vote in tempted.open_votes if vote.proposal.proposal_id not in seen]
        filled = {row.proposal_id: row for row in arrivals.of(case, moment)}
        tempted = replace(
            tempted,
            activity=activity.of(case, moment),
            open_votes=shuffled([*seen.values(), *unseen], chance),
            arrivals=shuffled([*filled.values(), *(row for row in tempted.arrivals if row.proposal_id not in filled)], chance),
        )
        said, told = (_fresh(folder, embedder).forecast(each) for each in (known, tempted))
        if as_bytes(said) != as_bytes(told):
            found.append(f"{case.closed.proposal.proposal_id} at {moment.isoformat()}")
        if pair % 50 == 0 and len(known.history) > 5:
            altered = replace(known, history=tuple(falsified(row, chance) for row in known.history))
            if as_bytes(_fresh(folder, embedder).forecast(altered)) == as_bytes(said):
                found.append(f"falsifying the past of {case.closed.proposal.proposal_id} changed nothing: this comparison cannot fail")
    return found


def _made_up(known: OutcomeQuestion, chance: random.Random) -> ClosedProposal:
    proposal = replace(known.proposal, proposal_id=f"made up {chance.random()}", title="made up", author=known.proposal.author)
    return ClosedProposal(proposal, known.as_of + timedelta(hours=chance.randrange(100)), chance.random() < 0.5, chance.random(), 5)


def _fresh(folder: Path | None, embedder: Embedder) -> ShippedOutcomeForecaster:
    """A forecaster that has answered nothing yet: no cache can hide a look ahead."""
    return ShippedOutcomeForecaster(embedder=embedder) if folder is None else ShippedOutcomeForecaster(folder, embedder)


def main() -> int:
    """Run the campaign; 1 when a forecast looked ahead."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(os.environ.get("ASSENT_DATA_DIR", ".")) / "governance")
    parser.add_argument("--pairs", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=20261121)
    parser.add_argument("--embeddings", type=Path, default=Path(tempfile.gettempdir()) / "assent-outcome-vectors.npz")
    given = parser.parse_args()
    if not (given.folder / "proposals.parquet").is_file():
        print("set ASSENT_DATA_DIR, or name a folder with proposals.parquet")
        return 0
    cases = read_dump(given.folder).cases
    found = campaign(cases, embedded(cases, None, given.embeddings), pairs=given.pairs, seed=given.seed)
    for difference in found:
        print(difference)
    print(f"{given.pairs} pairs, {len(found)} differences (seed {given.seed})")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
