"""What the log keeps of a row that was collected: 16 bytes that name it, and 16 that depend on all it says."""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from governance.intake.batches import Verdict

SIZE: Final = 32
_HALF: Final = 16


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of the rows of a batch, in order, and the fingerprints, joined, of the contents that are new."""

    verdicts: list[Verdict]
    fingerprints: bytes


def fingerprint(key: bytes, *told: str | int | None) -> bytes:
    """`key` and the first 16 bytes of SHA-256 over `key` and everything `told`, in the order that the row's kind gives it.

    Each part is led by "=", a missing one is empty, and NUL, which no store of ours takes, keeps them apart.
    """
    joined = "\0".join(["" if part is None else f"={part}" for part in told])
    return key + hashlib.sha256(key + joined.encode()).digest()[:_HALF]


def contradictory(key: bytes) -> bytes:
    """Stands for a stored row whose own digest or id is not of what it says; no row's fingerprint is like that."""
    return key + bytes(_HALF)


def key_of_id(id_: str) -> bytes:
    """The 16 bytes that one of our derived ids (`prop_…`) spells; for what is none, a digest of it."""
    try:
        key = base64.b32decode(id_.partition("_")[2].upper() + "======")
    except (binascii.Error, ValueError):
        key = b""
    return key if len(key) == _HALF else key_of("id", id_)


def id_of_key(prefix: str, key: bytes) -> str:
    """The derived id that `key_of_id` read."""
    return f"{prefix}_{base64.b32encode(key).decode().rstrip('=').lower()}"


def key_of(*parts: str | int) -> bytes:
    """16 bytes naming a row that has no id of its own, by what identifies it."""
    return hashlib.sha256("\0".join(str(part) for part in parts).encode()).digest()[:_HALF]


def of_vote(key: bytes, told: Sequence[str | int | None], *, known_at_us: int, recorded_at_us: int) -> bytes:
    """Of one content of a vote; `told` is DAO, source, external id, choice, power, its kind, reason, whether its time is estimated (0, 1).

    The vote's id, which is the key, depends on proposal, voter and time.
    """
    # `fingerprint`, written out: an import calls this once per vote.
    joined = "\0".join(["" if part is None else f"={part}" for part in told]) + f"\0={known_at_us}\0={recorded_at_us}"
    return key + hashlib.sha256(key + joined.encode()).digest()[:_HALF]


def of_content(key: bytes, content_sha256: str, known_at_us: Sequence[int], *, recorded_at_us: int) -> bytes:
    """Of one content of a proposal, post or observation: its digest, when it was known, when it was stored."""
    return fingerprint(key, content_sha256, *known_at_us, recorded_at_us)


def of_progress(identity: tuple[str, int, str], told: Sequence[str | int | None], *, known_at_us: int, recorded_at_us: int) -> bytes:
    """Of a row of vote progress: external id, moment and digest; then status, power, votes, end (microseconds).

    The proposal it is filed under follows from what else came in and is not in it.
    """
    return fingerprint(key_of("vote_progress", *identity), *told, known_at_us, recorded_at_us)


def of_link(identity: tuple[str, str, int], *, dao_id: str, known_at_us: int, recorded_at_us: int) -> bytes:
    """Of a forum link (proposal, forum, topic); the source it bears is the first of all that told it, and is not in it."""
    return fingerprint(key_of("forum_link", *identity), dao_id, known_at_us, recorded_at_us)


def of_reading(key: bytes, told: Sequence[str | int | None], *, known_at_us: int, recorded_at_us: int) -> bytes:
    """Of a reading; `told` is `READING_COLUMNS` in order, scores as their canonical JSON."""
    return fingerprint(key, *told, known_at_us, recorded_at_us)


READING_COLUMNS: Final = (
    "dao_id",
    "subject_kind",
    "subject_id",
    "proposal_id",
    "task",
    "label",
    "scores",
    "windows",
    "model_sha256",
    "text_sha256",
    "target_sha256",
)
