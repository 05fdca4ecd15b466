"""An invented DAO whose proposals pass for reasons a model can find, for tests of outcome forecasting."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path

import numpy as np
from sqlmodel import Session

from governance.evidence import ClosedProposal, KnownProposal, KnownVote, OutcomeQuestion
from governance.intake.batches import Kind
from nlp.outcome import ShippedOutcomeForecaster
from nlp.outcome_dataset import Case
from nlp.outcome_text import VECTOR, CachedEmbedder, Vectors
from nlp.outcome_training import fit_outcome
from nlp.outcome_weights import OutcomeWeights, save_outcome_weights
from tests.ingest_rows import a_proposal, a_vote, take

BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
KINDS = ("grant", "poll", "ban")
TOPICS = ("fund the festival", "list the new place", "ban the name", "change the fee")


class WordEmbedder:
    """Each word gives a fixed direction; a text is their sum at unit length. Counts the texts it was asked for."""

    def __init__(self) -> None:
        self.asked = 0

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One unit row per text."""
        self.asked += len(texts)
        rows = np.zeros((len(texts), VECTOR), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().split():
                rows[row] += direction(word)
            length = float(np.linalg.norm(rows[row]))
            rows[row] = rows[row] / length if length else 0.0
        return np.round(rows, 5)


@cache
def direction(word: str) -> Vectors:
    """A word's fixed random direction."""
    seed = int.from_bytes(sha256(word.encode()).digest()[:4], "big")
    return np.random.default_rng(seed).normal(size=VECTOR).astype(np.float32)


def proposal(number: int, *, dao: str = "lake", rng: np.random.Generator | None = None, scheduled: bool = True) -> KnownProposal:
    """The DAO's `number`th proposal: twelve hours after the one before, open for seven days."""
    chance = np.random.default_rng(number) if rng is None else rng
    published = BEGIN + timedelta(hours=12 * number)
    return KnownProposal(
        proposal_id=f"{dao}-{number}",
        dao_id=dao,
        source="snapshot",
        title=f"{TOPICS[int(chance.integers(len(TOPICS)))]} number {number}",
        body="please " * int(chance.integers(1, 60)),
        kind=KINDS[int(chance.integers(len(KINDS)))],
        author=f"0xAuthor{int(chance.integers(9))}",
        choices=("Yes", "No", "Abstain"),
        published_at=published,
        starts_at=published,
        ends_at=published + timedelta(days=7) if scheduled else None,
    )


def closed(number: int, *, dao: str = "lake", scheduled: bool = True) -> ClosedProposal:
    """The same proposal with its result: festivals and grants mostly pass, bans mostly fail."""
    asked = proposal(number, dao=dao, scheduled=scheduled)
    chance = np.random.default_rng(10_000 + number)
    odds = 0.5 + 0.35 * ("festival" in str(asked.title)) - 0.4 * (asked.kind == "ban") + 0.1 * (asked.kind == "grant")
    passed = bool(chance.random() < odds)
    share = float(np.clip(chance.normal(0.8 if passed else 0.3, 0.1), 0, 1))
    published = asked.published_at or BEGIN
    return ClosedProposal(asked, published + timedelta(days=7), passed, share, int(chance.integers(20, 60)))


def votes(row: ClosedProposal, *, every: float = 6.0) -> tuple[KnownVote, ...]:
    """Votes over the window, leaning as the result did."""
    chance = np.random.default_rng(int(row.proposal.proposal_id.split("-")[1]) + 77)
    opened = row.proposal.published_at or BEGIN
    cast = []
    for place in range(int(168 / every)):
        choice = "1" if chance.random() < (row.approval_share or 0.5) else "2"
        power = str(round(float(chance.lognormal(3, 1)), 3))
        cast.append(KnownVote(f"0xvoter{place}", choice, power, opened + timedelta(hours=every * place + 1)))
    return tuple(cast)


def history(count: int, *, dao: str = "lake", scheduled: bool = True) -> tuple[ClosedProposal, ...]:
    """The first `count` proposals, closed."""
    return tuple(closed(number, dao=dao, scheduled=scheduled) for number in range(count))


def question(number: int, *, after: timedelta = timedelta(), past: Sequence[ClosedProposal] = ()) -> OutcomeQuestion:
    """Proposal `number` asked about `after` its publication; nothing in it is later than that."""
    row = closed(number)
    as_of = (row.proposal.published_at or BEGIN) + after
    return OutcomeQuestion(
        proposal=row.proposal,
        as_of=as_of,
        votes=tuple(vote for vote in votes(row) if vote.cast_at <= as_of),
        history=tuple(one for one in past if one.closed_at < as_of),
        stance=None,
    )


def asked_of(number: int, *, after: timedelta = timedelta(), past: tuple[ClosedProposal, ...]) -> OutcomeQuestion:
    """The same with all of `past`, of which a forecaster sees what was closed: one tuple for many questions saves the work on it."""
    return replace(question(number, after=after), history=past)


def cases(count: int, *, dao: str = "lake") -> tuple[Case, ...]:
    """Proposals as a dump gives them, with complete votes."""
    rows = history(count, dao=dao)
    end = BEGIN + timedelta(days=10_000)
    return tuple(Case("snapshot", row, votes(row), BEGIN, end) for row in rows)


@cache
def small_weights() -> OutcomeWeights:
    """The whole model, fitted on 160 proposals of the invented DAO."""
    trained = cases(160)
    trials = {"passed": 1, "share": 1, "voters": 1}
    return fit_outcome(trained, CachedEmbedder(WordEmbedder()), seed=1, trials=trials)[0]


def forecaster_in(folder: Path) -> ShippedOutcomeForecaster:
    """A forecaster of the small weights, stored in and loaded from `folder`."""
    save_outcome_weights(small_weights(), folder, about={"model": "small"})
    return ShippedOutcomeForecaster(folder, CachedEmbedder(WordEmbedder()))


def imported(session: Session, world: Sequence[Case]) -> None:
    """Import the proposals and votes of a dump as a source gives them whose results the power of the votes decides, voters uncounted."""
    proposals, votes = [], []
    for case in world:
        asked, opened = case.closed.proposal, int(case.opened_at.timestamp())
        told = {
            "proposal_id": asked.proposal_id,
            "title": asked.title,
            "body": asked.body,
            "choices": list(asked.choices),
            "type": asked.kind,
            "author": asked.author,
            "created": opened,
            "start": opened,
            "end": int(case.closed.closed_at.timestamp()),
            "outcome": "pass" if case.closed.passed else "fail",
            "outcome_rule": "weight_majority",
            "approval_share": case.closed.approval_share,
            "scores": None,
            "scores_total": None,
            "votes_count": None,
        }
        proposals.append(a_proposal(**told))
        votes += [
            a_vote(proposal_id=asked.proposal_id, voter=vote.voter, choice=vote.choice, vp=float(vote.power or 0),
                   created=int(vote.cast_at.timestamp())) for vote in case.votes
        ]  # fmt: skip
    take(session, Kind.PROPOSAL, proposals)
    take(session, Kind.VOTE, votes)
