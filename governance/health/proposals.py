"""What a DAO's proposals say of its health: how many take part, how contested they are, quorum, and what waits."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from statistics import median
from typing import Final

from governance.canonical import fixed
from governance.concentration import exact_sum
from governance.health.activity import shown
from governance.tally import decimal_text, read_choice, voting_type

# The winner's lead over the next choice, as a share of both and all others, below which a proposal was contested.
CONTESTED_BELOW: Final = Fraction(1, 5)
_MOST_CHOICES: Final = 10_000
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class WrittenAlike:
    """The counted votes of one proposal that were written alike: how many, how many of them with a power, and its sum."""

    choice: str | None
    heads: int
    with_power: int
    power: str | None


@dataclass(frozen=True, slots=True)
class ProposalFacts:
    """One proposal as known at the moment asked about, with its counted votes. Times are None where they are not known.

    `opens_at`: when voting starts, else when it was created, else when it was known. `closed_at`: None while it is open or
    nobody tells. `ends_at`: where an end still to come is known. `power_by_choice`: where the way of voting does not add
    powers up (quadratic voting), what each choice has.
    """

    id: str
    kind: str | None
    choices: int | None
    quorum: str | None
    opens_at: datetime
    closed_at: datetime | None
    ends_at: datetime | None
    counted: Sequence[WrittenAlike]
    power_by_choice: Mapping[int, Fraction] | None = None

    @property
    def voters(self) -> int:
        """How many voted."""
        return sum(alike.heads for alike in self.counted)

    @property
    def power(self) -> Decimal | None:
        """The power of all that voted; None where no vote has one."""
        known = [alike.power for alike in self.counted if alike.power is not None]
        return exact_sum(known) if known else None

    @property
    def without_power(self) -> int:
        """How many voters' power is not known."""
        return sum(alike.heads - alike.with_power for alike in self.counted)


def lead(proposal: ProposalFacts) -> Fraction | None:
    """The leading choice's lead over the next, as a share of what all choices have: 0 a tie, 1 unanimity.

    By power where every counted vote has one, else by head. None where no vote names a choice.
    """
    by_choice = proposal.power_by_choice
    if by_choice is None or proposal.without_power:
        by_choice = _by_choice(proposal, power=not proposal.without_power)
    total = sum(by_choice.values(), Fraction(0))
    if total <= 0:
        return None
    first, second, *_ = [*sorted(by_choice.values(), reverse=True), Fraction(0)]
    return (first - second) / total


def quorum_margin(proposal: ProposalFacts) -> Fraction | None:
    """By how much of the quorum the power that voted is above (or, below 0, under) it.

    None without a quorum above zero, and where votes without a known power could still reach it.
    """
    if proposal.quorum is None or (quorum := Fraction(proposal.quorum)) <= 0:
        return None
    power = proposal.power
    if power is None or (proposal.without_power and Fraction(power) < quorum):
        return None
    return Fraction(power) / quorum - 1


def interval_figures(proposals: Iterable[ProposalFacts], *, start: datetime, end: datetime) -> dict[str, object]:
    """Turnout, contest and quorum of the proposals that closed in [start, end), and what was waiting at its end."""
    every = list(proposals)
    closed = [each for each in every if each.closed_at is not None and start <= each.closed_at < end]
    return {
        "closed": len(closed),
        "turnout": _turnout([each for each in closed if each.voters]),
        "contest": _contest([found for each in closed if (found := lead(each)) is not None]),
        "quorum": _quorum([each for each in closed if each.quorum is not None]),
        "backlog": _backlog(every, at=end),
    }


def _by_choice(proposal: ProposalFacts, *, power: bool) -> dict[int, Fraction]:
    way, most = voting_type(proposal.kind), proposal.choices or _MOST_CHOICES
    found: dict[int, Fraction] = {}
    for alike in proposal.counted:
        amount = Fraction(alike.power or 0) if power else Fraction(alike.heads)
        named = None if alike.choice is None else read_choice(alike.choice, way, most=most)
        for place, share in (named or {}).items():
            found[place] = found.get(place, Fraction(0)) + amount * share
    return found


def _turnout(voted: Sequence[ProposalFacts]) -> dict[str, object]:
    """Of the closed proposals that anybody voted on."""
    powers = [Fraction(each.power) for each in voted if each.power is not None and not each.without_power]
    return {
        "proposals": len(voted),
        "median_voters": fixed(median(each.voters for each in voted)) if voted else None,
        "mean_voters": shown(Fraction(sum(each.voters for each in voted), len(voted))) if voted else None,
        "median_power": decimal_text(Fraction(median(powers))) if powers else None,
        "without_power": len(voted) - len(powers),
    }


def _contest(leads: Sequence[Fraction]) -> dict[str, object]:
    return {
        "proposals": len(leads),
        "median_lead": shown(Fraction(median(leads))) if leads else None,
        "contested": sum(found < CONTESTED_BELOW for found in leads),
        "unanimous": sum(found == 1 for found in leads),
    }


def _quorum(asked: Sequence[ProposalFacts]) -> dict[str, object]:
    margins = [found for each in asked if (found := quorum_margin(each)) is not None]
    return {
        "proposals": len(asked),
        "reached": sum(found >= 0 for found in margins),
        "missed": sum(found < 0 for found in margins),
        "unknown": len(asked) - len(margins),
        "median_margin": shown(Fraction(median(margins))) if margins else None,
    }


def _backlog(proposals: Sequence[ProposalFacts], *, at: datetime) -> dict[str, object]:
    """What was published and not closed just before `at`."""
    waiting = [each for each in proposals if each.opens_at < at and (each.closed_at is None or each.closed_at >= at)]
    dated = [each for each in waiting if each.closed_at is not None or each.ends_at is not None]
    ages = [Fraction((at - each.opens_at) // timedelta(microseconds=1), _DAY // timedelta(microseconds=1)) for each in dated]
    return {
        "open": len(dated),
        "without_end": len(waiting) - len(dated),
        "median_days_open": shown(Fraction(median(ages))) if ages else None,
        "oldest_days_open": shown(max(ages)) if ages else None,
    }
