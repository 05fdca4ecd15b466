"""Collects what a recommendation may depend on, as known at a time, into the mapping that is stored and replayed."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from sqlmodel import Session

from governance.canonical import digest, fixed, timestamp
from governance.errors import Conflict
from governance.executions import ACCEPTED, IN_FLIGHT
from governance.guardrails import Guardrail
from governance.mood.objections import objections
from governance.mood.scores import Score, score
from governance.mood.speech import Speech
from governance.operations import dry_run_target
from governance.recommendation_inputs import MAX_FORECASTS, MAX_OBJECTIONS, MAX_READINGS, RECOMMENDATION_RULES
from governance.records import decision_log, mood, objectives, parameters
from governance.records import recommendation_evidence as evidence
from governance.records.daos import Dao
from governance.records.evidence import Reading
from governance.records.mood import Said, Scope
from governance.records.observations import Observation
from governance.records.parameters import Parameter
from governance.records.recommendations import in_states
from governance.tokenomics.objectives import GrowthObjective
from governance.tokenomics.situation import WINDOW_DAYS

PATHS: Final = 2_000  # the 5 % tail is then made of 100 paths
_TEXTS_FROM: Final = timedelta(days=14)


def collect_inputs(session: Session, dao: Dao, parameter: Parameter, *, chain_id: int, ts: datetime) -> dict[str, object]:
    """The inputs of `governance.recommendations.recommend` at the DAO's time `ts`. Writes nothing.

    Raises:
        Conflict: the parameter has no objective or no guardrail.
    """
    objective = objectives.objective_of(session, dao.id, parameter.name)
    rails = parameters.guardrail_versions(session, parameter.id)
    if objective is None or not rails:
        missing = "objective" if objective is None else "guardrail"
        raise Conflict(f"{parameter.name} has no {missing} yet", parameter=parameter.name, rule=f"set its {missing} first")
    rail, nonce = rails[-1], dao.next_nonce
    metrics = Guardrail.from_body(rail.body).metrics(GrowthObjective.from_body(objective.body).read_metrics())
    observed = evidence.observations_known(session, dao.id, metrics, since=ts - timedelta(days=WINDOW_DAYS), now=ts)
    readings = evidence.readings_known(session, dao.id, since=ts - _TEXTS_FROM, now=ts, limit=MAX_READINGS)
    forecasts = evidence.forecasts_known(session, dao.id, since=ts - _TEXTS_FROM, now=ts, limit=MAX_FORECASTS)
    queued = [row for row in in_states(session, parameter_id=parameter.id, states=ACCEPTED | IN_FLIGHT) if row.kind == "parameter_change"]
    return {
        "v": 2,
        "rules": RECOMMENDATION_RULES,
        "dao": dao.id,
        "now": timestamp(ts),
        "paused": dao.paused,
        "objective": {"id": objective.id, "version": objective.version, "body": objective.body},
        "parameter": {"name": parameter.name, "kind": parameter.kind, "unit": parameter.unit, "value": parameter.value},
        "values": [{"value": old.value, "at": timestamp(old.known_at)} for old in parameters.values_of(session, parameter.id)],
        "queued": [row.document["change"] for row in queued],
        "guardrail": {"version": rail.version, "body": rail.body},
        "observations": _observations(observed),
        "readings": sorted((_reading(row) for row in readings), key=lambda row: str(row["id"])),
        "objections": _objections(session, dao.id, since=ts - _TEXTS_FROM, now=ts),
        "forecasts": sorted(({"id": row.id, "sha256": row.sha256} for row in forecasts), key=lambda row: row["id"]),
        "executor": dry_run_target(dao.id, chain_id=chain_id),
        "nonce": str(nonce),
        "evidence_root": "0x" + decision_log.tree_head(session).root.hex(),
        "seed": str(_seed(dao.id, parameter.name, nonce)),
        "paths": PATHS,
    }


def _observations(rows: Sequence[Observation]) -> list[dict[str, str]]:
    # Sorted here: how a database collates text is not part of the inputs.
    ordered = sorted(rows, key=lambda row: (row.observed_at, row.metric, row.source))
    return [
        {
            "metric": row.metric,
            "source": row.source,
            "observed_at": timestamp(row.observed_at),
            "value": row.value,
            "unit": row.unit,
        }
        for row in ordered
    ]


def _reading(row: Reading) -> dict[str, object]:
    return {
        "id": row.id,
        "task": row.task,
        "label": row.label,
        "scores": row.scores,
        "model_sha256": row.model_sha256,
        "text_sha256": row.text_sha256,
    }


def _objections(session: Session, dao_id: str, *, since: datetime, now: datetime) -> list[dict[str, str]]:
    """The accounts with voting power that clearly object, each once, as `mood.said` knows what was said by then.

    All texts of the window are looked at, however many came later; proposals' own are not among them.
    """
    said = _said(session, dao_id, since=since, now=now)
    if not said:
        return []
    histories = mood.histories(session, dao_id, {each.account for each, _ in said}, as_of=now)
    speech = [Speech(each.id, histories.person(each.account, at=now), each.known_at, each.digest, each.text, found) for each, found in said]
    known = {each.account: histories.known(each.account, begins=since, ends=now) for each in speech}
    registered = sum(histories.electorate(now).values(), Decimal(0))
    read: defaultdict[str, list[list[str]]] = defaultdict(list)
    for (each, _), spoken in zip(said, speech, strict=True):
        read[spoken.account].append([each.id, each.digest, each.model])
    return [
        {
            "account": each.account,
            "value": fixed(each.value),
            "weight": fixed(each.weight),
            "said_sha256": digest(sorted(read[each.account])),
        }
        for each in objections(speech, known, begins=since, electorate_power=registered)[:MAX_OBJECTIONS]
    ]


def _said(session: Session, dao_id: str, *, since: datetime, now: datetime) -> list[tuple[Said, Score]]:
    """Each text once: by its stance toward what it is about, and by how it feels where no stance was read."""
    found: dict[str, tuple[Said, Score]] = {}
    for task in ("sentiment", "stance"):
        for each in mood.said(session, Scope(dao_id), task=task, since=since, as_of=now):
            read = score(task, each.label, each.scores)
            if read is not None:
                found[each.id] = each, read
    return [found[id_] for id_ in sorted(found)]


def _seed(dao_id: str, parameter: str, nonce: int) -> int:
    """A seed nobody chooses: it follows from what the recommendation is about and its number, not from the observations."""
    return int(digest({"dao": dao_id, "parameter": parameter, "nonce": str(nonce)})[:12], 16)
