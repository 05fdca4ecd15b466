"""What a forecaster may see of a proposal: everything that was known at `as_of`, and nothing later."""

from bisect import bisect_left
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Final

from sqlalchemy import select
from sqlmodel import Session, col

from governance.evidence import ClosedProposal, KnownProposal, KnownVote, OutcomeQuestion
from governance.intake.fields import BELIEVABLE_FROM
from governance.intake.proposals import OFFICIAL_RULES
from governance.readings import mean_stance
from governance.records import as_of as known
from governance.records.daos import get_dao
from governance.records.evidence import Reading
from governance.records.votes import Vote

# Whose histories one process keeps; Decentraland's 2,500 proposals with their texts take about 8 MB.
_KEPT: Final = 32
# A DAO whose votes were collected at all shows some within this time; a longer silence is a gap in the data.
_COLLECTED_WITHIN: Final = timedelta(days=90)
# How many cuts of one history (one per number of results known) are kept: a live forecast always asks for the same one.
_KEPT_CUTS: Final = 8
_COLUMNS: Final = (
    "id", "dao_id", "source", "title", "body", "kind", "author", "choices", "created_at", "starts_at", "ends_at", "end_fixed",
    "outcome", "result", "result_known_at", "known_at", "revision",
)  # fmt: skip


@dataclass(slots=True)
class _History:
    """A DAO's closed proposals in the order in which their results became known, at one version of its data."""

    version: int
    rows: tuple[ClosedProposal, ...]
    known: tuple[datetime, ...]
    cuts: "OrderedDict[int, tuple[ClosedProposal, ...]]"

    def before(self, as_of: datetime) -> tuple[ClosedProposal, ...]:
        """Those whose result was known before `as_of`; the same object again while no other result became known."""
        count = bisect_left(self.known, as_of)
        if count not in self.cuts:
            self.cuts[count] = self.rows[:count]
            if len(self.cuts) > _KEPT_CUTS:
                self.cuts.popitem(last=False)
        self.cuts.move_to_end(count)
        return self.cuts[count]


_kept: "OrderedDict[tuple[str, str], _History]" = OrderedDict()
_lock = Lock()


def outcome_question(session: Session, proposal_id: str, as_of: datetime) -> OutcomeQuestion:
    """The question "how will this proposal end?" as it could be asked at `as_of`.

    The proposal is its revision then; votes are those cast by then at a time the source really tells; history is the
    DAO's proposals whose official result was known before. That a proposal has no votes counts as a fact only where votes of
    the DAO were collected in the 90 days before `as_of`.

    Raises:
        NotFound: nobody could know of the proposal at `as_of`.
    """
    row = known.read_one(session, known.PROPOSALS, proposal_id, as_of=as_of)
    votes = known_votes(session, proposal_id, as_of=as_of)
    return OutcomeQuestion(
        proposal=_known_proposal(row),
        as_of=as_of,
        votes=votes,
        history=closed_proposals(session, row["dao_id"], as_of=as_of),
        stance=stance_so_far(session, proposal_id, as_of=as_of),
        votes_known=bool(votes) or _votes_are_collected(session, row, as_of),
    )


def known_votes(session: Session, proposal_id: str, *, as_of: datetime) -> tuple[KnownVote, ...]:
    """The votes cast by `as_of`, oldest first. Votes without a time, or with an estimated one, could lie on either side."""
    table = known.VOTES.table
    query = (
        select(table)
        .where(table.c.proposal_id == proposal_id, table.c.cast_at <= as_of, table.c.cast_at_estimated.is_(False))
        .order_by(table.c.known_at, table.c.id)
    )
    return tuple(
        KnownVote(row["voter"], row["choice"], row["power"], row["cast_at"])
        for row in known.as_known(session, known.VOTES, query, as_of=as_of)
    )


def stance_so_far(session: Session, proposal_id: str, *, as_of: datetime) -> float | None:
    """The mean stance of the texts read by `as_of`: -1 all against, 1 all for; None when none was read."""
    query = select(col(Reading.label)).where(
        col(Reading.proposal_id) == proposal_id, col(Reading.task) == "stance", col(Reading.known_at) <= as_of
    )
    return mean_stance(session.execute(query).scalars().all())


def closed_proposals(session: Session, dao_id: str, *, as_of: datetime) -> tuple[ClosedProposal, ...]:
    """The DAO's proposals whose official result was known before `as_of`, in the order in which it became known."""
    version = get_dao(session, dao_id).data_version
    key = str(session.get_bind().engine.url), dao_id
    with _lock:
        kept = _kept.get(key)
        if kept is None or kept.version != version:
            kept = _kept[key] = _read_history(session, dao_id, version)
            if len(_kept) > _KEPT:
                _kept.popitem(last=False)
        _kept.move_to_end(key)
        return kept.before(as_of)


def _read_history(session: Session, dao_id: str, version: int) -> _History:
    table = known.PROPOSALS.table
    query = select(*(table.c[name] for name in _COLUMNS)).where(
        table.c.dao_id == dao_id, table.c.outcome.is_not(None), table.c.outcome_rule.in_(sorted(OFFICIAL_RULES))
    )
    found: list[tuple[datetime, str, ClosedProposal]] = []
    for row in session.execute(query).mappings():
        # A proposal that was seen with several contents is read as it stood when its result became known.
        revised = row["revision"] > 1
        then = known.read_one(session, known.PROPOSALS, row["id"], as_of=row["result_known_at"]) if revised else dict(row)
        closed = _closed_proposal(then) if then["outcome"] is not None else None
        if closed is not None:
            found.append((row["result_known_at"], row["id"], closed))
    found.sort(key=lambda each: each[:2])
    rows = tuple(closed for _, _, closed in found)
    return _History(version, rows, tuple(moment for moment, _, _ in found), OrderedDict())


def _closed_proposal(row: dict[str, Any]) -> ClosedProposal | None:
    """The row as history; None where it does not say when it was published, or not that it closed after that."""
    proposal = _known_proposal(row)
    closed_at = row["ends_at"]
    if closed_at is None or closed_at > row["result_known_at"]:
        closed_at = row["result_known_at"]
    if proposal.published_at is None or closed_at <= proposal.published_at:
        return None
    result = row["result"] or {}
    share = result.get("approval_share")
    return ClosedProposal(
        proposal=proposal,
        closed_at=closed_at,
        passed=row["outcome"] == "pass",
        approval_share=None if share is None else float(share),
        voters=result.get("voters"),
    )


def _known_proposal(row: dict[str, Any]) -> KnownProposal:
    published = next((time for time in (row["created_at"], row["starts_at"]) if time is not None and time >= BELIEVABLE_FROM), None)
    return KnownProposal(
        proposal_id=row["id"],
        dao_id=row["dao_id"],
        source=row["source"],
        title=row["title"],
        body=row["body"],
        kind=row["kind"],
        author=row["author"],
        choices=tuple(row["choices"] or ()),
        published_at=published,
        starts_at=row["starts_at"],
        ends_at=row["ends_at"] if row["end_fixed"] else None,
    )


def _votes_are_collected(session: Session, row: dict[str, Any], as_of: datetime) -> bool:
    """Whether votes of the DAO were being collected lately, so that silence means that nobody voted.

    Only votes before `as_of` may tell: what came after would let tomorrow into the forecast.
    """
    votes, proposals = Vote.__table__, known.PROPOSALS.table  # type: ignore[attr-defined]  # SQLModel makes it
    lately = (
        select(votes.c.id)
        .join(proposals, proposals.c.id == votes.c.proposal_id)
        .where(
            proposals.c.dao_id == row["dao_id"],
            proposals.c.known_at > as_of - _COLLECTED_WITHIN,
            proposals.c.known_at <= as_of,
            votes.c.cast_at.is_not(None),
            votes.c.known_at <= as_of,
        )
    )
    return session.execute(lately.limit(1)).first() is not None
