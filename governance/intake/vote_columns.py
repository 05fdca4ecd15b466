"""Votes in bulk: a column at a time, with the answers of `intake.votes` and a third of its work per row."""

import hashlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

from governance.errors import InvalidInput
from governance.intake import fields, votes

_BELIEVABLE_FROM_US: Final = fields.microseconds(fields.BELIEVABLE_FROM)
_MOST_SECONDS: Final = 253_402_300_799
_TEXTS: Final = ("source", "dao", "proposal_id", "voter", "choice", "reason", "vote_id")
# Memories of repeated texts are emptied at this size; real data has a few thousand DAOs and some tens of thousands of choices.
_MOST_REMEMBERED: Final = 200_000


class VoteRow(NamedTuple):
    """A vote as it is stored; times are microseconds since 1970."""

    id: bytes
    dao_id: str
    proposal_id: str
    source: str
    external_id: str | None
    voter: str
    choice: str | None
    power: str | None
    power_kind: str | None
    reason: str | None
    cast_at: int | None
    cast_at_estimated: bool
    content: bytes
    known_at: int


@dataclass(slots=True)
class VoteReader:
    """Turns columns of raw votes into rows. `now` gives a DAO's time; answers are remembered between batches of a run."""

    now: Callable[[str], datetime]
    dao_names: dict[str, str] = field(default_factory=dict)
    _daos: dict[str, tuple[str, int]] = field(default_factory=dict)
    _proposals: dict[tuple[str, str], str] = field(default_factory=dict)
    _choices: dict[str, str | None] = field(default_factory=dict)
    _sources: dict[str, str] = field(default_factory=dict)
    _contents: dict[tuple[str, str | None, str | None, bool], bytes] = field(default_factory=dict)

    def read(self, columns: Mapping[str, Sequence[object]], count: int) -> tuple[list[VoteRow], list[int], dict[int, InvalidInput]]:
        """The accepted rows, where each stood in the batch, and the refusals by place."""
        for memory in (self._proposals, self._choices, self._contents):
            if len(memory) > _MOST_REMEMBERED:
                memory.clear()
        plain = set(columns) <= votes.KNOWN_FIELDS and _are_plain(columns)
        rows: list[VoteRow] = []
        places: list[int] = []
        refused: dict[int, InvalidInput] = {}
        for place, told in enumerate(_told(columns, count)):
            row = self._fast(told) if plain else None
            if row is None:
                try:
                    row = self._slow({name: values[place] for name, values in columns.items()})
                except InvalidInput as refusal:
                    refused[place] = refusal
                    continue
            rows.append(row)
            places.append(place)
        return rows, places, refused

    def _fast(self, told: tuple[object, ...]) -> VoteRow | None:
        """The row of one vote as `_told` gives it, where every field is of the plainest kind; else None, and the slow way decides."""
        source, dao, external, voter, choice, power, created, reason, estimated, vote_id = told
        if (
            type(voter) is not str
            or type(created) is not int
            or not 0 <= created <= _MOST_SECONDS
            or reason is not None
            or vote_id is not None
            or not (estimated is None or type(estimated) is bool)
        ):
            return None
        if len(voter) == 42 and voter.startswith(("0x", "0X")):
            voter = voter.lower()
        elif not voter or voter.isspace() or len(voter) > fields.MAX_NAME:
            return None
        written = None if power is None else _plain_power(power)
        if written is None and power is not None:
            return None
        try:
            dao_id, now_us = self._daos[dao]  # type: ignore[index]  # a value of another type is not remembered
            proposal = self._proposals[dao, external]  # type: ignore[index]
            said = None if choice is None else self._choices[choice]  # type: ignore[index]
            told_by = self._sources[source]  # type: ignore[index]
        except (KeyError, TypeError):
            return None
        cast_at = created * 1_000_000
        guessed = estimated is True
        kind = None if written is None else "float64"
        # `identity.vote_id`, written out: this line is a fourth of the work.
        id_ = hashlib.sha256(f"vote\0{proposal}\0{voter}\0{cast_at}".encode()).digest()[:16]
        key = told_by, said, written, guessed
        content = self._contents.get(key)
        if content is None:
            content = self._contents[key] = votes.content_digest(told_by, said, written, kind, None, None, estimated=guessed)
        known_at = min(cast_at, now_us) if cast_at >= _BELIEVABLE_FROM_US else now_us
        told = (id_, dao_id, proposal, told_by, None, voter, said, written, kind, None, cast_at, guessed, content, known_at)
        return tuple.__new__(VoteRow, told)  # as VoteRow(...) does, without its wrapper

    def _slow(self, row: Mapping[str, object]) -> VoteRow:
        """The row by the rule of one vote; what it made of DAO, proposal, source and choice is remembered for the fast way."""
        vote = votes.receive(row)
        now = self.now(vote.dao_id)
        self.dao_names[vote.dao_id] = vote.dao_name
        dao, external, source, choice = row.get("dao"), row.get("proposal_id"), row.get("source"), row.get("choice")
        if isinstance(dao, str) and isinstance(external, str):
            self._daos[dao] = vote.dao_id, fields.microseconds(now)
            self._proposals[dao, external] = vote.proposal_id
        if isinstance(source, str):
            self._sources[source] = vote.source
        if isinstance(choice, str):
            self._choices[choice] = vote.choice
        cast_at = None if vote.cast_at is None else fields.microseconds(vote.cast_at)
        return VoteRow(
            vote.id,
            vote.dao_id,
            vote.proposal_id,
            vote.source,
            vote.external_id,
            vote.voter,
            vote.choice,
            vote.power,
            vote.power_kind,
            vote.reason,
            cast_at,
            vote.cast_at_estimated,
            vote.content(),
            fields.microseconds(vote.known_at(now)),
        )


def vote_document(row: VoteRow) -> dict[str, object]:
    """One vote as the log shows it inline."""
    return {"id": row.id.hex(), **dict(zip(VoteRow._fields[1:12], row[1:12], strict=True))}


def _plain_power(power: object) -> str | None:
    """A double as decimal text, where Python writes it without an exponent; None where it is another value."""
    if type(power) is not float or math.copysign(1.0, power) < 0 or not (1e-4 <= power < 1e15 or power == 0.0):
        return None
    written = repr(power)
    return written[:-2] if written.endswith(".0") else written


def _told(columns: Mapping[str, Sequence[object]], count: int) -> Iterator[tuple[object, ...]]:
    names = ("source", "dao", "proposal_id", "voter", "choice", "vp", "created", "reason", "created_estimated", "vote_id")
    nothing = [None] * count
    return zip(*(columns.get(name, nothing) for name in names), strict=True)


def _are_plain(columns: Mapping[str, Sequence[object]]) -> bool:
    """Whether no text of the batch holds what no row may hold; a whole column is looked at at once."""
    for name in _TEXTS:
        try:
            joined = "".join([value for value in columns.get(name, ()) if value is not None])  # type: ignore[misc]
            if "\0" in joined:
                return False
            joined.encode()
        except (TypeError, UnicodeEncodeError):
            return False
    return True
