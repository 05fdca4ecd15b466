"""Refusals that only a server knows: who asks, how often, how much, and whether the store can answer now."""

from governance.errors import Conflict, Forbidden, GovernanceError, InvalidInput


class Unauthenticated(GovernanceError):
    """The API key is unknown, expired or revoked, or the request needs one and has none."""

    code = "unauthenticated"


class OtherDao(Forbidden):
    """The API key is for another DAO."""

    code = "other_dao"


class MalformedBody(InvalidInput):
    """The body is not JSON, or JSON that two readers could read differently."""

    code = "malformed_body"


class BodyTooLarge(InvalidInput):
    """The body, or one line of it, is larger than is read."""

    code = "body_too_large"


class UnsupportedMedia(InvalidInput):
    """The body is of a media type that this operation does not take."""

    code = "unsupported_media_type"


class NoSuchRoute(GovernanceError):
    """Nothing lives at this path."""

    code = "no_such_route"


class WrongMethod(GovernanceError):
    """The path is known, the method is not allowed there."""

    code = "method_not_allowed"


class KeyReused(InvalidInput):
    """The Idempotency-Key came before with another request."""

    code = "idempotency_key_reused"


class InFlight(Conflict):
    """A request with this Idempotency-Key is being worked on now."""

    code = "request_in_flight"


class TooManyRequests(GovernanceError):
    """The caller used up its rate. `retry_after_s` says when it has some again."""

    code = "too_many_requests"


class Busy(GovernanceError):
    """Too much is waiting, or the server is stopping; nothing was done. `retry_after_s` says when to try again."""

    code = "busy"


class StoreUnavailable(GovernanceError):
    """The database did not answer; nothing was done. `retry_after_s` says when to try again."""

    code = "store_unavailable"


class ServerError(GovernanceError):
    """An error of ours; nothing was done, or what was done is complete and logged."""

    code = "server_error"
