"""What people of a DAO said with the readings of it, and what is on record about who said it, as known at a time."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import or_, select
from sqlmodel import Session

from governance.mood.account_links import MARK, linked_voter
from governance.mood.histories import CastVote, Histories
from governance.records import electorates
from governance.records.as_of import POSTS, VOTES, as_known
from governance.records.evidence import Reading

_IDS_PER_QUERY: Final = 5_000


@dataclass(frozen=True, slots=True)
class Said:
    """One text with the reading that counts: who wrote it, where, and what the model made of it."""

    id: str
    account: str
    topic: tuple[str, int, str | None] | None
    proposal_id: str | None
    known_at: datetime
    text: str
    digest: str
    label: str
    scores: Sequence[str]
    model: str


@dataclass(frozen=True, slots=True)
class Backing:
    """The voter somebody is, and that voter's power, above zero."""

    voter: str
    power: Decimal


@dataclass(frozen=True, slots=True)
class Scope:
    """Which texts are meant: all of a DAO, or only those about a proposal or in a topic of a forum."""

    dao_id: str
    proposal_id: str | None = None
    topic: tuple[str, int] | None = None


def account_name(forum: str, author: str | None) -> str:
    """The account of a post, which no voter's name is like. Posts without an author count as one account of their forum."""
    return f"\x1f{forum}\x1f{author or ''}"


def said(session: Session, scope: Scope, *, task: str, since: datetime | None, as_of: datetime) -> list[Said]:
    """The posts and vote reasons known in (since, as_of] that were read for `task`, each as it was worded at `as_of`.

    Of several readings of that wording the last that was on record at `as_of` counts and, where none was yet, the first:
    as `readings.counts_at` has it, so that a model or a target that came later does not change what was said of then.
    A proposal's own text is what is asked, not what is felt, and a post that proves a link says nothing: neither is here.
    """
    rows = [*_posts(session, scope, since, as_of), *([] if scope.topic else _reasons(session, scope, since, as_of))]
    texts = {row["subject"]: row for row in rows}
    found: dict[str, Said] = {}
    for reading in _readings(session, list(texts), task):
        row = texts[reading["subject_id"]]
        if reading["text_sha256"] != row["digest"]:
            continue
        if row["subject"] not in found or reading["recorded_at"] <= as_of:
            found[row["subject"]] = _said(row, reading)
    return [found[subject] for subject in sorted(found)]


def histories(session: Session, dao_id: str, accounts: Iterable[str], *, as_of: datetime) -> Histories:
    """What was known by `as_of` of `accounts` (forum accounts and voters) and of the voters they are linked to."""
    links = _links(session, dao_id, as_of)
    wanted = set(accounts)
    voters = wanted | {voter for account in wanted for _, voter in links.get(account, ())}
    return Histories(
        links=links,
        votes=_votes(session, dao_id, sorted(voters), as_of),
        posts=_post_times(session, dao_id, as_of),
        delegates=[
            (version.known_at, {each["address"].lower(): Decimal(each["power"]) for each in version.body["delegates"]})
            for version in electorates.versions(session, dao_id)
            if version.known_at <= as_of
        ],
    )


def backings(session: Session, dao_id: str, *, as_of: datetime) -> dict[str, Backing]:
    """By forum account, the voter it proved to be; accounts without a link, or without known voting power, are not here."""
    accounts = _links(session, dao_id, as_of)
    known = histories(session, dao_id, accounts, as_of=as_of)
    found: dict[str, Backing] = {}
    for account in accounts:
        voter = known.person(account, at=as_of)
        power = known.known(voter, begins=as_of, ends=as_of).power
        if power is not None and power > 0:
            found[account] = Backing(voter, power)
    return found


def _posts(session: Session, scope: Scope, since: datetime | None, as_of: datetime) -> Iterator[dict[str, Any]]:
    table = POSTS.table
    names = ("id", "forum", "author", "topic_id", "topic_title", "proposal_id", "known_at", "text", "revision")
    query = select(*(table.c[name] for name in names))
    if scope.proposal_id is None:
        query = query.where(table.c.dao_id == scope.dao_id)
    else:
        query = query.where(table.c.proposal_id == scope.proposal_id)
    if scope.topic is not None:
        query = query.where(table.c.forum == scope.topic[0], table.c.topic_id == scope.topic[1])
    if since is not None:
        query = query.where(table.c.known_at > since)
    for row in as_known(session, POSTS, query, as_of=as_of):
        if MARK in row["text"]:
            continue
        topic = None if row["topic_id"] is None else (row["forum"], row["topic_id"], row["topic_title"])
        yield {
            **row,
            "subject": row["id"],
            "account": account_name(row["forum"], row["author"]),
            "topic": topic,
            "digest": _sha256(row["text"]),
        }


def _reasons(session: Session, scope: Scope, since: datetime | None, as_of: datetime) -> Iterator[dict[str, Any]]:
    table = VOTES.table
    names = ("id", "voter", "proposal_id", "known_at", "reason", "revision")
    query = select(*(table.c[name] for name in names)).where(
        table.c.dao_id == scope.dao_id, or_(table.c.reason.is_not(None), table.c.revision > 1)
    )
    if scope.proposal_id is not None:
        query = query.where(table.c.proposal_id == scope.proposal_id)
    if since is not None:
        query = query.where(table.c.known_at > since)
    for row in as_known(session, VOTES, query, as_of=as_of):
        if row["reason"] is not None:
            text = row["reason"]
            account = row["voter"]
            yield {**row, "subject": row["id"].hex(), "account": account, "topic": None, "text": text, "digest": _sha256(text)}


def _readings(session: Session, subjects: Sequence[str], task: str) -> Iterator[dict[str, Any]]:
    """Of each subject in the order they were recorded."""
    table = Reading.__table__  # type: ignore[attr-defined]  # SQLModel makes it
    names = ("subject_id", "text_sha256", "label", "scores", "model_sha256", "recorded_at")
    for start in range(0, len(subjects), _IDS_PER_QUERY):
        part = subjects[start : start + _IDS_PER_QUERY]
        query = select(*(table.c[name] for name in names)).where(table.c.task == task, table.c.subject_id.in_(part))
        for row in session.execute(query.order_by(table.c.recorded_at, table.c.id)).mappings():
            yield dict(row)


def _said(row: dict[str, Any], reading: dict[str, Any]) -> Said:
    return Said(
        id=row["subject"],
        account=row["account"],
        topic=row["topic"],
        proposal_id=row["proposal_id"],
        known_at=row["known_at"],
        text=row["text"],
        digest=row["digest"],
        label=reading["label"],
        scores=reading["scores"],
        model=reading["model_sha256"],
    )


def _links(session: Session, dao_id: str, as_of: datetime) -> dict[str, list[tuple[datetime, str]]]:
    table = POSTS.table
    names = ("id", "forum", "author", "known_at", "text", "revision")
    query = select(*(table.c[name] for name in names)).where(
        table.c.dao_id == dao_id, or_(table.c.text.contains(MARK, autoescape=True), table.c.revision > 1)
    )
    found: defaultdict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for row in as_known(session, POSTS, query.order_by(table.c.known_at, table.c.id), as_of=as_of):
        if row["author"] is None:
            continue
        voter = linked_voter(row["text"], dao_id=dao_id, forum=row["forum"], account=row["author"])
        if voter is not None:
            found[account_name(row["forum"], row["author"])].append((row["known_at"], voter))
    return dict(found)


def _votes(session: Session, dao_id: str, voters: Sequence[str], as_of: datetime) -> dict[str, list[CastVote]]:
    table = VOTES.table
    names = ("id", "voter", "proposal_id", "power", "revision", "known_at")
    found: defaultdict[str, list[CastVote]] = defaultdict(list)
    for start in range(0, len(voters), _IDS_PER_QUERY):
        query = select(*(table.c[name] for name in names)).where(
            table.c.dao_id == dao_id, table.c.voter.in_(voters[start : start + _IDS_PER_QUERY])
        )
        for row in as_known(session, VOTES, query.order_by(table.c.known_at, table.c.id), as_of=as_of):
            found[row["voter"]].append(
                CastVote(row["known_at"], row["proposal_id"], None if row["power"] is None else Decimal(row["power"]))
            )
    return dict(found)


def _post_times(session: Session, dao_id: str, as_of: datetime) -> dict[str, list[datetime]]:
    table = POSTS.table
    query = select(table.c.forum, table.c.author, table.c.known_at).where(table.c.dao_id == dao_id, table.c.known_at <= as_of)
    found: defaultdict[str, list[datetime]] = defaultdict(list)
    for forum, author, known_at in session.execute(query.order_by(table.c.known_at)):
        found[account_name(forum, author)].append(known_at)
    return dict(found)


def _sha256(text: str) -> str:
    return sha256(text.encode()).hexdigest()
