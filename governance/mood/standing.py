"""What is known of who speaks, and how much a voice weighs for it: fixed rules, stated here and in `docs/mood.md`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final


class Evidence(StrEnum):
    """The strongest thing known of an account, strongest first. The first three rest on voting power, which costs; the rest on nothing."""

    DELEGATE = "delegate"
    """A delegate whom the DAO itself registered."""
    VOTER = "voter"
    """Has voting power and has voted with it on `HISTORY_VOTES` proposals before the window."""
    HOLDER = "holder"
    """Has voting power and hardly a history."""
    ESTABLISHED = "established"
    """No voting power is known; wrote `HISTORY_POSTS` posts before the window, the first at least `HISTORY_AGE` before it."""
    NEWCOMER = "newcomer"
    """Nothing is known."""


HISTORY_VOTES: Final = 3
HISTORY_POSTS: Final = 3
HISTORY_AGE: Final = timedelta(days=90)

# What one voice weighs. Age can be had by waiting, so an old account without power is no better evidence than a new
# one where it counts: both share the one small weight of `pooling.UNEVIDENCED_SHARE`, and weigh only against each other.
WEIGHTS: Final[Mapping[Evidence, float]] = {
    Evidence.DELEGATE: 1.0,
    Evidence.VOTER: 1.0,
    Evidence.HOLDER: 0.5,
    Evidence.ESTABLISHED: 0.25,
    Evidence.NEWCOMER: 0.05,
}
EVIDENCED: Final = frozenset({Evidence.DELEGATE, Evidence.VOTER, Evidence.HOLDER})

# A voice with less than this part of the power that speaks weighs in proportion to it: a balance split into dust over
# ten thousand wallets is not ten thousand voices.
FULL_VOICE_PART: Final = Decimal("0.001")


@dataclass(frozen=True, slots=True)
class Known:
    """What the record says of one account or voter, nothing of it later than the window.

    `power` is the last voting power any source told, None where none did; `votes_before` counts proposals voted on
    with a power above zero, and `posts_before` posts, both known before the window began.
    """

    power: Decimal | None = None
    delegate: bool = False
    votes_before: int = 0
    posts_before: int = 0
    first_post: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What a voice counts: its evidence, its weight among voices, and its voting power."""

    evidence: Evidence
    weight: float
    power: Decimal

    @property
    def evidenced(self) -> bool:
        """Whether it rests on voting power."""
        return self.evidence in EVIDENCED


def evidence_of(known: Known, *, begins: datetime) -> Evidence:
    """The strongest evidence of an account in a window that begins at `begins`. A power of zero, or none told, is none."""
    if known.power is not None and known.power > 0:
        if known.delegate:
            return Evidence.DELEGATE
        return Evidence.VOTER if known.votes_before >= HISTORY_VOTES else Evidence.HOLDER
    old = known.first_post is not None and known.first_post <= begins - HISTORY_AGE
    return Evidence.ESTABLISHED if old and known.posts_before >= HISTORY_POSTS else Evidence.NEWCOMER


def standings(known: Mapping[str, Known], *, begins: datetime, electorate_power: Decimal = Decimal(0)) -> dict[str, Standing]:
    """The standing of every account that speaks in a window.

    `electorate_power` is the registered delegates' power together: with it, dust cannot pass for a voice even while
    nobody else with power speaks.
    """
    classes = {account: evidence_of(record, begins=begins) for account, record in known.items()}
    powers = {account: _power(known[account]) for account, found in classes.items() if found in EVIDENCED}
    full = max(_sum(powers.values()), electorate_power) * FULL_VOICE_PART
    return {
        account: Standing(found, WEIGHTS[found] * _part(powers.get(account), full), powers.get(account, Decimal(0)))
        for account, found in classes.items()
    }


def standing_alone(known: Known, *, begins: datetime, electorate_power: Decimal) -> Standing:
    """The standing of one account whoever else speaks: only the registered delegates' power tells what is dust.

    Where none are registered nobody can consent to a change either, and dust counts in full.
    """
    found = evidence_of(known, begins=begins)
    power = _power(known) if found in EVIDENCED else Decimal(0)
    part = _part(power, electorate_power * FULL_VOICE_PART) if found in EVIDENCED else 1.0
    return Standing(found, WEIGHTS[found] * part, power)


def _part(power: Decimal | None, full: Decimal) -> float:
    return 1.0 if power is None or power >= full else float(power / full)


def _power(known: Known) -> Decimal:
    return known.power or Decimal(0)


def _sum(powers: Iterable[Decimal]) -> Decimal:
    return sum(powers, Decimal(0))
