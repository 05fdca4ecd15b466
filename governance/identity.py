"""Ids that derive from the source, so that re-ingesting a thing finds it again without a look-up."""

import base64
import hashlib
import json
import re
from collections.abc import Mapping

_SLUG = re.compile(r"[a-z0-9][a-z0-9._:-]{0,127}")


def dao_id(name: str) -> str:
    """The DAO's slug: the source's own name where it can stand in a URL, else "x-" and a digest of it.

    Some real DAO names are not ASCII or hold spaces; the name itself is kept as data.
    """
    if _SLUG.fullmatch(name):
        return name
    return "x-" + _base32(hashlib.sha256(name.encode()).digest()[:16])


def proposal_id(dao: str, external_id: str) -> str:
    """Our id of a platform's proposal within a DAO; the source it came through does not matter."""
    return derived("prop", "proposal", dao, external_id)


def post_id(dao: str, forum: str, external_id: str) -> str:
    """Our id of a forum's post."""
    return derived("post", "post", dao, forum, external_id)


def observation_id(dao: str, metric: str, source: str, observed_at_us: int) -> str:
    """Our id of one metric's value at one time from one source."""
    return derived("obs", "observation", dao, metric, source, str(observed_at_us))


def vote_id(proposal: str, voter: str, cast_at_us: int | None) -> bytes:
    """16 bytes naming one cast vote; a later vote of the same voter is another vote, and the last one counts."""
    return _digest16("vote", proposal, voter, "" if cast_at_us is None else str(cast_at_us))


def derived(prefix: str, *parts: str) -> str:
    """`prefix_` and 26 lower-case base32 characters that depend on all `parts` in order."""
    return f"{prefix}_{_base32(_digest16(*parts))}"


def of_digest(prefix: str, sha256_hex: str) -> str:
    """The content id of something whose SHA-256 is known."""
    return f"{prefix}_{_base32(bytes.fromhex(sha256_hex)[:16])}"


def content_digest(content: Mapping[str, object]) -> str:
    """SHA-256 (hex) of a received content: JSON with sorted ASCII keys and no number that is not an integer."""
    body = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(body.encode()).hexdigest()


def _digest16(*parts: str) -> bytes:
    # NUL is refused in every input (PostgreSQL cannot store it), so it separates without ambiguity.
    return hashlib.sha256("\0".join(parts).encode()).digest()[:16]


def _base32(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=").lower()
