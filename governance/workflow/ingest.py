"""Takes batches of raw rows in: validates, stores, logs, and says row by row what happened."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlmodel import Session

from governance import identity
from governance.actors import Actor
from governance.errors import InvalidInput, NotFound
from governance.fingerprints import Stored
from governance.intake import daos, fields, observations, posts, proposals
from governance.intake.batches import Batch, BatchReport, Kind, RefusedRow, Verdict
from governance.intake.daos import DaoReceived
from governance.intake.vote_columns import VoteReader, VoteRow, vote_document
from governance.records import dao_health, ingested, ingested_daos, vote_store
from governance.records.ingested import Now
from governance.workflow.log_batch import log_batch
from governance.workflow.register_dao import register_dao, register_daos

_CHANGED: Final = frozenset({Verdict.INSERTED, Verdict.REVISED})


@dataclass(slots=True)
class IngestRun:
    """One import, or one request: who brings it, when (wall time), and for which DAO.

    Rows stored with the same `recorded_at` belong to one run, within which order does not matter. With `dao_id` every
    row belongs to that DAO, which must be registered, and a row that names another is refused; without, the rows name
    their DAOs, and those not known yet are registered.
    """

    actor: Actor
    recorded_at: datetime
    dao_id: str | None = None
    _votes: VoteReader | None = field(default=None, init=False)

    def vote_reader(self, now: Callable[[str], datetime]) -> VoteReader:
        """The reader that remembers names between the run's batches."""
        if self._votes is None:
            self._votes = VoteReader(now=now)
        self._votes.now = now
        return self._votes


@dataclass(frozen=True, slots=True)
class _Accepted:
    """A row that was valid: its place in the batch, what it says, its id, its DAO and the name and source that gave it."""

    place: int
    value: Any
    id: str
    dao_id: str
    dao_name: str
    source: str
    document: Mapping[str, object]


def ingest(session: Session, batch: Batch, *, run: IngestRun) -> BatchReport:
    """Take `batch` in. A wrong row is refused alone; the rows around it are not touched by it.

    Logs:
        dao.registered per new DAO; one entry per batch that changed something, of its kind's `.ingested`.

    Raises:
        NotFound: the run is for a DAO that is not registered.
    """
    if run.dao_id is None:
        moved = ingested_daos.moved_clocks(session)
    else:
        dao = ingested_daos.one_dao(session, run.dao_id)
        moved, batch = {run.dao_id: dao.ahead}, _for_dao(batch, run.dao_id, dao.name)
    now = _clock(moved, run.recorded_at)
    if batch.kind is Kind.VOTE:
        return _ingest_votes(session, batch, run, now)
    report = BatchReport(verdicts=[Verdict.REFUSED] * len(batch), ids=[None] * len(batch))
    accepted = []
    for place, row in enumerate(batch.rows()):
        try:
            accepted.append(_receive(batch.kind, place, row, now))
        except InvalidInput as refusal:
            report.refused.append(RefusedRow.because(batch.numbers[place], refusal))
    if batch.kind is not Kind.DAO:
        _prepare_daos(session, run, {each.dao_id: (each.dao_name, each.source) for each in accepted}, accepted)
    stored = _store(session, batch.kind, accepted, run, now)
    for each, verdict in zip(accepted, stored.verdicts, strict=True):
        report.verdicts[each.place], report.ids[each.place] = verdict, each.id
    changed = {each.dao_id for each, verdict in zip(accepted, stored.verdicts, strict=True) if verdict in _CHANGED}
    documents = [each.document for each in accepted]
    concerned = {each.dao_id for each in accepted}
    marks = stored.fingerprints
    _finish(session, batch, report, run, now, changed=changed, concerned=concerned, fingerprints=marks, documents=documents)
    return report


def _ingest_votes(session: Session, batch: Batch, run: IngestRun, now: Now) -> BatchReport:
    reader = run.vote_reader(now)
    rows, places, refused = reader.read(batch.columns, len(batch))
    sources = {row.dao_id: (reader.dao_names[row.dao_id], row.source) for row in rows}
    _prepare_daos(session, run, sources, rows)
    stored = vote_store.store(session, rows, recorded_at=run.recorded_at)
    report = BatchReport(verdicts=[Verdict.REFUSED] * len(batch), ids=[None] * len(batch))
    for place, row, verdict in zip(places, rows, stored.verdicts, strict=True):
        report.verdicts[place], report.ids[place] = verdict, row.id.hex()
    report.refused = [RefusedRow.because(batch.numbers[place], refusal) for place, refusal in refused.items()]
    new = [row for row, verdict in zip(rows, stored.verdicts, strict=True) if verdict is Verdict.INSERTED]
    revised = [row for row, verdict in zip(rows, stored.verdicts, strict=True) if verdict is Verdict.REVISED]
    changed = {row.dao_id for row in (*new, *revised)}
    dao_health.note_votes(session, new, revised)
    if changed or report.refused:
        documents = [vote_document(row) for row in rows] if len(rows) == 1 else []
        marks, concerned = stored.fingerprints, set(sources)
        _finish(session, batch, report, run, now, changed=changed, concerned=concerned, fingerprints=marks, documents=documents)
    return report


def _clock(moved: Mapping[str, timedelta], wall: datetime) -> Now:
    """Gives each DAO's own time now."""
    still = timedelta()
    return lambda dao_id: wall + moved.get(dao_id, still)


def _for_dao(batch: Batch, dao_id: str, name: str) -> Batch:
    """The batch with the run's DAO named in every row that names none; a row that names another will be refused."""
    if batch.kind is Kind.DAO:
        return batch
    given = batch.columns.get("dao", [None] * len(batch))
    named = [name if value is None or value in (name, dao_id) else _Foreign(value, name) for value in given]
    return Batch(batch.kind, {**batch.columns, "dao": named}, batch.numbers, batch.file)


class _Foreign:
    """Another DAO's name where only one DAO's rows are taken; no rule accepts it, so the row is refused by field `dao`."""

    def __init__(self, value: object, wanted: str) -> None:
        self._shown = f"{str(value)[:60]} (only rows of {wanted[:40]} are taken here)"

    def __str__(self) -> str:
        return self._shown


def _receive(kind: Kind, place: int, row: Mapping[str, object], now: Now) -> _Accepted:
    if kind is Kind.PROPOSAL:
        proposal = proposals.receive(row)
        document = {"id": proposal.id, "dao": proposal.dao_id, "external_id": proposal.external_id, **proposal.content()}
        return _Accepted(place, proposal, proposal.id, proposal.dao_id, proposal.dao_name, proposal.source, document)
    if kind is Kind.POST:
        post = posts.receive(row)
        name = post.dao_name or post.forum
        document = {"id": post.id, "dao": post.dao_name, "forum": post.forum, "external_id": post.external_id, **post.content()}
        return _Accepted(place, post, post.id, identity.dao_id(name), name, post.source, document)
    if kind is Kind.OBSERVATION:
        seen = observations.receive(row)
        observations.not_ahead(seen, now(seen.dao_id))
        document = {
            "id": seen.id,
            "dao": seen.dao_id,
            "metric": seen.metric,
            "source": seen.source,
            "time": fields.iso(seen.observed_at),
            **seen.content(),
        }
        return _Accepted(place, seen, seen.id, seen.dao_id, seen.dao_name, seen.source, document)
    return _receive_rarer(kind, place, row)


def _receive_rarer(kind: Kind, place: int, row: Mapping[str, object]) -> _Accepted:
    if kind is Kind.FORUM_LINK:
        link = posts.receive_link(row)
        document: dict[str, object] = {"proposal": link.proposal_id, "dao": link.dao_id, "forum": link.forum, "topic_id": link.topic_id}
        return _Accepted(place, link, link.proposal_id, link.dao_id, link.dao_name, link.source, document)
    if kind is Kind.VOTE_PROGRESS:
        seen = observations.receive_progress(row)
        document = {"external_id": seen.external_id, "seen_at": fields.iso(seen.seen_at), **seen.content()}
        return _Accepted(place, seen, seen.external_id, seen.dao_id, seen.dao_name, "vote_progress", document)
    dao = daos.receive(row)
    return _Accepted(place, dao, dao.id, dao.id, dao.name, dao.source, {"id": dao.id, "name": dao.name, "about": dao.about})


def _prepare_daos(session: Session, run: IngestRun, named: Mapping[str, tuple[str, str]], rows: Sequence[_Accepted | VoteRow]) -> None:
    """Register the DAOs that are not known yet, and note the names by which each source calls them."""
    unsure = named.keys() - {run.dao_id}  # a run's own DAO was found when it began
    new = sorted(unsure - ingested_daos.registered(session, unsure))
    if new and run.dao_id is not None:
        raise NotFound("dao", new[0])
    received = [DaoReceived(dao_id, named[dao_id][0], None, named[dao_id][1]) for dao_id in new]
    register_daos(session, received, actor=run.actor, now=run.recorded_at)
    pairs = {(row.source, row.dao_id) for row in rows}
    ingested_daos.add_names(session, {(source, named[dao_id][0]): dao_id for source, dao_id in pairs})


def _store(session: Session, kind: Kind, accepted: Sequence[_Accepted], run: IngestRun, now: Now) -> Stored:
    at, values = run.recorded_at, [each.value for each in accepted]
    if kind is Kind.PROPOSAL:
        return ingested.store_proposals(session, values, now=now, recorded_at=at)
    if kind is Kind.POST:
        return ingested.store_posts(session, [(each.value, each.dao_id) for each in accepted], now=now, recorded_at=at)
    if kind is Kind.OBSERVATION:
        return ingested.store_observations(session, values, now=now, recorded_at=at)
    if kind is Kind.FORUM_LINK:
        return ingested.store_links(session, values, now=now, recorded_at=at)
    if kind is Kind.VOTE_PROGRESS:
        return ingested.store_progress(session, values, recorded_at=at)
    return Stored([_register(session, each.value, run) for each in accepted], b"")


def _register(session: Session, received: DaoReceived, run: IngestRun) -> Verdict:
    """A DAO that is known already stays as it is described; only who registers it first describes it."""
    known = received.id in ingested_daos.registered(session, {received.id})
    if not known:
        register_dao(session, received, actor=run.actor, now=run.recorded_at)
    return Verdict.UNCHANGED if known else Verdict.INSERTED


def _finish(
    session: Session,
    batch: Batch,
    report: BatchReport,
    run: IngestRun,
    now: Now,
    *,
    changed: set[str],
    concerned: set[str],
    fingerprints: bytes,
    documents: Sequence[Mapping[str, object]],
) -> None:
    one = next(iter(concerned)) if len(concerned) == 1 else run.dao_id
    if changed:
        ingested_daos.grow_data_version(session, changed)
        ts = run.recorded_at if one is None else now(one)
        log_batch(session, batch, report, fingerprints=fingerprints, documents=documents, dao_id=one, actor=run.actor, ts=ts,
                  recorded_at=run.recorded_at)  # fmt: skip
    if batch.file is not None:
        ingested.store_refusals(session, report.refused, file=batch.file, dao_id=one, recorded_at=run.recorded_at)
