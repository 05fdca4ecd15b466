"""Reads things as they were known at a time: the content then, one page at a time, and how fresh the answer is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, String, Table, and_, bindparam, false, func, or_, select, true
from sqlmodel import Session, SQLModel, col

from governance.errors import NotFound
from governance.records.access import ImportRefusal
from governance.records.columns import UtcDateTime
from governance.records.observations import Observation, ObservationRevision
from governance.records.posts import Post, PostRevision
from governance.records.prepared import Prepared, Reads
from governance.records.proposals import Proposal, ProposalRevision
from governance.records.votes import Vote, VoteRevision
from governance.tally import Ballot

_TIMES: Final = frozenset({"created_at", "starts_at", "ends_at", "posted_at"})
# What only the close reveals; where a source tells only when a vote really closed, the end is part of it.
_RESULT: Final[tuple[str, ...]] = ("state", "outcome", "outcome_rule", "result")


@dataclass(frozen=True, slots=True)
class Noun:
    """A table of things, that of their contents, and how the latter names the former."""

    things: type[SQLModel]
    contents: type[SQLModel]
    key: str
    name: str

    @property
    def table(self) -> Table:
        """The table of things."""
        return self.things.__table__  # type: ignore[attr-defined,no-any-return]  # SQLModel makes it

    @property
    def content_table(self) -> Table:
        """The table of their contents."""
        return self.contents.__table__  # type: ignore[attr-defined,no-any-return]  # SQLModel makes it


PROPOSALS: Final = Noun(Proposal, ProposalRevision, "proposal_id", "proposal")
VOTES: Final = Noun(Vote, VoteRevision, "vote_id", "vote")
POSTS: Final = Noun(Post, PostRevision, "post_id", "post")
OBSERVATIONS: Final = Noun(Observation, ObservationRevision, "observation_id", "observation")


@dataclass(frozen=True, slots=True)
class Freshness:
    """How fresh and whole a DAO's rows of one kind are.

    `indexed_to`: the newest moment any of them was known. `complete`: rows known after `as_of` are here too and none of
    the DAO's rows was refused, so nothing up to `as_of` is outstanding as far as the store can tell.
    """

    as_of: datetime
    indexed_to: datetime | None
    complete: bool


class Phase(StrEnum):
    """Where a proposal stands by its own times."""

    PENDING = "pending"
    ACTIVE = "active"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which rows are asked for: columns that equal a value (None: any), and half-open ranges of times."""

    equal: Mapping[str, object] = field(default_factory=dict)
    least: Mapping[str, datetime | None] = field(default_factory=dict)
    below: Mapping[str, datetime | None] = field(default_factory=dict)
    phase: Phase | None = None

    def conditions(self, noun: Noun, *, as_of: datetime) -> list[ColumnElement[bool]]:
        """The choice as SQL."""
        columns = noun.table.c
        found: list[ColumnElement[bool]] = [columns[name] == value for name, value in self.equal.items() if value is not None]
        found += [columns[name] >= moment for name, moment in self.least.items() if moment is not None]
        found += [columns[name] < moment for name, moment in self.below.items() if moment is not None]
        return found if self.phase is None else [*found, _in_phase(self.phase, as_of)]


def _in_phase(phase: Phase, as_of: datetime) -> ColumnElement[bool]:
    """By the proposal's times; an end that was not fixed at the start counts only once the result was known."""
    table = PROPOSALS.table.c
    opened = func.coalesce(table.starts_at, table.created_at)
    told = and_(table.result_known_at <= as_of, or_(table.outcome.is_not(None), table.ends_at <= as_of))
    closed = func.coalesce(or_(told, and_(table.end_fixed, table.ends_at <= as_of)), false())
    if phase is Phase.CLOSED:
        return closed == true()
    return and_(closed == false(), opened > as_of if phase is Phase.PENDING else opened <= as_of)


def read_one(session: Reads, noun: Noun, id_: Any, *, as_of: datetime) -> dict[str, Any]:  # noqa: ANN401  # text or bytes
    """The thing's columns as known at `as_of`; `NotFound` where nobody could know of it then."""
    rows = as_then(session, noun, _BY_ID[noun.name].rows(session, id=id_, as_of=as_of), as_of=as_of)
    if not rows:
        raise NotFound(noun.name, id_.hex() if isinstance(id_, bytes) else str(id_))
    return rows[0]


_AS_OF: Final = bindparam("as_of", type_=UtcDateTime())
_BY_ID: Final = {
    noun.name: Prepared(
        select(noun.table).where(noun.table.c.id == bindparam("id", type_=noun.table.c.id.type), noun.table.c.known_at <= _AS_OF)
    )
    for noun in (PROPOSALS, VOTES, POSTS, OBSERVATIONS)
}


def read_page(
    session: Session,
    noun: Noun,
    chosen: Chosen,
    *,
    as_of: datetime,
    after: tuple[datetime, Any] | None = None,
    limit: int,
) -> list[dict[str, Any]]:
    """The chosen things, by (known_at, id), newest first, from behind `after`, as known at `as_of`."""
    table = noun.table
    query = select(table).where(*chosen.conditions(noun, as_of=as_of))
    if after is not None:
        known_at, id_ = after
        query = query.where(or_(table.c.known_at < known_at, and_(table.c.known_at == known_at, table.c.id < id_)))
    return as_known(session, noun, query.order_by(table.c.known_at.desc(), table.c.id.desc()).limit(limit), as_of=as_of)


def as_known(session: Reads, noun: Noun, query: Select[Any], *, as_of: datetime) -> list[dict[str, Any]]:
    """The rows of `query` that were known at `as_of`, each with its content then."""
    result = session.execute(query.where(noun.table.c.known_at <= as_of))
    names = tuple(result.keys())
    # Not `mappings()`, which takes twice as long: a large proposal has ten thousands of votes.
    return as_then(session, noun, [dict(zip(names, row, strict=True)) for row in result.all()], as_of=as_of)


def as_then(session: Reads, noun: Noun, rows: list[dict[str, Any]], *, as_of: datetime) -> list[dict[str, Any]]:
    """`rows` (with at least `id` and `revision`; a proposal's whole), each changed to its content as known at `as_of`.

    A proposal's `told_end`, where asked for, is its end as told then, be it one that only the close reveals.
    """
    revised = [row for row in rows if row["revision"] > 1]
    if revised:
        then = _contents_then(session, noun, [row["id"] for row in revised], as_of)
        for row in revised:
            row.update(then.get(row["id"], {}))
            if "told_end" in row:
                row["told_end"] = row["ends_at"]
    if noun is PROPOSALS:
        for row in rows:
            hide_result(row, as_of)
    return rows


def _contents_then(session: Reads, noun: Noun, ids: Sequence[Any], as_of: datetime) -> dict[Any, dict[str, Any]]:
    """By thing, what the last content known at `as_of` says; a proposal's result is that of the last result known then."""
    table = noun.content_table
    digest = table.c.content if noun is VOTES else table.c.content_sha256
    found: dict[Any, dict[str, Any]] = {}
    query = select(table).where(table.c[noun.key].in_(ids)).order_by(table.c.recorded_at, digest)
    for row in session.execute(query).mappings():
        said = dict(row) if noun is VOTES else dict(row["content"])
        for name in _TIMES & said.keys():
            said[name] = None if said[name] is None else datetime.fromisoformat(said[name])
        kept = found.setdefault(row[noun.key], {})
        if row["known_at"] <= as_of:
            result = {name: kept[name] for name in _RESULT if name in kept}
            kept.update(said if noun is not VOTES else {name: said[name] for name in _VOTE_SAYS})
            kept.update(result)
        if noun is PROPOSALS and row["result_known_at"] <= as_of:
            kept.update({name: said[name] for name in _RESULT}, result_known_at=row["result_known_at"])
    return found


_CAST: Final = Prepared(
    select(*(VOTES.table.c[name] for name in ("id", "voter", "choice", "power", "revision")))
    .where(
        VOTES.table.c.proposal_id == bindparam("proposal", type_=String()),
        VOTES.table.c.known_at <= _AS_OF,
    )
    .order_by(VOTES.table.c.cast_at.is_not(None), VOTES.table.c.cast_at, VOTES.table.c.id)
)


def votes_cast(session: Reads, proposal_id: str, *, as_of: datetime) -> list[Ballot]:
    """The proposal's votes known at `as_of`, in the order in which they were cast.

    A vote without a time is taken as the earliest: one with a time counts over it.
    """
    rows = _CAST.tuples(session, proposal=proposal_id, as_of=as_of)
    revised = [id_ for id_, _, _, _, revision in rows if revision > 1]
    then = _contents_then(session, VOTES, revised, as_of) if revised else {}
    return [
        Ballot(voter, choice, power) if not (said := then.get(id_)) else Ballot(voter, said["choice"], said["power"])
        for id_, voter, choice, power, _ in rows
    ]


_VOTE_SAYS: Final = ("source", "external_id", "choice", "power", "power_kind", "reason", "cast_at_estimated")


def hide_result(row: dict[str, Any], as_of: datetime) -> None:
    if row["result_known_at"] > as_of:
        row.update(dict.fromkeys(_RESULT))
        if not row["end_fixed"]:
            row["ends_at"] = None


def freshness(session: Session, noun: Noun, dao_id: str, *, as_of: datetime) -> Freshness:
    """How fresh the DAO's rows of this kind are."""
    table = noun.table
    newest = session.execute(select(func.max(table.c.known_at)).where(table.c.dao_id == dao_id)).scalar_one()
    refused = session.execute(select(col(ImportRefusal.id)).where(col(ImportRefusal.dao_id) == dao_id).limit(1)).first()
    return Freshness(as_of, newest, newest is not None and newest >= as_of and refused is None)
