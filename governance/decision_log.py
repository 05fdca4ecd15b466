"""The decision log's catalogue of entries, and how one entry becomes the bytes of a leaf."""

import re
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from governance.actors import Actor
from governance.canonical import canonical, timestamp
from governance.errors import InvalidInput
from governance.identity import derived

# C2SP tlog-tiles: an entry bundle gives each entry a length of two bytes.
MAX_LEAF_BYTES = 65_535
LEAF_VERSION = 1
_SUBJECT_KEY = re.compile(r"[a-z][a-z0-9_]{0,63}")


class EntryKind(StrEnum):
    """Everything that can stand in the log; `docs/log-entries.md` says what the data of each holds."""

    LOG_OPENED = "log.opened"
    """The first leaf of a deployment's first log."""
    LOG_CONTINUED = "log.continued"
    """The first leaf of a log that goes on after another was lost or restored from an old backup."""
    KEY_ROTATED = "key.rotated"
    """From here on another key signs the checkpoints; both keys signed the change."""
    CONFIG_CHANGED = "config.changed"
    """A setting of the deployment that bears on decisions changed."""
    DAO_REGISTERED = "dao.registered"
    """A DAO came under governance."""
    CLOCK_ADVANCED = "clock.advanced"
    """A demonstration DAO's own clock was moved."""
    PROPOSALS_INGESTED = "proposals.ingested"
    """Rows of proposals came in from a source."""
    VOTES_INGESTED = "votes.ingested"
    """Rows of votes came in from a source."""
    POSTS_INGESTED = "posts.ingested"
    """Rows of forum posts came in from a source."""
    OBSERVATIONS_INGESTED = "observations.ingested"
    """Rows of token figures came in from a source."""
    DELEGATES_SET = "delegates.set"
    """Who may consent, with which power, and the threshold."""
    OBJECTIVE_SET = "objective.set"
    """What the DAO wants of a parameter."""
    PARAMETER_REGISTERED = "parameter.registered"
    """A number of the token economy came under governance, with its value."""
    GUARDRAIL_SET = "guardrail.set"
    """How far and how often a parameter may move."""
    READINGS_RECORDED = "readings.recorded"
    """A model read texts."""
    FORECAST_MADE = "forecast.made"
    """A model forecast a proposal's outcome."""
    FLAGS_RECORDED = "flags.recorded"
    """The rules judged a proposal, and some answers are new."""
    RECOMMENDATION_MADE = "recommendation.made"
    """One exact change was drawn up, with the inputs it follows from (DRAFT)."""
    RECOMMENDATION_ABSTAINED = "recommendation.abstained"
    """Assent was asked and recommends nothing, for a stated reason."""
    RECOMMENDATION_PROPOSED = "recommendation.proposed"
    """The change was put to the DAO (DRAFT to PROPOSED)."""
    VOTING_OPENED = "voting.opened"
    """The first consent came in (PROPOSED to VOTING)."""
    CONSENT_RECORDED = "consent.recorded"
    """A delegate's signed word on one exact change."""
    APPROVAL_RECORDED = "approval.recorded"
    """The consents met the threshold (VOTING to APPROVED)."""
    APPROVAL_REJECTED = "approval.rejected"
    """The consents against made approval impossible (VOTING to REJECTED)."""
    APPROVAL_RECOUNTED = "approval.recounted"
    """The consents were counted again after the electorate changed."""
    EXECUTION_SCHEDULED = "execution.scheduled"
    """The approved change waits for its delay (APPROVED to TIMELOCKED)."""
    EXECUTION_READY = "execution.ready"
    """The delay is over, or a block was lifted by a re-check (to READY)."""
    EXECUTION_BLOCKED = "execution.blocked"
    """A re-check before signing refused (to BLOCKED)."""
    EXECUTION_SIGNED = "execution.signed"
    """The exact bytes of the effect are stored (READY to SIGNED)."""
    EXECUTION_SENT = "execution.sent"
    """The stored bytes went to the receiver (SIGNED or MINED to SENT)."""
    EXECUTION_MINED = "execution.mined"
    """The receiver holds the bytes (SENT to MINED)."""
    EXECUTION_EXECUTED = "execution.executed"
    """The effect was read back; the parameter has its new value (MINED to EXECUTED)."""
    EXECUTION_FAILED = "execution.failed"
    """The receiver refused the effect (SENT to FAILED)."""
    RECOMMENDATION_CANCELLED = "recommendation.cancelled"
    """The change was withdrawn before it was signed."""
    RECOMMENDATION_EXPIRED = "recommendation.expired"
    """The change's time passed before it was signed."""
    RECOMMENDATION_SUPERSEDED = "recommendation.superseded"
    """A newer recommendation took this one's place."""
    PAUSE_SET = "pause.set"
    """A guardian stopped recommending, approving and executing."""
    PAUSE_CLEARED = "pause.cleared"
    """Two guardians let the machine go on."""
    OVERRIDE_MADE = "override.made"
    """A person decided over the machine."""
    REFUSAL_RECORDED = "refusal.recorded"
    """An attempt to approve or execute was refused."""
    VERIFICATION_RECORDED = "verification.recorded"
    """What the KPIs did after a change, against what was expected."""
    MODEL_TRAINED = "model.trained"
    """A candidate model was fitted."""
    MODEL_PROMOTED = "model.promoted"
    """A candidate took the place of the model in use."""
    PROMOTION_WITHHELD = "promotion.withheld"
    """A candidate was not better by the stated margin."""
    KEY_ISSUED = "key.issued"
    """An API key was made."""
    KEY_REVOKED = "key.revoked"
    """An API key stopped being valid."""
    EXPORT_MADE = "export.made"
    """The log was exported."""


_INGESTED = frozenset({"count", "inserted", "unchanged", "revised", "refused", "sha256"})
_MOVE = frozenset({"from", "to", "version"})

# What the data of an entry must hold; more may stand beside it. The verifier holds its own copy of what it relies on.
REQUIRED_DATA: Mapping[EntryKind, frozenset[str]] = {
    EntryKind.LOG_OPENED: frozenset({"deployment", "vkey"}),
    EntryKind.LOG_CONTINUED: frozenset({"old_origin", "old_size", "old_root"}),
    EntryKind.KEY_ROTATED: frozenset({"old_vkey", "new_vkey", "old_signature", "new_signature"}),
    EntryKind.DAO_REGISTERED: frozenset({"dao"}),
    EntryKind.CLOCK_ADVANCED: frozenset({"offset_s"}),
    EntryKind.PROPOSALS_INGESTED: _INGESTED,
    EntryKind.VOTES_INGESTED: _INGESTED,
    EntryKind.POSTS_INGESTED: _INGESTED,
    EntryKind.OBSERVATIONS_INGESTED: _INGESTED,
    EntryKind.DELEGATES_SET: frozenset({"version", "electorate", "sha256", "by"}),
    EntryKind.GUARDRAIL_SET: frozenset({"version", "guardrail", "sha256", "by"}),
    EntryKind.READINGS_RECORDED: frozenset({"count", "sha256", "task", "model_digest"}),
    EntryKind.FORECAST_MADE: frozenset({"sha256"}),
    EntryKind.FLAGS_RECORDED: frozenset({"count", "fired", "answers", "as_of", "sha256"}),
    EntryKind.RECOMMENDATION_MADE: frozenset({"document", "digest", "inputs"}),
    EntryKind.RECOMMENDATION_ABSTAINED: frozenset({"document", "digest", "inputs"}),
    EntryKind.RECOMMENDATION_PROPOSED: _MOVE,
    EntryKind.VOTING_OPENED: _MOVE,
    EntryKind.CONSENT_RECORDED: frozenset({"consent", "signature", "support", "power"}),
    EntryKind.APPROVAL_RECORDED: _MOVE | {"approval_digest", "signers", "tally", "electorate_version"},
    EntryKind.APPROVAL_REJECTED: _MOVE,
    EntryKind.EXECUTION_SCHEDULED: _MOVE | {"ready_at"},
    EntryKind.EXECUTION_READY: _MOVE,
    EntryKind.EXECUTION_BLOCKED: _MOVE | {"rule"},
    EntryKind.EXECUTION_SIGNED: _MOVE | {"operation_id", "payload_sha256", "nonce", "fence"},
    EntryKind.EXECUTION_SENT: _MOVE,
    EntryKind.EXECUTION_MINED: _MOVE | {"receipt"},
    EntryKind.EXECUTION_EXECUTED: _MOVE | {"before", "after"},
    EntryKind.EXECUTION_FAILED: _MOVE,
    EntryKind.RECOMMENDATION_CANCELLED: _MOVE,
    EntryKind.RECOMMENDATION_EXPIRED: _MOVE,
    EntryKind.RECOMMENDATION_SUPERSEDED: _MOVE | {"by"},
    EntryKind.PAUSE_SET: frozenset({"reason"}),
    EntryKind.PAUSE_CLEARED: frozenset({"reason"}),
    EntryKind.OVERRIDE_MADE: frozenset({"reason"}),
    EntryKind.REFUSAL_RECORDED: frozenset({"code"}),
    EntryKind.VERIFICATION_RECORDED: frozenset({"verdict"}),
    EntryKind.MODEL_TRAINED: frozenset({"model_digest", "weights", "data", "scores"}),
    EntryKind.MODEL_PROMOTED: frozenset({"model_digest", "replaces", "gain_micronats", "margin_micronats"}),
    EntryKind.PROMOTION_WITHHELD: frozenset({"model_digest", "reason", "gain_micronats", "margin_micronats"}),
}


def entry_id(*, seq: int, last_peak: bytes, ts: datetime) -> str:
    """The id of the entry at `seq`: it depends on its place, its time and what stands before it (see `docs/log-entries.md`)."""
    return derived("ent", "entry", str(seq), last_peak.hex(), timestamp(ts))


def leaf(
    *,
    entry_id: str,
    kind: EntryKind,
    dao_id: str | None,
    actor: Actor,
    subject: Mapping[str, str],
    data: Mapping[str, object],
    ts: datetime,
) -> bytes:
    """The canonical bytes of one entry.

    Raises:
        InvalidInput: a key that its kind requires is missing, a subject is not plain text, something in `data` has no
            canonical form, or the leaf exceeds 65,535 bytes (store large things as blobs and name them by SHA-256).
    """
    missing = sorted(REQUIRED_DATA.get(kind, frozenset()) - data.keys())
    if missing:
        raise InvalidInput(f"data.{missing[0]}", None, f"required in an entry {kind.value}")
    for key, value in subject.items():
        if _SUBJECT_KEY.fullmatch(key) is None or not isinstance(value, str):
            raise InvalidInput(f"subject.{key}", value, "subjects map lower-case names to text")
    body = canonical(
        {
            "v": LEAF_VERSION,
            "type": kind,
            "id": entry_id,
            "dao": dao_id,
            "ts": timestamp(ts),
            "actor": {"kind": actor.kind, "id": actor.id, "auth": actor.auth},
            "subject": subject,
            "data": data,
        }
    )
    if len(body) > MAX_LEAF_BYTES:
        raise InvalidInput("data", f"{len(body)} bytes", f"an entry takes at most {MAX_LEAF_BYTES} bytes")
    return body


# What an entry is found by, first one present: a story is read by its recommendation.
_MAIN_SUBJECTS = ("recommendation", "abstention", "proposal", "parameter", "execution", "model", "key")


def main_subject(subject: Mapping[str, str]) -> str | None:
    """The one id under which queries find the entry, None when it is about the deployment or the DAO as a whole."""
    for name in (*_MAIN_SUBJECTS, *sorted(subject)):
        if name in subject:
            return subject[name]
    return None
