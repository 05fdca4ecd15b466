"""Rules on voting power: borrowed, gathered, dormant, rented, cheap to buy, or in one hand."""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final

from governance.concentration import concentration
from governance.flags.case import Case, Delegation, last_ballots, share, total
from governance.flags.verdicts import Answer, Severity, clear, fired, percent, rule, unknown

# Seconds between the end of the vote and execution below which nobody can react (Beanstalk executed at once).
LEAST_DELAY: Final = timedelta(hours=24)
GATHERED: Final = Decimal("0.25")
GATHERED_ALERT: Final = Decimal("0.50")
GATHERED_CRITICAL: Final = Decimal("0.80")
GATHERED_WITHIN: Final = timedelta(days=30)
DORMANT_POWER: Final = Decimal("0.50")
DORMANT_TURNOUT: Final = Decimal("0.20")
DORMANT_VOTES: Final = 20
RENTED_WITHIN: Final = timedelta(days=7)
RENTED_PRICE: Final = Decimal("0.01")
# Below so many voters a majority in one hand says nothing of the DAO (chosen from history: see docs/flags.md).
LEAST_VOTERS: Final = 5


@rule(
    "R01",
    "Same-block voting power",
    version=2,
    source="Beanstalk, 2022-04-17 (theverge.com/2022/4/22/23037325); delays after Anticapture's framework",
    threshold="snapshot block >= first vote's block - 1, or power read live, or power gained and voted in one block, or execution < 24 h "
    "after the vote",
    clears_when="power is read from a checkpoint before the first vote, and execution waits for 24 h or more",
    who_can_act="a guardian can pause or veto before execution; delegates can vote against",
)
def same_block_power(case: Case) -> Answer:
    """Power that is borrowed for one block, or a vote that executes before anybody can react.

    Each of the four ways is enough to fire, so each must be known to be clear; the delay only where something is executed.
    """
    chain = case.chain
    delay = chain.delay
    if chain.passed_at is not None and chain.executed_at is not None:
        delay = chain.executed_at - chain.passed_at
    late = None
    if chain.snapshot_block is not None and chain.first_vote_block is not None:
        late = chain.snapshot_block >= chain.first_vote_block - 1
    looked_at = ("snapshot_block", "first_vote_block", "power_read_live", "same_block_voters")
    inputs = {"delay": delay, **{name: getattr(chain, name) for name in looked_at}}
    found = [
        words
        for there, words in (
            (chain.power_read_live, "voting power is read live, not from a past block"),
            (late, "the block that fixes voting power is not before the first vote"),
            (chain.same_block_voters, f"{len(chain.same_block_voters or ())} gained power and voted in one block"),
            (delay is not None and delay < LEAST_DELAY, f"execution follows {_hours(delay)} after the vote"),
        )
        if there
    ]
    if found:
        return fired(f"Power could be borrowed: {'; '.join(found)}.", value=len(found), severity=Severity.CRITICAL, inputs=inputs)
    untold = (
        (late is None, "the block that fixes voting power and that of the first vote"),
        (chain.power_read_live is None, "whether voting power is read live"),
        (chain.same_block_voters is None, "who gained power and voted in one block"),
        (delay is None and case.executable is not False, "the delay between vote and execution"),
    )
    if missing := [words for is_so, words in untold if is_so]:
        return unknown(*missing, inputs=inputs)
    return clear("Power is read from a block before the vote, and execution waits.", value=0, inputs=inputs)


@rule(
    "R02",
    "Power gathered before the vote",
    source="Compound 289: about 325,333 COMP bought against a quorum of 400,000",
    threshold="the proposer's cluster gained >= 25 % of quorum within 30 days (alert 50 %, critical 80 %)",
    clears_when="the gain falls below 25 % of quorum, or the power proves not to be the proposer's",
    who_can_act="delegates who have not voted; a guardian or veto holder",
)
def gathered_power(case: Case) -> Answer:
    """The proposer and whoever belongs to them gained much of a quorum shortly before."""
    gained = case.chain.cluster_gained
    seen = _author_gain(case)
    inputs = {"cluster_gained": gained, "author_gain_in_votes": seen, "quorum": case.quorum, "cluster": sorted(case.cluster)}
    most = max((each for each in (gained, seen) if each is not None), default=None)
    part = None if most is None or case.quorum is None else share(most, case.quorum)
    if part is not None and part >= GATHERED:
        grave = Severity.CRITICAL if part >= GATHERED_CRITICAL else Severity.WARNING if part >= GATHERED_ALERT else Severity.NOTICE
        return fired(f"The proposer's side gained {percent(part)} of a quorum within 30 days.", value=part, severity=grave, inputs=inputs)
    if case.quorum is None or case.quorum <= 0:
        return unknown("the quorum", inputs=inputs)
    if gained is None:
        return unknown("what the proposer's cluster gained in 30 days", value=part, inputs=inputs)
    return clear(f"The proposer's side gained {percent(part or Decimal(0))} of a quorum within 30 days.", value=part, inputs=inputs)


def _author_gain(case: Case) -> Decimal | None:
    """How much more power the proposer votes with here than at their last vote within 30 days before; None where they did not vote."""
    here = last_ballots(case.ballots or ()).get(case.author or "")
    if here is None or here.power is None or here.cast_at is None:
        return None
    before = [
        ballot
        for past in case.past
        for ballot in past.ballots
        if ballot.voter == case.author and ballot.power is not None and ballot.cast_at is not None and ballot.cast_at < here.cast_at
    ]
    recent = [each for each in before if each.cast_at is not None and here.cast_at - each.cast_at <= GATHERED_WITHIN]
    return max(here.power - min(each.power for each in recent if each.power is not None), Decimal(0)) if recent else None


@rule(
    "R05",
    "Dormant blocking power",
    version=2,
    source="a16z in Compound: 361,000 COMP, 90 % of quorum, rarely votes",
    threshold="one delegate holds >= 50 % of quorum and voted in < 20 % of the last 20 proposals",
    clears_when="that delegate votes regularly, or their power falls below half a quorum",
    who_can_act="the delegate named; those who delegate to them",
)
def dormant_power(case: Case) -> Answer:
    """Somebody could decide the vote alone and usually does not vote."""
    if case.quorum is None or case.quorum <= 0:
        return unknown("the quorum")
    voted = [past for past in case.past if past.ballots][:DORMANT_VOTES]
    held: dict[str, Decimal] = dict(case.chain.delegates or {})
    times: dict[str, int] = {}
    for past in voted:
        for voter, ballot in last_ballots(past.ballots).items():
            times[voter] = times.get(voter, 0) + 1
            if ballot.power is not None:
                held.setdefault(voter, ballot.power)
    inputs = {"quorum": case.quorum, "proposals_looked_at": len(voted), "delegates_told": case.chain.delegates is not None}
    if len(voted) < DORMANT_VOTES:
        return unknown(f"votes on the last {DORMANT_VOTES} proposals (there are {len(voted)})", inputs=inputs)
    asleep = [
        (power, voter)
        for voter, power in held.items()
        if power >= case.quorum * DORMANT_POWER and times.get(voter, 0) < len(voted) * DORMANT_TURNOUT
    ]
    if asleep:
        power, voter = max(asleep)
        part = share(power, case.quorum) or Decimal(0)
        line = f"{voter} holds {percent(part)} of a quorum and voted on {times.get(voter, 0)} of the last {len(voted)} proposals."
        return fired(
            line, value=part, severity=Severity.NOTICE, inputs={**inputs, "dormant": [name for _, name in sorted(asleep, reverse=True)]}
        )
    if not case.chain.delegates:
        return unknown("the list of delegates with their powers: who never voted is seen in no vote", inputs=inputs)
    return clear("Nobody with half a quorum stays away as a rule.", value=0, inputs=inputs)


@rule(
    "R12",
    "Rented power",
    version=3,
    source="LobbyFi on Arbitrum, April 2025: 5 ETH for 19.3 M ARB, 0.15 % of the value (forum.arbitrum.foundation, topic 28934)",
    threshold="power delegated in, voted and delegated out within 7 days; or a known market votes; or the price < 1 % of the power's value",
    clears_when="the power turns out to stay with the voter, at a price that is no rent",
    who_can_act="the holders who rented it out; delegates who have not voted",
)
def rented_power(case: Case) -> Answer:
    """Votes that were bought for this vote. Which voters are markets must be known once somebody voted; a price need not be public."""
    voters = set(last_ballots(case.ballots or ()))
    market = sorted(voters & (case.chain.markets or frozenset()))
    passed_through = [
        each
        for each in case.chain.delegations or ()
        if each.out_at is not None
        and each.out_at - each.in_at <= RENTED_WITHIN
        and (each.delegate in voters or case.ballots is None)
        and _in_time(case, each)
    ]
    prices = [each.paid / each.worth for each in case.chain.delegations or () if each.paid is not None and each.worth]
    cheap = [price for price in prices if price < RENTED_PRICE]
    inputs = {"markets": market, "passed_through": [each.delegate for each in passed_through], "lowest_price": min(prices, default=None)}
    found = [f"{', '.join(market)} sells votes"] if market else []
    if passed_through:
        power = total([each.power for each in passed_through])
        found.append(f"power of {power:f} came and left within {RENTED_WITHIN.days} days")
    if cheap:
        found.append(f"power was paid with {Decimal(min(cheap) * 100):.2f} % of its value")
    if found:
        return fired(f"Power was rented: {'; '.join(found)}.", value=min(cheap, default=None), severity=Severity.CRITICAL, inputs=inputs)
    if case.chain.delegations is None:
        return unknown("delegations in and out around the vote", inputs=inputs)
    if any(each.paid is not None and each.worth is None for each in case.chain.delegations):
        return unknown("what the power that was paid for is worth", inputs=inputs)
    if case.ballots is None:
        return unknown("who voted", inputs=inputs)
    if voters and case.chain.markets is None:
        return unknown("which addresses are markets for votes", inputs=inputs)
    return clear("No power came for this vote and left again.", inputs=inputs)


def _in_time(case: Case, lent: Delegation) -> bool:
    """Whether the power was there at some moment from the proposal's creation, when it may have been read, to the end of the vote."""
    opened, ends_at = case.created_at or case.starts_at, case.ends_at
    left = lent.out_at or case.as_of
    return (opened is None or left >= opened) and (ends_at is None or lent.in_at <= ends_at)


@rule(
    "R15",
    "Cost of attack",
    source="Anticapture's formula: (liquid treasury - price x power that voted in 90 days) / (price x that power)",
    threshold="profit > 0",
    clears_when="the treasury is worth less than the power that votes, or more power votes",
    who_can_act="the DAO, by guards on the treasury or wider delegation",
)
def cost_of_attack(case: Case) -> Answer:
    """Whether the treasury is worth more than the votes that could empty it."""
    figures = case.figures
    inputs = {"treasury": figures.treasury, "price": figures.price, "active_supply": figures.active_supply}
    missing = [words for there, words in ((figures.treasury, "the liquid treasury"), (figures.price, "the token's price")) if there is None]
    if figures.active_supply is None:
        missing.append("the power that voted in 90 days")
    if missing:
        return unknown(*missing, inputs=inputs)
    cost = (figures.price or Decimal(0)) * (figures.active_supply or Decimal(0))
    if cost <= 0:
        return unknown("a price and a power above zero", inputs=inputs)
    profit = ((figures.treasury or Decimal(0)) - cost) / cost
    if profit > 0:
        return fired(
            f"Taking the treasury would pay: {percent(profit)} above the price of all power that votes.", value=profit, inputs=inputs
        )
    return clear(f"The power that votes costs more than the treasury holds ({percent(profit)}).", value=profit, inputs=inputs)


@rule(
    "R24",
    "Concentration",
    source="arXiv 2305.17655: under three voters decide most Compound proposals",
    threshold=f"one voter cast more than half of the power, among {LEAST_VOTERS} voters or more",
    clears_when="others vote, so that no one has more than half of the power cast",
    who_can_act="delegates who have not voted",
)
def concentrated(case: Case) -> Answer:
    """One voter decides."""
    if case.ballots is None:
        return unknown("the votes")
    counted = last_ballots(case.ballots)
    powers = [each.power for each in counted.values() if each.power is not None]
    if len(powers) < len(counted) or not powers:
        return unknown("the voters' powers", inputs={"voters": len(counted), "with_power": len(powers)})
    if len(powers) < LEAST_VOTERS:
        return unknown(f"{LEAST_VOTERS} voters or more (there are {len(powers)})", inputs={"voters": len(powers)})
    found = concentration([Fraction(each) for each in powers])
    top = sorted(powers, reverse=True)
    whole = total(powers)
    if found.nakamoto is None or found.gini is None:
        return unknown("any power at all", inputs={"voters": len(powers)})
    inputs = {
        "voters": len(powers),
        "gini": float(found.gini),
        "nakamoto": found.nakamoto,
        "nakamoto_of_quorum": _fewest(top, case.quorum),
        "top_1": share(top[0], whole),
        "top_10": share(total(top[:10]), whole),
    }
    leader = max(counted.values(), key=lambda each: (each.power or Decimal(0), each.voter)).voter
    if found.nakamoto == 1:
        line = f"{leader} alone cast {percent(top[0] / whole)} of the power of {len(powers)} voters."
        return fired(line, value=found.nakamoto, severity=Severity.NOTICE, inputs=inputs)
    return clear(
        f"It takes {found.nakamoto} of {len(powers)} voters to have more than half of the power.", value=found.nakamoto, inputs=inputs
    )


def _fewest(powers: list[Decimal], quorum: Decimal | None) -> int | None:
    """How many of the largest reach `quorum` together; None without one, or where all together do not."""
    if quorum is None or quorum <= 0:
        return None
    held = Decimal(0)
    for count, power in enumerate(powers, start=1):
        held = total([held, power])
        if held >= quorum:
            return count
    return None


def _hours(delay: timedelta | None) -> str:
    return "at an unknown time" if delay is None else f"{delay / timedelta(hours=1):.1f} h"
