"""A proposal's row, as it was known at a time, in the form in which a model may see it."""

from collections.abc import Mapping
from typing import Any

from governance.evidence import KnownProposal
from governance.intake.fields import BELIEVABLE_FROM


def known_proposal(row: Mapping[str, Any]) -> KnownProposal:
    """The proposal of a whole row: its end only where that was fixed at the start, no quorum of nothing, no publication before any DAO."""
    published = next((time for time in (row["created_at"], row["starts_at"]) if time is not None and time >= BELIEVABLE_FROM), None)
    return KnownProposal(
        proposal_id=row["id"],
        dao_id=row["dao_id"],
        source=row["source"],
        title=row["title"],
        body=row["body"],
        kind=row["kind"],
        author=row["author"],
        choices=tuple(row["choices"] or ()),
        published_at=published,
        starts_at=row["starts_at"],
        ends_at=row["ends_at"] if row["end_fixed"] else None,
        quorum=row["quorum"] if row["quorum"] is not None and float(row["quorum"]) > 0 else None,
    )
