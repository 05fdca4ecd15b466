"""Turns whatever goes wrong in a request into a problem document."""

import re
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import Scope

from api.errors import PROBLEM_MEDIA_TYPE, headers_of, problem, status_of
from api.refusals import MalformedBody, NoSuchRoute, ServerError, StoreUnavailable, UnsupportedMedia, WrongMethod
from governance.errors import GovernanceError, InvalidInput

_logger = structlog.get_logger(__name__)


class ProblemResponse(JSONResponse):
    """A problem document."""

    media_type = PROBLEM_MEDIA_TYPE


def problem_response(error: GovernanceError, scope: Scope) -> Response:
    """The answer that tells `error`."""
    body = problem(error, instance=scope.get("assent.request_id"))
    return ProblemResponse(body, status_code=status_of(error), headers=headers_of(error))


def add_problem_handlers(app: FastAPI) -> None:
    """Have every refusal, framework error and unexpected error of `app` answered by a problem document."""
    app.add_exception_handler(GovernanceError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _framework)
    app.add_exception_handler(OperationalError, _store)
    app.add_exception_handler(Exception, _ours)


async def _refused(request: Request, error: Exception) -> Response:
    if not isinstance(error, GovernanceError):
        raise error
    return problem_response(error, request.scope)


async def _invalid(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    return problem_response(as_refusal(error), request.scope)


async def _framework(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    refusals: dict[int, GovernanceError] = {
        404: NoSuchRoute("nothing lives at this path"),
        405: WrongMethod(f"{request.method} is not allowed here", allow=_allowed(request)),
        415: UnsupportedMedia("Content-Type", request.headers.get("content-type"), "application/json"),
        400: MalformedBody("body", None, str(error.detail)),
    }
    return problem_response(refusals.get(error.status_code, ServerError("this is an error of ours")), request.scope)


def _allowed(request: Request) -> str:
    """Every method of the path; the router itself knows only those of the first route that matched."""
    paths: dict[str, dict[str, Any]] = request.app.openapi()["paths"]
    methods: set[str] = set()
    for template, operations in paths.items():
        pattern = "".join(part if index % 2 == 0 else "[^/]+" for index, part in enumerate(re.split(r"(\{[^}]*\})", template)))
        if re.fullmatch(pattern, request.url.path):
            methods |= {method.upper() for method in operations}
    return ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))


async def _store(request: Request, error: Exception) -> Response:
    _logger.error("store_unavailable", error=type(error).__name__)
    return problem_response(StoreUnavailable("the database did not answer", retry_after_s=2), request.scope)


async def _ours(request: Request, error: Exception) -> Response:
    # The server above logs the traceback; the asker learns the request's id and nothing of our insides.
    _logger.error("server_error", error=type(error).__name__)
    return problem_response(ServerError("this is an error of ours"), request.scope)


def as_refusal(error: RequestValidationError) -> InvalidInput:
    """The first thing wrong in a request, as field, value and rule; how many more there are is said too."""
    found: list[dict[str, Any]] = list(error.errors())
    first = found[0]
    location = ".".join(str(part) for part in first["loc"])
    if first["type"] == "json_invalid":
        return MalformedBody("body", None, f"JSON: {first.get('ctx', {}).get('error', first['msg'])}")
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return InvalidInput(location, first.get("input"), first["msg"].removeprefix("Value error, ") + more)
