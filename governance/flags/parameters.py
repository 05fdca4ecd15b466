"""Rules on the parameters that a proposal changes: coupled ones, their units and prices, and the basis they were decided on."""

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Final

from governance.flags.case import Case, Change
from governance.flags.verdicts import Answer, Severity, clear, fired, percent, rule, unknown

BLOCKS: Final = Decimal("0.05")
CRITICAL: Final = Decimal("0.50")
# AaveStewardsInjector: what follows the market is stale after six hours.
EXPIRES_AFTER: Final = timedelta(hours=6)
_NOTHING: Final = "It changes no parameter."


@rule(
    "R20",
    "Coupled parameters torn apart",
    source="Aave CAPO, 2026-03-10: the ratio was clipped, its timestamp was not (governance.aave.com, topic 24269)",
    threshold="any member of a declared group is clipped or left out",
    clears_when="every member of the group is applied exactly as decided, or none is",
    who_can_act="whoever executes: abort the whole group",
)
def coupled_skew(case: Case) -> Answer:
    """Parameters that hold together were not applied together."""
    changes = case.chain.changes
    if changes is None:
        return unknown("which parameters it changes")
    groups: dict[str, list[Change]] = {}
    for each in changes:
        if each.group is not None:
            groups.setdefault(each.group, []).append(each)
    if not groups:
        return clear("It changes no parameters that are declared to hold together.", inputs={"groups": 0})
    torn, unseen = [], []
    for name, members in sorted(groups.items()):
        bad = [each for each in members if each.skipped or (each.applied is not None and each.applied != each.to)]
        torn += [f"{name}: {_skew(each)}" for each in bad]
        unseen += [f"{name}: {each.name}" for each in members if not each.skipped and each.applied is None]
    inputs = {"groups": sorted(groups), "torn": torn, "not_seen": unseen}
    if torn:
        return fired(f"A group is not applied whole: {'; '.join(torn)}.", value=len(torn), severity=Severity.CRITICAL, inputs=inputs)
    if unseen:
        return unknown(f"what would be applied of {', '.join(unseen)}", inputs=inputs)
    return clear(f"All members of {', '.join(sorted(groups))} are applied as decided.", value=0, inputs=inputs)


def _skew(change: Change) -> str:
    return f"{change.name} is left out" if change.skipped else f"{change.name} is clipped from {change.to:f} to {change.applied:f}"


@rule(
    "R21",
    "Unit or price out of reason",
    version=2,
    source="Moonwell MIP-X43: 1.12 instead of some 2,200 dollars per cbETH",
    threshold="new value > 5 % off an independent reference (critical: > 50 %), or its unit is another",
    clears_when="the value agrees with an independent source, in the same unit",
    who_can_act="whoever executes: do not; a guardian can pause the market",
)
def out_of_reason(case: Case) -> Answer:
    """The new value contradicts an independent word on it."""
    changes = case.chain.changes
    if changes is None:
        return unknown("which parameters it changes")
    if not changes:
        return clear(_NOTHING)
    judged = [(each, _off(each)) for each in changes]
    other = [each for each in changes if _other_unit(each)]
    off = [(size, each) for each, size in judged if size is not None and size > BLOCKS and each not in other]
    inputs = {"off": [f"{each.name}: {percent(size)}" for size, each in off], "units": [f"{each.name}: {each.unit}" for each in other]}
    if other or off:
        worst = max((size for _, size in judged if size is not None), default=None)
        grave = Severity.CRITICAL if other or (worst or Decimal(0)) > CRITICAL else Severity.WARNING
        words = [f"{each.name} is given in {each.unit}, its reference in {each.reference_unit}" for each in other]
        words += [f"{each.name} would be {_effective(each):f}, {percent(size)} off {each.reference:f}" for size, each in off]
        return fired(f"{'; '.join(words)}.", value=worst, severity=grave, inputs=inputs)
    unseen = [each.name for each, size in judged if size is None]
    if unseen:
        return unknown(f"an independent reference for {', '.join(unseen)}", inputs=inputs)
    unitless = [each.name for each in changes if each.reference_unit is None]
    if unitless:
        return unknown(f"the unit of the reference for {', '.join(unitless)}", inputs=inputs)
    return clear("Each new value agrees with its reference.", value=max(size for _, size in judged if size is not None), inputs=inputs)


def _other_unit(change: Change) -> bool:
    """Whether value and reference are told in units of different names, however they are written."""
    return change.reference_unit is not None and change.reference_unit.casefold() != change.unit.casefold()


def _effective(change: Change) -> Decimal:
    return change.to if change.applied is None else change.applied


def _off(change: Change) -> Decimal | None:
    if change.reference is None or change.reference == 0:
        return None
    return abs(_effective(change) - change.reference) / abs(change.reference)


@rule(
    "R22",
    "Stale basis",
    source="AaveStewardsInjector EXPIRATION_PERIOD (6 h); conflicts fail, as LaunchDarkly has it",
    threshold="the present value is not the one it was decided against, or it is older than its expiry (6 h if none is told)",
    clears_when="the change is decided again on what stands now",
    who_can_act="whoever executes: do not; the proposer can put it again",
)
def stale_basis(case: Case) -> Answer:
    """The world moved since the change was drawn up."""
    changes = case.chain.changes
    if changes is None:
        return unknown("which parameters it changes")
    if not changes:
        return clear(_NOTHING)
    moved = [each for each in changes if None not in (each.approved_from, each.live) and each.approved_from != each.live]
    old = [each for each in changes if each.made_at is not None and case.as_of - each.made_at > (each.expires_after or EXPIRES_AFTER)]
    inputs = {"moved": _names(moved), "expired": _names(old)}
    if moved or old:
        words = [f"{each.name} stands at {each.live}, decided against {each.approved_from}" for each in moved]
        words += [f"{each.name} was drawn up {_hours(case, each)} h ago" for each in old]
        return fired(f"{'; '.join(words)}.", value=len(moved) + len(old), inputs=inputs)
    unseen = [each.name for each in changes if None in (each.approved_from, each.live, each.made_at)]
    if unseen:
        return unknown(f"basis, present value or age of {', '.join(unseen)}", inputs=inputs)
    return clear("Every change stands on the value that still holds.", value=0, inputs=inputs)


def _names(changes: Iterable[Change]) -> list[str]:
    return [each.name for each in changes]


def _hours(case: Case, change: Change) -> str:
    return "?" if change.made_at is None else f"{(case.as_of - change.made_at) / timedelta(hours=1):.1f}"
