"""A DAO's closed proposals as columns, in the order in which their results became known."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import is_

import numpy as np
from numpy.typing import NDArray

from governance.evidence import ClosedProposal, KnownProposal, OutcomeQuestion
from nlp.outcome_text import Embedder, proposal_text
from nlp.outcome_words import word_vectors

DAY = 86_400.0
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# How many (history, DAO) tables one process keeps; a table of 2,500 proposals takes about 22 MB.
KEPT_TABLES = 64

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Codes = NDArray[np.int64]


def days(moment: datetime) -> float:
    """Days since 1970, UTC."""
    return (moment - EPOCH).total_seconds() / DAY


def author_key(proposal: KnownProposal) -> str:
    """Addresses differ in case between sources; an author is the same person in any."""
    return (proposal.author or "").strip().lower()


def kind_key(proposal: KnownProposal) -> str:
    """The source's word for the kind of proposal, "" where it has none."""
    return (proposal.kind or "").strip().lower()


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class DaoRecord:
    """One DAO's closed proposals, ordered by (close, id); numbers are NaN where the source has none.

    Times are days since 1970. `kinds` and `authors` are codes; code -1 is "the source names none", which equals nothing.
    `narrow` are the vectors in single precision, `worded` 1 where they say anything, `words` those of `nlp.outcome_words`.
    What is kept about a record goes with it.
    """

    closed: Floats
    published: Floats
    passed: Floats
    share: Floats
    voters: Floats
    power: Floats
    reached: Floats
    executed: Floats
    kinds: Codes
    authors: Codes
    vectors: Floats
    narrow: Singles
    worded: Singles
    words: Singles
    kind_codes: dict[str, int]
    author_codes: dict[str, int]
    rows: tuple[ClosedProposal, ...]
    places: dict[str, int]

    def known_before(self, moment: float) -> int:
        """How many rows, from the first, had a result before `moment` (exclusive)."""
        return int(np.searchsorted(self.closed, moment, side="left"))

    # Rows of a record may be later than the question. Whether a name occurs among them only must change nothing: a name that
    # never occurs is as much a name, so its code is one that no row has, and not that of "none".

    def kinds_of(self, proposals: Iterable[KnownProposal]) -> Codes:
        """The codes of proposals' kinds in this record; one that never occurred has a code of its own, -1 is none."""
        return _codes(map(kind_key, proposals), dict(self.kind_codes))

    def authors_of(self, proposals: Iterable[KnownProposal]) -> Codes:
        """The codes of proposals' authors in this record; who never proposed has a code of their own, -1 is none."""
        return _codes(map(author_key, proposals), dict(self.author_codes))


def build_record(rows: Iterable[ClosedProposal], embedder: Embedder) -> DaoRecord:
    """Columns of one DAO's rows; the order in which they are given does not matter."""
    ordered = sorted(rows, key=_order)
    kind_codes: dict[str, int] = {}
    author_codes: dict[str, int] = {}
    nan = float("nan")
    vectors = embedder.embed([proposal_text(row.proposal) for row in ordered]).astype(np.float64)
    return DaoRecord(
        closed=_floats(days(row.closed_at) for row in ordered),
        published=_floats(days(_published(row)) for row in ordered),
        passed=_floats(float(row.passed) for row in ordered),
        share=_floats(nan if row.approval_share is None else row.approval_share for row in ordered),
        voters=_floats(nan if row.voters is None else float(row.voters) for row in ordered),
        power=_floats(nan if row.power is None else row.power for row in ordered),
        reached=_floats(nan if row.quorum_reached is None else float(row.quorum_reached) for row in ordered),
        executed=_floats(nan if row.executed is None else float(row.executed) for row in ordered),
        kinds=_codes((kind_key(row.proposal) for row in ordered), kind_codes),
        authors=_codes((author_key(row.proposal) for row in ordered), author_codes),
        vectors=vectors,
        narrow=vectors.astype(np.float32),
        worded=worded(vectors),
        words=word_vectors(row.proposal for row in ordered),
        kind_codes=kind_codes,
        author_codes=author_codes,
        rows=tuple(ordered),
        places={row.proposal.proposal_id: place for place, row in enumerate(ordered)},
    )


def worded(vectors: Floats) -> Singles:
    """1 for each vector that says anything, 0 for those of proposals without text."""
    found: Singles = np.any(vectors != 0.0, axis=1).astype(np.float32)
    return found


class Records:
    """Builds each DAO's record once per history that is asked with; a few are kept.

    A caller that asks many questions with one and the same history tuple pays for it once. So does one that asks of earlier
    moments, each with what was known then: the longest record kept of a DAO serves where it begins with the very same rows and
    all its others closed at `as_of` or later, which no feature looks at.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._longest: OrderedDict[str, DaoRecord] = OrderedDict()
        # The tuple is kept beside its record: while it lives, its id cannot be given to another.
        self._kept: OrderedDict[tuple[int, str], tuple[Sequence[ClosedProposal], DaoRecord]] = OrderedDict()
        self._by_dao: OrderedDict[int, tuple[Sequence[ClosedProposal], dict[str, list[ClosedProposal]]]] = OrderedDict()

    def of(self, question: OutcomeQuestion) -> DaoRecord:
        """The record of the asked proposal's DAO."""
        history, dao = question.history, question.proposal.dao_id
        key = (id(history), dao)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key][1]
        longest = self._longest.get(dao)
        if longest is not None and _serves(longest, history, days(question.as_of)):
            # Not kept under this history: another question may come with it that asks of a later moment.
            return longest
        record = build_record(self._rows(history).get(dao, ()), self._embedder)
        # A DAO gets a longer history with each result: what was built from the shorter ones would pile up, 12 MB for 2,500 proposals.
        for each in [each for each, (rows, _) in self._kept.items() if each[1] == dao and len(rows) < len(history)]:
            del self._kept[each]
            self._by_dao.pop(each[0], None)
        self._kept[key] = (history, record)
        if len(self._kept) > KEPT_TABLES:
            self._kept.popitem(last=False)
        if longest is None or len(record.rows) >= len(longest.rows):
            self._longest[dao] = record
        self._longest.move_to_end(dao)
        if len(self._longest) > KEPT_TABLES:
            self._longest.popitem(last=False)
        return record

    def vector(self, proposal: KnownProposal) -> Floats:
        """The asked proposal's own text vector; zeros when it has no text."""
        vector: Floats = self._embedder.embed([proposal_text(proposal)])[0].astype(np.float64)
        return vector

    def _rows(self, history: Sequence[ClosedProposal]) -> dict[str, list[ClosedProposal]]:
        if id(history) not in self._by_dao:
            rows: dict[str, list[ClosedProposal]] = {}
            for row in history:
                rows.setdefault(row.proposal.dao_id, []).append(row)
            self._by_dao[id(history)] = (history, rows)
            if len(self._by_dao) > KEPT_TABLES:
                self._by_dao.popitem(last=False)
        return self._by_dao[id(history)][1]


def _serves(record: DaoRecord, history: Sequence[ClosedProposal], as_of: float) -> bool:
    """Whether `record` says at `as_of` what a record of `history` would: it begins with just its rows, and its others closed no earlier."""
    count = len(history)
    if count > len(record.rows) or (count < len(record.rows) and record.closed[count] < as_of):
        return False
    return all(map(is_, history, record.rows)) or all(map(is_, sorted(history, key=_order), record.rows))


def _order(row: ClosedProposal) -> tuple[datetime, str]:
    return row.closed_at, row.proposal.proposal_id


def _published(row: ClosedProposal) -> datetime:
    return min(row.proposal.published_at or row.proposal.starts_at or row.closed_at, row.closed_at)


def _floats(values: Iterable[float]) -> Floats:
    return np.fromiter(values, dtype=np.float64)


def _codes(keys: Iterable[str], codes: dict[str, int]) -> Codes:
    return np.fromiter((codes.setdefault(key, len(codes)) if key else -1 for key in keys), dtype=np.int64)
