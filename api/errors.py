"""The one table of refusals and their HTTP status, and how a refusal is told: RFC 9457 problem documents."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, Field

from api import refusals
from governance import errors

PROBLEM_MEDIA_TYPE = "application/problem+json"
_TYPE_PREFIX = "urn:assent:problem:"

STATUS: dict[type[errors.GovernanceError], int] = {
    errors.InvalidInput: 422,
    errors.NotFound: 404,
    errors.Forbidden: 403,
    errors.SignatureRefused: 403,
    errors.Conflict: 409,
    errors.IllegalTransition: 409,
    errors.GuardrailBreached: 409,
    errors.AlreadyRecorded: 409,
    errors.ConsentRequired: 409,
    errors.Expired: 410,
    errors.Paused: 503,
    errors.ModelUnavailable: 503,
    errors.LogDiscontinuity: 503,
    errors.ConfigurationError: 503,
    refusals.Unauthenticated: 401,
    refusals.OtherDao: 403,
    refusals.MalformedBody: 400,
    refusals.BodyTooLarge: 413,
    refusals.UnsupportedMedia: 415,
    refusals.NoSuchRoute: 404,
    refusals.WrongMethod: 405,
    refusals.KeyReused: 422,
    refusals.InFlight: 409,
    refusals.TooManyRequests: 429,
    refusals.Busy: 503,
    refusals.StoreUnavailable: 503,
    refusals.ServerError: 500,
}

# Details that are told in a header as well, or only there.
_RETRY_AFTER = "retry_after_s"


class Problem(BaseModel):
    """An RFC 9457 problem. Beside these fields stand the values that decided: `field`, `value`, `rule`, `limit` and so on."""

    type: str = Field(description="URN of the kind of problem; ends in `code`.", examples=["urn:assent:problem:invalid_input"])
    title: str = Field(description="What this kind of problem is.", examples=["A value breaks a rule of form."])
    status: int = Field(description="The HTTP status, again.", examples=[422])
    detail: str = Field(description="What happened this time, safe to show.", examples=["limit: at most 200"])
    code: str = Field(description="Stable name of the kind of problem.", examples=["invalid_input"])
    instance: str | None = Field(None, description="The request's id; it stands in the server's log too.")

    model_config = {"extra": "allow"}


def status_of(error: errors.GovernanceError) -> int:
    """The status of `error`: its own, or its nearest ancestor's."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def problem(error: errors.GovernanceError, *, instance: str | None = None) -> dict[str, Any]:
    """`error` as a problem document; details never overwrite the standard members."""
    details = {name: value for name, value in error.details.items() if name != _RETRY_AFTER}
    return {
        **_plain(details),
        "type": _TYPE_PREFIX + error.code,
        "title": _title(type(error)),
        "status": status_of(error),
        "detail": error.message,
        "code": error.code,
        "instance": instance,
    }


def headers_of(error: errors.GovernanceError) -> dict[str, str]:
    """What the answer says in headers: when to try again, how to authenticate, which methods there are."""
    headers = {}
    if _RETRY_AFTER in error.details or status_of(error) == 503:
        headers["Retry-After"] = str(error.details.get(_RETRY_AFTER, 30))
    if isinstance(error, refusals.Unauthenticated):
        headers["WWW-Authenticate"] = 'Bearer realm="assent"'
    if isinstance(error, refusals.WrongMethod) and "allow" in error.details:
        headers["Allow"] = str(error.details["allow"])
    return headers


def problems(*kinds: type[errors.GovernanceError]) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route that may refuse with `kinds`, each with an example, beside what every route may say."""
    by_status: dict[int | str, dict[str, Any]] = {}
    for kind in dict.fromkeys((*kinds, *_EVERYWHERE)):
        answer = by_status.setdefault(_status_of_kind(kind), {"examples": {}, "titles": []})
        answer["examples"][kind.code] = {"summary": _title(kind), "value": problem(_example(kind), instance="req_3f1c9a")}
        answer["titles"].append(_title(kind))
    return {
        status: {
            "model": Problem,
            "description": " Or: ".join(answer["titles"]),
            "content": {PROBLEM_MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": answer["examples"]}},
        }
        for status, answer in sorted(by_status.items(), key=lambda item: str(item[0]))
    }


_EVERYWHERE: tuple[type[errors.GovernanceError], ...] = (
    errors.InvalidInput,
    refusals.Unauthenticated,
    refusals.TooManyRequests,
    refusals.Busy,
    refusals.StoreUnavailable,
)

_EXAMPLES: dict[type[errors.GovernanceError], errors.GovernanceError] = {
    errors.InvalidInput: errors.InvalidInput("limit", 500, "at most 200"),
    errors.NotFound: errors.NotFound("proposal", "prop_aaaaaaaaaaaaaaaaaaaaaaaaaa"),
    errors.Forbidden: errors.Forbidden("this needs the role proposer", role="proposer"),
    errors.SignatureRefused: errors.SignatureRefused("signed by another address", field="signature"),
    errors.IllegalTransition: errors.IllegalTransition("EXECUTED is final", state="EXECUTED", entry="recommendation.cancelled"),
    errors.GuardrailBreached: errors.GuardrailBreached("max_step", "50", "80"),
    errors.Expired: errors.Expired("the recommendation expired", expired_at="2026-11-21T12:00:00Z"),
    errors.Paused: errors.Paused("the DAO is paused", dao="demo.assent"),
    errors.ModelUnavailable: errors.ModelUnavailable("the sentiment model cannot be loaded", model="sentiment"),
    refusals.MalformedBody: refusals.MalformedBody("body.power", "power", "each key at most once"),
    refusals.BodyTooLarge: refusals.BodyTooLarge("body", 300_000, "at most 262144 bytes"),
    refusals.UnsupportedMedia: refusals.UnsupportedMedia("Content-Type", "text/xml", "application/json"),
    refusals.KeyReused: refusals.KeyReused("Idempotency-Key", "order-7", "one key, one request"),
    refusals.TooManyRequests: refusals.TooManyRequests("5000 per 1 second are used up", limit="5000 per 1 second", retry_after_s=1),
    refusals.Unauthenticated: refusals.Unauthenticated("the API key is unknown, expired or revoked"),
}


def _example(kind: type[errors.GovernanceError]) -> errors.GovernanceError:
    if kind in _EXAMPLES:
        return _EXAMPLES[kind]
    if issubclass(kind, errors.InvalidInput):
        return kind("field", "value", "rule")
    error = kind.__new__(kind)
    errors.GovernanceError.__init__(error, _title(kind))
    return error


def _status_of_kind(kind: type[errors.GovernanceError]) -> int:
    return next(STATUS[ancestor] for ancestor in kind.__mro__ if ancestor in STATUS)


def _title(kind: type[errors.GovernanceError]) -> str:
    return (kind.__doc__ or kind.code).strip().splitlines()[0]


def _plain(details: Mapping[str, object]) -> dict[str, object]:
    return dict(_pairs(details))


def _pairs(details: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for name, value in details.items():
        yield name, value if isinstance(value, (str, int, bool, list, dict, type(None))) else str(value)
