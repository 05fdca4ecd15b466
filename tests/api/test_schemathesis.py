"""Schemathesis calls every operation with generated requests, valid and not: no server error, nothing undocumented."""

import traceback
from collections.abc import Callable
from typing import Any, cast

import httpx
import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, strategies
from schemathesis import Case, GenerationMode
from schemathesis.checks import CheckFunction
from schemathesis.config import SchemathesisConfig
from schemathesis.core.result import Ok
from schemathesis.python import asgi
from schemathesis.schemas import APIOperation, BaseSchema
from schemathesis.specs.openapi.checks import positive_data_acceptance

from api.app import create_app
from api.ndjson import MEDIA_TYPE as NDJSON
from api.runtime import Runtime
from api.settings import Settings
from tests.api.conftest import ADMIN_KEY, settings_for
from tests.api.ndjson_bodies import ndjson_bodies
from tests.api.seeds import seed_decision, seed_deployment

# Together with the operations of today: over 1,000 calls without a key and over 1,000 with one.
_LEAST_CALLS = 1_000
# So many operations must also be seen to succeed: requests that are all refused would test nothing behind the refusal.
_LEAST_SERVED = 45
_SEED = 20_261_121
# The first forecast and the first reading load their models, which takes as long as it takes: no test of ours is timed.
_PATIENCE_S = 300
_SETTINGS = hypothesis.settings(
    max_examples=9,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=False,
)
# Every check but one. `positive_data_acceptance` demands that whatever fits the schema is accepted, and much that fits is
# refused on purpose: a made-up cursor is text, as the schema says, and must be 422; a change can be well-formed and beyond
# its guardrail. No schema can say that; the tests of those refusals do.
_EXCLUDED: list[CheckFunction] = [positive_data_acceptance]
# Schemathesis's own list of proper refusals lacks 413: a text beyond its longest is refused as a body beyond its largest.
_REFUSALS = ["400", "401", "403", "404", "405", "406", "409", "413", "415", "422", "428", "429"]
_CONFIG = {"checks": {"negative_data_rejection": {"expected-statuses": _REFUSALS}}}

schemathesis.openapi.media_type(NDJSON, ndjson_bodies())


@pytest.fixture
def settings(sqlite_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """What is documented does not depend on the kind of database."""
    return settings_for(sqlite_url, tmp_path_factory.mktemp("state"))


@pytest.mark.encoder
@pytest.mark.timeout(900)
@pytest.mark.parametrize("key", [None, ADMIN_KEY], ids=["without_a_key", "with_a_key"])
def test_every_operation_answers_every_request_as_documented(runtime: Runtime, api: httpx.Client, key: str | None) -> None:
    """A frontend is generated from the document: what it does not say must not happen."""
    known_ids = seed_deployment(runtime) | seed_decision(runtime, api)
    app = create_app(runtime.settings, runtime=runtime)
    schema = schemathesis.openapi.from_asgi("/v1/openapi.json", app, config=SchemathesisConfig.from_dict(_CONFIG))
    headers = {} if key is None else {"X-API-Key": key}
    calls, served, failures = 0, 0, []
    with asgi.get_client(cast("asgi.ASGIApp", app)) as client:
        for operation in _operations(schema):
            statuses, wrong = _exercise(operation, client, headers, known_ids)
            calls += len(statuses)
            served += any(status < 300 for status in statuses)
            failures += wrong

    assert not failures, "\n\n".join(failures)
    assert calls >= _LEAST_CALLS
    assert served >= _LEAST_SERVED


def _operations(schema: BaseSchema) -> list[APIOperation[Any, Any, Any, Any]]:
    found = []
    for result in schema.get_all_operations():
        assert isinstance(result, Ok), result
        found.append(result.ok())
    return found


def _exercise(
    operation: APIOperation[Any, Any, Any, Any], client: asgi.ASGIClient, headers: dict[str, str], known_ids: dict[str, str]
) -> tuple[list[int], list[str]]:
    """Call one operation many times; the statuses of its answers, and what was wrong."""
    statuses: list[int] = []

    def _call(case: Case[Any], *, real: bool) -> None:
        if real:  # ids that exist, so that the generated rest reaches the rules behind them
            for name in case.path_parameters or {}:
                case.path_parameters[name] = known_ids.get(name, case.path_parameters[name])
            if headers:  # made-up credentials beside the good key would be refused before anything else
                case.headers.pop("Authorization", None)
        answer = case.call(session=client, headers=headers, timeout=_PATIENCE_S)
        statuses.append(answer.status_code)
        case.validate_response(answer, headers=headers, excluded_checks=_EXCLUDED)

    @hypothesis.seed(_SEED)
    @_SETTINGS
    @given(case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE), real=strategies.booleans())
    def _valid(case: Case[Any], *, real: bool) -> None:
        _call(case, real=real)

    @hypothesis.seed(_SEED)
    @_SETTINGS
    @given(case=operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def _invalid(case: Case[Any]) -> None:
        _call(case, real=False)

    return statuses, [*_wrong_in(_valid, operation.label), *_wrong_in(_invalid, operation.label)]


def _wrong_in(run: Callable[[], None], label: str) -> list[str]:
    try:
        run()
    except hypothesis.errors.Unsatisfiable:
        pass  # an operation that takes nothing has no invalid request
    except ExceptionGroup as group:  # what the checks found, or what failed once and then did not
        return [f"{label}: {type(group).__name__}: {_told(failure)}" for failure in group.exceptions]
    except Exception as error:  # noqa: BLE001  # an error of the server itself, told with its operation
        return [f"{label}: {_told(error)}"]
    return []


def _told(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))[-3_000:]
