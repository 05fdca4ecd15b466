"""Puts together what needs a delegate, from what was known at a time. Writes nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from governance.canonical import parse_timestamp
from governance.delegate_queue import OpenProposal, Queued, queue
from governance.errors import Conflict, ModelUnavailable, NotFound
from governance.evidence import OutcomeForecaster
from governance.flags.verdicts import Severity, Status
from governance.records import delegate_queue, proposal_page
from governance.workflow.forecast import forecast

# A delegate with more open than this has them taken by their close; nobody reads further in a day.
MOST_OPEN = 50


@dataclass(frozen=True, slots=True)
class DelegateQueue:
    """The queue, in how many DAOs it was looked for, and by proposal the forecast's document and the rules that stand fired.

    A proposal that no rule has judged on record is not in `flags`; one that was judged, and nothing fired, has none in it.
    `unavailable` says why there are no forecasts, where the model could not load.
    """

    entries: Sequence[Queued]
    daos: int
    forecasts: Mapping[str, Mapping[str, object]]
    flags: Mapping[str, tuple[str, ...]]
    unavailable: str | None


def queue_for(
    session: Session, address: str, *, forecaster: OutcomeForecaster, as_of: datetime, now: datetime, dao_id: str | None = None
) -> DelegateQueue:
    """The open proposals of the delegate's DAOs (or of one) on which they have not voted by `as_of`, most at stake first.

    `now` is wall time. An address without votes or consent has an empty queue. A forecast on record for that moment's past
    is taken where there is one, and no vote or revision came after it; else it is made, and not recorded.
    """
    voter = address.lower()
    daos = delegate_queue.daos_of(session, voter, as_of=as_of) if dao_id is None else [dao_id]
    waiting = delegate_queue.open_proposals(session, daos, voter, as_of=as_of, most=MOST_OPEN) if daos else []
    records = delegate_queue.records_of(session, voter, sorted({each.dao_id for each in waiting}), as_of=as_of) if waiting else {}
    forecasts, unavailable = _forecasts(session, waiting, forecaster, as_of=as_of, now=now)
    passes = {proposal: float(str(body["passes"])) for proposal, body in forecasts.items()}
    answers = {each.proposal_id: proposal_page.flags(session, each.proposal_id, as_of=as_of) for each in waiting}
    fired = {proposal: [row for row in rows if row["status"] == Status.FIRED] for proposal, rows in answers.items() if rows}
    severities = {proposal: [_severity(row) for row in rows] for proposal, rows in fired.items()}
    flags = {proposal: tuple(row["rule"] for row in rows) for proposal, rows in fired.items()}
    entries = queue(waiting, records, as_of=as_of, passes=passes, fired=severities)
    return DelegateQueue(entries, len(daos), forecasts, flags, unavailable)


def _severity(row: Mapping[str, Any]) -> Severity:
    return Severity(row["body"].get("severity") or Severity.WARNING)  # a rule that says none warns, as `verdicts.fired` has it


def _forecasts(
    session: Session, proposals: Sequence[OpenProposal], forecaster: OutcomeForecaster, *, as_of: datetime, now: datetime
) -> tuple[dict[str, Mapping[str, object]], str | None]:
    found: dict[str, Mapping[str, object]] = {}
    for each in proposals:
        kept = proposal_page.last_forecast(session, each.proposal_id, as_of=as_of)
        newest = max(moment for moment in (each.opened_at, each.latest_vote_at, each.revised_at) if moment is not None)
        if kept is not None and parse_timestamp(str(kept["body"]["as_of"])) >= newest:
            found[each.proposal_id] = {**kept["body"], "model_sha256": kept["model_sha256"]}
            continue
        try:
            found[each.proposal_id] = forecast(session, each.proposal_id, forecaster=forecaster, now=now, as_of=as_of).body
        except ModelUnavailable as error:
            return found, error.message
        except (Conflict, NotFound):
            continue  # it closed meanwhile, or was published only later than it opened: no forecast could be asked
    return found, None
