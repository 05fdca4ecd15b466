"""What people said about a proposal or a DAO, bounded, each text as it was worded at a time."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, or_, select
from sqlmodel import Session

from governance.mood.account_links import MARK
from governance.records.as_of import POSTS, PROPOSALS, VOTES, Noun, as_known
from governance.records.mood import Backing, account_name

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SaidText:
    """A post, a vote's reason or a proposal, and who wrote it; `backing` where voting power of theirs is known."""

    kind: str
    id: str
    author: str | None
    text: str
    known_at: datetime
    backing: Backing | None = None


@dataclass(frozen=True, slots=True)
class Discussion:
    """Texts by account, in the order in which accounts, and then each one's texts, are to be heard. `whole`: none was left out."""

    accounts: tuple[tuple[SaidText, ...], ...]
    whole: bool

    def parted(self) -> tuple["Discussion", "Discussion"]:
        """Accounts with known voting power, and all others."""
        backed, others = (tuple(texts for texts in self.accounts if (texts[0].backing is None) is none) for none in (False, True))
        return Discussion(backed, self.whole), Discussion(others, self.whole)


def posts_by_account(session: Session, proposal_id: str, *, as_of: datetime, most: int, backed: Mapping[str, Backing]) -> Discussion:
    """Posts about the proposal known at `as_of`: `most` of them, one of each account before a second of any.

    Accounts with voting power (`backed`) come first, the most power at the head. Others, and the posts of each account, are
    taken from the whole length of the discussion: who floods its end buys no more than the end of it. Posts without an author
    count as one account of their forum, and posts that prove a link say nothing.
    """
    columns = POSTS.table.c
    query = select(columns.id, columns.forum, columns.author).where(columns.proposal_id == proposal_id, columns.known_at <= as_of)
    query = query.where(~columns.text.contains(MARK, autoescape=True))
    accounts: defaultdict[str, list[Any]] = defaultdict(list)
    for id_, forum, author in session.execute(query.order_by(columns.known_at.desc(), columns.id)):
        accounts[account_name(forum, author)].append(id_)
    known = sorted((name for name in accounts if name in backed), key=lambda name: (-backed[name].power, name))
    ordered = [*known, *spread([name for name in accounts if name not in backed])]
    return _heard(session, POSTS, [(backed.get(name), spread(accounts[name])) for name in ordered], as_of=as_of, most=most)


def reasons_by_voter(session: Session, proposal_id: str, *, as_of: datetime, most: int) -> Discussion:
    """Reasons of the proposal's votes known at `as_of`: `most` of them, one of each voter before a second of any.

    The most voting power speaks first; those of equal power, or of none that is known, from the whole length of the vote.
    Of one voter's votes the last comes first: it is the one that counts.
    """
    columns = VOTES.table.c
    # What was reworded since may have had a reason then.
    reasoned = (columns.proposal_id == proposal_id) & or_(columns.reason != "", columns.revision > 1)
    query = select(columns.id, columns.voter, columns.power, columns.revision).where(reasoned)
    voters: defaultdict[str, list[Any]] = defaultdict(list)
    power: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in as_known(session, VOTES, query.order_by(columns.known_at.desc(), columns.id), as_of=as_of):
        if row.get("reason", "unchanged"):
            voters[row["voter"]].append(row["id"])
            power[row["voter"]] = max(power[row["voter"]], Decimal(row["power"] or 0))
    ordered = sorted(spread(list(voters)), key=lambda voter: -power[voter])
    backing = {voter: Backing(voter, found) for voter, found in power.items() if found > 0}
    return _heard(session, VOTES, [(backing.get(voter), voters[voter]) for voter in ordered], as_of=as_of, most=most)


def spread(items: Sequence[T]) -> list[T]:
    """The items so ordered that any beginning of the order covers the whole: the first, the middle, the quarters, and so on."""
    many, bits = len(items), len(items).bit_length()
    # Counting with the bits read backwards halves what is left open again and again (van der Corput).
    steps = (int(f"{step:0{bits}b}"[::-1], 2) for step in range(1 << bits)) if many else ()
    return [items[place] for place in dict.fromkeys(step * many >> bits for step in steps)]


def _heard(
    session: Session, noun: Noun, accounts: Sequence[tuple[Backing | None, Sequence[Any]]], *, as_of: datetime, most: int
) -> Discussion:
    turns = sorted((turn, number) for number, (_, ids) in enumerate(accounts) for turn in range(len(ids)))
    chosen: defaultdict[int, list[Any]] = defaultdict(list)
    for turn, number in turns[:most]:
        chosen[number].append(accounts[number][1][turn])
    query = select(noun.table).where(noun.table.c.id.in_([id_ for ids in chosen.values() for id_ in ids]))
    rows = {row["id"]: row for row in as_known(session, noun, query, as_of=as_of)}
    # An account that is heard at all is heard in the first round, so accounts come here in their order.
    heard = (tuple(_said(noun, rows[id_], accounts[number][0]) for id_ in ids) for number, ids in chosen.items())
    return Discussion(tuple(heard), len(turns) <= most)


def _said(noun: Noun, row: dict[str, Any], backing: Backing | None) -> SaidText:
    if noun is POSTS:
        return SaidText("post", row["id"], row["author"], row["text"], row["known_at"], backing)
    return SaidText("vote", row["id"].hex(), row["voter"], row["reason"] or "", row["known_at"], backing)


def posts_and_proposals(session: Session, dao_id: str, *, since: datetime, as_of: datetime, most: int) -> list[SaidText]:
    """The DAO's posts and proposals known in (since, as_of]: at most `most` of each, the newest first."""
    said: list[SaidText] = []
    for noun in (PROPOSALS, POSTS):
        columns = noun.table.c
        for row in _newest(session, noun, (columns.dao_id == dao_id) & (columns.known_at > since), as_of=as_of, most=most):
            parts = (row["topic_title"], row["text"]) if noun is POSTS else (row["title"], row["body"])
            text = "\n".join(part.strip() for part in parts if part and part.strip())
            said.append(SaidText(noun.name, row["id"], row["author"], text, row["known_at"]))
    return said


def proposals_before(session: Session, row: dict[str, Any], *, as_of: datetime) -> list[dict[str, Any]]:
    """The DAO's proposals that were known before `row` was, with what was known of them at `as_of`; the latest first."""
    table = PROPOSALS.table
    query = select(table).where(table.c.dao_id == row["dao_id"], table.c.known_at <= row["known_at"], table.c.id != row["id"])
    return as_known(session, PROPOSALS, query.order_by(table.c.known_at.desc(), table.c.id), as_of=as_of)


def _newest(session: Session, noun: Noun, where: ColumnElement[bool], *, as_of: datetime, most: int) -> list[dict[str, Any]]:
    columns = noun.table.c
    query = select(noun.table).where(where).order_by(columns.known_at.desc(), columns.id).limit(most)
    return as_known(session, noun, query, as_of=as_of)
