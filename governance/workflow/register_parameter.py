"""Brings a number of the token economy under governance, with the value it has."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlmodel import Session

from governance import strict_fields as fields
from governance.actors import Actor
from governance.decision_log import EntryKind
from governance.errors import AlreadyRecorded, InvalidInput
from governance.parameters import TokenParameter
from governance.records import decision_log, parameters
from governance.records.daos import dao_time, get_dao
from governance.records.parameters import Parameter

_PLACES: Final = {"manual_record": ("kind", "note"), "contract": ("kind", "account", "function")}


def register_parameter(
    session: Session, dao_id: str, body: Mapping[str, object], *, place: Mapping[str, object], actor: Actor, now: datetime
) -> Parameter:
    """Register a parameter once; the same registration again is answered with the first.

    `place` says where the number lives: {"kind": "manual_record", "note" (may be left out)}, or {"kind": "contract",
    "account" (CAIP-10), "function"}.

    Raises:
        InvalidInput: an unknown kind, another unit than the kind's, no integer, an unknown place.
        AlreadyRecorded: the name stands for something else. A registered value changes by consent only.

    Logs:
        parameter.registered.
    """
    get_dao(session, dao_id)
    rules, where = TokenParameter.from_body(body), _place(place)
    standing = parameters.find_parameter(session, dao_id, rules.name)
    if standing is not None:
        return _same(session, standing, rules, where)
    ts = dao_time(session, dao_id, now)
    row = parameters.add_parameter(session, dao_id, rules, place=where, set_by=actor.id, ts=ts, recorded_at=now)
    decision_log.append(
        session,
        kind=EntryKind.PARAMETER_REGISTERED,
        dao_id=dao_id,
        actor=actor,
        subject={"parameter": row.id},
        data={"name": row.name, "kind": row.kind, "unit": row.unit, "value": row.value, "place": row.place},
        ts=ts,
        recorded_at=now,
    )
    return row


def _same(session: Session, standing: Parameter, rules: TokenParameter, where: dict[str, Any]) -> Parameter:
    first = parameters.values_of(session, standing.id)[0]
    if (standing.kind, first.value, standing.place) == (rules.kind.value, str(rules.value), where):
        return standing
    raise AlreadyRecorded(
        f"{rules.name} is registered; its value changes by consent only",
        field="name",
        value=rules.name,
        recorded={"kind": standing.kind, "value": first.value, "place": standing.place},
        rule="one registration for each name",
    )


def _place(place: Mapping[str, object]) -> dict[str, Any]:
    kind = place.get("kind")
    if not isinstance(kind, str) or kind not in _PLACES:
        raise InvalidInput("place.kind", kind, "must be manual_record or contract")
    optional = {"note"} - place.keys()
    given = fields.only(place, [key for key in _PLACES[kind] if key not in optional], field="place")
    for key, value in given.items():
        if not isinstance(value, str) or not 0 < len(value) <= 300:
            raise InvalidInput(f"place.{key}", value, "must be 1 to 300 characters")
    return dict(given)
