"""Votes as received, one row at a time: the rule that the bulk path of an import must agree with."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from governance import identity
from governance.errors import InvalidInput
from governance.intake import fields
from governance.intake.fields import Row

KNOWN_FIELDS: Final = frozenset(
    ["source", "dao", "proposal_id", "voter", "choice", "vp", "created", "reason", "created_estimated", "vote_id"]
)
_MOST_CHOICE: Final = 10_000
_MOST_REASON: Final = 100_000


@dataclass(frozen=True, slots=True)
class VoteReceived:
    """One cast vote. Power, choice and time are None where the source has none: an unknown power is not zero."""

    id: bytes
    dao_id: str
    dao_name: str
    proposal_id: str
    source: str
    external_id: str | None
    voter: str
    choice: str | None
    power: str | None
    power_kind: str | None
    reason: str | None
    cast_at: datetime | None
    cast_at_estimated: bool

    def known_at(self, now: datetime) -> datetime:
        """When the world could know it: when it was cast, else `now` (the time of import)."""
        return fields.believable(self.cast_at, now=now) or now

    def content(self) -> bytes:
        """The digest of what the source says of this vote beside its identity."""
        return content_digest(
            self.source, self.choice, self.power, self.power_kind, self.reason, self.external_id, estimated=self.cast_at_estimated
        )


def content_digest(*told: str | None, estimated: bool) -> bytes:
    """Eight bytes over the six texts told of a vote, in the order of `VoteReceived.content`.

    A text is led by "=", so that an empty one differs from a missing one; NUL, refused everywhere, keeps them apart.
    """
    joined = "\0".join(["" if part is None else "=" + part for part in told])
    return hashlib.sha256((joined + ("\0e" if estimated else "\0")).encode()).digest()[:8]


def receive(row: Row) -> VoteReceived:
    """The vote in `row`.

    Raises:
        InvalidInput: a field is wrong, or DAO, proposal or voter is missing.
    """
    fields.only_known(row, KNOWN_FIELDS)
    dao_name = fields.dao_name(row)
    dao = identity.dao_id(dao_name)
    proposal = identity.proposal_id(dao, fields.name(row, "proposal_id"))
    voter = fields.account(row, "voter")
    cast_at = fields.moment(row, "created")
    power = fields.amount(row, "vp")
    return VoteReceived(
        id=identity.vote_id(proposal, voter, None if cast_at is None else fields.microseconds(cast_at)),
        dao_id=dao,
        dao_name=dao_name,
        proposal_id=proposal,
        source=fields.word(row, "source") or "unnamed",
        external_id=fields.word(row, "vote_id"),
        voter=voter,
        choice=choice_text(row),
        power=None if power is None else power.text,
        power_kind=None if power is None else power.kind,
        reason=fields.said(row, "reason", longest=_MOST_REASON),
        cast_at=cast_at,
        cast_at_estimated=fields.flag(row, "created_estimated") or False,
    )


def choice_text(row: Row) -> str | None:
    """The choice: a 1-based number, or the JSON of a list (approval, ranked) or object (weighted), as text.

    Whether it is one of the proposal's choices is for the tally to say: the proposal may come in later.
    """
    value = row.get("choice")
    if isinstance(value, bool):
        raise InvalidInput("choice", value, "must be a number, a list or an object")
    if isinstance(value, int):
        return fields.name(row, "choice")
    if isinstance(value, (list, dict)):
        try:
            value = json.dumps(value, ensure_ascii=False, allow_nan=False)
        except ValueError:
            raise InvalidInput("choice", "NaN", "must hold finite numbers only") from None
    found = fields.said({"choice": value}, "choice", longest=_MOST_CHOICE)
    return None if found is None else found.strip()
