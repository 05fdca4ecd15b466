"""What the flag rules may see of a proposal: everything that was known at `as_of`, and nothing later."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import func, insert, or_, select
from sqlmodel import Session, SQLModel, col

from governance.errors import NotFound
from governance.flags import told
from governance.flags.calldata import decode
from governance.flags.case import Ballot, Case, Figures, Past, Said, Thread, last_ballots, total
from governance.intake.fields import BELIEVABLE_FROM
from governance.intake.proposals import end_is_fixed
from governance.records import as_of as known
from governance.records.evidence import Flag, Forecast
from governance.records.observations import Observation
from governance.records.posts import Post
from governance.records.proposals import ForumLink
from governance.records.votes import Vote

# How far back a repeat or a flood is looked for, and among how many of the DAO's newest proposals.
_LOOKED_BACK: Final = timedelta(days=370)
_MOST_PAST: Final = 1_000
# Where no end is told, nothing is taken to be open for longer.
_LIVE_FOR: Final = timedelta(days=30)
# Votes of the last closed proposals, until there are so many: a page must not wait for more.
_VOTED: Final = 20
_MOST_BALLOTS: Final = 30_000
_ACTIVE: Final = timedelta(days=90)
_MOST_POSTS: Final = 200
# Sources whose proposals always carry calls: governors on chain.
_EXECUTING: Final = frozenset({"aave_v3_cache", "bhemen_onchain"})
_DEFEATED: Final = frozenset({"defeated", "canceled", "cancelled", "failed", "rejected", "vetoed"})
_TOPIC: Final = re.compile(r"https?://([a-z0-9.-]{4,253})/t/(?:[^\s/)\]]+/)?(\d{1,9})\b", re.IGNORECASE)
_SHORT: Final = (
    "id", "external_id", "title", "author", "created_at", "starts_at", "ends_at", "end_fixed", "state", "outcome", "facts", "revision",
    "result_known_at", "known_at",
)  # fmt: skip


def case_of(session: Session, dao_id: str, proposal_id: str, *, as_of: datetime) -> Case:
    """The proposal with all that the rules look at, as known at `as_of`.

    Raises:
        NotFound: the DAO has no such proposal, or nobody could know of it then.
    """
    row = known.read_one(session, known.PROPOSALS, proposal_id, as_of=as_of)
    if row["dao_id"] != dao_id:
        raise NotFound("proposal", proposal_id)
    facts, calls = row["facts"], told.calls(row["facts"])
    chain = told.chain(facts, as_of=as_of)
    case = Case(
        proposal_id=proposal_id,
        dao_id=dao_id,
        as_of=as_of,
        external_id=row["external_id"],
        title=row["title"],
        body=row["body"],
        author=row["author"],
        kind=row["kind"],
        choices=tuple(row["choices"] or ()),
        created_at=_believable(row["created_at"]),
        starts_at=_believable(row["starts_at"]) or _believable(row["created_at"]),
        ends_at=_believable(row["ends_at"]),
        end_fixed=row["end_fixed"],
        quorum=None if row["quorum"] is None else Decimal(row["quorum"]),
        executable=bool(calls) if calls is not None else (True if row["source"] in _EXECUTING else None),
        emergency_path=False if end_is_fixed(row["source"]) else None,
        actions=calls,
        calls=None if calls is None else decode(calls, tokens=told.tokens(facts)),
        chain=chain,
    )
    voted = _last_voted(session, dao_id, proposal_id, as_of)
    past = _past(session, case, voted)
    ballots = _ballots(session, [proposal_id], as_of).get(proposal_id)
    collected = any(each.ballots and each.ends_at and as_of - each.ends_at <= _ACTIVE for each in past)
    return replace(
        case,
        ballots=tuple(ballots) if ballots else (() if collected else None),
        past=past,
        threads=_threads(session, case, row),
        posts=_posts(session, case),
        figures=_figures(session, dao_id, as_of),
        quorum_probability=_quorum_forecast(session, proposal_id, as_of),
    )


def _past(session: Session, case: Case, voted: Mapping[str, list[Ballot]]) -> tuple[Past, ...]:
    """The DAO's other proposals, the latest end first; texts only where one could be a repeat or a copy."""
    table = known.PROPOSALS.table
    recent = (table.c.known_at > case.as_of - _LOOKED_BACK) & (table.c.known_at <= case.as_of)
    query = select(*(table.c[name] for name in _SHORT), table.c.ends_at.label("told_end")).where(
        table.c.dao_id == case.dao_id, table.c.id != case.proposal_id, or_(recent, table.c.id.in_(list(voted)))
    )
    rows = known.as_known(session, known.PROPOSALS, query.order_by(table.c.known_at.desc()).limit(_MOST_PAST), as_of=case.as_of)
    wanted = [row["id"] for row in rows if row["author"] in case.cluster or _has_actions(row)]
    bodies = _bodies(session, wanted, case.as_of)
    found = [_one_past(row, bodies.get(row["id"]), voted.get(row["id"], []), case.as_of) for row in rows]
    return tuple(sorted(found, key=lambda each: (each.ends_at is not None, each.ends_at or each.starts_at or case.as_of), reverse=True))


def _one_past(row: Mapping[str, Any], body: str | None, ballots: list[Ballot], as_of: datetime) -> Past:
    ends_at = _believable(row["ends_at"])
    closed = row["outcome"] is not None or (ends_at is not None and ends_at <= as_of)
    calls = told.calls(row["facts"])
    return Past(
        proposal_id=row["id"],
        external_id=row["external_id"],
        title=row["title"],
        body=body,
        author=row["author"],
        starts_at=_believable(row["starts_at"]) or _believable(row["created_at"]),
        ends_at=ends_at if closed else None,
        defeated=_defeated(row),
        live=False if closed else _is_open(row, as_of),
        ballots=tuple(ballots),
        calls=None if calls is None else decode(calls, tokens=told.tokens(row["facts"])),
        codehashes=told.codehashes(row["facts"], as_of=as_of),
    )


def _is_open(row: Mapping[str, Any], as_of: datetime) -> bool | None:
    """Whether voting goes on: that it does at `as_of` could be seen then, even where its end was known only later."""
    told_end = _believable(row["told_end"])
    if told_end is not None:
        return told_end > as_of
    return None if row["known_at"] > as_of - _LIVE_FOR else False


def _defeated(row: Mapping[str, Any]) -> bool | None:
    state = (row["state"] or "").lower()
    if row["outcome"] == "fail" or any(word in state for word in _DEFEATED):
        return True
    return None if row["outcome"] is None else False


def _has_actions(row: Mapping[str, Any]) -> bool:
    return bool((row["facts"] or {}).get("actions"))


def _bodies(session: Session, ids: list[str], as_of: datetime) -> dict[str, str | None]:
    table = known.PROPOSALS.table
    names = ("id", "body", "revision", "result_known_at", "end_fixed", "ends_at")
    query = select(*(table.c[name] for name in names)).where(table.c.id.in_(ids))
    return {row["id"]: row["body"] for row in known.as_known(session, known.PROPOSALS, query, as_of=as_of)} if ids else {}


def _last_voted(session: Session, dao_id: str, proposal_id: str, as_of: datetime) -> dict[str, list[Ballot]]:
    """The votes on the DAO's last closed proposals that have any."""
    votes = _table(Vote)
    closed = _last_closed(session, dao_id, proposal_id, as_of)
    if not closed:
        return {}
    seen = votes.c.proposal_id.in_(closed) & (votes.c.known_at <= as_of)
    counted = select(votes.c.proposal_id, func.count()).where(seen).group_by(votes.c.proposal_id)
    sizes = {id_: int(size) for id_, size in session.execute(counted)}
    taken: list[str] = []
    sum_ = 0
    for each in closed:
        sum_ += sizes.get(each, 0)
        if taken and sum_ > _MOST_BALLOTS:
            break
        taken.append(each)
    return _ballots(session, taken, as_of)


def _last_closed(session: Session, dao_id: str, proposal_id: str, as_of: datetime) -> list[str]:
    """The proposals with votes that were over by then, the latest first, by the ends that they had then, for ends are moved."""
    table, votes = known.PROPOSALS.table, _table(Vote)
    some = select(votes.c.id).where(votes.c.proposal_id == table.c.id, votes.c.known_at <= as_of).exists()
    names = ("id", "ends_at", "end_fixed", "result_known_at", "revision")
    own = select(*(table.c[name] for name in names)).where(table.c.dao_id == dao_id, table.c.id != proposal_id, some)
    over = (table.c.ends_at <= as_of) & (table.c.end_fixed | (table.c.result_known_at <= as_of))
    as_told = own.where(table.c.revision == 1, over).order_by(table.c.ends_at.desc(), table.c.id).limit(_VOTED)
    revised = own.where(table.c.revision > 1).order_by(table.c.known_at.desc()).limit(_MOST_PAST)
    rows = [row for query in (as_told, revised) for row in known.as_known(session, known.PROPOSALS, query, as_of=as_of)]
    closed = [row for row in rows if row["ends_at"] is not None and row["ends_at"] <= as_of]
    return [row["id"] for row in sorted(closed, key=lambda row: (-row["ends_at"].timestamp(), row["id"]))[:_VOTED]]


def _ballots(session: Session, proposal_ids: list[str], as_of: datetime) -> dict[str, list[Ballot]]:
    votes = known.VOTES.table
    names = ("id", "proposal_id", "voter", "choice", "power", "cast_at", "cast_at_estimated", "revision")
    query = select(*(votes.c[name] for name in names)).where(votes.c.proposal_id.in_(proposal_ids))
    found: dict[str, list[Ballot]] = {}
    for row in known.as_known(session, known.VOTES, query, as_of=as_of):
        power = None if row["power"] is None else Decimal(row["power"])
        cast_at = None if row["cast_at_estimated"] else row["cast_at"]
        found.setdefault(row["proposal_id"], []).append(Ballot(row["voter"], row["choice"], power, cast_at))
    return found


def _threads(session: Session, case: Case, row: Mapping[str, Any]) -> tuple[Thread, ...] | None:
    """The discussions that links, or the text itself, name; None where nothing tells where the DAO discusses."""
    links = _table(ForumLink)
    linked = select(links.c.forum, links.c.topic_id).where(links.c.proposal_id == case.proposal_id, links.c.known_at <= case.as_of)
    posts = _table(Post)
    about = select(posts.c.forum, posts.c.topic_id).where(
        posts.c.proposal_id == case.proposal_id, posts.c.topic_id.is_not(None), posts.c.known_at <= case.as_of
    )
    topics = {(str(forum), int(topic)) for query in (linked, about.distinct()) for forum, topic in session.execute(query)}
    topics |= {(host.lower(), int(topic)) for host, topic in _TOPIC.findall(" ".join([case.body or "", row["forum_topic"] or ""]))}
    if topics:
        return tuple(_thread(session, forum, topic, case.as_of) for forum, topic in sorted(topics)[:20])
    kept = select(links.c.proposal_id).where(links.c.dao_id == case.dao_id, links.c.known_at <= case.as_of).limit(1)
    tells = (case.executable and case.body is not None) or session.execute(kept).first() is not None
    return () if tells else None


def _thread(session: Session, forum: str, topic: int, as_of: datetime) -> Thread:
    posts = _table(Post)
    own = select(posts.c.id, posts.c.posted_at, posts.c.facts, posts.c.revision).where(posts.c.forum == forum, posts.c.topic_id == topic)
    as_told = own.where(posts.c.revision == 1, posts.c.posted_at.is_not(None)).order_by(posts.c.posted_at, posts.c.id).limit(1)
    rows = [row for query in (as_told, own.where(posts.c.revision > 1)) for row in known.as_known(session, known.POSTS, query, as_of=as_of)]
    first = min((row for row in rows if row["posted_at"] is not None), key=lambda row: (row["posted_at"], row["id"]), default=None)
    return Thread(forum, topic, None if first is None else first["posted_at"], None if first is None else _account_since(first["facts"]))


def _posts(session: Session, case: Case) -> tuple[Said, ...] | None:
    """The newest posts about it; None where there are none, for that may be a gap."""
    posts = _table(Post)
    names = ("id", "author", "text", "posted_at", "facts", "revision")
    query = select(*(posts.c[name] for name in names)).where(posts.c.proposal_id == case.proposal_id)
    newest = query.order_by(posts.c.known_at.desc(), posts.c.id).limit(_MOST_POSTS)
    rows = known.as_known(session, known.POSTS, newest, as_of=case.as_of)
    return tuple(Said(row["author"], row["text"], row["posted_at"], _account_since(row["facts"])) for row in rows) or None


def _account_since(facts: Mapping[str, Any] | None) -> datetime | None:
    since = (facts or {}).get("account_created")
    return None if since is None else datetime.fromisoformat(since)


def _figures(session: Session, dao_id: str, as_of: datetime) -> Figures:
    """The newest known `treasury_liquid`, `price` and `supply`; treasury and price only in one currency."""
    treasury, price, supply = (_observed(session, dao_id, metric, as_of) for metric in ("treasury_liquid", "price", "supply"))
    agree = treasury is not None and price is not None and treasury[1] == price[1]
    return Figures(
        treasury=treasury[0] if treasury and agree else None,
        price=price[0] if price and agree else None,
        supply=None if supply is None else supply[0],
        active_supply=_active_supply(session, dao_id, as_of) if agree else None,
    )


def _observed(session: Session, dao_id: str, metric: str, as_of: datetime) -> tuple[Decimal, str] | None:
    seen = _table(Observation)
    query = select(seen).where(seen.c.dao_id == dao_id, seen.c.metric == metric, seen.c.known_at <= as_of)
    rows = known.as_known(session, known.OBSERVATIONS, query.order_by(seen.c.observed_at.desc(), seen.c.id).limit(1), as_of=as_of)
    return (Decimal(rows[0]["value"]), rows[0]["unit"]) if rows else None


def _active_supply(session: Session, dao_id: str, as_of: datetime) -> Decimal | None:
    """The power that voted within 90 days, each voter's last; None where a voter's power is not told."""
    votes = known.VOTES.table
    names = ("id", "voter", "choice", "power", "cast_at", "revision")
    query = select(*(votes.c[name] for name in names)).where(votes.c.dao_id == dao_id, votes.c.known_at > as_of - _ACTIVE)
    rows = known.as_known(session, known.VOTES, query, as_of=as_of)
    last = last_ballots(
        tuple(Ballot(row["voter"], row["choice"], None if row["power"] is None else Decimal(row["power"]), row["cast_at"]) for row in rows)
    )
    powers = [each.power for each in last.values() if each.power is not None]
    return total(powers) if powers and len(powers) == len(last) else None


def _quorum_forecast(session: Session, proposal_id: str, as_of: datetime) -> Decimal | None:
    """P(quorum) of the newest forecast that was on record then, where it gives one."""
    query = select(col(Forecast.body)).where(col(Forecast.proposal_id) == proposal_id, col(Forecast.as_of) <= as_of)
    body = session.execute(
        query.where(col(Forecast.recorded_at) <= as_of).order_by(col(Forecast.as_of).desc(), col(Forecast.recorded_at).desc()).limit(1)
    ).scalar()
    found = ((body or {}).get("reaches_quorum") or {}).get("probability")
    return Decimal(found) if isinstance(found, str) else None


def _believable(moment: datetime | None) -> datetime | None:
    return moment if moment is not None and moment >= BELIEVABLE_FROM else None


def _table(model: type[SQLModel]) -> Any:  # noqa: ANN401  # SQLModel makes it
    return model.__table__  # type: ignore[attr-defined]  # SQLModel makes it


def changed(session: Session, proposal_id: str, bodies: Mapping[str, Mapping[str, object]], *, as_of: datetime) -> list[str]:
    """The rules whose answer is not the last one on record for a moment up to `as_of`."""
    query = select(col(Flag.rule), col(Flag.body)).where(col(Flag.proposal_id) == proposal_id, col(Flag.as_of) <= as_of)
    last = {row[0]: row[1] for row in session.execute(query.order_by(col(Flag.as_of), col(Flag.recorded_at)))}
    return [rule for rule, body in bodies.items() if last.get(rule) != body]


def add(session: Session, rows: Iterable[Mapping[str, Any]]) -> None:
    """Store answers; none of them may be there."""
    session.execute(insert(Flag), [dict(row) for row in rows])
