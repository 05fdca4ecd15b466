"""The audit in numbered steps. It reads an export and nothing else, and never stops at the first finding."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from governance.verification.entries import BadEntry, read_entry
from governance.verification.histories import History, Log
from governance.verification.notes import Head, NotANote, SignedHead, read_checkpoint, read_key, signs
from governance.verification.policies import PolicyUnreadable, read_policy
from governance.verification.replaying import Recommend, Replay
from governance.verification.report import Report, Verdict
from governance.verification.strict_json import NotCanonical, parse
from governance.verification.tiles import Leaf, check_files, list_files, read_leaves


@dataclass(frozen=True, slots=True)
class Remembered:
    """A checkpoint that the auditor kept from an earlier time."""

    origin: str
    size: int
    root: bytes


def verify_export(
    folder: Path,
    *,
    policy: Path | None = None,
    replay: Recommend | None = None,
    remembered: bytes | None = None,
    keep_consents: bool = False,
    progress: Callable[[int], None] = lambda _done: None,
) -> Report:
    """Audit the export in `folder`; every finding names the entry or file and the rule.

    `policy` is the auditor's own C2SP policy (without it only the export's own is checked, which anyone could have
    written). `replay` is the pinned rules' `recommend`; without it recommendations are not replayed. `remembered` is a
    checkpoint note the auditor kept: the log must still contain it. `keep_consents` keeps every consent in the
    report's state, for comparison with a database. Memory does not grow with the number of entries otherwise.
    """
    report = Report()
    # 1. The folder holds plain files only; the checkpoint can be read.
    present = list_files(folder, report)
    report.files = len(present)
    note = _checkpoint(folder, present, report)
    if note is None:
        return report
    report.origin, report.size, report.root = note.head.origin, note.head.size, note.head.root.hex()
    # 2. Every file that a tree of this size calls for is there, and nothing else but blobs.
    check_files(present, note.head.size, report)
    # 3. Every entry hashes to its place, every tile follows from the one below. 4. Each entry is canonical, of the
    #    schema, and named by its place. 5. The state machine, consents, guardrails and values are lawful at each
    #    entry; each recommendation follows from its inputs.
    world = Replay(folder, report, recommend=replay, keep_consents=keep_consents)
    history, lost = _walk(read_leaves(folder, note.head.size, report), world, report, _kept(remembered, report), progress)
    # 6. The head over all entries is the one that was signed.
    if history.logs[0].tree.root() != note.head.root:
        report.add("tree.root", "the entries do not hash to the root that was signed", file="checkpoint")
    # 7. The head is signed by the key that the log itself names last, and every signature line is accounted for.
    _check_signatures(folder, note, _listed_log(folder) if lost else history.logs[0], policy, report)
    # 8. The policy is met: the auditor's, and the export's own.
    _check_policies(folder, note, policy, report)
    # 9. Every blob is what its name says, and called for.
    world.check_blobs({name for name in present if name.startswith("blobs/")}, lost=lost)
    return report


def _checkpoint(folder: Path, present: set[str], report: Report) -> SignedHead | None:
    if "checkpoint" not in present:
        report.add("layout.missing", "there is no checkpoint", Verdict.INCOMPLETE, file="checkpoint")
        return None
    try:
        return read_checkpoint((folder / "checkpoint").read_bytes())
    except NotANote as error:
        report.add("checkpoint.form", str(error), file="checkpoint")
        return None


def _kept(remembered: bytes | None, report: Report) -> Head | None:
    if remembered is None:
        return None
    try:
        return read_checkpoint(remembered).head
    except NotANote as error:
        report.add("remembered.form", f"the checkpoint that was kept cannot be read: {error}", Verdict.POLICY_NOT_MET)
        return None


def _walk(leaves: Any, world: Replay, report: Report, kept: Head | None, progress: Callable[[int], None]) -> tuple[History, bool]:  # noqa: ANN401  # an iterator of Leaf
    history = History()
    lost = False
    for leaf in leaves:
        lost = _take(leaf, history, world, report, lost=lost)
        if kept is not None:
            _compare(kept, history, report)
        if leaf.seq % 1_000 == 0:
            progress(leaf.seq)
    try:
        history.finish()
    except BadEntry as error:
        report.add(error.rule, str(error))
    if not lost:
        world.finish()
    if kept is not None and not any(log.origin == kept.origin and log.tree.size >= kept.size for log in history.logs):
        _report_lost(kept, history, report)
    return history, lost


def _take(leaf: Leaf, history: History, world: Replay, report: Report, *, lost: bool) -> bool:
    """Judge one leaf; whether anything up to it is lost (then the machine cannot be replayed any more)."""
    if leaf.data is None:
        history.skip(leaf.hash)
        if not lost:
            report.add("entry.lost", "from here on the log cannot be replayed", Verdict.INCOMPLETE, seq=leaf.seq)
        return True
    counted = False
    try:
        entry = read_entry(leaf.seq, leaf.data)
        report.entries += 1
        counted = True
        history.add(entry, leaf.hash)
    except BadEntry as error:
        report.add(error.rule, str(error), seq=leaf.seq)
        if not counted:
            history.skip(leaf.hash)
            return lost
    if not lost:
        try:
            world.add(entry)
        except BadEntry as error:
            report.add(error.rule, str(error), seq=leaf.seq)
    return lost


def _compare(kept: Head, history: History, report: Report) -> None:
    for log in history.logs:
        if log.origin == kept.origin and log.tree.size == kept.size and log.tree.root() != kept.root:
            report.add("remembered.other", f"the first {kept.size} entries of {kept.origin} are not those that were signed before")


def _report_lost(kept: Head, history: History, report: Report) -> None:
    for log in history.logs:
        if log.old and log.old.get("old_origin") == kept.origin and log.copied < kept.size <= log.old["old_size"]:
            message = f"{kept.origin} had {kept.size} entries; {log.origin} goes on from the first {log.copied} of them"
            report.add("remembered.lost", message, Verdict.INCOMPLETE)
            return
    report.add("remembered.smaller", f"the log no longer holds the {kept.size} entries of {kept.origin} that were signed before")


def _listed_log(folder: Path) -> Log:
    """What `keys.json` says of the log: all there is to go by once the entries that say it are lost."""
    log = Log(0)
    try:
        listed: Any = json.loads((folder / "keys.json").read_bytes())
        log.origin, log.vkeys = str(listed["origin"]), [str(vkey) for vkey in listed["vkeys"]]
        for vkey in log.vkeys:
            read_key(vkey)
    except (OSError, ValueError, KeyError, TypeError):
        log.vkeys = []
    return log


def _check_signatures(folder: Path, note: SignedHead, log: Log, policy: Path | None, report: Report) -> None:
    if log.origin != note.head.origin:
        report.add("checkpoint.origin", f"the checkpoint is of {note.head.origin}, the entries are of {log.origin}", file="checkpoint")
    vkeys = _listed_keys(folder, report)
    if vkeys is not None and vkeys != {"origin": log.origin, "vkeys": log.vkeys}:
        report.add("keys.other", "the keys are not those that the log names", file="keys.json")
    known = [read_key(vkey) for vkey in log.vkeys]
    for path in (folder / "policy", policy):
        if path is not None and path.is_file():
            try:
                known += read_policy(path.read_bytes()).witnesses.values()
            except PolicyUnreadable:
                continue  # reported with the policies
    signed = False
    for name, key_id, raw in note.lines:
        key = next((key for key in known if key.name == name and key.key_id == key_id), None)
        if key is None:
            report.add("checkpoint.stranger", f"a signature by {name} that neither the log nor the policy knows", file="checkpoint")
        elif not signs(key, raw, note.text):
            report.add("checkpoint.signature", f"the signature of {name} does not verify", file="checkpoint")
        else:
            signed = signed or (bool(log.vkeys) and key == read_key(log.vkeys[-1]))
    if not signed:
        report.add("checkpoint.unsigned", "the key that the log names last has not signed this head", file="checkpoint")


def _listed_keys(folder: Path, report: Report) -> object:
    path = folder / "keys.json"
    if not path.is_file():
        return None
    data = path.read_bytes()
    try:
        if data[-1:] != b"\n":
            raise NotCanonical("the file ends in a newline")
        return parse(data[:-1])
    except NotCanonical as error:
        report.add("keys.form", str(error), file="keys.json")
        return None


def _check_policies(folder: Path, note: SignedHead, policy: Path | None, report: Report) -> None:
    own = folder / "policy"
    if own.is_file():
        expected = _own_policy(folder)
        if expected is not None and own.read_bytes() != expected:
            report.add("policy.own", "the export's own policy is not the one that its log gives", file="policy")
    if policy is None:
        return
    try:
        unmet = read_policy(policy.read_bytes()).unmet(note)
    except (PolicyUnreadable, OSError) as error:
        unmet = f"the policy cannot be read: {error}"
    if unmet is not None:
        report.add("policy.unmet", unmet, Verdict.POLICY_NOT_MET)


def _own_policy(folder: Path) -> bytes | None:
    """What the export's policy must say, byte for byte: its log's last key, and no witness."""
    try:
        listed: Any = json.loads((folder / "keys.json").read_bytes())
        return f"log {listed['vkeys'][-1]}\nquorum none\n".encode()
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        return None
