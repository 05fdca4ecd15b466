"""Rules on asking again: a defeated ask repeated, and floods of proposals."""

from datetime import timedelta
from decimal import Decimal
from typing import Final

from governance.flags.calldata import every
from governance.flags.case import Case, Past, share
from governance.flags.verdicts import Answer, Severity, clear, fired, rule, unknown
from governance.flags.words import likeness

ALIKE: Final = 0.85
DEFEATED_WITHIN: Final = timedelta(days=180)
# PEERS proposes 3; on imported history that rings for 5.5 % of proposals, 5 for 3.2 % (docs/flags.md).
MOST_LIVE: Final = 5
COPY: Final = 0.9
LEAST_THRESHOLD: Final = Decimal("0.01")
# A copy is told from another text only where there are so many words; short titles repeat by nature.
_LEAST_WORDS: Final = 8


@rule(
    "R03",
    "Repeat of a defeated ask",
    version=3,
    source="Compound 118 (May 2024), 247, 289: the third try passed with 51.84 %",
    threshold="text or calls >= 0.85 alike to one defeated or cancelled within 180 days, by the same cluster or to the same recipient",
    clears_when="the ask differs in substance, or comes from others for others",
    who_can_act="those who voted against it before and have not voted now",
)
def repeated_ask(case: Case) -> Answer:
    """The DAO said no to this before. Whose it was, and whom it would pay, must be known only of one that is alike."""
    if case.text is None and not case.calls:
        return unknown("any text or calls")
    since = (case.starts_at or case.created_at or case.as_of) - DEFEATED_WITHIN
    alike: list[tuple[float, Past]] = []
    doubtful: list[Past] = []
    undated: list[Past] = []
    for past in case.past:
        ended = past.ends_at or past.starts_at
        if past.live is True or past.defeated is False or (ended is not None and ended < since):
            continue
        close, hands = _alike(case, past), _same_hands(case, past)
        if close >= ALIKE and hands and ended is None:
            undated.append(past)
        elif close >= ALIKE and hands:
            alike.append((close, past))
        elif hands is not False and (close >= ALIKE or _titles_alike(case, past, ALIKE)):
            doubtful.append(past)
    inputs = {"alike": [f"{each.proposal_id} ({close:.2f})" for close, each in alike], "earlier": len(case.past)}
    told = [(close, each) for close, each in alike if each.defeated]
    if told:
        close, each = max(told, key=lambda found: found[0])
        line = f"It asks again for what {each.external_id} asked, which was defeated ({close:.2f} alike)."
        return fired(line, value=close, inputs=inputs)
    if alike:
        return unknown(f"how {alike[0][1].external_id}, which asked for the same, ended", value=alike[0][0], inputs=inputs)
    if undated:
        return unknown(f"when {undated[0].external_id}, which asked for the same, ended", inputs=inputs)
    if doubtful:
        return unknown(f"whether {doubtful[0].external_id}, which was much like it, is the same ask of the same side", inputs=inputs)
    if case.author is None and not case.calls:
        return unknown("the proposer", inputs=inputs)
    return clear("It repeats no defeated ask of the same side within 180 days.", inputs=inputs)


def _alike(case: Case, past: Past) -> float:
    if case.calls and past.calls and [each.words for each in every(case.calls)] == [each.words for each in every(past.calls)]:
        return 1.0
    text = "\n".join(part for part in (past.title, past.body) if part)
    return likeness(case.text, text) if case.text and text else 0.0


def _titles_alike(case: Case, past: Past, least: float) -> bool:
    """Whether the titles are, where a body that is not told leaves no more to compare."""
    told = case.body is not None and past.body is not None
    return not told and bool(case.title and past.title) and likeness(case.title or "", past.title or "") >= least


def _same_side(case: Case, past: Past) -> bool | None:
    """Whether it was the same side's; None where that is not told. A proposer who is not told belongs to nobody known."""
    if past.author is not None and past.author in case.cluster:
        return True
    return None if past.author is None or case.author is None or case.chain.cluster is None else False


def _same_hands(case: Case, past: Past) -> bool | None:
    paid = {transfer.recipient for call in every(case.calls or ()) for transfer in call.transfers}
    before = {transfer.recipient for call in every(past.calls or ()) for transfer in call.transfers}
    side = _same_side(case, past)
    if side or paid & before:
        return True
    return None if case.calls is None or past.calls is None else side


@rule(
    "R16",
    "Flood of proposals",
    version=2,
    source="Snapshot: over 20 scam reports a day, April 2023; Anticapture: threshold below 1 % of supply",
    threshold="> 5 live proposals of one cluster; or >= 0.9 alike to one of them; or, where told, proposal threshold < 1 % of supply",
    clears_when="the others close or are withdrawn; the DAO asks more of proposers",
    who_can_act="the DAO's moderators; the DAO, by a proposal threshold",
)
def flood(case: Case) -> Answer:
    """War of attrition: more proposals than anybody can read. Who else is of the same side matters where others' would be too many."""
    if case.author is None:
        return unknown("the proposer")
    own = [past for past in case.past if past.live and past.author in case.cluster]
    unsure = [past for past in case.past if past.live is None and past.author in case.cluster]
    others = [past for past in case.past if past.live is not False and _same_side(case, past) is None]
    copies = [(close, past) for past in own if (close := _copy(case, past)) >= COPY]
    low = None
    if case.chain.proposal_threshold is not None and case.figures.supply is not None:
        low = share(case.chain.proposal_threshold, case.figures.supply)
    inputs = {"live_of_cluster": len(own) + 1, "copies": [each.proposal_id for _, each in copies], "threshold_of_supply": low}
    if len(own) + 1 > MOST_LIVE:
        return fired(f"{len(own) + 1} proposals of the same side are open at once.", value=len(own) + 1, inputs=inputs)
    if copies:
        close, past = max(copies, key=lambda found: found[0])
        line = f"It nearly copies {past.external_id}, which the same side has open too ({close:.2f} alike)."
        return fired(line, value=close, severity=Severity.NOTICE, inputs=inputs)
    if low is not None and low < LEAST_THRESHOLD:
        return fired("A proposal takes less than 1 % of the supply.", value=low, severity=Severity.NOTICE, inputs=inputs)
    if unsure and len(own) + len(unsure) + 1 > MOST_LIVE:
        return unknown(f"whether {len(unsure)} proposals of the same side are open still", value=len(own) + 1, inputs=inputs)
    if any(_may_copy(case, past) for past in others) or len(own) + len(unsure) + len(others) + 1 > MOST_LIVE:
        return unknown(f"which of {len(others)} other open proposals are of the same side", value=len(own) + 1, inputs=inputs)
    if any(_may_copy(case, past) for past in [*own, *unsure]):
        return unknown("the texts of proposals of the same side with nearly the same title", value=len(own) + 1, inputs=inputs)
    return clear(f"{len(own) + 1} of the same side's proposals are open.", value=len(own) + 1, inputs=inputs)


def _may_copy(case: Case, past: Past) -> bool:
    return _copy(case, past) >= COPY or _titles_alike(case, past, COPY)


def _copy(case: Case, past: Past) -> float:
    text = "\n".join(part for part in (past.title, past.body) if part)
    if case.text is None or min(len(case.text.split()), len(text.split())) < _LEAST_WORDS:
        return 0.0
    return likeness(case.text, text)
