"""What was known of each account at a moment: its links, its votes, its posts, and whether it is a delegate."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from governance.mood.standing import Known


@dataclass(frozen=True, slots=True)
class CastVote:
    """One vote: when it was known, on what, and with which power (None: not told)."""

    known_at: datetime
    proposal_id: str
    power: Decimal | None


@dataclass(frozen=True, slots=True)
class Histories:
    """By account or voter, everything that bears on evidence, each list by time.

    `links` has the voters each account proved to be; `votes` and `delegates` are by voter in lower case; `delegates`
    are versions of the electorate, each (known since, power by address).
    """

    links: Mapping[str, Sequence[tuple[datetime, str]]] = field(default_factory=dict)
    votes: Mapping[str, Sequence[CastVote]] = field(default_factory=dict)
    posts: Mapping[str, Sequence[datetime]] = field(default_factory=dict)
    delegates: Sequence[tuple[datetime, Mapping[str, Decimal]]] = ()

    def person(self, account: str, *, at: datetime) -> str:
        """Who the account is: the voter of its last link, else itself."""
        links = [voter for since, voter in self.links.get(account, ()) if since <= at]
        return links[-1] if links else account

    def known(self, person: str, *, begins: datetime, ends: datetime) -> Known:
        """What the record says of a person in a window (begins, ends]."""
        cast = self.votes.get(person, ())
        told = [vote.power for vote in cast if vote.known_at <= ends and vote.power is not None]
        registered = self.electorate(ends).get(person)
        before = {vote.proposal_id for vote in cast if vote.known_at < begins and vote.power is not None and vote.power > 0}
        posts = self.posts.get(person, ())
        count = bisect_left(posts, begins)
        return Known(
            power=registered if registered is not None else (told[-1] if told else None),
            delegate=registered is not None,
            votes_before=len(before),
            posts_before=count,
            first_post=posts[0] if count else None,
        )

    def electorate(self, at: datetime) -> Mapping[str, Decimal]:
        """The registered delegates' powers at a moment; empty before any were."""
        place = bisect_right([since for since, _ in self.delegates], at)
        return self.delegates[place - 1][1] if place else {}
