"""Schemathesis calls every operation with generated requests, valid and not: no server error, nothing undocumented."""

import json
from typing import Any, cast

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, strategies
from schemathesis import Case, GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.python import asgi
from schemathesis.schemas import APIOperation, BaseSchema
from schemathesis.specs.openapi.checks import positive_data_acceptance

from api.app import create_app
from api.runtime import Runtime
from api.settings import Settings
from tests.api.conftest import ADMIN_KEY, settings_for
from tests.api.seeds import seed_deployment

# Together with the operations of today: over 1,000 calls without a key and over 1,000 with one.
_EXAMPLES = 12
_LEAST_CALLS = 1_000
_SEED = 20_261_121


@schemathesis.serializer("application/x-ndjson")
def _as_lines(_context: schemathesis.SerializationContext, value: Any) -> bytes:  # whatever was generated
    """A batch: one JSON document per line."""
    rows = value if isinstance(value, list) else [value]
    return b"\n".join(row if isinstance(row, bytes) else json.dumps(row, default=str).encode() for row in rows)


@pytest.fixture
def settings(sqlite_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """What is documented does not depend on the kind of database."""
    return settings_for(sqlite_url, tmp_path_factory.mktemp("state"))


@pytest.mark.timeout(900)
@pytest.mark.parametrize("key", [None, ADMIN_KEY], ids=["without_a_key", "with_a_key"])
def test_every_operation_answers_every_request_as_documented(runtime: Runtime, key: str | None) -> None:
    """A frontend is generated from the document: what it does not say must not happen."""
    known_ids = seed_deployment(runtime)
    app = create_app(runtime.settings, runtime=runtime)
    schema = schemathesis.openapi.from_asgi("/v1/openapi.json", app)
    headers = {} if key is None else {"X-API-Key": key}
    calls, failures = 0, []
    with asgi.get_client(cast("asgi.ASGIApp", app)) as client:
        for operation in _operations(schema):
            made, failure = _exercise(operation, client, headers, known_ids)
            calls += made
            failures += failure

    assert not failures, "\n\n".join(failures)
    assert calls >= _LEAST_CALLS


def _operations(schema: BaseSchema) -> list[APIOperation[Any, Any, Any, Any]]:
    found = []
    for result in schema.get_all_operations():
        assert isinstance(result, Ok), result
        found.append(result.ok())
    return found


def _exercise(
    operation: APIOperation[Any, Any, Any, Any], client: asgi.ASGIClient, headers: dict[str, str], known_ids: dict[str, str]
) -> tuple[int, list[str]]:
    """Call one operation many times; how often, and what was wrong."""
    calls = 0

    @hypothesis.seed(_SEED)
    @hypothesis.settings(
        max_examples=_EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE), real=strategies.booleans())
    def _valid(case: Case[Any], *, real: bool) -> None:
        _call(case, real=real)

    @hypothesis.seed(_SEED)
    @hypothesis.settings(
        max_examples=_EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(case=operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def _invalid(case: Case[Any]) -> None:
        _call(case, real=False)

    def _call(case: Case[Any], *, real: bool) -> None:
        nonlocal calls
        calls += 1
        if real:  # ids that exist, so that the generated rest reaches the rules behind them
            for name in case.path_parameters or {}:
                case.path_parameters[name] = known_ids.get(name, case.path_parameters[name])
        answer = case.call(session=client, headers=headers)
        # A request can fit the schema and still be refused: a cursor of another list, a change beyond its guardrail.
        case.validate_response(answer, headers=headers, excluded_checks=[positive_data_acceptance])

    failures = []
    for run in (_valid, _invalid):
        try:
            run()
        except FailureGroup as group:
            failures += [f"{operation.label}: {failure}" for failure in group.exceptions]
        except hypothesis.errors.Unsatisfiable:
            continue  # an operation that takes nothing has no invalid request
        except Exception as error:  # noqa: BLE001  # an error of the server itself, told with its operation
            failures.append(f"{operation.label}: {type(error).__name__}: {error}"[:2_000])
    return calls, failures
