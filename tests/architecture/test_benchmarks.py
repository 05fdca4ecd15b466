"""`make bench` runs every benchmark there is, and nothing that is none."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
# What benchmarks start or import, what chose their rows, and what draws their figures.
_SUPPORT = {"attack_texts", "bare_handler", "load", "reliability", "repeated_pairs"}


def test_make_bench_names_every_benchmark() -> None:
    """A benchmark that nobody runs goes stale; a support module that is run as one measures nothing."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    listed = [name for line in re.findall(r"^BENCH_\w+ := (.+)$", makefile, re.MULTILINE) for name in line.split()]
    listed += re.findall(r"benchmarks[./](\w+)", makefile)

    there = {path.stem for path in (ROOT / "benchmarks").glob("*.py")} - {"__init__"}
    assert {name for name in listed if name != "py"} == there - _SUPPORT
