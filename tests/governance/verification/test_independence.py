"""The audit shares no code with what it audits: shown from its imports, not promised."""

import ast
import subprocess
import sys
from pathlib import Path

import governance.verification

FOLDER = Path(governance.verification.__file__).parent
ALLOWED = {"cryptography", "eth_account"}


def imported(path: Path) -> set[str]:
    """Every module that `path` imports, at any depth of its code."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively"
            found.add(node.module or "")
    return found


def test_it_imports_only_the_standard_library_two_libraries_and_itself() -> None:
    """A fault in the writer's code must not be able to hide itself from the audit."""
    for path in FOLDER.rglob("*.py"):
        for name in imported(path):
            own = name == "governance.verification" or name.startswith("governance.verification.")
            assert own or name.split(".")[0] in ALLOWED | sys.stdlib_module_names, f"{path.name} imports {name}"


def test_loading_it_loads_nothing_else_of_the_house() -> None:
    """Nor through a side door: in a fresh process, no other module of ours is loaded by it."""
    code = (
        "import sys, governance.verification\n"
        "print(*(name for name in sys.modules if name.split('.')[0] in {'governance', 'api', 'nlp'}"
        " and not name.startswith('governance.verification') and name != 'governance'))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=FOLDER.parents[1])

    assert done.stdout.strip() == ""


def test_the_check_can_fail() -> None:
    """A file of the writer's does import more."""
    assert any(
        not name.startswith("governance.verification") and name.startswith("governance.")
        for name in imported(FOLDER.parent / "decision_log.py")
    )
