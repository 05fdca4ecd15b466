"""Query parameters: one that a route does not know is refused, since an answer without the filter asked for is a wrong answer."""

from typing import Final

from fastapi import Request
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Query
from fastapi.routing import APIRoute

from governance.errors import InvalidInput

# Where a route remembers the names of its parameters: routes have no hash to be remembered by.
_KEPT: Final = "assent_parameters"


async def only_known_parameters(request: Request) -> None:
    """A dependency of every route.

    Raises:
        InvalidInput: the query names a parameter that the route does not have.
    """
    if not request.scope["query_string"]:
        return
    route = request.scope.get("route")
    if not isinstance(route, APIRoute):
        return
    known = route.__dict__.get(_KEPT)
    if known is None:
        known = route.__dict__[_KEPT] = _parameters(route)
    for name, value in request.query_params.multi_items():
        if name not in known:
            rule = f"is not known here; known are: {', '.join(sorted(known))}" if known else "is not known here: this takes none"
            raise InvalidInput(f"query.{name[:80]}", value[:120], rule)


def _parameters(route: APIRoute) -> frozenset[str]:
    return frozenset(field.alias for field in get_flat_params(route.dependant) if isinstance(field.field_info, Query))
