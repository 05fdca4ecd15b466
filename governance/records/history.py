"""What a forecaster may see of a proposal: everything that was known at `as_of`, and nothing later."""

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Final

from sqlalchemy import String, bindparam, select
from sqlmodel import Session, col

from governance.errors import NotFound
from governance.evidence import ClosedProposal, OutcomeQuestion
from governance.intake.proposals import OFFICIAL_RULES, is_official
from governance.outcome_lessons import OutcomeAnswer
from governance.outcome_sources import was_executed
from governance.readings import mean_stance
from governance.records import as_of as known
from governance.records.arrivals import last_arrivals
from governance.records.columns import UtcDateTime
from governance.records.dao_activity import dao_activity
from governance.records.evidence import Reading
from governance.records.kept_per_dao import KeptPerDao
from governance.records.known_proposals import known_proposal
from governance.records.known_votes import known_votes, voters_by
from governance.records.open_votes import open_proposals, open_votes
from governance.records.prepared import Prepared
from governance.records.readings import counts_at
from governance.records.voters_before import known_progress, past_votes

# A DAO whose votes were collected at all shows some within this time; a longer silence is a gap in the data.
_COLLECTED_WITHIN: Final = timedelta(days=90)
# How many cuts of one history (one per number of results known) are kept: a live forecast always asks for the same one.
_KEPT_CUTS: Final = 8
_COLUMNS: Final = (
    "id", "dao_id", "source", "title", "body", "kind", "author", "choices", "created_at", "starts_at", "ends_at", "end_fixed",
    "quorum", "state", "outcome", "result", "result_known_at", "known_at", "revision",
)  # fmt: skip


@dataclass(slots=True)
class _History:
    """What became known of a DAO's closed proposals, in the order in which it did.

    `said[n]` is (proposal, what it was from `known[n]` on, None where a correction took its result away). `once` is what was
    said where nothing was ever corrected: its beginnings are then what was known, and quickly cut.
    """

    said: tuple[tuple[str, ClosedProposal | None], ...]
    known: tuple[datetime, ...]
    cuts: "OrderedDict[int, tuple[ClosedProposal, ...]]"
    once: tuple[ClosedProposal, ...] | None

    def before(self, as_of: datetime) -> tuple[ClosedProposal, ...]:
        """As known before `as_of`; the same object again while nothing else became known."""
        count = bisect_left(self.known, as_of)
        if count not in self.cuts:
            latest = dict(self.said[:count]).values() if self.once is None else self.once[:count]
            self.cuts[count] = tuple(closed for closed in latest if closed is not None)
            if len(self.cuts) > _KEPT_CUTS:
                self.cuts.popitem(last=False)
        self.cuts.move_to_end(count)
        return self.cuts[count]

    def latest(self, as_of: datetime) -> list[tuple[datetime, ClosedProposal]]:
        """As known before `as_of`, each with the moment since which it is known like this; by that moment and id."""
        count = bisect_left(self.known, as_of)
        since = {said[0]: (moment, said[1]) for moment, said in zip(self.known[:count], self.said[:count], strict=True)}
        found = [(moment, closed) for moment, closed in since.values() if closed is not None]
        return sorted(found, key=lambda each: (each[0], each[1].proposal.proposal_id))


_AS_OF, _ABOUT = bindparam("as_of", type_=UtcDateTime()), bindparam("proposal", type_=String())
_VOTES, _PROPOSALS = known.VOTES.table.c, known.PROPOSALS.table.c
_STANCES: Final = Prepared(
    select(col(Reading.label)).where(
        col(Reading.proposal_id) == _ABOUT,
        col(Reading.task) == "stance",
        counts_at(Reading.__table__, _AS_OF),  # type: ignore[attr-defined]  # SQLModel makes it
    )
)
_COLLECTED: Final = Prepared(
    select(_VOTES.id)
    .join(known.PROPOSALS.table, _PROPOSALS.id == _VOTES.proposal_id)
    .where(
        _PROPOSALS.dao_id == bindparam("dao", type_=String()),
        _PROPOSALS.known_at > bindparam("since", type_=UtcDateTime()),
        _PROPOSALS.known_at <= _AS_OF,
        _VOTES.cast_at.is_not(None),
        _VOTES.known_at <= _AS_OF,
    )
    .limit(1)
)

_cutting = Lock()


def outcome_question(
    session: Session, proposal_id: str, as_of: datetime, *, history: tuple[ClosedProposal, ...] | None = None
) -> OutcomeQuestion:
    """The question "how will this proposal end?" as it could be asked at `as_of`.

    The proposal is its revision then; votes are those cast by then at a time the source really tells; history is the
    DAO's proposals whose official result was known before. That a proposal has no votes counts as a fact only where votes of
    the DAO were collected in the 90 days before `as_of`. A caller that asks much of one DAO may bring its `history`, with
    rows that close when their results became known: a forecaster takes from it what closed before `as_of`.

    Raises:
        NotFound: nobody could know of the proposal at `as_of`.
    """
    row = known.read_one(session, known.PROPOSALS, proposal_id, as_of=as_of)
    votes = known_votes(session, proposal_id, as_of=as_of)
    before = closed_proposals(session, row["dao_id"], as_of=as_of) if history is None else history
    proposal, votes_known = known_proposal(row), bool(votes) or _votes_are_collected(session, row, as_of)
    running = [each for each in open_proposals(session, row["dao_id"], as_of=as_of) if each != proposal_id]
    return OutcomeQuestion(
        proposal=proposal,
        as_of=as_of,
        votes=votes,
        history=before,
        stance=stance_so_far(session, proposal_id, as_of=as_of),
        votes_known=votes_known,
        progress=known_progress(session, proposal_id, as_of=as_of),
        past_votes=past_votes(session, row["dao_id"], votes, before, as_of=as_of),
        activity=dao_activity(
            session,
            row["dao_id"],
            proposal_id,
            running=len(running),
            published_at=proposal.published_at or as_of,
            as_of=as_of,
            votes_known=votes_known,
        ),
        open_votes=open_votes(session, running, as_of=as_of),
        arrivals=last_arrivals(session, proposal, before, as_of=as_of),
    )


def known_answers(session: Session, dao_id: str, *, as_of: datetime) -> Iterator[OutcomeAnswer]:
    """The DAO's questions whose official answers were known before `as_of`, each as it could be asked at publication.

    What learns from them answers for the time before the vote; running votes are another model's. Ordered by when the answer
    was known, whatever order rows came in.
    All questions share one history tuple, so that the work on it is done once.
    """
    found = _HISTORIES.of(session, dao_id).latest(as_of)
    # A result counts from when it was known, which may be later than the recorded close.
    history = tuple(replace(closed, closed_at=moment) for moment, closed in found)
    for (_, closed), counted in zip(found, history, strict=True):
        asked_at = closed.proposal.published_at
        if asked_at is None or asked_at >= counted.closed_at:
            continue
        try:
            question = outcome_question(session, closed.proposal.proposal_id, asked_at, history=history)
        except NotFound:  # it came in without a time, and was told only later to have been there before
            continue
        yield OutcomeAnswer(question, closed.passed)


def daos_with_results(session: Session) -> list[str]:
    """The DAOs of which some proposal's outcome is known, by id."""
    table = known.PROPOSALS.table
    found = session.execute(select(table.c.dao_id).where(table.c.outcome.is_not(None)).distinct()).scalars()
    return sorted(found)


def stance_so_far(session: Session, proposal_id: str, *, as_of: datetime) -> float | None:
    """The mean stance of the texts known by `as_of`, each by its reading then: -1 all against, 1 all for; None when none was read."""
    return mean_stance([str(label) for (label,) in _STANCES.tuples(session, proposal=proposal_id, as_of=as_of)])


def closed_proposals(session: Session, dao_id: str, *, as_of: datetime) -> tuple[ClosedProposal, ...]:
    """The DAO's proposals whose official result was known before `as_of`, in the order in which it became known."""
    found = _HISTORIES.of(session, dao_id)
    with _cutting:
        return found.before(as_of)


def _read_history(session: Session, dao_id: str, before: _History | None) -> _History:
    """What was kept `before` where no proposal changed: forecasters know a history tuple again by its identity."""
    fresh = _fresh_history(session, dao_id)
    return fresh if before is None or (before.said, before.known) != (fresh.said, fresh.known) else before


# Decentraland's 2,500 proposals with their texts take about 8 MB.
_HISTORIES: Final = KeptPerDao(_read_history, most=32)


def _fresh_history(session: Session, dao_id: str) -> _History:
    table = known.PROPOSALS.table
    official = table.c.outcome.is_not(None) & table.c.outcome_rule.in_(sorted(OFFICIAL_RULES))
    query = select(*(table.c[name] for name in _COLUMNS)).where(table.c.dao_id == dao_id, official | (table.c.revision > 1))
    said: list[tuple[datetime, str, ClosedProposal | None]] = []
    for row in session.execute(query).mappings():
        if row["revision"] > 1:
            said += _read_revised(session, row["id"])
        else:
            said.append((row["result_known_at"], row["id"], _closed_proposal(session, dict(row))))
    said.sort(key=lambda each: each[:2])
    closed = tuple(each for *_, each in said if each is not None)
    once = closed if len({proposal_id for _, proposal_id, _ in said}) == len(closed) == len(said) else None
    return _History(tuple(each[1:] for each in said), tuple(moment for moment, *_ in said), OrderedDict(), once)


def _read_revised(session: Session, proposal_id: str) -> list[tuple[datetime, str, ClosedProposal | None]]:
    """What a proposal that was seen with several contents was, from each moment at which that changed."""
    contents = known.PROPOSALS.content_table.c
    told = session.execute(select(contents.known_at, contents.result_known_at).where(contents.proposal_id == proposal_id)).all()
    said: list[tuple[datetime, str, ClosedProposal | None]] = []
    for moment in sorted({moment for row in told for moment in row if moment >= min(known_at for known_at, _ in told)}):
        then = known.read_one(session, known.PROPOSALS, proposal_id, as_of=moment)
        closed = _closed_proposal(session, then) if is_official(then["outcome"], then["outcome_rule"]) else None
        if closed != (said[-1][2] if said else None):
            said.append((moment, proposal_id, closed))
    return said


def _closed_proposal(session: Session, row: dict[str, Any]) -> ClosedProposal | None:
    """The row as history; None where it does not say when it was published, or not that it closed after that.

    Where the source tells no number of voters, it is that of those whose votes were known at the close.
    """
    proposal = known_proposal(row)
    closed_at = row["ends_at"]
    if closed_at is None or closed_at > row["result_known_at"]:
        closed_at = row["result_known_at"]
    if proposal.published_at is None or closed_at <= proposal.published_at:
        return None
    result = row["result"] or {}
    share, power = result.get("approval_share"), result.get("scores_total")
    taking_part = None if power is None else float(power)
    return ClosedProposal(
        proposal=proposal,
        closed_at=closed_at,
        passed=row["outcome"] == "pass",
        approval_share=None if share is None else float(share),
        voters=voters_by(session, proposal.proposal_id, as_of=closed_at) if result.get("voters") is None else result["voters"],
        power=taking_part if taking_part else None,
        quorum_reached=None if proposal.quorum is None or taking_part is None else taking_part >= float(proposal.quorum),
        executed=was_executed(row["source"], row["state"]),
    )


def _votes_are_collected(session: Session, row: dict[str, Any], as_of: datetime) -> bool:
    """Whether votes of the DAO were being collected lately, so that silence means that nobody voted.

    Only votes before `as_of` may tell: what came after would let tomorrow into the forecast.
    """
    return bool(_COLLECTED.tuples(session, dao=row["dao_id"], since=as_of - _COLLECTED_WITHIN, as_of=as_of))
