"""The dumps as questions with known answers, replayed in time: what would have been asked, and what came of it.

Read from `proposals.parquet` and `votes.parquet`. Kept are proposals with an official outcome and a known close;
what is left out is counted by reason in `Dump.left_out`.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

from governance.errors import InvalidInput
from governance.evidence import ClosedProposal, KnownProgress, KnownVote, OutcomeQuestion
from nlp.outcome_activity import Activity, Arrivals, OpenVotes
from nlp.outcome_past_votes import PastVotes
from nlp.outcome_rows import read_closed, read_progress

MOMENTS = ("open", "6h", "24h", "48h", "72h", "10%", "25%", "50%")
_VOTE_COLUMNS = ["source", "proposal_id", "voter", "choice", "vp", "created", "created_estimated"]


@dataclass(frozen=True, slots=True)
class Case:
    """One closed proposal of a dump, with its votes and the time in which its source's votes are complete."""

    source: str
    closed: ClosedProposal
    votes: tuple[KnownVote, ...]
    votes_from: datetime | None
    votes_to: datetime | None
    progress: tuple[KnownProgress, ...] = ()

    @property
    def opened_at(self) -> datetime:
        """Publication; the forecast before the vote is asked then."""
        proposal = self.closed.proposal
        return proposal.published_at or proposal.starts_at or self.closed.closed_at

    def votes_known(self, at: datetime) -> bool:
        """Whether an absent vote means that nobody voted, and not that nobody recorded it."""
        return self.votes_from is not None and self.votes_to is not None and self.votes_from <= at <= self.votes_to

    def progress_by(self, at: datetime) -> tuple[KnownProgress, ...]:
        """What running totals had been published by `at`, since the proposal was."""
        return tuple(seen for seen in self.progress if self.opened_at <= seen.seen_at <= at)

    def moment(self, name: str) -> datetime | None:
        """When `name` of `MOMENTS` falls for this proposal; None after its close, or where no end was fixed."""
        if name == "open":
            at = self.opened_at
        elif name.endswith("h"):
            at = self.opened_at + timedelta(hours=int(name[:-1]))
        else:
            ends_at = self.closed.proposal.ends_at
            if ends_at is None or ends_at <= self.opened_at:
                return None
            at = self.opened_at + (ends_at - self.opened_at) * (int(name[:-1]) / 100)
        return at if at < self.closed.closed_at else None


@dataclass(frozen=True, slots=True)
class Dump:
    """The cases of one folder in the order of their close, and how many rows were left out and why."""

    cases: tuple[Case, ...]
    left_out: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of the replay and its case, which holds the answer. `moment` is one of `MOMENTS`."""

    moment: str
    question: OutcomeQuestion
    case: Case

    def without_votes(self) -> "Asked":
        """The same without its votes, which nobody asks for again once it is answered: they are most of the memory."""
        return replace(self, question=replace(self.question, votes=(), past_votes=(), progress=(), open_votes=(), arrivals=()))


def read_dump(folder: Path) -> Dump:
    """All usable cases of a folder of the shape of the data README; raises `InvalidInput` without its proposals."""
    proposals = folder / "proposals.parquet"
    if not proposals.is_file():
        raise InvalidInput("data", str(folder), "a folder with proposals.parquet is needed")
    closed, left_out = read_closed(proposals)
    votes, spans = _read_votes(folder / "votes.parquet", {row.proposal.proposal_id for _, row in closed})
    progress = read_progress(folder / "decentraland_vote_progress.parquet")
    cases = [
        Case(source, row, tuple(votes.get(key, ())), *spans.get(source, (None, None)), progress.get(key, ()))
        for source, row in closed
        for key in (row.proposal.proposal_id,)
    ]
    return Dump(tuple(_with_turnout(case) for case in sorted(cases, key=_order)), left_out)


def joined(data: Dump, history: Dump | None) -> tuple[Case, ...]:
    """The cases of both dumps in the order of their close; where both have a proposal, that of `data` counts."""
    own = {case.closed.proposal.proposal_id for case in data.cases}
    earlier = () if history is None else history.cases
    return tuple(sorted([*data.cases, *(case for case in earlier if case.closed.proposal.proposal_id not in own)], key=_order))


def histories(cases: Sequence[Case]) -> dict[str, tuple[ClosedProposal, ...]]:
    """Each DAO's closed proposals. Features take from them what was closed before their `as_of`, and nothing else."""
    rows: dict[str, list[ClosedProposal]] = defaultdict(list)
    for case in cases:
        rows[case.closed.proposal.dao_id].append(case.closed)
    return {dao: tuple(found) for dao, found in rows.items()}


def replay(
    cases: Sequence[Case],
    history: Mapping[str, tuple[ClosedProposal, ...]],
    moments: Sequence[str] = MOMENTS,
    *,
    past: Sequence[Case] | None = None,
) -> Iterator[Asked]:
    """The questions that could have been asked of `cases`, one per moment while it was open and its votes known.

    Before the vote every case is asked; while it runs, those whose votes or running totals are known. The history tuple of
    a DAO is one object for all its questions, so that the work on it is done once; what was not yet closed is dropped
    where features are made. `past` are the DAOs' other proposals with their votes; without it, `cases`.
    """
    others = cases if past is None else past
    before, activity, open_votes, arrivals = PastVotes(others), Activity(others), OpenVotes(others), Arrivals(others)
    for case in cases:
        proposal = case.closed.proposal
        for name in moments:
            at = case.moment(name)
            progress = () if at is None else case.progress_by(at)
            if at is None or (name != "open" and not case.votes_known(at) and not progress):
                continue
            votes = tuple(vote for vote in case.votes if vote.cast_at <= at)
            question = OutcomeQuestion(
                proposal=proposal,
                as_of=at,
                votes=votes,
                history=history.get(proposal.dao_id, ()),
                stance=None,
                votes_known=case.votes_known(at),
                progress=progress,
                past_votes=before.of(proposal.dao_id, votes, before=at),
                activity=activity.of(case, at),
                open_votes=open_votes.of(case, at),
                arrivals=arrivals.of(case, at),
            )
            yield Asked(name, question, case)


def _order(case: Case) -> tuple[datetime, str]:
    return (case.closed.closed_at, case.closed.proposal.proposal_id)


def _with_turnout(case: Case) -> Case:
    """Where the source gives no count, turnout is the number of distinct voters, if its votes are there."""
    row = case.closed
    if row.voters is not None or not case.votes or not case.votes_known(case.opened_at):
        return case
    voters = len({vote.voter.lower() for vote in case.votes})
    return replace(case, closed=replace(row, voters=voters))


def _read_votes(file: Path, wanted: set[str]) -> tuple[dict[str, list[KnownVote]], dict[str, tuple[datetime | None, datetime | None]]]:
    """Votes with a time by proposal, and the time between the first and the last vote of each source."""
    votes: dict[str, list[KnownVote]] = defaultdict(list)
    seconds: dict[str, tuple[int, int]] = {}
    if not file.is_file():
        return votes, {}
    parquet = pq.ParquetFile(file)
    columns = [name for name in _VOTE_COLUMNS if name in parquet.schema_arrow.names]
    for batch in parquet.iter_batches(columns=columns):
        timed = batch.filter(pc.is_valid(batch["created"]))
        if "created_estimated" in columns:
            # An estimated time may lie on the wrong side of any moment.
            timed = timed.filter(pc.invert(pc.fill_null(timed["created_estimated"], fill_value=False)))
        for row in timed.to_pylist():
            first, last = seconds.get(row["source"], (row["created"], row["created"]))
            seconds[row["source"]] = (min(first, row["created"]), max(last, row["created"]))
            if row["proposal_id"] in wanted and row["voter"]:
                votes[row["proposal_id"]].append(_vote(row))
    spans: dict[str, tuple[datetime | None, datetime | None]] = {
        source: (datetime.fromtimestamp(first, UTC), datetime.fromtimestamp(last, UTC)) for source, (first, last) in seconds.items()
    }
    return votes, spans


def _vote(row: Mapping[str, object]) -> KnownVote:
    power = row.get("vp")
    return KnownVote(
        voter=str(row["voter"]),
        choice=None if row["choice"] is None else str(row["choice"]),
        power=None if power is None else repr(power),
        cast_at=datetime.fromtimestamp(int(str(row["created"])), UTC),
    )
