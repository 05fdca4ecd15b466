"""Everything the rules may look at: one proposal as known at a moment, with what is missing left as None."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal, localcontext

from governance.flags.calldata import Call, Decoded

# A power has at most 78 digits before the point and 78 after it; a sum of millions of them still fits.
_EXACT = Context(prec=200)
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Ballot:
    """A vote: `power` is exact, None where the source tells none; likewise `choice` and `cast_at`."""

    voter: str
    choice: str | None
    power: Decimal | None
    cast_at: datetime | None


@dataclass(frozen=True, slots=True)
class Past:
    """Another proposal of the DAO. `defeated`: it failed or was cancelled, None where nobody told.

    `live` is None where no end is told, so that it may be open still. `ballots` are there only for the latest closed ones;
    `calls` only where it had actions.
    """

    proposal_id: str
    external_id: str
    title: str | None
    body: str | None
    author: str | None
    starts_at: datetime | None
    ends_at: datetime | None
    defeated: bool | None = None
    live: bool | None = False
    ballots: tuple[Ballot, ...] = ()
    calls: tuple[Decoded, ...] | None = None
    codehashes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Thread:
    """A linked discussion: when it was opened, and since when its author's account exists, where that is told."""

    forum: str
    topic_id: int
    opened_at: datetime | None
    account_since: datetime | None


@dataclass(frozen=True, slots=True)
class Said:
    """A post about the proposal."""

    author: str | None
    text: str
    posted_at: datetime | None
    account_since: datetime | None


@dataclass(frozen=True, slots=True)
class Code:
    """What stood at an address at one of three moments: `at` is created, ended or executed. None is "not looked at"."""

    address: str
    at: str
    codehash: str | None = None
    verified: bool | None = None
    upgradeable: bool | None = None
    selfdestruct: bool | None = None
    delegatecall: bool | None = None
    create2: bool | None = None


@dataclass(frozen=True, slots=True)
class Delegation:
    """Power that came to a voter, and left again; `paid` and `worth` in one currency where the price was public."""

    delegate: str
    power: Decimal
    in_at: datetime
    out_at: datetime | None
    paid: Decimal | None
    worth: Decimal | None


@dataclass(frozen=True, slots=True)
class Change:
    """One parameter that the proposal changes. `applied` is what would be (or was) set, after any clipping.

    `approved_from` is the value the change was decided against, `live` the one that stands now; `reference` is an
    independent word on the new value, in `reference_unit`. Changes of one `group` hold together or not at all.
    """

    name: str
    unit: str
    to: Decimal
    group: str | None = None
    applied: Decimal | None = None
    approved_from: Decimal | None = None
    live: Decimal | None = None
    reference: Decimal | None = None
    reference_unit: str | None = None
    made_at: datetime | None = None
    expires_after: timedelta | None = None
    skipped: bool = False


@dataclass(frozen=True, slots=True)
class Notices:
    """Which notifications a live proposal should have had, which came, and when who may silence them last changed.

    That has a time wherever somebody looked: where nobody was ever exchanged, the one at which the channel was opened.
    """

    expected: frozenset[str]
    seen: frozenset[str]
    admin_changed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Chain:
    """What a reader of the chain and of the DAO's surroundings found; each None was not looked at."""

    snapshot_block: int | None = None
    first_vote_block: int | None = None
    power_read_live: bool | None = None
    same_block_voters: tuple[str, ...] | None = None
    passed_at: datetime | None = None
    executed_at: datetime | None = None
    delay: timedelta | None = None
    cluster: frozenset[str] | None = None
    cluster_gained: Decimal | None = None
    delegates: Mapping[str, Decimal] | None = None
    treasury: Decimal | None = None
    treasury_token: str | None = None
    listed: frozenset[str] | None = None
    multisigs: frozenset[str] | None = None
    controllers: Mapping[str, frozenset[str]] | None = None
    code: tuple[Code, ...] | None = None
    notices: Notices | None = None
    delegations: tuple[Delegation, ...] | None = None
    markets: frozenset[str] | None = None
    emergencies: tuple[datetime, ...] | None = None
    proposal_threshold: Decimal | None = None
    changes: tuple[Change, ...] | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """The DAO's own figures, the newest known then: `treasury` and `price` in one currency, `supply` in tokens."""

    treasury: Decimal | None = None
    price: Decimal | None = None
    supply: Decimal | None = None
    active_supply: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One proposal as known at `as_of`.

    `ends_at` stands only where it was fixed at the start or the vote is closed. `ballots` is None where votes of it are not
    collected. `calls` is None where the source does not tell what would be executed, empty where it says: nothing.
    `executable` is None where neither the source nor the calls tell. `emergency_path` is False where the platform has none.
    """

    proposal_id: str
    dao_id: str
    as_of: datetime
    external_id: str = ""
    title: str | None = None
    body: str | None = None
    author: str | None = None
    kind: str | None = None
    choices: tuple[str, ...] = ()
    created_at: datetime | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    end_fixed: bool = False
    quorum: Decimal | None = None
    executable: bool | None = None
    emergency_path: bool | None = None
    actions: tuple[Call, ...] | None = None
    calls: tuple[Decoded, ...] | None = None
    ballots: tuple[Ballot, ...] | None = None
    past: tuple[Past, ...] = ()
    earlier_votes_known: bool = False
    threads: tuple[Thread, ...] | None = None
    posts: tuple[Said, ...] | None = None
    chain: Chain = field(default_factory=Chain)
    figures: Figures = field(default_factory=Figures)
    quorum_probability: Decimal | None = None
    span_effect: Decimal | None = None

    @property
    def text(self) -> str | None:
        """Title and body; None where the source has neither."""
        parts = [part for part in (self.title, self.body) if part]
        return "\n".join(parts) if parts else None

    @property
    def closed(self) -> bool:
        """Whether voting is over."""
        return self.ends_at is not None and self.ends_at <= self.as_of

    @property
    def window(self) -> timedelta | None:
        """How long the vote is open; None where that is not told or makes no sense."""
        if self.starts_at is None or self.ends_at is None or self.ends_at <= self.starts_at:
            return None
        return self.ends_at - self.starts_at

    @property
    def cluster(self) -> frozenset[str]:
        """The proposer, and whoever is known to belong to them."""
        own = frozenset() if self.author is None else frozenset({self.author})
        return own | (self.chain.cluster or frozenset())


def total(powers: list[Decimal]) -> Decimal:
    """The exact sum."""
    with localcontext(_EXACT):
        return sum(powers, Decimal(0))


def share(part: Decimal, whole: Decimal) -> Decimal | None:
    """Part / whole to 28 digits; None where there is no whole."""
    return part / whole if whole > 0 else None


def last_ballots(ballots: tuple[Ballot, ...]) -> dict[str, Ballot]:
    """Of each voter the last vote (those without a time first): it is the one that counts."""
    ordered = sorted(ballots, key=lambda each: (each.cast_at is not None, each.cast_at or _NEVER, each.voter))
    return {each.voter: each for each in ordered}
