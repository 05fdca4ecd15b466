"""Compares the database's own rows with what the replayed log says they must be."""

from collections.abc import Mapping

from sqlmodel import Session, select

from governance.canonical import digest
from governance.checkpoint import parse_verifier_key, verify_checkpoint
from governance.decision_log import main_subject
from governance.errors import GovernanceError
from governance.merkle import Frontier, leaf_hash
from governance.records import decision_log, log_reads
from governance.records.approvals import Approval, Consent
from governance.records.audited_collected import check_collected
from governance.records.audited_history import check_history
from governance.records.audited_registrations import check_registrations
from governance.records.daos import Dao, Electorate
from governance.records.decision_log import LogEntry, LogNode
from governance.records.executions import Execution
from governance.records.parameters import GuardrailVersion, Parameter
from governance.records.recommendations import Recommendation
from governance.verification import Report

_PAGE = 500


def check_rows(session: Session, report: Report, *, vkeys: list[str], own_key_sha256: str | None) -> None:
    """Add a finding for every row that differs from the log: its own tables, decisions, standing rules, collected rows."""
    _check_log_rows(session, report)
    _check_checkpoints(session, report, vkeys)
    _check_recommendations(session, report)
    _check_consents(session, report)
    _check_executions(session, report)
    _check_standing(session, report)
    check_history(session, report)
    check_registrations(session, report, own_key_sha256=own_key_sha256)
    check_collected(session, report)


def _check_log_rows(session: Session, report: Report) -> None:
    """What queries filter by is what the leaf says; inner hashes follow from the leaves; no entry lacks, none is signed twice."""
    tree, nodes = Frontier(), 0
    after = -1
    while page := log_reads.entries(session, log_reads.EntryFilter(), after=after, limit=_PAGE):
        for entry in page:
            _check_entry(entry, report)
            tree, completed = tree.append(leaf_hash(entry.leaf.encode()))
            for node in completed:
                stored = session.get(LogNode, (node.level, node.position))
                if stored is None or bytes(stored.hash) != node.hash:
                    report.add("row.log_node", f"node {node.position} of level {node.level} is not what its leaves hash to", seq=entry.seq)
            nodes += len(completed)
        after = page[-1].seq
        session.expunge_all()
    if tree.size != decision_log.log_size(session):
        report.add("row.log_entry", "numbers are missing among the entries")
    if decision_log.count_nodes(session) != nodes:
        report.add("row.log_node", "there are nodes that no leaves hash to")


def _check_entry(entry: LogEntry, report: Report) -> None:
    try:
        document = entry.document()
        subject: Mapping[str, str] = document["subject"]
        said = (document["id"], document["dao"], document["type"], document["actor"]["id"], main_subject(subject))
    except (ValueError, KeyError, TypeError, AttributeError):
        report.add("row.log_entry", "the stored leaf cannot be read", seq=entry.seq)
        return
    if said != (entry.id, entry.dao_id, entry.kind, entry.actor, entry.subject):
        report.add("row.log_entry", "the row says something else than its leaf", seq=entry.seq)
    if bytes(entry.leaf_hash) != leaf_hash(entry.leaf.encode()):
        report.add("row.leaf_hash", "the stored hash is not that of the stored leaf", seq=entry.seq)


def _check_checkpoints(session: Session, report: Report, vkeys: list[str]) -> None:
    keys = [parse_verifier_key(vkey) for vkey in vkeys]
    after = -1
    while page := log_reads.checkpoints(session, after=after, limit=_PAGE):
        for row in page:
            try:
                head = verify_checkpoint(row.note, keys)
                root = decision_log.tree_head(session, row.size).root
            except GovernanceError as error:
                report.add("row.log_checkpoint", f"the checkpoint of size {row.size}: {error}")
                continue
            if head.size != row.size or head.root != root or head.origin != report.origin:
                report.add("row.log_checkpoint", f"the checkpoint of size {row.size} is not of this log")
        after = page[-1].size


def _check_recommendations(session: Session, report: Report) -> None:
    state = report.state
    rows = {row.id: row for row in session.exec(select(Recommendation))}
    _same_names("recommendation", set(rows), set(state.recommendations), report)
    for id_, (was, version) in state.recommendations.items():
        row = rows.get(id_)
        if row is None:
            continue
        if (row.state, row.version) != (was, version):
            report.add("row.recommendation", f"{id_} is {row.state} version {row.version}; by the log {was} version {version}")
        if row.digest != state.documents[id_] or digest(row.document) != row.digest:
            report.add("row.recommendation", f"{id_}: the document is not the one that was logged")


def _check_consents(session: Session, report: Report) -> None:
    rows = {f"{row.recommendation_id}/{row.delegate}/{row.support}": row for row in session.exec(select(Consent))}
    _same_names("consent", set(rows), set(report.state.consents), report)
    for name, signature in report.state.consents.items():
        row = rows.get(name)
        if row is not None and (row.signature != signature or row.message.get("delegate") != row.delegate):
            report.add("row.consent", f"{name}: the signature or message is not the one that was logged")
    approvals = {row.recommendation_id: row.digest for row in session.exec(select(Approval))}
    for id_, digest_ in approvals.items():
        if report.state.approvals.get(id_, digest_).removeprefix("0x") != digest_.removeprefix("0x"):
            report.add("row.approval", f"{id_}: the approval is not the one that was logged")


def _check_executions(session: Session, report: Report) -> None:
    used = report.state.nonces
    for row in session.exec(select(Execution)):
        state = report.state.recommendations.get(row.recommendation_id)
        if state is None:
            report.add("row.execution", f"{row.id} is of a recommendation that the log does not know")
        elif row.nonce is not None and used.get(f"{row.dao_id}/{row.nonce}") != row.recommendation_id:
            report.add("row.execution", f"{row.id} uses the nonce {row.nonce}, which the log gives to another or to none")
        if state is not None and (row.executed_at is not None) != (state[0] == "EXECUTED"):
            report.add("row.execution", f"{row.id}: executed or not is not what the log says")


def _check_standing(session: Session, report: Report) -> None:
    state = report.state
    values = {row.id: row.value for row in session.exec(select(Parameter))}
    rails = {row.parameter_id: row for row in session.exec(select(GuardrailVersion).order_by("version"))}
    voters = {row.dao_id: row for row in session.exec(select(Electorate).order_by("version"))}
    _same_names("parameter", set(values), set(state.parameters), report)
    for id_, value in state.parameters.items():
        if values.get(id_, value) != value:
            report.add("row.parameter", f"{id_} is {values[id_]}; by the log it is {value}")
    for id_, standing in state.guardrails.items():
        rail = rails.get(id_)
        if rail is None or (rail.version, rail.sha256) != standing or digest(rail.body) != rail.sha256:
            report.add("row.guardrail", f"{id_}: the guardrail that counts is not the one that was logged")
    for name, (version, sha256) in state.electorates.items():
        row = voters.get(name)
        if row is None or (row.version, row.sha256) != (version, sha256) or digest(row.body) != sha256:
            report.add("row.electorate", f"{name}: the delegates who count are not those that were logged")
    for dao in session.exec(select(Dao)):
        if dao.paused != state.paused.get(dao.id, False):
            report.add("row.dao", f"{dao.id}: paused or not is not what the log says")


def _same_names(noun: str, rows: set[str], logged: set[str], report: Report) -> None:
    for name in sorted(rows - logged):
        report.add(f"row.{noun}", f"the log knows no {noun} {name}")
    for name in sorted(logged - rows):
        report.add(f"row.{noun}", f"the {noun} {name} was logged and is gone")
