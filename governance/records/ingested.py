"""Writes received rows of each kind, and says row by row what happened."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Table, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel

from governance.fingerprints import Stored, of_link, of_progress
from governance.identity import content_digest, proposal_id
from governance.intake.batches import RefusedRow, Verdict
from governance.intake.observations import ObservationReceived, ProgressReceived
from governance.intake.posts import LinkReceived, PostReceived
from governance.intake.proposals import ProposalReceived
from governance.records.access import ImportRefusal
from governance.records.columns import to_microseconds
from governance.records.observations import Observation, ObservationRevision
from governance.records.posts import Post, PostRevision
from governance.records.proposals import ForumLink, Proposal, ProposalRevision, VoteProgress
from governance.records.revisions import Incoming, Revised, store

Now = Callable[[str], datetime]


def _table(model: type[SQLModel]) -> Table:
    return model.__table__  # type: ignore[attr-defined,no-any-return]  # SQLModel makes it


_PROPOSALS: Final = Revised(_table(Proposal), _table(ProposalRevision), "proposal_id", ("known_at", "result_known_at"))
_POSTS: Final = Revised(_table(Post), _table(PostRevision), "post_id")
_OBSERVATIONS: Final = Revised(_table(Observation), _table(ObservationRevision), "observation_id")
_KEYS_PER_QUERY: Final = 500


def store_proposals(session: Session, received: Sequence[ProposalReceived], *, now: Now, recorded_at: datetime) -> Stored:
    """Store proposals with their revisions."""
    return store(session, _PROPOSALS, [_proposal(each, now(each.dao_id)) for each in received], recorded_at=recorded_at)


def store_posts(session: Session, received: Sequence[tuple[PostReceived, str]], *, now: Now, recorded_at: datetime) -> Stored:
    """Store posts, each with the DAO it is filed under, with their revisions."""
    return store(session, _POSTS, [_post(post, dao, now(dao)) for post, dao in received], recorded_at=recorded_at)


def store_observations(session: Session, received: Sequence[ObservationReceived], *, now: Now, recorded_at: datetime) -> Stored:
    """Store observations with their revisions."""
    return store(session, _OBSERVATIONS, [_observation(each, now(each.dao_id)) for each in received], recorded_at=recorded_at)


def store_progress(session: Session, received: Sequence[ProgressReceived], *, recorded_at: datetime) -> Stored:
    """Store progress rows; different words about one moment stand side by side, so nothing is ever revised."""
    rows = [
        {
            "external_id": each.external_id,
            "seen_at": each.seen_at,
            "content_sha256": content_digest(each.content()),
            "dao_id": each.dao_id,
            "proposal_id": None,
            "status": each.status,
            "power": each.power,
            "votes": each.votes,
            "ends_at": each.ends_at,
            "known_at": each.seen_at,
            "recorded_at": recorded_at,
        }
        for each in received
    ]
    verdicts, fresh = _insert_unknown(session, VoteProgress, ("external_id", "seen_at", "content_sha256"), rows)
    return Stored(verdicts, b"".join(_of_progress(row) for row in fresh))


def _of_progress(row: Mapping[str, Any]) -> bytes:
    seen, known, recorded = (to_microseconds(row[name]) for name in ("seen_at", "known_at", "recorded_at"))
    ends = None if row["ends_at"] is None else to_microseconds(row["ends_at"])
    told = (row["status"], row["power"], row["votes"], ends)
    return of_progress((row["external_id"], seen, row["content_sha256"]), told, known_at_us=known, recorded_at_us=recorded)


def store_links(session: Session, received: Sequence[LinkReceived], *, now: Now, recorded_at: datetime) -> Stored:
    """Store forum links. A link told by several sources bears the name of the first in the alphabet, whoever came first."""
    rows = [
        {
            "proposal_id": each.proposal_id,
            "forum": each.forum,
            "topic_id": each.topic_id,
            "dao_id": each.dao_id,
            "source": each.source,
            "known_at": now(each.dao_id),
            "recorded_at": recorded_at,
        }
        for each in received
    ]
    verdicts, fresh = _insert_unknown(session, ForumLink, ("proposal_id", "forum", "topic_id"), rows)
    told: dict[tuple[str, str, int], str] = {}
    for each, verdict in zip(received, verdicts, strict=True):
        link = each.proposal_id, each.forum, each.topic_id
        if verdict is Verdict.UNCHANGED:
            told[link] = min(each.source, told.get(link, each.source))
    _name_first_source(session, told)
    return Stored(verdicts, b"".join(_of_link(row) for row in fresh))


def _of_link(row: Mapping[str, Any]) -> bytes:
    known, recorded = to_microseconds(row["known_at"]), to_microseconds(row["recorded_at"])
    link = (row["proposal_id"], row["forum"], row["topic_id"])
    return of_link(link, dao_id=row["dao_id"], known_at_us=known, recorded_at_us=recorded)


def _name_first_source(session: Session, told: Mapping[tuple[str, str, int], str]) -> None:
    table = _table(ForumLink)
    key = (table.c.proposal_id, table.c.forum, table.c.topic_id)
    wanted = sorted(told)
    for start in range(0, len(wanted), _KEYS_PER_QUERY):
        part = wanted[start : start + _KEYS_PER_QUERY]
        for *link, source in session.execute(select(*key, table.c.source).where(tuple_(*key).in_(part))).all():
            proposal, forum, topic = link
            first = told[proposal, forum, topic]
            if first < source:
                same = (table.c.proposal_id == proposal, table.c.forum == forum, table.c.topic_id == topic)
                session.execute(update(table).where(*same).values(source=first))


def store_refusals(session: Session, refused: Sequence[RefusedRow], *, file: str, dao_id: str | None, recorded_at: datetime) -> None:
    """Keep what an import refused; the same refusal of the same row again is one."""
    rows = [
        {
            "id": content_digest({"file": file, "row": each.number, "field": each.field, "reason": each.reason, "value": each.value}),
            "dao_id": dao_id,
            "file": file,
            "row_number": each.number,
            "field": each.field,
            "reason": each.reason,
            "value": each.value,
            "recorded_at": recorded_at,
        }
        for each in refused
    ]
    if rows:
        _insert_unknown(session, ImportRefusal, ("id",), rows)


def _insert_unknown(
    session: Session, model: type[SQLModel], key: tuple[str, ...], rows: Sequence[dict[str, Any]]
) -> tuple[list[Verdict], list[dict[str, Any]]]:
    """What became of each row, and the rows that are new."""
    table = _table(model)
    columns = [table.c[name] for name in key]
    known: set[tuple[Any, ...]] = set()
    wanted = sorted({tuple(row[name] for name in key) for row in rows})
    for start in range(0, len(wanted), _KEYS_PER_QUERY):
        part = wanted[start : start + _KEYS_PER_QUERY]
        known.update(tuple(found) for found in session.execute(select(*columns).where(tuple_(*columns).in_(part))))
    verdicts, fresh = [], []
    for row in rows:
        identity = tuple(row[name] for name in key)
        verdicts.append(Verdict.UNCHANGED if identity in known else Verdict.INSERTED)
        if identity not in known:
            known.add(identity)
            fresh.append(row)
    if fresh:
        insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
        session.execute(insert(table).on_conflict_do_nothing(), fresh)
    return verdicts, fresh


def _proposal(each: ProposalReceived, now: datetime) -> Incoming:
    content = each.content()
    columns = {
        **content,
        "created_at": each.created_at,
        "starts_at": each.starts_at,
        "ends_at": each.ends_at,
    }
    known = {"known_at": each.known_at(now), "result_known_at": each.result_known_at(now)}
    fixed = {"dao_id": each.dao_id, "external_id": each.external_id}
    return Incoming(each.id, content_digest(content), content, columns, fixed, known, now)


def _post(each: PostReceived, dao: str, now: datetime) -> Incoming:
    content = each.content()
    columns = {**content, "posted_at": each.posted_at}
    inferred = each.dao_name is None
    # A link within the DAO needs no look-up: the proposal's id follows from its own, whether it is here yet or not.
    proposal = None if inferred or each.linked_proposal is None else proposal_id(dao, each.linked_proposal)
    fixed = {"dao_id": dao, "forum": each.forum, "external_id": each.external_id, "dao_inferred": inferred, "proposal_id": proposal}
    return Incoming(each.id, content_digest(content), content, columns, fixed, {"known_at": each.known_at(now)}, now)


def _observation(each: ObservationReceived, now: datetime) -> Incoming:
    content = each.content()
    fixed = {"dao_id": each.dao_id, "metric": each.metric, "source": each.source, "observed_at": each.observed_at}
    return Incoming(each.id, content_digest(content), content, content, fixed, {"known_at": each.known_at(now)}, now)
