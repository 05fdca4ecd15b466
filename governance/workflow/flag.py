"""Judges a proposal by every flag rule, as known at a moment, and puts the answers on record."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from sqlmodel import Session

from governance import identity
from governance.actors import Actor
from governance.canonical import digest, timestamp
from governance.decision_log import EntryKind
from governance.errors import ModelUnavailable
from governance.evidence import TextReader, TextToRead
from governance.flags.case import Case
from governance.flags.content import spans, without_spans
from governance.flags.registry import Flag, assess, fired
from governance.records import decision_log, flags, ingested_daos
from governance.records.daos import dao_time


@dataclass(frozen=True, slots=True)
class Judged:
    """A proposal's flags at a moment, with the case they follow from."""

    case: Case
    flags: tuple[Flag, ...]

    @property
    def time_left(self) -> timedelta | None:
        """Until voting ends; None where the end is not told or past."""
        ends = self.case.ends_at
        return ends - self.case.as_of if ends is not None and ends > self.case.as_of else None


def judge(session: Session, dao_id: str, proposal_id: str, *, as_of: datetime, reader: Callable[[], TextReader] | None = None) -> Judged:
    """Every rule's answer on the proposal as known at `as_of`. Writes nothing.

    `reader` is asked only where the text speaks to a model: how far its scores move without those words. Where it cannot
    load, that effect stays unknown; the flag stands without it.

    Raises:
        NotFound: the DAO has no such proposal, or nobody could know of it then.
    """
    case = flags.case_of(session, dao_id, proposal_id, as_of=as_of)
    if reader is not None and case.text is not None and spans(case.text):
        case = replace(case, span_effect=_effect(case.text, reader))
    return Judged(case, assess(case))


def record_flags(session: Session, judged: Judged, *, actor: Actor, now: datetime) -> int:
    """Put the answers on record that are new or differ from the rule's last one; how many there were.

    Logs:
        flags.recorded, where there were any.
    """
    case = judged.case
    bodies = {flag.rule.id: body(flag) for flag in judged.flags}
    changed = flags.changed(session, case.proposal_id, bodies, as_of=case.as_of)
    if not changed:
        return 0
    sha256 = digest({rule: bodies[rule] for rule in changed})
    rows = [
        {
            "id": identity.derived("flag", case.proposal_id, rule, timestamp(case.as_of), sha256),
            "dao_id": case.dao_id,
            "proposal_id": case.proposal_id,
            "rule": rule,
            "rule_version": bodies[rule]["version"],
            "status": bodies[rule]["status"],
            "body": bodies[rule],
            "as_of": case.as_of,
            "recorded_at": now,
        }
        for rule in changed
    ]
    flags.add(session, rows)
    decision_log.append(
        session,
        kind=EntryKind.FLAGS_RECORDED,
        dao_id=case.dao_id,
        actor=actor,
        subject={"dao": case.dao_id, "proposal": case.proposal_id},
        data={
            "count": len(changed),
            "fired": [flag.rule.id for flag in fired(judged.flags)],
            "answers": {rule: f"{bodies[rule]['version']} {bodies[rule]['status']}" for rule in changed},
            "as_of": timestamp(case.as_of),
            "sha256": sha256,
        },
        ts=dao_time(session, case.dao_id, now),
        recorded_at=now,
    )
    ingested_daos.grow_data_version(session, [case.dao_id])
    return len(changed)


def body(flag: Flag) -> dict[str, object]:
    """An answer as a document: its value and inputs are text."""
    answer = flag.answer
    return {
        "rule": flag.rule.id,
        "name": flag.rule.name,
        "version": flag.rule.version,
        "status": answer.status.value,
        "severity": None if answer.severity is None else answer.severity.value,
        "value": answer.value,
        "threshold": flag.rule.threshold,
        "line": answer.line,
        "inputs": dict(answer.inputs),
        "missing": list(answer.missing),
    }


def _effect(text: str, reader: Callable[[], TextReader]) -> Decimal | None:
    """The largest move of any sentiment score when the words for a model are left out."""
    try:
        whole, rest = reader().read([TextToRead(text), TextToRead(without_spans(text))])
    except ModelUnavailable:
        return None
    pairs = [(a, b) for one, other in zip(whole, rest, strict=True) for a, b in zip(one.scores, other.scores, strict=False)]
    return Decimal(max((abs(a - b) for a, b in pairs), default=0.0)).quantize(Decimal("0.000001"))
