"""One leaf read strictly: its canonical form, its schema, and the id that its place gives it."""

import base64
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from governance.verification.hash_tree import GrowingTree
from governance.verification.strict_json import NotCanonical, parse

_MEMBERS = {"v", "type", "id", "dao", "ts", "actor", "subject", "data"}
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
_SUBJECT = re.compile(r"[a-z][a-z0-9_]{0,63}")

_INGESTED = {"count", "inserted", "unchanged", "revised", "refused", "sha256"}
_MOVE = {"from", "to", "version"}

# Every kind of entry, and what its data must hold. Another kind is a finding: a reader would not know what it means.
KINDS: dict[str, set[str]] = {
    "log.opened": {"deployment", "vkey"},
    "log.continued": {"deployment", "vkey", "old_origin", "old_size", "old_root", "copied", "copied_root"},
    "key.rotated": {"old_vkey", "new_vkey", "old_signature", "new_signature"},
    "config.changed": set(),
    "dao.registered": {"dao"},
    "clock.advanced": {"offset_s"},
    "proposals.ingested": _INGESTED,
    "votes.ingested": _INGESTED,
    "posts.ingested": _INGESTED,
    "observations.ingested": _INGESTED,
    "delegates.set": {"version", "electorate", "sha256", "by"},
    "objective.set": set(),
    "parameter.registered": {"name", "value"},
    "guardrail.set": {"version", "guardrail", "sha256", "by"},
    "readings.recorded": {"count", "sha256", "task", "model_digest"},
    "forecast.made": {"sha256"},
    "flags.recorded": {"count", "fired", "answers", "as_of", "sha256"},
    "recommendation.made": {"document", "digest", "inputs"},
    "recommendation.abstained": {"document", "digest", "inputs"},
    "recommendation.proposed": _MOVE,
    "voting.opened": _MOVE,
    "consent.recorded": _MOVE | {"consent", "signature", "support", "power"},
    "approval.recorded": _MOVE | {"approval_digest", "signers", "tally", "electorate_version"},
    "approval.rejected": _MOVE | {"tally"},
    "approval.recounted": _MOVE | {"tally"},
    "execution.scheduled": _MOVE | {"ready_at"},
    "execution.ready": _MOVE,
    "execution.blocked": _MOVE | {"rule"},
    "execution.signed": _MOVE | {"operation_id", "payload_sha256", "nonce", "fence"},
    "execution.sent": _MOVE,
    "execution.mined": _MOVE | {"receipt"},
    "execution.executed": _MOVE | {"before", "after"},
    "execution.failed": _MOVE,
    "recommendation.cancelled": _MOVE,
    "recommendation.expired": _MOVE,
    "recommendation.superseded": _MOVE | {"by"},
    "pause.set": {"reason"},
    "pause.cleared": {"reason"},
    "override.made": {"reason"},
    "refusal.recorded": {"code"},
    "verification.recorded": {"verdict"},
    "model.trained": {"model_digest", "weights", "data", "scores"},
    "model.promoted": {"model_digest", "replaces", "gain_micronats", "margin_micronats"},
    "promotion.withheld": {"model_digest", "reason", "gain_micronats", "margin_micronats"},
    "key.issued": set(),
    "key.revoked": set(),
    "export.made": set(),
}


class BadEntry(ValueError):
    """A leaf breaks a rule; `rule` is its name."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry, read."""

    seq: int
    kind: str
    id: str
    dao: str | None
    ts: datetime
    ts_text: str
    actor: dict[str, str]
    subject: dict[str, str]
    data: dict[str, Any]


def read_entry(seq: int, leaf: bytes) -> Entry:
    """The entry in `leaf`; `BadEntry` when it is not canonical, or not of the schema."""
    try:
        value: Any = parse(leaf)
    except NotCanonical as error:
        raise BadEntry("entry.canonical", str(error)) from error
    if not isinstance(value, dict) or set(value) != _MEMBERS or value["v"] != 1 or value["v"] is True:
        raise BadEntry("entry.schema", "an entry is an object of version 1 with exactly eight members")
    kind, data = value["type"], value["data"]
    if kind not in KINDS:
        raise BadEntry("entry.kind", f"unknown kind {kind!r}")
    if not isinstance(data, dict) or not KINDS[kind] <= set(data):
        raise BadEntry("entry.data", f"{kind} lacks {sorted(KINDS[kind] - set(data or ()))}")
    _check_parts(value)
    return Entry(seq, kind, value["id"], value["dao"], read_time(value["ts"]), value["ts"], value["actor"], value["subject"], data)


def read_time(text: object) -> datetime:
    """The time in `text`, which has exactly one spelling; `BadEntry` otherwise."""
    if not isinstance(text, str) or _TIME.fullmatch(text) is None:
        raise BadEntry("entry.time", f"not a time: {text!r}")
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise BadEntry("entry.time", str(error)) from error


def expected_id(ts: str, tree: GrowingTree) -> str:
    """The id that follows from the entry's number, its time and the full subtree that ends just before it."""
    words = ("entry", str(tree.size), tree.last_full().hex(), ts)
    short = hashlib.sha256("\0".join(words).encode()).digest()[:16]
    return "ent_" + base64.b32encode(short).decode().rstrip("=").lower()


def _check_parts(value: dict[str, Any]) -> None:
    actor, subject, dao = value["actor"], value["subject"], value["dao"]
    if not isinstance(actor, dict) or set(actor) != {"kind", "id", "auth"} or not all(isinstance(part, str) for part in actor.values()):
        raise BadEntry("entry.actor", "an actor has kind, id and auth")
    if actor["kind"] not in {"human", "model", "system", "contract"}:
        raise BadEntry("entry.actor", f"unknown kind of actor {actor['kind']!r}")
    if not isinstance(subject, dict) or not all(_SUBJECT.fullmatch(key) and isinstance(text, str) for key, text in subject.items()):
        raise BadEntry("entry.subject", "a subject maps lower-case names to text")
    if not (dao is None or (isinstance(dao, str) and dao)):
        raise BadEntry("entry.dao", "a DAO is named by text, or null")
    if not isinstance(value["id"], str):
        raise BadEntry("entry.id", "an id is text")
