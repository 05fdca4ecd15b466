"""Reads collected rows back and gives the fingerprint of each anew, from what the row says now and not from what it says of itself."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import JSON, Boolean, Table
from sqlmodel import Session, SQLModel

from governance import identity
from governance.canonical import canonical
from governance.errors import InvalidInput
from governance.fingerprints import READING_COLUMNS, contradictory, key_of, key_of_id, of_content, of_link, of_progress, of_reading, of_vote
from governance.identity import content_digest
from governance.intake.fields import iso
from governance.intake.votes import content_digest as vote_content
from governance.records.columns import UtcDateTime, from_microseconds
from governance.records.evidence import Reading
from governance.records.observations import Observation, ObservationRevision
from governance.records.posts import Post, PostRevision
from governance.records.proposals import ForumLink, Proposal, ProposalRevision, VoteProgress
from governance.records.raw_rows import raw_rows
from governance.records.votes import Vote, VoteRevision

# Hears (name of the row, what is wrong with it) where the rows of one thing contradict each other.
Complain = Callable[[str, str], None]
Row = Mapping[str, Any]


def _table(model: type[SQLModel]) -> Table:
    return model.__table__  # type: ignore[attr-defined,no-any-return]  # SQLModel makes it


@dataclass(frozen=True, slots=True)
class _Thing:
    """A table of things, the table of their contents, what a content says, and the id that what identifies a thing gives."""

    things: Table
    contents: Table
    key: str
    told: tuple[str, ...]
    identity: tuple[str, ...]
    own_id: Callable[[Row], str]
    dated: tuple[str, ...] = ("known_at",)


@dataclass(slots=True)
class _Contents:
    """What stands apart of one thing: for each content when it was stored, its digest, when it was known; and its DAOs."""

    found: list[tuple[int, str, tuple[int, ...]]] = field(default_factory=list)
    daos: set[str] = field(default_factory=set)


_PROPOSAL: Final = _Thing(
    _table(Proposal), _table(ProposalRevision), "proposal_id",
    ("source", "title", "body", "choices", "kind", "author", "created_at", "starts_at", "ends_at", "end_fixed", "quorum", "state",
     "outcome", "outcome_rule", "result", "facts", "forum_topic"),
    ("dao_id", "external_id"),
    lambda row: identity.proposal_id(row["dao_id"], row["external_id"]),
    ("known_at", "result_known_at"),
)  # fmt: skip
_POST: Final = _Thing(
    _table(Post), _table(PostRevision), "post_id",
    ("source", "topic_id", "topic_title", "number", "reply_to", "linked_proposal", "author", "text", "posted_at", "facts"),
    ("dao_id", "forum", "external_id", "dao_inferred"),
    lambda row: identity.post_id(f"forum:{row['forum']}" if row["dao_inferred"] else row["dao_id"], row["forum"], row["external_id"]),
)  # fmt: skip
_OBSERVATION: Final = _Thing(
    _table(Observation), _table(ObservationRevision), "observation_id", ("value", "unit"),
    ("dao_id", "metric", "source", "observed_at"),
    lambda row: identity.observation_id(row["dao_id"], row["metric"], row["source"], row["observed_at"]),
)  # fmt: skip


def proposals(session: Session, complain: Complain) -> Iterator[bytes]:
    """The fingerprint of each content of each proposal."""
    return _things(session, _PROPOSAL, complain)


def posts(session: Session, complain: Complain) -> Iterator[bytes]:
    """The fingerprint of each content of each post."""
    return _things(session, _POST, complain)


def observations(session: Session, complain: Complain) -> Iterator[bytes]:
    """The fingerprint of each content of each observation."""
    return _things(session, _OBSERVATION, complain)


def _things(session: Session, kind: _Thing, complain: Complain) -> Iterator[bytes]:
    apart: dict[str, _Contents] = {}
    yield from _apart(session, kind, apart)
    own = (*kind.identity, *kind.dated, "content_sha256", "revision", "recorded_at")
    names = ("id", *own, *kind.told)
    for values in raw_rows(session, kind.things, names):
        id_, row = values[0], dict(zip(own, values[1 : len(own) + 1], strict=True))
        contents = apart.pop(id_, None)
        said = _digest_of(kind.things, kind.told, values[len(own) + 1 :])
        if said is None or said != row["content_sha256"] or kind.own_id(row) != id_:
            yield contradictory(key_of_id(id_))
        elif contents is not None:
            if not _follows(row, kind, contents):
                complain(id_, "does not show what its contents, kept apart, say")
        elif row["revision"] != 1:
            yield contradictory(key_of_id(id_))
        else:
            yield of_content(key_of_id(id_), said, [row[name] for name in kind.dated], recorded_at_us=row["recorded_at"])
    for id_ in apart:
        complain(id_, "has contents kept apart and is gone")


def _apart(session: Session, kind: _Thing, apart: dict[str, _Contents]) -> Iterator[bytes]:
    names = (kind.key, "dao_id", "content_sha256", "content", "recorded_at", *kind.dated)
    for id_, dao, sha256, content, recorded_at, *known in raw_rows(session, kind.contents, names):
        contents = apart.setdefault(id_, _Contents())
        contents.found.append((recorded_at, sha256, tuple(known)))
        contents.daos.add(dao)
        try:
            same = content_digest(json.loads(content)) == sha256
        except (ValueError, TypeError):
            same = False
        yield of_content(key_of_id(id_), sha256, known, recorded_at_us=recorded_at) if same else contradictory(key_of_id(id_))


def _follows(row: Row, kind: _Thing, contents: _Contents) -> bool:
    """Whether the thing shows the content stored last (of those stored at once, the greatest digest), known as soon as the first."""
    _, sha256, known = max(contents.found)
    return (
        row["content_sha256"] == sha256
        and row["revision"] == len(contents.found)
        and row["recorded_at"] == min(found[0] for found in contents.found)
        and row[kind.dated[0]] == min(found[2][0] for found in contents.found)
        and [row[name] for name in kind.dated[1:]] == list(known[1:])
        and contents.daos == {row["dao_id"]}
    )


def _digest_of(table: Table, names: Sequence[str], values: Sequence[Any]) -> str | None:
    """The digest of the content that the columns hold; None where they hold none."""
    try:
        return content_digest({name: _told(table, name, value) for name, value in zip(names, values, strict=True)})
    except (ValueError, TypeError, OverflowError):
        return None


def _told(table: Table, name: str, value: Any) -> object:  # noqa: ANN401  # whatever the column holds
    """A stored value as contents write it."""
    kind = table.c[name].type
    if value is None:
        return None
    if isinstance(kind, UtcDateTime):
        return iso(from_microseconds(value))
    if isinstance(kind, JSON):
        return json.loads(value)
    if isinstance(kind, Boolean):
        if value not in {0, 1}:
            raise ValueError(value)
        return bool(value)
    return value


_VOTE_TOLD: Final = ("source", "external_id", "choice", "power", "power_kind", "reason", "cast_at_estimated")


def votes(session: Session, complain: Complain) -> Iterator[bytes]:
    """The fingerprint of each content of each vote."""
    apart: dict[bytes, list[tuple[int, bytes, int, tuple[Any, ...]]]] = {}
    names = ("vote_id", "content", "known_at", "recorded_at", "dao_id", *_VOTE_TOLD, "proposal_id")
    for id_, content, known_at, recorded_at, *told, proposal in raw_rows(session, _table(VoteRevision), names):
        apart.setdefault(bytes(id_), []).append((recorded_at, bytes(content), known_at, (*told, proposal)))
        yield _vote(bytes(id_), bytes(content), told, known_at, recorded_at)
    own = ("id", "content", "known_at", "recorded_at", "dao_id", *_VOTE_TOLD, "proposal_id", "voter", "cast_at", "revision")
    for id_, content, known_at, recorded_at, *told, proposal, voter, cast_at, revision in raw_rows(session, _table(Vote), own):
        key = bytes(id_)
        contents = apart.pop(key, None) if apart else None
        if identity.vote_id(proposal, voter, cast_at) != key or (contents is None and revision != 1):
            yield contradictory(key)
        elif contents is None:
            yield _vote(key, bytes(content), told, known_at, recorded_at)
        else:
            _, current, _, shown = max(contents)
            first, proposals_ = min(contents), {found[3][-1] for found in contents}
            said = (bytes(content), revision, known_at, recorded_at, (*told, proposal))
            if said != (current, len(contents), first[2], first[0], shown) or proposals_ != {proposal}:
                complain(key.hex(), "does not show what its contents, kept apart, say")
    for key in apart:
        complain(key.hex(), "has contents kept apart and is gone")


def _vote(key: bytes, content: bytes, told: Sequence[Any], known_at: int, recorded_at: int) -> bytes:
    dao, source, external, choice, power, kind, reason, estimated = told
    try:
        same = estimated in {0, 1} and content == vote_content(source, choice, power, kind, reason, external, estimated=bool(estimated))
    except TypeError:
        same = False
    if not same:
        return contradictory(key)
    said = (dao, source, external, choice, power, kind, reason, int(estimated))
    return of_vote(key, said, known_at_us=known_at, recorded_at_us=recorded_at)


def progress(session: Session, complain: Complain) -> Iterator[bytes]:
    """The fingerprint of each row of vote progress."""
    names = (
        "external_id",
        "seen_at",
        "content_sha256",
        "status",
        "power",
        "votes",
        "ends_at",
        "known_at",
        "recorded_at",
        "dao_id",
        "proposal_id",
    )
    for external, seen, sha256, *told, known_at, recorded_at, dao, proposal in raw_rows(session, _table(VoteProgress), names):
        status, power, counted, ends = told
        if proposal is None:
            content = {"dao": dao, "status": status, "power": power, "votes": counted, "ends_at": _iso(ends)}
            if content_digest(content) != sha256:
                yield contradictory(key_of("vote_progress", external, seen, sha256))
                continue
        elif identity.proposal_id(dao, external) != proposal:
            complain(f"of {external}", "is filed under a proposal that is not its own")
        yield of_progress((external, seen, sha256), told, known_at_us=known_at, recorded_at_us=recorded_at)


def links(session: Session, _complain: Complain) -> Iterator[bytes]:
    """The fingerprint of each forum link."""
    for proposal, forum, topic, dao, known_at, recorded_at in raw_rows(
        session, _table(ForumLink), ("proposal_id", "forum", "topic_id", "dao_id", "known_at", "recorded_at")
    ):
        yield of_link((proposal, forum, topic), dao_id=dao, known_at_us=known_at, recorded_at_us=recorded_at)


def readings(session: Session, _complain: Complain) -> Iterator[bytes]:
    """The fingerprint of each reading."""
    scores = READING_COLUMNS.index("scores")
    for id_, *told, known_at, recorded_at in raw_rows(session, _table(Reading), ("id", *READING_COLUMNS, "known_at", "recorded_at")):
        try:
            told[scores] = canonical(json.loads(told[scores])).decode()
        except (ValueError, TypeError, InvalidInput):
            yield contradictory(key_of_id(id_))
            continue
        yield of_reading(key_of_id(id_), told, known_at_us=known_at, recorded_at_us=recorded_at)


def _iso(us: int | None) -> str | None:
    return None if us is None else iso(from_microseconds(us))
