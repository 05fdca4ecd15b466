"""Linear algebra on one thread."""

from contextlib import AbstractContextManager
from functools import cache

from threadpoolctl import ThreadpoolController


def one_thread() -> AbstractContextManager[object]:
    """Keeps linear algebra to one thread.

    Matrices of some hundred rows gain little from a second one, and on a busy machine the two wait for each other: a
    factor took a hundred times as long.
    """
    limit: AbstractContextManager[object] = _libraries().limit(limits=1, user_api="blas")
    return limit


@cache
def _libraries() -> ThreadpoolController:
    """Those loaded by the time that linear algebra is first needed."""
    return ThreadpoolController()
