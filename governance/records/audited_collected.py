"""Compares every collected row with the fingerprints that the log's entries hold: none altered, none gone, none that no entry stored."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from sqlmodel import Session

from governance.decision_log import EntryKind
from governance.errors import NotFound
from governance.fingerprints import SIZE, contradictory, id_of_key
from governance.intake.batches import Kind
from governance.records import blobs, collected_rows, log_reads
from governance.records.audited_filings import misfiled_posts
from governance.records.collected_rows import Complain
from governance.verification import Report

_PAGE: Final = 200
_KINDS: Final = (
    EntryKind.PROPOSALS_INGESTED,
    EntryKind.VOTES_INGESTED,
    EntryKind.POSTS_INGESTED,
    EntryKind.OBSERVATIONS_INGESTED,
    EntryKind.READINGS_RECORDED,
)
_READING: Final = "reading"
# How the rows of each kind are read back, and what their ids begin with (None: they bear the sixteen bytes themselves).
_ROWS: Final[Mapping[str, tuple[Callable[[Session, Complain], Iterator[bytes]], str | None]]] = {
    Kind.PROPOSAL: (collected_rows.proposals, "prop"),
    Kind.VOTE: (collected_rows.votes, None),
    Kind.POST: (collected_rows.posts, "post"),
    Kind.OBSERVATION: (collected_rows.observations, "obs"),
    Kind.VOTE_PROGRESS: (collected_rows.progress, None),
    Kind.FORUM_LINK: (collected_rows.links, None),
    _READING: (collected_rows.readings, "read"),
}


@dataclass(slots=True)
class _Logged:
    """The fingerprints of one kind that entries hold, with where each entry's begin; `unmarked` contents were logged without."""

    marks: bytearray = field(default_factory=bytearray)
    begins: list[int] = field(default_factory=list)
    seqs: list[int] = field(default_factory=list)
    unmarked: int = 0

    def seq_at(self, position: int) -> int:
        """The number of the entry that holds the fingerprint at `position`."""
        return self.seqs[bisect_right(self.begins, position) - 1]


def check_collected(session: Session, report: Report) -> None:
    """Add a finding for every collected row that is altered, gone, or stored by no entry; both rows and entries are named.

    Rows that came in before entries held fingerprints can only be counted; `report.uncovered_rows` says how many there are.
    """
    logged = _logged(session)
    for noun, (read, prefix) in _ROWS.items():
        stored = bytearray()

        def complain(name: str, what: str, noun: str = noun) -> None:
            report.add(f"row.{noun}", f"{name} {what}")

        for mark in read(session, complain):
            stored += mark
        report.rows += len(stored) // SIZE
        _compare(noun, prefix, logged[noun], stored, report)
    for id_ in misfiled_posts(session):
        report.add("row.post", f"{id_} is filed under a DAO or proposal that nothing names for it")


def _logged(session: Session) -> dict[str, _Logged]:
    found = {noun: _Logged() for noun in _ROWS}
    after = -1
    while page := log_reads.entries(session, log_reads.EntryFilter(kinds=_KINDS), after=after, limit=_PAGE):
        for entry in page:
            leaf = entry.document()
            noun = _READING if leaf["type"] == EntryKind.READINGS_RECORDED else str(leaf["subject"].get("rows"))
            data = leaf["data"]
            into = found.get(noun) or found[Kind.OBSERVATION]
            marks = _marks(session, data)
            if marks is None:
                into.unmarked += int(data["count"] if noun == _READING else data["inserted"] + data["revised"])
            else:
                into.begins.append(len(into.marks) // SIZE)
                into.seqs.append(entry.seq)
                into.marks += marks
        after = page[-1].seq
        session.expunge_all()
    return found


def _marks(session: Session, data: Mapping[str, Any]) -> bytes | None:
    """The fingerprints that an entry holds; None for one that holds none, or whose blob is lost, which is found elsewhere."""
    stored = data.get("stored")
    if isinstance(stored, list):
        return bytes.fromhex("".join(stored))
    try:
        return None if stored is None else blobs.get(session, stored["sha256"])
    except NotFound:
        return None


def _compare(noun: str, prefix: str | None, logged: _Logged, stored: bytearray, report: Report) -> None:
    if not logged.unmarked and len(stored) == len(logged.marks) and np.array_equal(np.sort(_array(stored)), np.sort(_array(logged.marks))):
        return

    def name(key: bytes) -> str:
        return key.hex() if prefix is None else id_of_key(prefix, key)

    here = {position: bytes(logged.marks[position * SIZE : (position + 1) * SIZE]) for position in _missing(logged.marks, stored)}
    strange = {bytes(stored[position * SIZE : (position + 1) * SIZE]) for position in _missing(stored, logged.marks)}
    altered = {mark[: SIZE // 2] for mark in strange}
    named = set()
    for position, mark in here.items():
        key = mark[: SIZE // 2]
        named.add(key)
        what = "is not what this entry stored" if key in altered else "was stored by this entry and is gone"
        report.add(f"row.{noun}", f"{name(key)} {what}", seq=logged.seq_at(position))
    alone = [mark for mark in strange if mark[: SIZE // 2] not in named]
    contrary = [mark for mark in alone if mark == contradictory(mark[: SIZE // 2])]
    for mark in contrary:
        report.add(f"row.{noun}", f"{name(mark[: SIZE // 2])} is not what it says it is: its digest or id is of something else")
    if len(alone) == logged.unmarked:
        report.uncovered_rows += len(alone)
        return
    if logged.unmarked:
        report.add(f"row.{noun}", f"{len(alone)} contents stand for the {logged.unmarked} that were logged without fingerprints")
        return
    for mark in sorted(set(alone) - set(contrary)):
        report.add(f"row.{noun}", f"no entry stored {name(mark[: SIZE // 2])}")


def _array(marks: bytearray) -> Any:  # noqa: ANN401  # an array of 32-byte texts; as all are of that length, padding cannot confuse them
    return np.frombuffer(marks, dtype=f"S{SIZE}")


def _missing(marks: bytearray, among: bytearray) -> list[int]:
    """The positions of those of `marks` that are not `among` the others."""
    return [int(position) for position in np.flatnonzero(~np.isin(_array(marks), _array(among)))]
