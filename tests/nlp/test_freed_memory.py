"""What was freed goes back to the system, also where something behind it is still in use; few kernels are kept."""

import os
import platform
from pathlib import Path

import pytest

from nlp.freed_memory import give_back, keep_few_kernels

_BLOCK, _BLOCKS = 100_000, 1_000


def resident() -> int:
    """Bytes of this process in memory, as proc(5) has them."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4_096


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc keeps what was freed")
def test_holes_among_what_is_in_use_are_given_back() -> None:
    """Each fourth block stays, so that no end of the heap is free."""
    blocks = [bytearray(b"x" * _BLOCK) for _ in range(_BLOCKS)]
    kept = blocks[::4]
    del blocks
    before = resident()
    give_back()

    assert resident() < before - _BLOCK * _BLOCKS // 2
    assert sum(map(len, kept)) == _BLOCK * _BLOCKS // 4


def test_the_environment_may_name_another_number_of_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sets oneDNN's own variable meant it."""
    monkeypatch.setenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "1")  # so that the environment is as before at the end
    monkeypatch.delenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY")
    keep_few_kernels()
    ours = os.environ["ONEDNN_PRIMITIVE_CACHE_CAPACITY"]
    monkeypatch.setenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "700")
    keep_few_kernels()

    assert (ours, os.environ["ONEDNN_PRIMITIVE_CACHE_CAPACITY"]) == ("128", "700")
