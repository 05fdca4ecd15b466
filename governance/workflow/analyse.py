"""Has a DAO's texts read by the text models, each once per model, and puts the readings on record."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlmodel import Session

from governance import identity
from governance.actors import Actor
from governance.canonical import canonical
from governance.decision_log import EntryKind
from governance.evidence import TextReader, TextToRead
from governance.fingerprints import READING_COLUMNS, key_of_id, of_reading
from governance.intake.fields import microseconds
from governance.readings import Subject, scores_text
from governance.records import decision_log, ingested_daos, texts
from governance.records.daos import dao_time
from governance.records.texts import Place
from governance.workflow.log_batch import name_fingerprints

_TASKS: Final = ("sentiment", "stance")


@dataclass(frozen=True, slots=True)
class Unread:
    """Texts that no reading of the models in use covers (up to a limit), and how many were read before.

    `place` is that of the last text looked at, where `more` are left over behind it.
    """

    subjects: tuple[Subject, ...]
    known: int
    place: Place | None

    @property
    def more(self) -> bool:
        """Whether unread texts are left over."""
        return self.place is not None


def unread_texts(
    session: Session,
    dao_id: str,
    *,
    reader: TextReader,
    now: datetime,
    limit: int,
    proposal_id: str | None = None,
    after: Place | None = None,
) -> Unread:
    """The DAO's texts that the models in use have not read yet, at most `limit` of them. Writes nothing.

    With `after` those behind that place only: who goes on from where an earlier answer ended looks at each text once.

    Raises:
        NotFound: there is no such DAO.
        ModelUnavailable: a model cannot load.
    """
    found: list[Subject] = []
    known, place = 0, after
    for subject, read in _looked_at(session, dao_id, reader=reader, now=now, proposal_id=proposal_id, after=after):
        if read:
            known += 1
        elif len(found) >= limit:
            return Unread(tuple(found), known, place)
        else:
            found.append(subject)
        place = Place(subject.kind, subject.known_at, subject.id)
    return Unread(tuple(found), known, None)


def count_texts(session: Session, dao_id: str, *, reader: TextReader, now: datetime, proposal_id: str | None = None) -> tuple[int, int]:
    """How many of the DAO's texts the models in use have not read yet, and how many they have. Writes nothing.

    Raises:
        NotFound: there is no such DAO.
        ModelUnavailable: a model cannot load.
    """
    known = [read for _, read in _looked_at(session, dao_id, reader=reader, now=now, proposal_id=proposal_id, after=None)]
    return known.count(False), known.count(True)


def _looked_at(
    session: Session, dao_id: str, *, reader: TextReader, now: datetime, proposal_id: str | None, after: Place | None
) -> Iterator[tuple[Subject, bool]]:
    """Each text, and whether the models in use have read it."""
    models = {task: reader.digest(task) for task in _TASKS}
    as_of = dao_time(session, dao_id, now)
    for page in texts.texts(session, dao_id, as_of=as_of, proposal_id=proposal_id, after=after):
        ids = [subject.id for subject in page]
        read = {task: texts.known_pairs(session, ids, task=task, model=models[task]) for task in _TASKS}
        for subject in page:
            wanted = _TASKS if subject.target is not None else _TASKS[:1]
            yield subject, all((subject.id, *subject.digests) in read[task] for task in wanted)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Texts to have readings of: what the models in use (task: digest) said before, by task and what was asked, and what to read."""

    subjects: tuple[Subject, ...]
    models: Mapping[str, str]
    said: Mapping[str, dict[tuple[str, str, bool], Mapping[str, Any]]]
    missing: Mapping[tuple[str, str, bool], TextToRead]


def wanted_readings(session: Session, subjects: Sequence[Subject], *, reader: TextReader) -> Wanted:
    """What is remembered of `subjects`, and which texts no model in use has read. Writes nothing.

    Raises:
        ModelUnavailable: a model cannot load.
    """
    models = {task: reader.digest(task) for task in _TASKS}
    asked = sorted({subject.asked for subject in subjects})
    said = {task: dict(texts.remembered(session, asked, task=task, model=models[task])) for task in _TASKS}
    missing = {
        subject.asked: subject.to_read
        for subject in subjects
        if any(subject.asked not in said[task] for task in (_TASKS if subject.target is not None else _TASKS[:1]))
    }
    return Wanted(tuple(subjects), models, said, missing)


def read_texts(wanted: Wanted, *, reader: TextReader) -> list[dict[str, Any]]:
    """The readings as rows to record. Takes no session: a model may read for minutes, and no transaction may stay open so long.

    Raises:
        ModelUnavailable: a model cannot load or gives no usable numbers.
    """
    said = {task: dict(known) for task, known in wanted.said.items()}
    for key, readings in zip(wanted.missing, reader.read(list(wanted.missing.values())) if wanted.missing else [], strict=True):
        for reading in readings:
            said[reading.task][key] = {"label": reading.label, "scores": scores_text(reading), "windows": reading.windows}
    return [
        _row(subject, task, wanted.models[task], said[task][subject.asked])
        for subject in wanted.subjects
        for task in _TASKS
        if subject.asked in said[task]
    ]


def record_readings(session: Session, dao_id: str, rows: Sequence[Mapping[str, Any]], *, actor: Actor, now: datetime) -> int:
    """Store the readings that are not on record yet, and say how many.

    Logs:
        readings.recorded, once per task and model.
    """
    stored = texts.store_readings(session, [{**row, "recorded_at": now} for row in rows])
    if not stored:
        return 0
    ts = dao_time(session, dao_id, now)
    for task, model in sorted({(row["task"], row["model_sha256"]) for row in stored}):
        new = [row for row in stored if (row["task"], row["model_sha256"]) == (task, model)]
        marks = b"".join(_fingerprint(row) for row in new)
        named = name_fingerprints(session, marks, dao_id=dao_id, recorded_at=now)
        decision_log.append(
            session,
            kind=EntryKind.READINGS_RECORDED,
            dao_id=dao_id,
            actor=actor,
            subject={"dao": dao_id, "task": task},
            data={"count": len(new), **named, "task": task, "model_digest": model},
            ts=ts,
            recorded_at=now,
        )
    ingested_daos.grow_data_version(session, [dao_id])
    return len(stored)


def _row(subject: Subject, task: str, model: str, said: Mapping[str, Any]) -> dict[str, Any]:
    text, target = subject.digests
    return {
        "id": identity.derived("read", "reading", subject.dao_id, subject.kind, subject.id, task, model, text, target),
        "dao_id": subject.dao_id,
        "subject_kind": subject.kind,
        "subject_id": subject.id,
        "proposal_id": subject.proposal_id,
        "task": task,
        "label": said["label"],
        "scores": list(said["scores"]),
        "windows": said["windows"],
        "model_sha256": model,
        "text_sha256": text,
        "target_sha256": target,
        "known_at": subject.known_at,
    }


def _fingerprint(row: Mapping[str, Any]) -> bytes:
    said = {**row, "scores": canonical(row["scores"]).decode()}
    known, recorded = microseconds(row["known_at"]), microseconds(row["recorded_at"])
    return of_reading(key_of_id(row["id"]), [said[name] for name in READING_COLUMNS], known_at_us=known, recorded_at_us=recorded)
