"""Compares the rows that rules look back on (earlier values, versions, delays, verdicts, clocks) with the entries that made them."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sqlmodel import Session, select

from governance.canonical import digest, timestamp
from governance.decision_log import EntryKind
from governance.records import log_reads
from governance.records.daos import Dao, Electorate, Objective
from governance.records.executions import Execution
from governance.records.parameters import GuardrailVersion, ParameterValue
from governance.records.recommendations import Recommendation, Verification
from governance.verification import Report

_PAGE = 500
# What is said (a noun of the house), of what, and what exactly.
Fact = tuple[str, str, str]
Leaf = Mapping[str, Any]


def _changed(leaf: Leaf) -> Fact:
    return "parameter_value", leaf["subject"]["recommendation"], f"{leaf['data']['after']} since {leaf['ts']}"


def _clock(leaf: Leaf) -> Fact:
    return "dao", leaf["dao"], f"clock {leaf['data']['offset_s']['to']} s ahead"


# What an entry of each kind says that a row holds.
_SAYS: Mapping[str, Callable[[Leaf], Fact]] = {
    EntryKind.PARAMETER_REGISTERED: lambda leaf: (
        "parameter_value",
        leaf["subject"]["parameter"],
        f"{leaf['data']['value']} since {leaf['ts']}",
    ),
    EntryKind.EXECUTION_EXECUTED: _changed,
    EntryKind.GUARDRAIL_SET: lambda leaf: (
        "guardrail",
        leaf["subject"]["parameter"],
        f"{leaf['data']['version']} {leaf['data']['sha256']}",
    ),
    EntryKind.DELEGATES_SET: lambda leaf: ("electorate", leaf["dao"], f"{leaf['data']['version']} {leaf['data']['sha256']}"),
    EntryKind.OBJECTIVE_SET: lambda leaf: ("objective", f"{leaf['dao']}/{leaf['data']['name']}", digest(leaf["data"]["objective"])),
    EntryKind.EXECUTION_SCHEDULED: lambda leaf: (
        "execution",
        leaf["data"]["execution"],
        f"ready at {leaf['data']['ready_at']}, operation {leaf['data']['operation_id']}",
    ),
    EntryKind.EXECUTION_MINED: lambda leaf: ("execution", leaf["data"]["execution"], f"receipt {digest(leaf['data']['receipt'])}"),
    EntryKind.VERIFICATION_RECORDED: lambda leaf: (
        "verification",
        leaf["subject"]["verification"],
        f"{leaf['data']['verdict']} {digest(leaf['data'])}",
    ),
}


def check_history(session: Session, report: Report) -> None:
    """Add a finding for every such row that no entry made, and for every one that an entry made and that is gone or changed."""
    clocks = {fact[1]: fact for fact in map(_clock, _leaves(session, EntryKind.CLOCK_ADVANCED))}  # the last one counts
    logged = {*_logged(session), *clocks.values()}
    stored = set(_stored(session))
    for noun, name, said in sorted(stored - logged):
        report.add(f"row.{noun}", f"{name} ({said}) is not what was logged")
    for noun, name, said in sorted(logged - stored):
        report.add(f"row.{noun}", f"{name} ({said}) was logged and is gone or changed")


def _leaves(session: Session, *kinds: EntryKind) -> Iterator[Leaf]:
    after = -1
    while page := log_reads.entries(session, log_reads.EntryFilter(kinds=kinds), after=after, limit=_PAGE):
        for entry in page:
            yield entry.document()
        after = page[-1].seq


def _logged(session: Session) -> Iterator[Fact]:
    changes = select(Recommendation).where(Recommendation.kind == "parameter_change")
    parameters = {row.id: str(row.parameter_id) for row in session.exec(changes)}
    for leaf in _leaves(session, *(EntryKind(kind) for kind in _SAYS)):
        noun, name, said = _SAYS[leaf["type"]](leaf)
        if leaf["type"] != EntryKind.EXECUTION_EXECUTED:
            yield noun, name, said
        elif name in parameters:
            yield noun, parameters[name], said


def _stored(session: Session) -> Iterator[Fact]:
    for value in session.exec(select(ParameterValue)):
        yield "parameter_value", value.parameter_id, f"{value.value} since {timestamp(value.known_at)}"
    for rail in session.exec(select(GuardrailVersion)):
        yield "guardrail", rail.parameter_id, f"{rail.version} {digest(rail.body)}"
    for voters in session.exec(select(Electorate)):
        yield "electorate", voters.dao_id, f"{voters.version} {digest(voters.body)}"
    for objective in session.exec(select(Objective)):
        yield "objective", f"{objective.dao_id}/{objective.name}", digest(objective.body)
    for execution in session.exec(select(Execution)):
        yield "execution", execution.id, f"ready at {timestamp(execution.ready_at)}, operation {execution.operation_id}"
        if execution.receipt is not None:
            yield "execution", execution.id, f"receipt {digest(execution.receipt)}"
    for verdict in session.exec(select(Verification)):
        yield "verification", verdict.id, f"{verdict.verdict} {digest(verdict.body)}"
    for dao in session.exec(select(Dao)):
        if dao.clock_offset_s:
            yield "dao", dao.id, f"clock {dao.clock_offset_s} s ahead"
