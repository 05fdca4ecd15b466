"""Vote reasons with the votes they were given for, as lessons in stance."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlmodel import Session

from governance.readings import target_of
from governance.records import as_of as known
from governance.text_lessons import StanceLesson


def daos_with_reasons(session: Session) -> list[str]:
    """The DAOs of which some vote has a reason, by id."""
    table = known.VOTES.table
    return sorted(session.execute(select(table.c.dao_id).where(table.c.reason.is_not(None)).distinct()).scalars())


def stance_lessons(session: Session, dao_id: str, *, as_of: datetime) -> Iterator[StanceLesson]:
    """The DAO's votes with a reason and a choice, as known at `as_of`, on proposals that say something.

    A vote whose power is told to be zero is no lesson: otherwise anyone could write as many as they like.
    """
    votes, proposals = known.VOTES.table, known.PROPOSALS.table
    names = ("id", "proposal_id", "voter", "choice", "power", "reason", "known_at", "revision")
    query = select(*(votes.c[name] for name in names)).where(votes.c.dao_id == dao_id, votes.c.reason.is_not(None))
    cast = known.as_known(session, known.VOTES, query.order_by(votes.c.known_at, votes.c.id), as_of=as_of)
    wanted = select(proposals).where(
        proposals.c.dao_id == dao_id,
        proposals.c.id.in_(select(votes.c.proposal_id).where(votes.c.dao_id == dao_id, votes.c.reason.is_not(None))),
    )
    about = {row["id"]: row for row in known.as_known(session, known.PROPOSALS, wanted, as_of=as_of)}
    for vote in cast:
        proposal = about.get(vote["proposal_id"])
        target = None if proposal is None else target_of(proposal["title"], proposal["body"])
        powerless = vote["power"] is not None and Decimal(vote["power"]) == 0
        if proposal is None or target is None or powerless or vote["choice"] is None or not vote["reason"]:
            continue
        yield StanceLesson(
            dao_id=dao_id,
            proposal_id=vote["proposal_id"],
            voter=vote["voter"],
            text=vote["reason"],
            target=target,
            choice=vote["choice"],
            choices=tuple(proposal["choices"] or ()),
            kind=proposal["kind"],
            said_at=vote["known_at"],
        )
