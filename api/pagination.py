"""Pages: one shape for every list, and an opaque cursor that only this deployment can make."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Generic, TypeVar

from fastapi import Depends, Query, Request
from pydantic import BaseModel, Field

from governance.errors import InvalidInput

T = TypeVar("T")
MAX_LIMIT = 200
DEFAULT_LIMIT = 50
_TAG_BYTES = 12
# What selects a place in a list and not the list itself.
_PLACE = frozenset({"cursor", "limit"})

Key = tuple[str | int, ...]


class Page(BaseModel, Generic[T]):
    """One page of a list, and how fresh and whole the list is."""

    items: list[T] = Field(description="The rows, in the list's stable order.")
    next_cursor: str | None = Field(description="Give it as `cursor` to get what follows; null at the end.")
    as_of: datetime = Field(description="The moment as of which the list was read.")
    indexed_to: datetime | None = Field(description="The newest moment anything in it was known; null when it is empty.")
    complete: bool = Field(description="Whether everything known to the sources up to `as_of` is in.")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which part of a list is asked for. `after` is the sort key of the last row already seen, None at the start."""

    limit: int
    after: Key | None
    scope: str
    secret: bytes

    def next_cursor(self, keys: Sequence[Key]) -> str | None:
        """The cursor behind the last row given, from the sort keys of up to `limit` + 1 rows read; None at the end.

        Queries read one row more than `limit`; the surplus says that there is more.
        """
        return None if len(keys) <= self.limit else make_cursor(keys[self.limit - 1], scope=self.scope, secret=self.secret)


def page_request(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Most rows to give.")] = DEFAULT_LIMIT,
    cursor: Annotated[str | None, Query(max_length=600, description="`next_cursor` of the page before; opaque.")] = None,
) -> PageRequest:
    """The page a request asks for; a cursor that was not made for exactly this list is refused."""
    filters = sorted((name, value) for name, value in request.query_params.multi_items() if name not in _PLACE)
    scope = json.dumps([request.url.path, filters])
    secret: bytes = request.app.state.cursor_secret
    after = None if cursor is None else read_cursor(cursor, scope=scope, secret=secret)
    return PageRequest(limit=limit, after=after, scope=scope, secret=secret)


PageDep = Annotated[PageRequest, Depends(page_request)]


def make_cursor(key: Key, *, scope: str, secret: bytes) -> str:
    """An opaque, authenticated cursor to the row behind sort key `key` in the list `scope`."""
    body = json.dumps(key, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_tag(body, scope, secret) + body).decode().rstrip("=")


def read_cursor(cursor: str, *, scope: str, secret: bytes) -> Key:
    """The sort key in `cursor`.

    Raises:
        InvalidInput: it was made up, altered, or made for another list or other filters.
    """
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    tag, body = raw[:_TAG_BYTES], raw[_TAG_BYTES:]
    if not body or not hmac.compare_digest(tag, _tag(body, scope, secret)):
        raise InvalidInput("cursor", cursor, "a next_cursor of this list, with the same filters")
    return tuple(json.loads(body))


def _tag(body: bytes, scope: str, secret: bytes) -> bytes:
    return hmac.new(secret, scope.encode() + b"\0" + body, hashlib.sha256).digest()[:_TAG_BYTES]
