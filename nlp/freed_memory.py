"""Memory that was freed, back to the system."""

import ctypes
from functools import cache
from typing import Any


def give_back() -> None:
    """Have the allocator give back what it keeps of freed memory (glibc's `malloc_trim`); elsewhere nothing happens.

    Batches of texts come in every length, and each leaves a hole that hardly another fits into: after 800 short texts the process
    held 170 MB of them. It takes some milliseconds.
    """
    trim = _trim()
    if trim is not None:
        trim(0)


@cache
def _trim() -> Any:  # noqa: ANN401  # a C function, or None
    try:
        return getattr(ctypes.CDLL(None), "malloc_trim", None)
    except (OSError, TypeError):  # no C library to be opened by that name
        return None
