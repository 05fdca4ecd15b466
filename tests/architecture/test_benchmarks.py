"""`make bench` runs every benchmark there is, and nothing that is none."""

import ast
import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# What benchmarks start or import, what chose their rows, and what draws their figures.
_SUPPORT = {"attack_texts", "bare_handler", "dumps", "load", "reliability", "repeated_pairs"}


def test_make_bench_names_every_benchmark() -> None:
    """A benchmark that nobody runs goes stale; a support module that is run as one measures nothing."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    listed = [name for line in re.findall(r"^BENCH_\w+ := (.+)$", makefile, re.MULTILINE) for name in line.split()]
    listed += re.findall(r"benchmarks[./](\w+)", makefile)

    there = {path.stem for path in (ROOT / "benchmarks").glob("*.py")} - {"__init__"}
    assert {name for name in listed if name != "py"} == there - _SUPPORT


@pytest.mark.parametrize("file", sorted((ROOT / "benchmarks").glob("*.py")), ids=lambda file: file.stem)
def test_what_a_benchmark_imports_of_ours_is_there(file: Path) -> None:
    """No checker of types reads benchmarks: a name that was renamed would show only to who runs one."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in ("api", "benchmarks", "governance", "nlp"):
            module = importlib.import_module(node.module or "")
            missing = [each.name for each in node.names if not hasattr(module, each.name)]
            assert not missing or all(importlib.import_module(f"{node.module}.{name}") for name in missing)
