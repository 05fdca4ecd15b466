"""Takes files in, batch by batch, and accounts for every row."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from api.database import Writer
from api.sources.dumps import UNUSABLE, Unreadable, read_dump
from governance.actors import Actor
from governance.intake.batches import Batch, BatchReport, RefusedRow
from governance.workflow.attribute import attribute
from governance.workflow.ingest import IngestRun, ingest
from governance.workflow.keep_refusals import keep_refusals

# Refusals of unreadable rows are stored this many at a time.
_REFUSALS = 500


@dataclass(slots=True)
class FileReport:
    """What became of one file. `reasons` counts refusals, and trouble with the file as a whole, by field and rule."""

    file: str
    read: int = 0
    inserted: int = 0
    unchanged: int = 0
    revised: int = 0
    refused: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    usable: bool = True

    @property
    def whole(self) -> bool:
        """Whether everything in the file was taken."""
        return not self.reasons

    def body(self) -> dict[str, object]:
        """The report as `--json` prints it."""
        return {
            "file": self.file,
            "read": self.read,
            "inserted": self.inserted,
            "unchanged": self.unchanged,
            "revised": self.revised,
            "refused": self.refused,
            "reasons": dict(self.reasons.most_common()),
        }

    def add(self, batch: BatchReport) -> None:
        """Count a batch."""
        counts = batch.counts()
        self.read += len(batch.verdicts)
        self.inserted += counts["inserted"]
        self.unchanged += counts["unchanged"]
        self.revised += counts["revised"]
        self.refused += counts["refused"]
        self.reasons.update(f"{row.field}: {row.reason}" for row in batch.refused)

    def add_unreadable(self, part: Unreadable) -> None:
        """Count a row that could not be read, or note trouble with the file."""
        self.reasons[f"{part.field}: {part.reason}"] += 1
        if part.number:
            self.read += 1
            self.refused += 1
        elif part.field in UNUSABLE:
            self.usable = False


class Store(Protocol):
    """Where batches go."""

    def take(self, batch: Batch) -> BatchReport:
        """Take one batch in, durably."""

    def refuse(self, refused: Sequence[RefusedRow], file: str) -> None:
        """Keep what could not be read."""

    def finish(self) -> None:
        """After the last file: file what the files left open."""


@dataclass(slots=True)
class LocalStore:
    """The store of this process: each batch is one unit of the writer."""

    writer: Writer
    actor: Actor
    started_at: datetime
    dao_id: str | None = None
    _run: IngestRun = field(init=False)

    def __post_init__(self) -> None:
        """One import is one run, so that order within it does not matter."""
        self._run = IngestRun(self.actor, self.started_at, self.dao_id)

    def take(self, batch: Batch) -> BatchReport:
        """Take one batch in, durably."""
        return self.writer.run(lambda session: ingest(session, batch, run=self._run))

    def refuse(self, refused: Sequence[RefusedRow], file: str) -> None:
        """Keep what could not be read."""
        self.writer.run(lambda session: keep_refusals(session, refused, file=file, run=self._run))

    def finish(self) -> None:
        """File posts and progress under the DAOs and proposals that links name."""
        self.writer.run(lambda session: attribute(session, now=self.started_at))


def import_files(files: Iterable[tuple[Path, str]], store: Store, *, progress: Callable[[str, int], None]) -> Iterator[FileReport]:
    """Take in each (path, label) and give its report. `progress` hears the file's label and how many rows were just done."""
    for path, label in files:
        report = FileReport(label)
        waiting: list[RefusedRow] = []
        for part in read_dump(path, label=label):
            if isinstance(part, Unreadable):
                report.add_unreadable(part)
                waiting.append(RefusedRow(part.number, part.field[:120], part.reason, part.value))
                if len(waiting) >= _REFUSALS:
                    store.refuse(waiting, label)
                    waiting = []
                continue
            report.add(store.take(part))
            progress(label, len(part))
        if waiting:
            store.refuse(waiting, label)
        yield report
    store.finish()
