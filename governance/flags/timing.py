"""Rules on time: when the vote runs, how it ends, whether it is heard, and how fast it is."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Final

from governance.flags.case import Ballot, Case, Past, last_ballots, total
from governance.flags.verdicts import Answer, Severity, clear, fired, percent, rule, unknown

WEEKEND_SHARE: Final = Decimal("0.40")
WEEKEND_TURNOUT: Final = Decimal("0.60")
# Who counts as active: voted on at least half of the DAO's last ten votes, of which there must be five.
ACTIVE_OF: Final = 10
ACTIVE_LEAST: Final = 5
# Widely kept days on which a vote goes unheard as on a weekend: (month, day).
HOLIDAYS: Final = frozenset({(1, 1), (12, 24), (12, 25), (12, 26), (12, 31)})
LAST_PART: Final = Decimal("0.10")
QUORUM_ODDS: Final = Decimal("0.5")
QUORUM_WITHIN: Final = timedelta(hours=48)
QUORUM_LEAST: Final = 5
SHORTEST: Final = timedelta(hours=24)
EMERGENCIES: Final = 2
EMERGENCY_WITHIN: Final = timedelta(days=30)
_DAY: Final = timedelta(days=1)
_SATURDAY: Final = 5


@rule(
    "R04",
    "Weekend vote, low attention",
    source="Compound 289 ran from Thursday 23:40 to Sunday",
    threshold="> 40 % of the window on weekends or widely kept holidays (UTC), and active voters' turnout < 60 % of usual by then",
    clears_when="the active voters come, or the vote is extended over working days",
    who_can_act="delegates who have not voted; whoever may extend the vote",
)
def weekend_vote(case: Case) -> Answer:
    """The window lies where few look, and few do."""
    if case.starts_at is None or case.ends_at is None or case.window is None:
        return unknown("when the vote starts and ends")
    part = _free_share(case.starts_at, case.ends_at)
    if part <= WEEKEND_SHARE:
        return clear(f"{percent(part)} of the window are free days.", value=part, inputs={"weekend_share": part})
    if case.ballots is None:
        return unknown("the votes so far", value=part, inputs={"weekend_share": part})
    usual = _usual_turnout(case)
    if usual is None:
        return unknown(f"times of votes on {ACTIVE_LEAST} earlier proposals", value=part, inputs={"weekend_share": part})
    here, before = usual
    inputs = {"weekend_share": part, "active_turnout": here, "usual_turnout": before}
    if here < before * WEEKEND_TURNOUT:
        line = (
            f"{percent(part)} of the window are free days, and {percent(here)} of the active voters came (usual by now: {percent(before)})."
        )
        return fired(line, value=here, severity=Severity.NOTICE, inputs=inputs)
    if not case.closed and case.as_of < case.ends_at:
        line = f"{percent(part)} of the window are free days; {percent(here)} of the active voters came so far (usual: {percent(before)})."
        return clear(line, value=here, inputs=inputs)
    return clear(f"{percent(here)} of the active voters came, usual are {percent(before)}.", value=here, inputs=inputs)


def _free_share(start: datetime, end: datetime) -> Decimal:
    """What part of start..end lies on free days, UTC."""
    free = _DAY * _free_days(start.date(), end.date()) + _gone_of_free_day(end) - _gone_of_free_day(start)
    return Decimal(free // timedelta(microseconds=1)) / Decimal((end - start) // timedelta(microseconds=1))


def _is_free(day: date) -> bool:
    return day.weekday() >= _SATURDAY or (day.month, day.day) in HOLIDAYS


def _gone_of_free_day(moment: datetime) -> timedelta:
    """How much of its day is over, where that is a free one."""
    return moment - datetime.combine(moment, time(), moment.tzinfo) if _is_free(moment.date()) else timedelta()


def _free_days(start: date, end: date) -> int:
    """The free days from `start` up to `end`, reckoned and not walked: an end may be told in the year 9999."""
    weeks, rest = divmod((end - start).days, 7)
    weekend = 2 * weeks + sum((start.weekday() + each) % 7 >= _SATURDAY for each in range(rest))
    kept = (date(year, *day) for year in range(start.year, end.year + 1) for day in HOLIDAYS)
    return weekend + sum(start <= each < end and each.weekday() < _SATURDAY for each in kept)


def _usual_turnout(case: Case) -> tuple[Decimal, Decimal] | None:
    """The active voters' turnout here, and its median on earlier proposals at the same part of their windows."""
    earlier = [past for past in case.past if past.ballots and past.starts_at and past.ends_at and past.ends_at > past.starts_at][:ACTIVE_OF]
    if len(earlier) < ACTIVE_LEAST or case.window is None or case.starts_at is None:
        return None
    gone = min((case.as_of - case.starts_at) / case.window, 1.0)
    times: dict[str, int] = {}
    for past in earlier:
        for voter in {ballot.voter for ballot in past.ballots}:
            times[voter] = times.get(voter, 0) + 1
    active = {voter for voter, count in times.items() if 2 * count >= len(earlier)}
    if not active or gone <= 0:
        return None
    came = sorted(Decimal(len(active & _by_then(past, gone))) / len(active) for past in earlier)
    here = {ballot.voter for ballot in case.ballots or ()}
    return Decimal(len(active & here)) / len(active), came[len(came) // 2]


def _by_then(past: Past, gone: float) -> set[str]:
    """Who had voted when this part of the window was over; a vote without a time counts as early."""
    if past.starts_at is None or past.ends_at is None:
        return set()
    moment = past.starts_at + (past.ends_at - past.starts_at) * gone
    return {ballot.voter for ballot in past.ballots if ballot.cast_at is None or ballot.cast_at <= moment}


@rule(
    "R13",
    "Late swing",
    version=3,
    source="OpenZeppelin GovernorPreventLateQuorum; Compound 289 ended 3.7 % apart",
    threshold="in the last 10 % of the window the leader changes or quorum is first reached, and one voter has more power than the margin",
    clears_when="the vote is extended, so that others can answer",
    who_can_act="whoever may extend the vote; delegates who have not voted",
)
def late_swing(case: Case) -> Answer:
    """One voter turns the vote when it is too late to answer.

    Before counts what each voter had last cast by then, and who turned round moved power twice, from one side to another. A quorum that is
    not told matters only where late votes could have reached it and one voter outweighs the margin.
    """
    if case.starts_at is None or case.ends_at is None or case.window is None:
        return unknown("when the vote starts and ends")
    if case.ballots is None:
        return unknown("the votes")
    late_from = case.ends_at - case.window * float(LAST_PART)
    if case.as_of < late_from:
        return unknown("the last tenth of the window, which is still to come", inputs={"late_from": late_from.isoformat()})
    counted = list(last_ballots(case.ballots).values())
    by_then = last_ballots(tuple(each for each in case.ballots if each.cast_at is None or each.cast_at < late_from))
    early = list(by_then.values())
    if not counted and case.closed:
        return clear("Nobody has voted.", inputs={"voters": 0})
    if not counted:
        return unknown("the votes still to come", inputs={"voters": 0})
    if any(each.power is None or each.cast_at is None or each.choice is None for each in [*early, *counted]):
        return unknown("power, time and choice of each vote", inputs={"voters": len(counted)})
    before, after = _sides(early), _sides(counted)
    margin = after[0][0] - after[1][0]
    largest = max(_moved(each, by_then) for each in counted)
    turned = bool(early) and before[0][1] != after[0][1]
    reached = _reaches(counted, case.quorum) and not _reaches(early, case.quorum)
    inputs = {"margin": margin, "largest_power": largest, "leader_changed": turned, "quorum_reached_late": reached}
    if (turned or reached) and largest > margin:
        what = "The leader changed" if turned else "Quorum was first reached"
        return fired(f"{what} in the last tenth of the vote, and one voter has more power than the margin.", value=largest, inputs=inputs)
    if case.quorum is None and largest > margin and _cast(counted) > _cast(early):
        return unknown("the quorum, which the last tenth may have reached", value=largest, inputs=inputs)
    if not case.closed:
        return unknown("the votes still to come in the last tenth", value=largest, inputs=inputs)
    return clear("The last tenth of the vote changed neither leader nor quorum, or by no single voter.", value=largest, inputs=inputs)


def _sides(ballots: list[Ballot]) -> list[tuple[Decimal, str]]:
    """(power, choice), the greatest first; at least two."""
    sums: dict[str, list[Decimal]] = {}
    for each in ballots:
        sums.setdefault(each.choice or "", []).append(each.power or Decimal(0))
    return sorted(((total(powers), choice) for choice, powers in sums.items()), reverse=True)[:2] + [(Decimal(0), "")] * 2


def _reaches(ballots: list[Ballot], quorum: Decimal | None) -> bool:
    return quorum is not None and quorum > 0 and _cast(ballots) >= quorum


def _moved(ballot: Ballot, early: dict[str, Ballot]) -> Decimal:
    """What the margin would be off without the vote, or without its turn."""
    earlier = early.get(ballot.voter)
    gone = earlier.power if earlier is not None and earlier.choice != ballot.choice else None
    return (ballot.power or Decimal(0)) + (gone or Decimal(0))


def _cast(ballots: list[Ballot]) -> Decimal:
    return total([each.power or Decimal(0) for each in ballots])


@rule(
    "R14",
    "Quorum at risk",
    source="PEERS: of over 3,000 Arbitrum voters some 280 vote with 1,000 ARB or more",
    threshold="P(quorum) < 0.5 within 48 h of the end",
    clears_when="the non-voters named vote, or the power so far reaches quorum",
    who_can_act="the non-voters named, whose usual power would close the gap",
)
def quorum_at_risk(case: Case) -> Answer:
    """Too few will have voted; says whose votes would close the gap.

    P(quorum) is the forecast's where one is on record; else the share of the DAO's last votes that grew enough from here.
    """
    if case.quorum is None or case.quorum <= 0:
        return unknown("the quorum")
    counted = list(last_ballots(case.ballots or ()).values())
    if case.ballots is None or any(each.power is None for each in counted):
        return unknown("the votes with their powers", inputs={"quorum": case.quorum})
    cast = total([each.power or Decimal(0) for each in counted])
    if cast >= case.quorum:
        return clear("Quorum is reached.", value=1, inputs={"power_cast": cast, "quorum": case.quorum})
    if case.ends_at is None or case.starts_at is None:
        return unknown("when the vote ends", inputs={"power_cast": cast, "quorum": case.quorum})
    if case.ends_at - case.as_of > QUORUM_WITHIN:
        return unknown("the last 48 hours, which are still to come", inputs={"power_cast": cast, "quorum": case.quorum})
    odds = case.quorum_probability if case.quorum_probability is not None else _odds(case, cast)
    if case.closed:
        odds = Decimal(0)
    gap = case.quorum - cast
    could = _could_close(case, {each.voter for each in counted}, gap)
    inputs = {"power_cast": cast, "quorum": case.quorum, "gap": gap, "could_close_it": could}
    if odds is None:
        return unknown(f"a forecast, or {QUORUM_LEAST} earlier votes with powers and times", inputs=inputs)
    if odds < QUORUM_ODDS:
        said = "was missed" if case.closed else f"is reached with probability {odds:.2f}"
        who = f" Their votes would close the gap: {', '.join(could)}." if could and not case.closed else ""
        return fired(f"Quorum {said}; {gap:f} are missing.{who}", value=odds, inputs=inputs)
    return clear(f"Quorum is likely ({odds:.2f}).", value=odds, inputs=inputs)


def _odds(case: Case, cast: Decimal) -> Decimal | None:
    """The share of earlier votes in which the power at this part of the window grew to as much as is needed here."""
    if case.window is None or case.starts_at is None or case.quorum is None:
        return None
    gone = min((case.as_of - case.starts_at) / case.window, 1.0)
    grew = []
    for past in case.past:
        if not past.ballots or past.starts_at is None or past.ends_at is None or past.ends_at <= past.starts_at:
            continue
        if any(each.power is None or each.cast_at is None for each in past.ballots):
            continue
        moment = past.starts_at + (past.ends_at - past.starts_at) * gone
        then = total([each.power or Decimal(0) for each in past.ballots if each.cast_at is not None and each.cast_at <= moment])
        added = total([each.power or Decimal(0) for each in past.ballots]) - then
        grew.append(cast + added >= case.quorum or (then > 0 and cast > 0 and cast / then * (then + added) >= case.quorum))
    return Decimal(sum(grew)) / len(grew) if len(grew) >= QUORUM_LEAST else None


def _could_close(case: Case, voted: set[str], gap: Decimal) -> list[str]:
    """The largest of those who have not voted, until their last known powers close the gap; at most five."""
    held: dict[str, Decimal] = {}
    for past in case.past:
        for voter, ballot in last_ballots(past.ballots).items():
            if ballot.power is not None and voter not in voted:
                held.setdefault(voter, ballot.power)
    found, sum_ = [], Decimal(0)
    for power, voter in sorted(((power, voter) for voter, power in held.items()), reverse=True)[:5]:
        found.append(f"{voter} ({power:f})")
        sum_ += power
        if sum_ >= gap:
            break
    return found


@rule(
    "R23",
    "Rushed vote",
    source="Solend, 2022: a vote of six hours, reversed, and windows lengthened to a day (hodlhorizon)",
    threshold="voting window < 24 h, or an emergency path used twice within 30 days",
    clears_when="the vote is held again, or extended to a day or more",
    who_can_act="whoever may extend or cancel the vote; a guardian",
)
def rushed_vote(case: Case) -> Answer:
    """Too short to be heard, or by the emergency path again."""
    used = None
    if case.chain.emergencies is not None:
        used = len([each for each in case.chain.emergencies if case.as_of - each <= EMERGENCY_WITHIN])
    elif case.emergency_path is False:
        used = 0
    window = case.window if case.end_fixed else None
    inputs = {"window": window, "emergencies_in_30_days": used}
    if window is not None and window < SHORTEST:
        return fired(f"The vote is open for {window / timedelta(hours=1):.1f} h only.", value=window, inputs=inputs)
    if used is not None and used >= EMERGENCIES:
        return fired(f"The emergency path was used {used} times within 30 days.", value=used, inputs=inputs)
    if window is None:
        return unknown("how long the vote was planned to be open", inputs=inputs)
    if used is None:
        return unknown("whether the emergency path was used", value=window, inputs=inputs)
    return clear(f"The vote is open for {window / timedelta(days=1):.1f} days.", value=window, inputs=inputs)
