"""The inputs of one recommendation, read strictly from the mapping that is stored and logged by its digest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Final, cast

from governance import strict_fields as fields
from governance.canonical import digest, parse_timestamp
from governance.errors import InvalidInput
from governance.guardrails import Guardrail
from governance.input_limits import ObservedValue
from governance.parameters import ExecutedChange, ParameterChange, TokenParameter
from governance.tokenomics.objectives import GrowthObjective

RULES: Final = "assent-rules/1"
# Of recommendations since texts are weighed by who wrote them; what was recorded before, by labels alone, is still read.
RECOMMENDATION_RULES: Final = "assent-rules/2"
_RULES_OF: Final = {1: RULES, 2: RECOMMENDATION_RULES}
# A log entry takes 65,535 bytes, and a document names every reading, forecast and series it read.
MAX_READINGS: Final = 100
MAX_FORECASTS: Final = 20
MAX_SERIES: Final = 64
# Far more than it takes; the weightiest come first.
MAX_OBJECTIONS: Final = 200

_KEYS: Final = (
    "v", "rules", "dao", "now", "paused", "objective", "parameter", "values", "queued", "guardrail", "observations",
    "readings", "forecasts", "executor", "nonce", "evidence_root", "seed", "paths",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Evidence:
    """Something a recommendation read: what it is, its id, and the digest of exactly what was read."""

    kind: str
    id: str
    sha256: str

    def body(self) -> dict[str, str]:
        """As it stands in a document."""
        return {"kind": self.kind, "id": self.id, "sha256": self.sha256}


@dataclass(frozen=True, slots=True)
class Inputs:
    """All that a recommendation may depend on. `values` are what the parameter was, oldest first, and since when.

    `objections` are the weights of the accounts that clearly object; None in inputs of the first rules, which count `labels`.
    """

    sha256: str
    rules: str
    dao: str
    now: datetime
    paused: bool
    objective: GrowthObjective
    policy_settings: Mapping[str, object]
    parameter: TokenParameter
    values: tuple[tuple[int, datetime], ...]
    queued: tuple[ParameterChange, ...]
    guardrail: Guardrail
    guardrail_version: int
    observations: tuple[ObservedValue, ...]
    units: Mapping[str, frozenset[str]]
    labels: tuple[str, ...]
    objections: tuple[Fraction, ...] | None
    evidence: tuple[Evidence, ...]
    executor: Mapping[str, str]
    nonce: int
    evidence_root: str
    seed: int
    paths: int

    def executed(self) -> list[ExecutedChange]:
        """The changes between the values the parameter had."""
        pairs = zip(self.values, self.values[1:], strict=False)
        return [ExecutedChange(before, after, at) for (before, _), (after, at) in pairs]


def read_inputs(inputs: Mapping[str, object]) -> Inputs:
    """Read what `governance.workflow.recommend` collected; `InvalidInput` for anything missing, extra or malformed."""
    given = fields.only(inputs, _KEYS if inputs.get("v") == 1 else (*_KEYS, "objections"), field="inputs")
    version = fields.whole(given, "v", field="inputs", low=1, high=2)
    rules = fields.one_of(given, "rules", (_RULES_OF[version],), field="inputs")
    rail = fields.only(given["guardrail"], ("version", "body"), field="inputs.guardrail")
    objective = fields.only(given["objective"], ("id", "version", "body"), field="inputs.objective")
    body = cast("Mapping[str, Mapping[str, Mapping[str, object]]]", objective["body"])
    goal, guardrail = GrowthObjective.from_body(objective["body"]), Guardrail.from_body(rail["body"])
    parameter = TokenParameter.from_body(given["parameter"])
    guardrail.must_fit(parameter)
    goal.must_fit(parameter.kind)
    if goal.parameter != parameter.name:
        raise InvalidInput("inputs.objective", goal.parameter, f"must steer {parameter.name}")
    observations, units, series = _observations(_rows(given, "observations"))
    labels, read = _readings(_rows(given, "readings"))
    against, objected = (None, []) if version == 1 else _objections(_rows(given, "objections"))
    return Inputs(
        sha256=digest(inputs),
        rules=rules,
        dao=_text(given["dao"], "inputs.dao"),
        now=parse_timestamp(_text(given["now"], "inputs.now")),
        paused=fields.flag(given, "paused", field="inputs"),
        objective=goal,
        policy_settings=body["policy"]["settings"],
        parameter=parameter,
        values=_values(_rows(given, "values"), parameter),
        queued=tuple(ParameterChange.from_body(row) for row in _rows(given, "queued")),
        guardrail=guardrail,
        guardrail_version=fields.whole(rail, "version", field="inputs.guardrail", low=1),
        observations=observations,
        units=units,
        labels=labels,
        objections=against,
        evidence=(*series, *read, *objected, *_forecasts(_rows(given, "forecasts"))),
        executor=_executor(given["executor"]),
        nonce=fields.amount(given, "nonce", field="inputs", low=1),
        evidence_root=_text(given["evidence_root"], "inputs.evidence_root"),
        seed=fields.amount(given, "seed", field="inputs", low=0),
        paths=fields.whole(given, "paths", field="inputs", low=100, high=20_000),
    )


def _rows(given: Mapping[str, object], key: str) -> Sequence[object]:
    rows = given[key]
    if not isinstance(rows, (list, tuple)):
        raise InvalidInput(f"inputs.{key}", type(rows).__name__, "must be a list")
    return rows


def _text(value: object, field: str) -> str:
    if not isinstance(value, str) or not value:
        raise InvalidInput(field, value, "must be text")
    return value


def _values(rows: Sequence[object], parameter: TokenParameter) -> tuple[tuple[int, datetime], ...]:
    found = []
    for row in rows:
        given = fields.only(row, ("value", "at"), field="inputs.values")
        found.append((fields.amount(given, "value", field="inputs.values"), parse_timestamp(_text(given["at"], "inputs.values.at"))))
    if not found or found[-1][0] != parameter.value:
        raise InvalidInput("inputs.values", str(found[-1][0]) if found else "", f"must end with the present value {parameter.value}")
    return tuple(found)


def _observations(
    rows: Sequence[object],
) -> tuple[tuple[ObservedValue, ...], dict[str, frozenset[str]], list[Evidence]]:
    found: list[ObservedValue] = []
    units: dict[str, frozenset[str]] = {}
    series: dict[str, list[object]] = {}
    for row in rows:
        given = fields.only(row, ("metric", "source", "observed_at", "value", "unit"), field="inputs.observations")
        metric, source = _text(given["metric"], "metric"), _text(given["source"], "source")
        at = parse_timestamp(_text(given["observed_at"], "observed_at"))
        found.append(ObservedValue(metric, source, at, fields.decimal_text(given["value"], field=f"observations.{metric}")))
        units[metric] = units.get(metric, frozenset()) | {_text(given["unit"], "unit")}
        series.setdefault(f"{metric}/{source}", []).append([given["observed_at"], given["value"], given["unit"]])
    if len(series) > MAX_SERIES:
        raise InvalidInput("inputs.observations", len(series), f"at most {MAX_SERIES} series of one metric and source")
    return tuple(found), units, [Evidence("observations", key, digest(rows)) for key, rows in sorted(series.items())]


def _readings(rows: Sequence[object]) -> tuple[tuple[str, ...], list[Evidence]]:
    if len(rows) > MAX_READINGS:
        raise InvalidInput("inputs.readings", len(rows), f"at most {MAX_READINGS}")
    read = [fields.only(row, ("id", "task", "label", "scores", "model_sha256", "text_sha256"), field="inputs.readings") for row in rows]
    labels = tuple(_text(row["label"], "inputs.readings.label") for row in read)
    return labels, [Evidence("reading", _text(row["id"], "inputs.readings.id"), digest(row)) for row in read]


def _objections(rows: Sequence[object]) -> tuple[tuple[Fraction, ...], list[Evidence]]:
    if len(rows) > MAX_OBJECTIONS:
        raise InvalidInput("inputs.objections", len(rows), f"at most {MAX_OBJECTIONS}")
    read = [fields.only(row, ("account", "value", "weight", "said_sha256"), field="inputs.objections") for row in rows]
    accounts = [_text(row["account"], "inputs.objections.account") for row in read]
    if len(set(accounts)) < len(accounts):
        raise InvalidInput("inputs.objections", len(accounts), "an account objects once")
    weights = tuple(fields.decimal_text(row["weight"], field="inputs.objections.weight") for row in read)
    if any(not 0 <= weight <= 1 for weight in weights):
        raise InvalidInput("inputs.objections.weight", str(max(weights)), "must be between 0 and 1")
    return weights, [Evidence("objections", "evidenced", digest(rows))] if rows else []


def _forecasts(rows: Sequence[object]) -> list[Evidence]:
    if len(rows) > MAX_FORECASTS:
        raise InvalidInput("inputs.forecasts", len(rows), f"at most {MAX_FORECASTS}")
    read = [fields.only(row, ("id", "sha256"), field="inputs.forecasts") for row in rows]
    return [Evidence("forecast", _text(row["id"], "id"), _text(row["sha256"], "sha256")) for row in read]


def _executor(value: object) -> dict[str, str]:
    given = fields.only(value, ("kind", "chain_id", "verifying_contract", "target_code_hash"), field="inputs.executor")
    return {key: _text(item, f"inputs.executor.{key}") for key, item in given.items()}
