"""Observations and the progress of open votes, as received."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from governance import identity
from governance.errors import InvalidInput
from governance.intake import fields
from governance.intake.fields import Row

OBSERVATION_FIELDS: Final = frozenset(["dao", "metric", "time", "value", "unit", "source"])
PROGRESS_FIELDS: Final = frozenset(["dao", "proposal_id", "snapshot_at", "status", "total_vp", "votes", "end"])
# The files of this shape come from Decentraland's own platform and name no DAO; this is what its proposals are filed under.
PROGRESS_DAO: Final = "snapshot.dcl.eth"
_METRIC: Final = re.compile(r"[a-z][a-z0-9_.:/-]{0,127}", re.ASCII)
_MOST_VOTES: Final = 2**31 - 1
_CLOCKS_DIFFER_BY: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class ObservationReceived:
    """One value of one metric at one time from one source, exact."""

    id: str
    dao_id: str
    dao_name: str
    metric: str
    source: str
    observed_at: datetime
    value: str
    unit: str

    def known_at(self, now: datetime) -> datetime:
        """When the world could know it: when it was observed; one dated ahead is known `now`."""
        return fields.believable(self.observed_at, now=now) or now

    def content(self) -> dict[str, object]:
        """What the source says beside the observation's identity."""
        return {"value": self.value, "unit": self.unit}


@dataclass(frozen=True, slots=True)
class ProgressReceived:
    """Cumulative power and number of votes of an open proposal at one moment. Zero votes is a fact, not a gap."""

    dao_id: str
    dao_name: str
    external_id: str
    seen_at: datetime
    status: str | None
    power: str | None
    votes: int | None
    ends_at: datetime | None

    def content(self) -> dict[str, object]:
        """What the source says of that moment."""
        return {
            "dao": self.dao_id,
            "status": self.status,
            "power": self.power,
            "votes": self.votes,
            "ends_at": fields.iso(self.ends_at),
        }


def receive(row: Row) -> ObservationReceived:
    """The observation in `row`; every field is required.

    Raises:
        InvalidInput: a field is wrong or missing.
    """
    fields.only_known(row, OBSERVATION_FIELDS)
    dao_name = fields.dao_name(row)
    dao = identity.dao_id(dao_name)
    metric = fields.name(row, "metric")
    if not _METRIC.fullmatch(metric):
        raise InvalidInput("metric", metric, "must be lower-case ASCII letters, digits and _ . : / -, at most 128")
    value = fields.signed(row, "value")
    if value is None:
        raise InvalidInput("value", None, "is missing")
    source = fields.name(row, "source").strip()
    observed_at = _required(fields.moment(row, "time"), "time")
    return ObservationReceived(
        id=identity.observation_id(dao, metric, source, fields.microseconds(observed_at)),
        dao_id=dao,
        dao_name=dao_name,
        metric=metric,
        source=source,
        observed_at=observed_at,
        value=value.text,
        unit=fields.name(row, "unit").strip(),
    )


def not_ahead(seen: ObservationReceived, now: datetime) -> None:
    """Refuse an observation of a time that has not come: `now` is what the DAO's clock shows, and clocks differ by minutes.

    Raises:
        InvalidInput: it lies more than five minutes ahead.
    """
    if seen.observed_at > now + _CLOCKS_DIFFER_BY:
        shown = now.isoformat(timespec="seconds")
        raise InvalidInput("time", seen.observed_at.isoformat(), f"nothing was observed yet: the DAO's clock shows {shown}")


def receive_progress(row: Row) -> ProgressReceived:
    """The progress row in `row`; proposal and moment are required.

    Raises:
        InvalidInput: a field is wrong or missing.
    """
    fields.only_known(row, PROGRESS_FIELDS)
    dao_name = fields.dao_name(row).strip() if fields.word(row, "dao") else PROGRESS_DAO
    power = fields.amount(row, "total_vp")
    return ProgressReceived(
        dao_id=identity.dao_id(dao_name),
        dao_name=dao_name,
        external_id=fields.name(row, "proposal_id"),
        seen_at=_required(fields.moment(row, "snapshot_at"), "snapshot_at"),
        status=fields.word(row, "status"),
        power=None if power is None else power.text,
        votes=fields.integer(row, "votes", most=_MOST_VOTES),
        ends_at=fields.moment(row, "end"),
    )


def _required(value: datetime | None, name: str) -> datetime:
    if value is None:
        raise InvalidInput(name, None, "is missing")
    return value
