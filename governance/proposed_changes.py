"""Changes that people write: of a guardrail, or of who may consent. Pure, so that they too are replayed from their inputs."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, cast

from governance import strict_fields as fields
from governance.canonical import digest, parse_timestamp, timestamp
from governance.electorates import electorate
from governance.errors import Conflict, InvalidInput
from governance.guardrails import Guardrail
from governance.recommendation_inputs import RULES

KINDS: Final = ("guardrail_change", "delegates_change")
# How long delegates have to consent to new delegates; a guardrail says for itself how long its parameter's changes may take.
DELEGATES_EXPIRE_AFTER: Final = timedelta(days=7)
MAX_REASON: Final = 2_000
_KEYS: Final = ("v", "rules", "kind", "dao", "now", "parameter", "standing", "wanted", "reason", "executor", "nonce", "evidence_root")


def written_change(inputs: Mapping[str, object]) -> dict[str, object]:
    """The document of a change that a person wrote, with its rollback; the same inputs give the same bytes.

    `standing` is {"version", "body"} of what is in force, `wanted` the body that shall take its place. `reason` is the
    writer's own text; it is shown and hashed, and nothing is read from it.

    Raises:
        InvalidInput: the wanted body breaks a rule, or is for another parameter or unit.
        Conflict: it is what stands already.
    """
    given = fields.only(inputs, _KEYS, field="inputs")
    kind = fields.one_of(given, "kind", KINDS, field="inputs")
    fields.one_of(given, "rules", (RULES,), field="inputs")
    standing = fields.only(given["standing"], ("version", "body"), field="inputs.standing")
    reason = given["reason"]
    if not isinstance(reason, str) or not 0 < len(reason) <= MAX_REASON:
        raise InvalidInput("reason", reason, f"must be 1 to {MAX_REASON} characters")
    made_at = parse_timestamp(cast("str", given["now"]))
    subject: dict[str, object]
    if kind == "guardrail_change":
        before, after, expires_after = _guardrails(standing["body"], given["wanted"])
        subject, guardrail = {"parameter": given["parameter"]}, {"version": standing["version"], "sha256": digest(before)}
    else:
        before, after, expires_after = _electorates(standing["body"], given["wanted"])
        subject, guardrail = {}, None
    if before == after:
        raise Conflict("this is what stands", field="to", value=digest(after), rule="a change changes something")
    change = {**subject, "from_sha256": digest(before), "to": after}
    rollback = {**subject, "from_sha256": digest(after), "to": before}
    return _document(inputs, {"kind": kind, "change": change, "rollback": rollback, "guardrail": guardrail}, made_at, expires_after)


def _document(inputs: Mapping[str, object], change: Mapping[str, object], made_at: datetime, expires_after: timedelta) -> dict[str, object]:
    return {
        "v": 1,
        "rules": RULES,
        "dao": inputs["dao"],
        **change,
        "policy": None,
        "signals": {},
        "evidence": [],
        "effect": None,
        "kpis": [],
        "horizon_s": 0,
        "reason": inputs["reason"],
        "made_at": timestamp(made_at),
        "not_before": timestamp(made_at.replace(microsecond=0)),
        "expires_at": timestamp(made_at + expires_after),
        "executor": inputs["executor"],
        "nonce": inputs["nonce"],
        "evidence_root": inputs["evidence_root"],
        "inputs_sha256": digest(inputs),
    }


def _guardrails(standing: object, wanted: object) -> tuple[dict[str, object], dict[str, object], timedelta]:
    old, new = Guardrail.from_body(standing), Guardrail.from_body(wanted)
    for field, was, now in (("parameter", old.parameter, new.parameter), ("unit", old.unit, new.unit)):
        if was != now:
            raise InvalidInput(f"guardrail.{field}", now, f"must be {was}")
    if new.floor < 0 <= old.floor:
        raise InvalidInput("guardrail.floor", str(new.floor), "must not become negative")
    return old.body(), new.body(), old.expires_after


def _electorates(standing: object, wanted: object) -> tuple[dict[str, object], dict[str, object], timedelta]:
    if not isinstance(standing, Mapping) or not isinstance(wanted, Mapping):
        raise InvalidInput("electorate", type(wanted).__name__, "must be an object")
    return electorate(standing).body(), electorate(wanted).body(), DELEGATES_EXPIRE_AFTER
