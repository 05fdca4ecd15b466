"""What the house promises about its own shape, held by tests and not by discipline."""

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("api", "nlp", "governance")
SOURCES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
# What a folder or file must not be called: such names gather what belongs nowhere.
EMPTY_WORDS = {"utils", "util", "core", "helpers", "helper", "manager", "common", "misc"}
MOST_LINES = 300
MOST_FUNCTION_LINES = 40
# The audit's numbered steps are read from the top, like the list they follow.
NUMBERED_STEPS = {"verify_export"}
# Called once per imported vote; a call or a second exit costs a fifth of its time (benchmarks/importing.py).
HOT = {"_fast"}


# They ask the database for no rows: PostgreSQL's advisory lock, and whether it answers at all.
NO_ROWS = {"api/database.py", "api/routes/health.py"}


def tracked() -> list[Path]:
    """Every text file under version control (or about to be)."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    return [ROOT / name for name in listed if not name.endswith((".safetensors", ".png", ".lock")) and (ROOT / name).is_file()]


def _lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """How long it is without its docstring."""
    first = function.body[1] if ast.get_docstring(function) and len(function.body) > 1 else function.body[0]
    assert function.end_lineno is not None
    return function.end_lineno - first.lineno + 1 + function.body[0].lineno - function.lineno


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_stay_readable(path: Path) -> None:
    """A file over 300 lines is usually two rooms; a function over 40 lines two steps."""
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MOST_LINES

    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name not in NUMBERED_STEPS | HOT:
            assert _lines(node) <= MOST_FUNCTION_LINES, node.name


def test_every_module_says_what_lives_there() -> None:
    """A reader chooses the file by its first line."""
    silent = [str(path) for path in SOURCES if ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) is None]

    assert silent == []


def test_no_name_is_empty() -> None:
    """Names come from the field and the glossary."""
    named = {part.removesuffix(".py") for path in SOURCES for part in path.relative_to(ROOT).parts}

    assert named & EMPTY_WORDS == set()


def test_the_contract_about_rules_lists_every_rule() -> None:
    """A rule file that nobody listed could import the database unseen."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    listed = {name for contract in contracts if contract["name"] == "rules know no database" for name in contract["source_modules"]}
    found = {f"governance.{path.stem}" for path in (ROOT / "governance").glob("*.py") if path.stem != "__init__"}
    folders = {
        f"governance.{path.parent.name}"
        for path in (ROOT / "governance").glob("*/__init__.py")
        if path.parent.name not in {"records", "workflow"}
    }

    assert listed == found | folders


def test_sql_stands_in_the_records_alone() -> None:
    """Workflows and routes ask the records; a query elsewhere would be a second way to read."""
    asking = re.compile(r"^\s*(?:from sqlalchemy import|from sqlmodel import).*\b(?:select|insert|update|delete|text)\b", re.MULTILINE)
    elsewhere = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if path.relative_to(ROOT).parts[:2] != ("governance", "records")
        and str(path.relative_to(ROOT)) not in NO_ROWS
        and asking.search(path.read_text(encoding="utf-8"))
    ]

    assert elsewhere == []


def test_torch_stands_in_nlp_alone() -> None:
    """Rules and routes must start and run without it."""
    using = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if re.search(r"^\s*(?:import|from) (?:torch|transformers)\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]

    assert using
    assert all(name.startswith("nlp/") for name in using)


def test_nothing_names_a_machine_or_a_package_host() -> None:
    """What is public holds on every machine."""
    forbidden = re.compile(
        "|".join(["/wor" + "k/", "/roo" + "t/", "/tm" + "p/[a-z]", "pypi" + r"\.org", "registry" + r"\.npmjs", "python" + "hosted"])
    )
    found = [str(path.relative_to(ROOT)) for path in tracked() if forbidden.search(path.read_text(encoding="utf-8", errors="ignore"))]

    assert found == []


def test_the_image_is_built_by_the_steps_that_make_runs() -> None:
    """There is no second, untested way to install."""
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")

    assert "make install" in dockerfile
    assert "pip install" not in dockerfile
    assert re.search(r"^USER \d+$", dockerfile, re.MULTILINE)
    assert "HEALTHCHECK" in dockerfile
