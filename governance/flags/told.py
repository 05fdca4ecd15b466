"""Reads what a proposal row says of its calls and of the chain around it into what the rules look at, as of a moment."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from governance.flags.calldata import Call
from governance.flags.case import Chain, Change, Code, Delegation, Notices
from governance.flags.functions import Token

Facts = Mapping[str, Any] | None
# No token has more places: 10^77 base units are all that 256 bits hold.
_MOST_PLACES: Final = 77


def calls(facts: Facts) -> tuple[Call, ...] | None:
    """The calls, in order; None where the source does not tell."""
    told = (facts or {}).get("actions")
    if told is None:
        return None
    return tuple(
        Call(
            target=each["target"],
            value=int(each.get("value", "0")),
            data=bytes.fromhex(each.get("calldata", "0x")[2:]),
            signature=each.get("signature") or None,
            delegated=bool(each.get("delegated")),
        )
        for each in told
    )


def tokens(facts: Facts) -> dict[str, Token]:
    """How the tokens named with the proposal are written."""
    found = {}
    for each in (facts or {}).get("chain", {}).get("tokens", ()):
        if "address" in each and "symbol" in each and 0 <= int(each.get("decimals", "-1")) <= _MOST_PLACES:
            found[each["address"]] = Token(each["symbol"], int(each["decimals"]))
    return found


def chain(facts: Facts, *, as_of: datetime) -> Chain:
    """What was found around the proposal by `as_of`: nothing that was read, or that happened, later."""
    told = (facts or {}).get("chain")
    if told is None or _time(told, "read_at") is None or _past(told, "read_at", as_of) is None:
        return Chain()
    return Chain(
        snapshot_block=_whole(told, "snapshot_block"),
        first_vote_block=_whole(told, "first_vote_block"),
        power_read_live=told.get("power_read_live"),
        same_block_voters=_tuple(told, "same_block_voters"),
        passed_at=_past(told, "passed_at", as_of),
        executed_at=_past(told, "executed_at", as_of),
        delay=_seconds(told, "delay_s"),
        cluster=_set(told, "cluster"),
        cluster_gained=_amount(told, "cluster_gained"),
        delegates=_powers(told),
        treasury=_amount(told, "treasury"),
        treasury_token=_token(told),
        listed=_set(told, "listed"),
        multisigs=_set(told, "multisigs"),
        controllers=_controllers(told),
        code=None if "code" not in told else tuple(_code(each) for each in told["code"] if "address" in each),
        notices=_notices(told, as_of),
        delegations=_delegations(told, as_of),
        markets=_set(told, "markets"),
        emergencies=_emergencies(told, as_of),
        proposal_threshold=_amount(told, "proposal_threshold"),
        changes=None
        if "changes" not in told
        else tuple(_change(each, as_of) for each in told["changes"] if {"name", "unit", "to"} <= each.keys()),
    )


def codehashes(facts: Facts, *, as_of: datetime) -> dict[str, str]:
    """By address, the hash of the code that was seen last."""
    return {each.address: each.codehash for each in chain(facts, as_of=as_of).code or () if each.codehash is not None}


def _code(told: Mapping[str, Any]) -> Code:
    known = ("codehash", "verified", "upgradeable", "selfdestruct", "delegatecall", "create2")
    return Code(told["address"], told.get("at", "created"), **{name: told.get(name) for name in known})


def _change(told: Mapping[str, Any], as_of: datetime) -> Change:
    return Change(
        name=told["name"],
        unit=told["unit"],
        to=Decimal(told["to"]),
        group=told.get("group"),
        applied=_amount(told, "applied"),
        approved_from=_amount(told, "approved_from"),
        live=_amount(told, "live"),
        reference=_amount(told, "reference"),
        reference_unit=told.get("reference_unit"),
        made_at=_past(told, "made_at", as_of),
        expires_after=_seconds(told, "expires_s"),
        skipped=bool(told.get("skipped")),
    )


def _delegations(told: Mapping[str, Any], as_of: datetime) -> tuple[Delegation, ...] | None:
    if "delegations" not in told:
        return None
    found = []
    for each in told["delegations"]:
        came = _past(each, "in_at", as_of)
        if came is not None and {"delegate", "power"} <= each.keys():
            left = _past(each, "out_at", as_of)
            found.append(Delegation(each["delegate"], Decimal(each["power"]), came, left, _amount(each, "paid"), _amount(each, "worth")))
    return tuple(found)


def _notices(told: Mapping[str, Any], as_of: datetime) -> Notices | None:
    each = told.get("notices")
    if each is None:
        return None
    return Notices(frozenset(each.get("expected", ())), frozenset(each.get("seen", ())), _past(each, "admin_changed_at", as_of))


def _emergencies(told: Mapping[str, Any], as_of: datetime) -> tuple[datetime, ...] | None:
    if "emergencies" not in told:
        return None
    times = (datetime.fromisoformat(each) for each in told["emergencies"])
    return tuple(moment for moment in times if moment <= as_of)


def _powers(told: Mapping[str, Any]) -> dict[str, Decimal] | None:
    if "delegates" not in told:
        return None
    return {each["address"]: Decimal(each["power"]) for each in told["delegates"] if {"address", "power"} <= each.keys()}


def _controllers(told: Mapping[str, Any]) -> dict[str, frozenset[str]] | None:
    if "controllers" not in told:
        return None
    return {each["address"]: frozenset(each.get("by", ())) for each in told["controllers"] if "address" in each}


def _token(told: Mapping[str, Any]) -> str | None:
    named: str | None = told.get("treasury_token")
    return named.lower() if named is not None and named.startswith(("0x", "0X")) else named


def _set(told: Mapping[str, Any], name: str) -> frozenset[str] | None:
    return frozenset(told[name]) if name in told else None


def _tuple(told: Mapping[str, Any], name: str) -> tuple[str, ...] | None:
    return tuple(told[name]) if name in told else None


def _whole(told: Mapping[str, Any], name: str) -> int | None:
    return int(told[name]) if name in told else None


def _seconds(told: Mapping[str, Any], name: str) -> timedelta | None:
    """A delay longer than a million days is told wrongly; it is taken as that."""
    return timedelta(seconds=min(int(told[name]), 86_400_000_000)) if name in told else None


def _amount(told: Mapping[str, Any], name: str) -> Decimal | None:
    return Decimal(told[name]) if name in told else None


def _time(told: Mapping[str, Any], name: str) -> datetime | None:
    return datetime.fromisoformat(told[name]) if name in told else None


def _past(told: Mapping[str, Any], name: str, as_of: datetime) -> datetime | None:
    moment = _time(told, name)
    return moment if moment is not None and moment <= as_of else None
