"""The OpenAPI 3.1 document: what every operation shares is written here once, so that no route can forget it."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api import refusals
from api.errors import PROBLEM_MEDIA_TYPE, Problem, problems
from governance import errors

_METHODS = frozenset({"get", "put", "post", "patch", "delete"})
_WRITES = _METHODS - {"get"}
_DESCRIPTION = """Governance copilot for DAOs: it reads what a DAO says and does, forecasts, and recommends changes inside the
guardrails the DAO set. Nothing is applied without the DAO's recorded consent to that exact change.

Reads are open. Writes need an API key (`Authorization: Bearer …` or `X-API-Key`) with the role named at the operation.
Errors are RFC 9457 problem documents; amounts are decimal strings; times are RFC 3339 with a zone; lists are pages with
an opaque `cursor`. Any write may carry an `Idempotency-Key`; any read an `If-None-Match`."""

_KEY_HEADER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "1 to 128 visible ASCII characters. The same request under the same key has one effect and one answer; "
    "another request under it is refused.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]+$"},
}
_TAG_HEADER = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "An `ETag` of an earlier answer; 304 if nothing changed since.",
    "schema": {"type": "string"},
}
_RATE_HEADERS = {
    "RateLimit-Limit": {"description": "Requests allowed per window.", "schema": {"type": "string"}},
    "RateLimit-Remaining": {"description": "Requests left in this window.", "schema": {"type": "string"}},
    "RateLimit-Reset": {"description": "Seconds until the window ends.", "schema": {"type": "string"}},
}
_RETRY_HEADER = {"Retry-After": {"description": "Seconds to wait before trying again.", "schema": {"type": "string"}}}


def describe(app: FastAPI) -> None:
    """Have `app` serve this house's OpenAPI document."""

    def _openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = openapi(app)
        return app.openapi_schema

    app.openapi = _openapi  # type: ignore[method-assign]  # FastAPI documents this as the way


def openapi(app: FastAPI) -> dict[str, Any]:
    """The document of all routes of `app`."""
    document = get_openapi(
        title=app.title,
        version=app.version,
        openapi_version="3.1.0",
        summary="Predicts, recommends inside guardrails, applies only with recorded consent.",
        description=_DESCRIPTION,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        routes=app.routes,
        servers=[{"url": "/"}],
    )
    components = document.setdefault("components", {})
    schemas: dict[str, Any] = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas["Problem"] = Problem.model_json_schema()
    components["securitySchemes"] = {
        "apiKey": {"type": "http", "scheme": "bearer", "description": "An API key made with `assent keys create`."},
        "apiKeyHeader": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The same key."},
    }
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method in _METHODS:
                _complete(path, method, operation)
    return document


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    responses: dict[str, Any] = operation["responses"]
    if _is_default_refusal(responses.get("422")):
        del responses["422"]
    kinds: list[type[errors.GovernanceError]] = []
    if method in _WRITES:
        operation.setdefault("security", [{"apiKey": []}, {"apiKeyHeader": []}])
        if operation["operationId"] != "issueKey":  # its answer shows a secret and is not kept
            operation.setdefault("parameters", []).append(_KEY_HEADER)
        kinds += [refusals.KeyReused, refusals.InFlight, refusals.BodyTooLarge, refusals.MalformedBody, refusals.UnsupportedMedia]
        kinds += [errors.Forbidden, refusals.OtherDao]
    else:
        operation.setdefault("security", [{}, {"apiKey": []}, {"apiKeyHeader": []}])
        operation.setdefault("parameters", []).append(_TAG_HEADER)
        kinds += [refusals.BodyTooLarge, refusals.MalformedBody, refusals.UnsupportedMedia]
        responses.setdefault("304", {"description": "Nothing changed since the answer that `If-None-Match` names."})
    if "{" in path:
        kinds.append(errors.NotFound)
    kinds.append(errors.InvalidInput)  # at least: an unknown query parameter
    for status, answer in problems(*kinds).items():
        _add(responses, str(status), answer)
    for status, answer in responses.items():
        _finish_answer(status, answer)


def _add(responses: dict[str, Any], status: str, answer: dict[str, Any]) -> None:
    known = responses.setdefault(status, {"description": answer["description"], "content": {}})
    content = known.setdefault("content", {}).setdefault(PROBLEM_MEDIA_TYPE, {"schema": {"$ref": "#/components/schemas/Problem"}})
    for name, example in answer["content"][PROBLEM_MEDIA_TYPE]["examples"].items():
        content.setdefault("examples", {}).setdefault(name, example)


def _finish_answer(status: str, answer: dict[str, Any]) -> None:
    headers = answer.setdefault("headers", {})
    headers.update(_RATE_HEADERS)
    if status in {"429", "503"}:
        headers.update(_RETRY_HEADER)
    if status == "200":
        headers["ETag"] = {"description": "Names this very answer; give it as `If-None-Match`.", "schema": {"type": "string"}}
    if PROBLEM_MEDIA_TYPE in answer.get("content", {}):
        answer["content"].pop("application/json", None)


def _is_default_refusal(answer: dict[str, Any] | None) -> bool:
    return answer is not None and "HTTPValidationError" in str(answer.get("content", {}).get("application/json", {}))
